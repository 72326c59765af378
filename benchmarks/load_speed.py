"""What virtual users cost and find, against a bare aiohttp server in a process of its own.

CPU seconds of the client alone. Clients take turns over the same server, round by round, and ratios are medians of
ratios of the same round. `naive` is an aiohttp client that only receives and decodes; `locust` a Locust user with a
hand-written check of the same events, run by the interpreter that `--locust` names (`pip install locust
websocket-client` there).

$ python -m benchmarks.load_speed [--rounds 5] [--locust PYTHON] [--only speed,crowd,needle,healthy,latency,chat]
"""

import argparse
import contextlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from canonry.load.controller import prepare, run
from canonry.load.latency import Latencies
from canonry.load.spec import LoadSpec
from canonry.model.load import LoadResult
from canonry.testing.users import websocket_url
from golden_path.chat.process import OwnService

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("speed", "crowd", "needle", "healthy", "latency", "chat")
USERS, PACE, EVENTS, SECONDS = 100, 0.5, 100, 8.0
NAIVE = Path(__file__).with_name("load_naive.py")
LOCUST = Path(__file__).with_name("load_locust.py")


@contextlib.contextmanager
def bare_chat(**options: object) -> Iterator[str]:
    """A server with options; ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "port")
        words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items() if name != "stall"]
        if "stall" in options:
            words += ["--stall", *str(options["stall"]).split()]
        command = [sys.executable, "-m", "tests.load.bare_chat", "--port-file", str(file), "--lives=900", *words]
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            while not (file.exists() and file.read_text()):
                time.sleep(0.02)
            yield file.read_text()
        finally:
            process.kill()
            process.wait()


def ours(url: str, **keys: Any) -> LoadResult:
    """A run of the golden scenario in one process."""
    spec = LoadSpec(**{"scenario": "golden", "url": url, "users": USERS, "seconds": SECONDS, "pace": PACE, **keys})
    return run(spec, prepare(spec, 1), processes=1)


def by_cpu(url: str) -> float:
    """Events that our client receives and judges for each CPU second."""
    result = ours(url)
    if result.rules or result.totals.failed:
        raise SystemExit(f"the run is not healthy: {result.reasons}")
    return result.events_per_cpu_second


def other(python: str, script: Path, url: str) -> float:
    """Events that another client receives for each CPU second."""
    command = [python, str(script), websocket_url(url, "/ws"), str(USERS), str(PACE), str(SECONDS)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def speed(given: argparse.Namespace) -> None:
    """Judged events a CPU second, beside clients that judge nothing, and by hand."""
    clients: dict[str, Callable[[str], float]] = {"naive": lambda url: other(sys.executable, NAIVE, url)}
    if given.locust:
        clients["locust"] = lambda url: other(given.locust, LOCUST, url)
    rows: list[dict[str, float]] = []
    with bare_chat(events=EVENTS) as url:
        for number in range(given.rounds):
            order = [("canonry", by_cpu), *clients.items()]
            rows.append({name: measure(url) for name, measure in (order if number % 2 == 0 else order[::-1])})
    for name in ("canonry", *clients):
        print(f"{name:<10} {statistics.median(row[name] for row in rows):>10,.0f} events a CPU second")
    for name, bar in (("naive", 0.7), ("locust", 4.0)):
        if name in clients:
            ratio = statistics.median(row["canonry"] / row[name] for row in rows)
            print(f"canonry is {ratio:.2f} x {name} (bar: >= {bar})")


def crowd(given: argparse.Namespace) -> None:
    """8,000 users in one process."""
    with bare_chat(events=20) as url:
        result = ours(url, users=8000, ramp=80.0, seconds=20.0, pace=given.crowd_pace)
    print(
        f"8,000 users: {result.totals.users:,} began, {result.events_per_second:,.0f} judged events a second "
        f"(bar: >= 30,000), {result.memory / 1e6:.0f} MB (bar: <= 250), {result.totals.failed} failed, "
        f"{sum(result.rules.values())} violations {dict(result.rules) or ''}"
    )


def needle(_: argparse.Namespace) -> None:
    """One wrong event in 100,000."""
    for fault in ("misroute", "rewritten-leak", "split-leak"):
        with bare_chat(events=100, fault=fault, fault_at=700) as url:
            result = ours(url, users=200, seconds=0.0, turns=5, pace=0.5)
        found = ", ".join(result.rules) or "nothing"
        print(f"one {fault} in {result.totals.frames:,} events: {found}; {len(result.leaks)} with witnesses")


def healthy(_: argparse.Namespace) -> None:
    """Ten runs of 1,000 users, none of which may raise an alarm."""
    alarms, events = 0, 0
    with bare_chat(events=10) as url:
        for number in range(10):
            result = ours(url, users=1000, ramp=3.0, seconds=5.0, pace=2.0, seed=number)
            alarms += sum(result.rules.values()) + result.totals.failed
            events += result.totals.frames
    print(f"ten healthy runs of 1,000 users: {events:,} events, {alarms} alarms (bar: 0)")


def chat(_: argparse.Namespace) -> None:
    """The crowds of the golden path, against the reference service with its real times and cheap passwords."""
    times = {"CHAT_TIME_SCALE": "1", "CHAT_MODEL_CONNECT": "5", "CHAT_MODEL_SLOW": "15", "CHAT_MODEL_TIMEOUT": "30"}
    with tempfile.TemporaryDirectory() as folder:
        service = OwnService(Path(folder), {**times, "CHAT_RUN_TIMEOUT": "60"})
        try:
            url = service.start().url
            _told("100 streams at once (bar: >= 1,000 events a second)", ours(url, ramp=5.0, seconds=15.0, pace=0.0))
            _told("1,000 users (bar: no leak)", ours(url, users=1000, ramp=50.0, seconds=20.0, pace=20.0))
            _told("5,000 connects (bar: none refused)", ours(url, scenario="storm", seconds=0.0, turns=50, pace=0.0))
        finally:
            service.end()


def _told(what: str, result: LoadResult) -> None:
    totals = result.totals
    print(
        f"{what}: {totals.users:,} users, {totals.done:,} turns, {totals.connections:,} connections, "
        f"{result.events_per_second:,.0f} events a second; {totals.failed + totals.refused:,} failed "
        f"({result.failure_share:.2%}){f': {result.failures}' if result.failures else ''}, "
        f"{result.rules or 'no violation'}, client late by {result.lag:.1f} s"
    )


def latency(_: argparse.Namespace) -> None:
    """Reported percentiles against what the server recorded, with a stall in the middle."""
    users, pace = 20, 0.75
    with bare_chat(delay=0.2, jitter=0.3, stall="8 2") as url:
        result = ours(url, users=users, seconds=20.0, pace=pace)
        with urllib.request.urlopen(f"{url}/took") as answer:
            took: list[tuple[str, float]] = json.load(answer)
    latencies = Latencies()
    latencies.add(result.encoded)
    truth = _intended(took, pace)
    service = sorted(seconds for _, seconds in took)
    print(f"{len(truth):,} answers, one stall of 2 s; what users waited from when they were meant to ask:")
    for percent in (50, 75, 90, 95, 99, 99.9):
        real = _nearest(truth, percent)
        said = latencies.percentile("answer", percent) or 0.0
        naive = _nearest(service, percent)
        print(
            f"p{percent:<5g} truth {real * 1000:8.1f} ms  canonry {said * 1000:8.1f} ms ({said / real - 1:+.1%})  "
            f"a client that waits before it asks {naive * 1000:8.1f} ms"
        )


def _nearest(values: list[float], percent: float) -> float:
    """The percentile of sorted values by the nearest rank."""
    return values[max(1, math.ceil(len(values) * percent / 100)) - 1]


def _intended(took: list[tuple[str, float]], pace: float) -> list[float]:
    """What each user waited who is meant to ask every ``pace`` seconds and was answered in these times, sorted."""
    by_user: dict[str, list[float]] = {}
    for user, seconds in took:
        by_user.setdefault(user, []).append(seconds)
    found = []
    for times in by_user.values():
        free = 0.0
        for number, seconds in enumerate(times):
            free = max(free, number * pace) + seconds
            found.append(free - number * pace)
    return sorted(found)


def main() -> None:
    """Measures the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--locust", metavar="PYTHON")
    parser.add_argument("--crowd-pace", type=float, default=5.0, help="seconds between a user's questions, of 8,000")
    parser.add_argument("--only", default=",".join(PARTS))
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, msgspec {msgspec.__version__}")
    parts = {"speed": speed, "crowd": crowd, "needle": needle, "healthy": healthy, "latency": latency, "chat": chat}
    for name in given.only.split(","):
        parts[name](given)


if __name__ == "__main__":
    main()
