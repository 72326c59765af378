"""What real services cost: until the first test may use one, and for a fresh part of it.

``python benchmarks/services_speed.py [--starts N] [--leases N]``. PostgreSQL and Redis are started from the programs
of the machine; with ``TMPDIR=FOLDER`` their data lies there, else where canonry puts it. A lease is a fresh database:
for PostgreSQL a copy of the template, once as the server comes and once with a schema of 40 tables.
"""

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from canonry.testing.services.programs import POSTGRES_FOLDERS, REDIS_FOLDERS, newest, version
from canonry.testing.services.service import Service
from canonry.testing.services.start import start

T = TypeVar("T")
TABLES = 40
BARS = {"start": 2_000, "lease": 150}
"""Milliseconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--leases", type=int, default=20)
    options = parser.parse_args()
    postgres = newest("postgres", "initdb", folders=POSTGRES_FOLDERS)
    redis = newest("redis-server", folders=REDIS_FOLDERS)
    print(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}")
    for name, programs in (("postgres", postgres), ("redis-server", redis)):
        print(f"{name} {'.'.join(map(str, version(programs / name))) if programs else 'is absent'}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "schema.sql").write_text(schema(), encoding="utf-8")
        services = (
            ("postgres", Service(name="db", kind="postgres")),
            (f"postgres, {TABLES} tables", Service(name="db", kind="postgres", setup=("schema.sql",))),
            ("redis", Service(name="cache", kind="redis")),
        )
        print("| service | what | median ms | slowest ms | bar |\n| -- | -- | --: | --: | -- |")
        for name, service in services:
            measure(name, service, root, options.starts, options.leases)


def schema() -> str:
    """Tables with a key, an index and a reference, as an application has them."""
    statements = ["create table t0 (id bigserial primary key, name text not null unique);"]
    statements += [
        f"create table t{number} (id bigserial primary key, of bigint references t{number - 1}, name text, "
        f"made timestamptz default now()); create index on t{number} (name);"
        for number in range(1, TABLES)
    ]
    return "\n".join(statements)


def measure(name: str, service: Service, root: Path, starts: int, leases: int) -> None:
    """Prints the times of a service."""
    started, taken, returned, stopped = [], [], [], []
    for number in range(1, starts + 1):
        running, took = timed(lambda: start(service, root=root))
        started.append(took)
        for _ in range(leases if number == starts else 0):
            lease, took = timed(partial(running.isolated, "worker"))
            taken.append(took)
            returned.append(timed(lease.release)[1])
        stopped.append(timed(running.stop)[1])
    for what, times in (("start", started), ("lease", taken), ("give back", returned), ("stop", stopped)):
        bar = f"<= {BARS[what]:,}" if what in BARS else ""
        if bar:
            bar += " ok" if statistics.median(times) <= BARS[what] else " **missed**"
        print(f"| {name} | {what} | {statistics.median(times):.1f} | {max(times):.1f} | {bar} |")


def timed(action: Callable[[], T]) -> tuple[T, float]:
    """What it gives, and the milliseconds of wall time that it takes."""
    begun = time.perf_counter()
    result = action()
    return result, (time.perf_counter() - begun) * 1_000


if __name__ == "__main__":
    main()
