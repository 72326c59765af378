"""What the history costs: a million results from recordings, into SQLite and into PostgreSQL, and what is asked of it.

``python benchmarks/history_speed.py [--runs N] [--tests N] [--engine sqlite|postgres]``. The recordings are files as
`canonry run` writes them: four lines for each attempt, one test in a hundred fails with a traceback, one in two hundred
is attempted again. They are made before anything is measured. `canonry report ingest` adds them in a process of its
own; its CPU seconds count, for PostgreSQL those of the server apart.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import run_measured
from benchmarks.table import render_table
from canonry.history.store import History, open_history, open_shared
from canonry.model.outcome import Outcome
from canonry.model.run_event import (
    AttemptEnded,
    AttemptStarted,
    Collected,
    PhaseEnded,
    RunEnded,
    RunEvent,
    RunStarted,
    encode,
)
from canonry.testing.services.service import Service
from canonry.testing.services.start import start

BAR = 10.0
"""CPU seconds for a million results."""
VARIABLE = "CANONRY_HISTORY_URL"
_PER_FILE = 10
_TRACEBACK = "    def test_it():\n>       assert total == 3\nE       assert 4 == 3\n" * 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--tests", type=int, default=20_000)
    parser.add_argument("--engine", action="append", choices=["sqlite", "postgres"], default=[])
    parser.add_argument("--canonry", default=str(Path(sys.executable).with_name("canonry")))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="canonry-history-") as name:
        root = Path(name)
        made = make_recordings(root, runs=options.runs, tests=options.tests)
        print(f"{options.runs} recordings of {options.tests:,} tests, {made / 1e6:,.0f} MB\n")
        for engine in options.engine or ["sqlite", "postgres"]:
            measure(engine, root, options.canonry)


def measure(engine: str, root: Path, canonry: str) -> None:
    """Prints what ingesting and asking cost with one engine."""
    if engine == "sqlite":
        cost = run_measured([canonry, "report", "ingest", "-q"], root)
        _tell(engine, cost.cpu, cost.wall, 0.0, lambda: open_history(root / ".canonry" / "history.db"))
        size = (root / ".canonry" / "history.db").stat().st_size
        print(f"\nhistory.db: {size / 1e6:,.0f} MB\n")
        return
    with start(Service(name="postgres", kind="postgres"), root=root) as running:
        url = running.url
        os.environ[VARIABLE] = url
        before = _server_cpu()
        cost = run_measured([canonry, "report", "ingest", "-q", "--into", VARIABLE], root)
        _tell(engine, cost.cpu, cost.wall, _server_cpu() - before, lambda: open_shared(url))


def _tell(engine: str, cpu: float, wall: float, server: float, opened: Callable[[], History]) -> None:
    rows = [["ingest, CPU s", f"{cpu:.2f}", f"<= {BAR:g}", "ok" if cpu <= BAR else "missed"]]
    if server:
        rows.append(["the server's, CPU s", f"{server:.2f}", "", ""])
    rows.append(["ingest, wall s", f"{wall:.2f}", "", ""])
    rows += [[f"{name}, ms", f"{taken:.1f}", "", ""] for name, taken in _asked(opened)]
    print(render_table([engine, "measured", "bar", ""], rows))


def _asked(opened: Callable[[], History]) -> Iterator[tuple[str, float]]:
    """What the questions of planner and reports take, in milliseconds of wall time, the best of three."""

    def best(ask: Callable[[], object]) -> float:
        taken = []
        for _ in range(3):
            begun = time.perf_counter()
            ask()
            taken.append(1000 * (time.perf_counter() - begun))
        return min(taken)

    yield "open and close", best(lambda: opened().close())
    with opened() as history:
        runs = history.runs()
        nodes = sorted({each.node for each in history.attempts(runs[-1:])})
        few, flow = nodes[:: len(nodes) // 100 or 1][:100], nodes[:200]
        yield "last outcome of every test (planner)", best(history.tests)
        yield "the last 50 runs", best(lambda: history.runs(last=50))
        yield "all attempts of one run", best(lambda: list(history.attempts(runs[len(runs) // 2 :][:1])))
        yield "100 tests over all runs", best(lambda: list(history.attempts(nodes=few)))
        yield "first attempts of a flow's 200 tests", best(lambda: list(history.attempts(nodes=flow, first_only=True)))
        yield "one test at each tree", best(lambda: history.seen(nodes[:1]))
        yield "tests that failed in the last 10 runs", best(lambda: history.failed_nodes(last=10))
        yield "what failed in one run, with texts", best(lambda: history.failures(runs[-1].id))


def make_recordings(root: Path, *, runs: int, tests: int) -> int:
    """Writes recordings below a folder, as a runner would have; how many bytes."""
    folder = root / ".canonry" / "runs"
    folder.mkdir(parents=True)
    (root / "canonry.toml").write_text('tests = ["tests"]\n', encoding="utf-8")
    draw = random.Random(7)
    nodes = [
        f"tests/area_{number // 500}/test_part_{number // _PER_FILE}.py::TestPart::test_case_{number}[{number % 3}]"
        for number in range(tests)
    ]
    written = 0
    for number in range(runs):
        name = f"20260101-{number:06d}-{number:09x}"
        with open(folder / f"{name}.jsonl", "wb") as out:
            for event in _events(name, 1_767_225_600.0 + 3600 * number, nodes, draw):
                written += out.write(encode(event))
    return written


def _events(run: str, at: float, nodes: list[str], draw: random.Random) -> Iterator[RunEvent]:
    fingerprint = {"python": "3.11.7", "platform": "Linux", "machine": "x86_64", "package:pytest": "9.0.0"}
    yield RunStarted(run=run, at=at, root="/project", commit=f"{draw.getrandbits(160):040x}", fingerprint=fingerprint)
    moment = at
    failed = False
    for start_of in range(0, len(nodes), _PER_FILE):
        some = nodes[start_of : start_of + _PER_FILE]
        yield Collected(path=some[0].partition("::")[0], nodes=tuple(some), at=moment, worker=1)
        for node in some:
            chance = draw.random()
            outcomes = [Outcome.FAILED] if chance < 0.01 else [Outcome.PASSED]
            if chance > 0.995:
                outcomes = [Outcome.FAILED, Outcome.PASSED]
            for attempt, outcome in enumerate(outcomes, 1):
                bad = outcome is Outcome.FAILED
                failed = failed or bad
                took = draw.lognormvariate(-4, 1)
                yield AttemptStarted(node=node, attempt=attempt, at=moment, worker=1)
                yield PhaseEnded(
                    node=node, phase="setup", outcome=Outcome.PASSED, duration=took / 9, at=moment, worker=1
                )
                yield PhaseEnded(node=node, phase="call", outcome=outcome, duration=took, at=moment, worker=1)
                moment += took
                yield AttemptEnded(
                    node=node,
                    outcome=outcome,
                    attempt=attempt,
                    category="unit",
                    duration=took,
                    at=moment,
                    worker=1,
                    reason="assert 4 == 3" if bad else "",
                    text=_TRACEBACK if bad else "",
                    path=node.partition("::")[0] if bad else "",
                    line=12 if bad else 0,
                )
    yield RunEnded(status=int(failed), duration=moment - at, at=moment)


def _server_cpu() -> float:
    """The CPU seconds of the processes of PostgreSQL that are ours, ended ones included."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for folder in Path("/proc").iterdir():
        try:
            stat = (folder / "stat").read_text(encoding="utf-8")
        except OSError:
            continue
        name, fields = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
        if name == "postgres" and os.getpid() in _ancestors(int(folder.name)):
            total += sum(map(int, fields[11:15])) / ticks
    return total


def _ancestors(pid: int) -> set[int]:
    found: set[int] = set()
    while pid > 1 and pid not in found:
        found.add(pid)
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except OSError:
            break
        pid = int(stat[stat.rindex(")") + 2 :].split()[1])
    return found


if __name__ == "__main__":
    main()
