"""A bare service that speaks agent-events, for tests and benchmarks: no store, no model, known delays, planted faults.

`python -m tests.load.bare_chat --port-file FILE [--fault NAME] [--delay S] [--events N]`
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import itertools
import json
import random
import signal
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

FAULTS = ("", "misroute", "leak", "split-leak", "rewritten-leak", "gap", "refuse", "stall", "die", "drop", "shared-run")


class BareChat:
    """Everything per process; ``fault_at`` is the run, counted from 1, in which the fault shows once (0: each)."""

    def __init__(
        self, *, fault: str, fault_at: int, delay: float, jitter: float, events: int, stall: tuple[float, float]
    ) -> None:
        self.fault, self.fault_at, self.delay, self.events, self.stall = fault, fault_at, delay, events, stall
        self.jitter, self.chance = jitter, random.Random(1)
        self.took: list[tuple[str, float]] = []
        self.runs = 0
        self.others: list[tuple[str, str]] = []
        self.begun = 0.0
        self.tickets: dict[str, str] = {}
        self.numbers = itertools.count()
        self.application = web.Application()
        self.application.add_routes(
            [
                web.post("/auth/register", self.register),
                web.post("/auth/login", self.login),
                web.post("/ws/ticket", self.ticket),
                web.get("/ws", self.connect),
                web.get("/took", self.told),
            ]
        )

    async def register(self, request: web.Request) -> web.Response:
        return web.json_response({}, status=201)

    async def login(self, request: web.Request) -> web.Response:
        if self.fault == "refuse":
            return web.json_response({"error": {"code": "bad_credentials"}}, status=401)
        name = (await request.json())["email"]
        return web.json_response({"access_token": name, "user_id": f"id-{name}"})

    async def told(self, request: web.Request) -> web.Response:
        return web.json_response(self.took)

    async def ticket(self, request: web.Request) -> web.Response:
        ticket = f"ticket-{next(self.numbers)}"
        self.tickets[ticket] = request.headers["Authorization"]
        return web.json_response({"ticket": ticket}, status=201)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """By a token, whatever else is there, or by a ticket that nobody has spent."""
        token = request.headers.get("Authorization") or self.tickets.pop(request.query.get("ticket", ""), "")
        if not token:
            return web.json_response({"error": {"code": "no_ticket"}}, status=401)
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        user = "id-" + token.removeprefix("Bearer ")
        await socket.send_str(json.dumps({"type": "connection_ready", "user_id": user}))
        with contextlib.suppress(ConnectionResetError):  # who asked has left
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self.answer(socket, user, json.loads(message.data)["text"])
        return socket

    async def answer(self, socket: web.WebSocketResponse, user: str, text: str) -> None:
        self.runs += 1
        number = self.runs
        is_faulty = bool(self.fault) and self.fault_at in (0, number)
        self.others = [*self.others[-64:], (user, text)]
        other, secret = next(((one, said) for one, said in self.others if one != user), (user, text))
        if self.fault == "die" and is_faulty:
            signal.raise_signal(signal.SIGKILL)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        begin, lasting = self.stall
        if lasting and begin <= loop.time() - self.begun < begin + lasting:
            await asyncio.sleep(begin + lasting - (loop.time() - self.begun))
        if self.delay or self.jitter:
            await asyncio.sleep(self.delay + self.chance.uniform(0, self.jitter))
        if self.jitter:
            self.took.append((user, loop.time() - begun))
        seq = 0
        for kind, payload in self.conversation(number, text, is_faulty=is_faulty, secret=secret):
            if is_faulty and self.fault == "gap" and kind == "agent_completed":
                seq += 1
            owner = other if is_faulty and self.fault == "misroute" and kind == "tool_executing" else user
            await socket.send_str(
                json.dumps(
                    {
                        "type": kind,
                        "user_id": owner,
                        "thread_id": f"thread-{user}",
                        "run_id": "run-1" if self.fault == "shared-run" else f"run-{number}",
                        "seq": seq,
                        "timestamp": dt.datetime.now(dt.UTC).isoformat(),
                        "payload": payload,
                    }
                )
            )
            if is_faulty and self.fault == "drop" and kind == "tool_executing":
                line = socket.get_extra_info("socket")
                line.shutdown(2)
                return
            seq += 1

    def conversation(self, number: int, text: str, *, is_faulty: bool, secret: str) -> list[tuple[str, dict[str, Any]]]:
        answer = f"you asked: {text}"
        thoughts = ["hm"] * max(1, self.events - 4)
        if is_faulty and self.fault in ("leak", "rewritten-leak"):
            answer = f"somebody asked: {secret}"
        if is_faulty and self.fault == "split-leak":
            middle = len(secret) - 12
            thoughts = [secret[:middle], secret[middle:], *thoughts[2:]]
        tool = {"tool_name": "search", "tool_call_id": f"call-{number}"}
        return [
            ("agent_started", {}),
            *(("agent_thinking", {"thought": thought}) for thought in thoughts),
            ("tool_executing", tool),
            ("tool_completed", {**tool, "results": ["a"]}),
            ("agent_completed", {"final_response": answer}),
        ]


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", choices=FAULTS, default="")
    parser.add_argument("--fault-at", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--jitter", type=float, default=0.0, help="seconds beyond the delay, by chance; kept for /took")
    parser.add_argument("--events", type=int, default=5)
    parser.add_argument("--stall", type=float, nargs=2, default=(0.0, 0.0), metavar=("BEGIN", "SECONDS"))
    parser.add_argument("--lives", type=float, default=300.0, help="seconds after which it ends by itself")
    given = parser.parse_args()
    chat = BareChat(
        fault=given.fault,
        fault_at=given.fault_at,
        delay=given.delay,
        jitter=given.jitter,
        events=given.events,
        stall=(given.stall[0], given.stall[1]),
    )
    runner = web.AppRunner(chat.application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", given.port, backlog=4096)
    await site.start()
    chat.begun = asyncio.get_running_loop().time()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    if given.port_file is not None:
        given.port_file.write_text(f"http://127.0.0.1:{port}")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), given.lives)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
