"""A tap before a real service, in the test's own loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from canonry.contract.load import load_contract
from canonry.contract.tap.proxy import Tap, read_target
from canonry.contract.tap.watch import Told, Watch

RUN: dict[str, Any] = {"user_id": "ada", "thread_id": "t1", "run_id": "r1"}


def event(kind: str, seq: int, **payload: Any) -> dict[str, Any]:
    """An event of a run of agent-events."""
    return {"type": kind, **RUN, "seq": seq, "timestamp": f"2026-03-01T09:00:0{seq}Z", "payload": payload}


GOOD = [
    event("agent_started", 0),
    event("agent_thinking", 1, thought="it is a sum"),
    event("tool_executing", 2, tool_name="add", tool_call_id="c1"),
    event("tool_completed", 3, tool_name="add", tool_call_id="c1", results=[4]),
    event("agent_completed", 4, final_response="four"),
]


class Tapping:
    """A running tap: where it listens, and what it told so far."""

    def __init__(self, tap: Tap, watch: Watch, port: int, told: list[Told]) -> None:
        self.tap, self.watch, self.port, self.told = tap, watch, port, told

    @property
    def rules(self) -> list[str]:
        return [each.violation.rule for each in self.told]


@contextlib.asynccontextmanager
async def tapping(
    port: int, contract: str = "agent-events", scheme: str = "ws", **options: Any
) -> AsyncIterator[Tapping]:
    """A tap before the service at a port; it has ended when the block is left."""
    told: list[Told] = []
    recording = options.pop("recording", None)
    watch = Watch(load_contract(contract), tell=told.append)
    watch.recording = recording
    tap = Tap(read_target(f"{scheme}://127.0.0.1:{port}"), watch, **options)
    bound = await tap.start(0)
    running = asyncio.create_task(tap.run())
    try:
        yield Tapping(tap, watch, bound, told)
    finally:
        tap.stop("the test is over")
        await asyncio.wait_for(running, 10)


async def until(condition: Any) -> None:
    """Waits until something is true."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)
