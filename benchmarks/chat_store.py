"""What the reference chat service stores and sends: events a second, delays, what survives kill -9, memory.

``python benchmarks/chat_store.py [--database sqlite|postgres] [--users N] [--events N] [--kill] [--memory]``. All users
ask at once and every answer has so many events; the driver is a process beside the service. The model's tokens come
from a generator inside the service (``--model embedded`` takes the embedded endpoint, which streams them over HTTP).
A delay is the time from the event's own timestamp to its arrival. ``--kill`` kills the service in the middle and
compares what was received with what is stored; ``--memory`` holds 1,000 conversations one after another.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from benchmarks.chat_client import Crowd
from canonry.testing.services.service import Service
from canonry.testing.services.start import start

if TYPE_CHECKING:
    from reference_chat.model.client import Completion, Listener
    from reference_chat.model.wire import Message, ToolOffer

BAR, SLOWEST = 20_000, 0.150
_SECRET = "for-benchmarks"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--events", type=int, default=300, help="of each answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", choices=["generator", "embedded"], default="generator")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        sys.exit(serve())
    print(
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        database(options.database, Path(folder)) as url,
        service(url, Path(folder), options.model) as (process, address),
    ):
        if options.kill:
            asyncio.run(kill(process, address, url, options))
        elif options.memory:
            asyncio.run(remember(address))
        else:
            asyncio.run(measure(process, address, options))


async def measure(process: "subprocess.Popen[bytes]", address: str, options: argparse.Namespace) -> None:
    """Prints a row for each round."""
    crowd = Crowd(address, options.users)
    await crowd.connect()
    await crowd.ask("[[stream:5]] warm up", limit=120)
    print("| events | wall s | events/s | service CPU s | events per CPU s | driver CPU s | p50 ms | p99 ms | |")
    print("| --: | --: | --: | --: | --: | --: | --: | --: | -- |")
    for _ in range(options.rounds):
        for client in crowd.clients:
            client.events, client.delays = 0, []
        used, mine = cpu(process.pid), sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        seconds = await crowd.ask(f"[[stream:{options.events}]] go", limit=600)
        used, mine = cpu(process.pid) - used, sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - mine
        events = sum(client.events for client in crowd.clients)
        delays = sorted(delay for client in crowd.clients for delay in client.delays)
        p50, p99 = statistics.median(delays), delays[int(len(delays) * 0.99)]
        lost = sum(client.lost for client in crowd.clients)
        gaps = sum(client.gaps for client in crowd.clients)
        wrong = f"**{lost} lost, {gaps} gaps**" if lost or gaps else ""
        good = "ok" if events / seconds >= BAR and p99 <= SLOWEST and not wrong else "**missed**"
        print(
            f"| {events:,} | {seconds:.2f} | {events / seconds:,.0f} | {used:.2f} | {events / used:,.0f} | {mine:.2f} "
            f"| {p50 * 1000:.0f} | {p99 * 1000:.0f} | {wrong or good} |"
        )
    crowd.close()


async def kill(process: "subprocess.Popen[bytes]", address: str, url: str, options: argparse.Namespace) -> None:
    """Kills the service while all users receive, and looks for events that were received and are not stored."""
    crowd = Crowd(address, options.users)
    await crowd.connect()
    killing = asyncio.create_task(_kill_when_busy(process, crowd))
    await crowd.ask("[[stream:100000]] for ever", limit=120)
    await killing
    process.wait()
    received = {client.run: client.last for client in crowd.clients if client.run}
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        query = sa.text("select run_id, max(seq), count(*) from events group by run_id")
        stored = {run: (last, count) for run, last, count in connection.execute(query)}
    engine.dispose()
    lost = sum(max(0, last - stored.get(run, (-1, 0))[0]) for run, last in received.items())
    holes = sum(last + 1 != count for last, count in stored.values())
    total = sum(count for _, count in stored.values())
    print(f"received {sum(last + 1 for last in received.values()):,} events of {len(received)} runs, stored {total:,}")
    print(f"received and not stored: {lost}; runs with a hole: {holes}")


async def _kill_when_busy(process: "subprocess.Popen[bytes]", crowd: Crowd) -> None:
    while sum(client.events for client in crowd.clients) < 100 * len(crowd.clients):
        await asyncio.sleep(0.01)
    process.kill()


async def remember(address: str) -> None:
    """Holds 1,000 conversations, each on a connection of its own, and prints memory on the way."""
    sizes = []
    for number in range(11):
        sizes.append((number * 100, memory(address)))
        if number < 10:
            crowd = Crowd(address, 20)
            for _ in range(5):
                await crowd.connect()
                await crowd.ask("hello", limit=60)
                crowd.close()
                crowd.clients.clear()
                await asyncio.sleep(0.1)
    print("| conversations | memory MB |\n| --: | --: |")
    for count, size in sizes:
        print(f"| {count:,} | {size / 1e6:.1f} |")
    print(f"from 200 to 1,000: {(sizes[-1][1] - sizes[2][1]) / 1e6:+.1f} MB (bar < 5)")


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database; PostgreSQL waits for the disk, as it does in production."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'chat.db'}"
        return
    durable = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    with start(Service(name="chat", kind="postgres", settings=durable), root=folder) as running:
        yield running.url


@contextlib.contextmanager
def service(url: str, folder: Path, model: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """A service in a process of its own, and its address."""
    file = folder / "address"
    given = {"DATABASE_URL": url, "PORT": "0", "PORT_FILE": str(file), "TEST_SECRET": _SECRET}
    given |= {"ARGON2_MEMORY": "64", "ARGON2_TIME": "1"}
    given |= dict.fromkeys(("RUN_TIMEOUT", "MODEL_TIMEOUT", "MODEL_SLOW", "SEND_TIMEOUT"), "600")
    program = (
        [sys.executable, __file__, "--serve"] if model == "generator" else [sys.executable, "-m", "reference_chat"]
    )
    environment = {**os.environ, **{f"CHAT_{name}": value for name, value in given.items()}}
    environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(program, env=environment, stderr=log)
    try:
        while not file.exists():
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text())
            time.sleep(0.05)
        yield process, file.read_text().strip()
    finally:
        process.terminate()
        process.wait()


def serve() -> int:
    """The service, with a model that is a loop."""
    from reference_chat import service as parts
    from reference_chat.agents.breaker import Breaker
    from reference_chat.agents.loop import AgentLoop
    from reference_chat.agents.opening import breaker_policy
    from reference_chat.faults import Faults
    from reference_chat.server import serve as serve_settings
    from reference_chat.settings import Settings, from_environment

    @contextlib.asynccontextmanager
    async def open_agents(settings: Settings, faults: Faults):  # type: ignore[no-untyped-def]
        yield AgentLoop(
            model=Tokens(), breaker=Breaker(breaker_policy(settings), faults), settings=settings, faults=faults
        )

    setattr(parts, "open_agents", open_agents)  # noqa: B010 - the service made with another model
    return serve_settings(from_environment(os.environ))


class Tokens:
    """A model that thinks aloud as many tokens as it is asked for."""

    async def complete(
        self,
        messages: "Sequence[Message]",
        *,
        tools: "Sequence[ToolOffer]" = (),
        on_thought: "Listener | None" = None,
        on_content: "Listener | None" = None,
    ) -> "Completion":
        """One completion."""
        from reference_chat.model.client import Completion

        text = str(messages[-1].content)
        count = int(text.partition("[[stream:")[2].partition("]]")[0] or 0)
        for number in range(count):
            if on_thought is not None:
                await on_thought(f"token {number}")
            if number % 8 == 7:
                await asyncio.sleep(0)  # as a real stream comes in pieces
        return Completion("done", (), "stop")


def cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(address: str) -> int:
    """Resident bytes, as the service counts them."""
    request = urllib.request.Request(f"{address}/debug/census", headers={"X-Chat-Test-Secret": _SECRET})
    with urllib.request.urlopen(request) as answer:
        return int(json.load(answer)["memory"])


if __name__ == "__main__":
    main()
