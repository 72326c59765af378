"""What a double costs beside `create_autospec` and a bare `MagicMock`, and what importing the doubles costs.

Run it as ``python benchmarks/doubles_speed.py``. CPU time, medians of runs by turns; quote the ratios. Always exits 0:
it measures, it does not judge.
"""

import argparse
import copy
import http.client
import logging
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

if not __package__:  # started as a script: `benchmarks` is found in the folder above
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.table import render_table
from canonry.testing.distinct import assert_distinct
from canonry.testing.doubles import SSotMockFactory, enforce
from canonry.testing.doubles.interface import interface_of_instances

IMPORT_BAR = 10.0
REAL = http.client.HTTPConnection
STANDARD = "import ast, contextlib, dataclasses, functools, inspect, pkgutil, re, types, unittest.mock, weakref\n"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="The cost of doubles.")
    parser.add_argument("--runs", type=int, default=7, help="runs per measure")
    parser.add_argument("--calls", type=int, default=200, help="doubles per run")
    options = parser.parse_args()
    rows = [row for name, ours, theirs in _pairs() for row in [_row(name, ours, theirs, options.runs, options.calls)]]
    print(render_table(["measure", "ours [us]", "beside it [us]", "ratio"], rows))
    own = [_import_cost(STANDARD, "from canonry.testing.doubles import SSotMockFactory") for _ in range(options.runs)]
    bare = [_import_cost("", "import canonry.testing.doubles") for _ in range(options.runs)]
    print(
        render_table(
            ["import", "CPU ms", "bar", "verdict"],
            [
                [
                    "SSotMockFactory, over the standard modules it needs",
                    f"{statistics.median(own):.1f}",
                    f"<= {IMPORT_BAR:g}",
                    "ok" if statistics.median(own) <= IMPORT_BAR else "over",
                ],
                ["canonry.testing.doubles, the bare package", f"{statistics.median(bare):.1f}", "", ""],
            ],
        )
    )


def _pairs() -> list[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """What is measured, ours and what stands beside it. Each double is called once, as a test would."""
    factory = SSotMockFactory()

    def spec() -> Any:
        double = mock.create_autospec(REAL, instance=True)
        double.request("GET", "/")
        return double

    def ours() -> Any:
        double = factory.create(REAL)
        double.request("GET", "/")
        return double

    def fresh() -> Any:
        REAL.canonry_mark = object()  # type: ignore[attr-defined]
        interface_of_instances(REAL)
        return ours()

    def magic() -> Any:
        double = mock.MagicMock()
        double.request("GET", "/")
        return double

    def under_policy() -> Any:
        with enforce("specced"):
            return mock.Mock(spec=int)

    return [
        ("double of http.client.HTTPConnection, one call; beside create_autospec", ours, spec),
        ("the same, its interface read anew each time; beside create_autospec", fresh, spec),
        ("the same; beside a bare MagicMock", ours, magic),
        (
            "double of a function; beside create_autospec",
            lambda: factory.function(logging.getLogger, None)("x"),
            lambda: mock.create_autospec(logging.getLogger, return_value=None)("x"),
        ),
        ("Mock(spec=int) under `specced`; beside none", under_policy, lambda: mock.Mock(spec=int)),
        (
            "assert_distinct of two users with 100 lists each; beside copy.deepcopy of both",
            lambda: assert_distinct(lambda: [[] for _ in range(100)]),
            lambda: copy.deepcopy([[[] for _ in range(100)] for _ in range(2)]),
        ),
    ]


def _row(name: str, ours: Callable[[], Any], theirs: Callable[[], Any], runs: int, calls: int) -> list[str]:
    mine, other = [], []
    for _ in range(runs):
        mine.append(_cost(ours, calls))
        other.append(_cost(theirs, calls))
    ratio = statistics.median(one / two for one, two in zip(mine, other, strict=True))
    return [name, f"{statistics.median(mine):.0f}", f"{statistics.median(other):.0f}", f"{ratio:.2f}"]


def _cost(action: Callable[[], Any], calls: int) -> float:
    """Microseconds of CPU for one call."""
    start = time.process_time()
    for _ in range(calls):
        action()
    return (time.process_time() - start) / calls * 1e6


def _import_cost(before: str, code: str) -> float:
    """Milliseconds of CPU of an import in a process of its own, its byte code at hand."""
    program = f"{before}import time\nstart = time.process_time()\n{code}\nprint((time.process_time() - start) * 1e3)"
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    main()
