"""What the base cases cost: importing them, running a test, over what the standard library has; and what the plugin
costs a plain pytest that nobody controls.

CPU seconds, medians over rounds. Imports: each round measures every variant once, in a process of its own. Tests: each
round is a process in which suites of both kinds take turns, and the differences of the pairs count; the tests do
nothing, and all probes for leaks look. The plugin: what it does in a process in which pytest has begun.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.measure import run_measured

IMPORTS = {
    "bare interpreter": "pass",
    "import unittest": "import unittest",
    "SSotBaseTestCase": "from canonry.testing import SSotBaseTestCase",
    "import asyncio, unittest": "import asyncio, unittest",
    "SSotAsyncTestCase": "from canonry.testing import SSotAsyncTestCase",
}
_FROM = "from canonry.testing import {}"
PAIRS = """
import statistics, time, unittest
{imports}
{kind} test(self): pass

def cost(base, test):
    case = type("Case", (base,), {{f"test_{{n}}": test for n in range(500)}})
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(case)
    result = unittest.TestResult()
    begun = time.process_time()
    suite.run(result)
    taken = time.process_time() - begun
    assert result.wasSuccessful(), result.errors or result.failures
    return taken / 500

def plain(self): pass
pairs = [(cost(unittest.TestCase, plain), cost({base}, test)) for _ in range(15)]
print(statistics.median(after - before for before, after in pairs), statistics.median(before for before, _ in pairs))
"""
"""Turns of a suite of plain test cases and of one of ours, in one process."""
BARE_LOOP = """
import asyncio, statistics, time
async def test(): pass

def cost():
    begun = time.process_time()
    for _ in range(500):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(test())
        loop.close()
    return (time.process_time() - begun) / 500

print(statistics.median(cost() for _ in range(15)))
"""
"""A fresh loop and nothing else, as often as a suite has tests."""
PLUGIN = """
import time
from _pytest.config import _prepareconfig
config = _prepareconfig(["-p", "no:canonry", "-c", "/dev/null", "--noconftest", "/dev/null"])
begun = time.process_time()
import canonry.pytest_plugin
canonry.pytest_plugin.pytest_configure(config)
print(time.process_time() - begun)
"""
"""All that the plugin does where no test uses anything of it, in a pytest that has begun."""
CASES = {
    "SSotBaseTestCase": {"kind": "def", "base": "SSotBaseTestCase", "imports": _FROM.format("SSotBaseTestCase")},
    "SSotAsyncTestCase": {
        "kind": "async def",
        "base": "SSotAsyncTestCase",
        "imports": _FROM.format("SSotAsyncTestCase"),
    },
    "IsolatedAsyncioTestCase": {"kind": "async def", "base": "unittest.IsolatedAsyncioTestCase", "imports": ""},
}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds: int = parser.parse_args().rounds
    cpu = medians(rounds, {name: partial(seconds, code) for name, code in IMPORTS.items()})
    for name, base in [
        ("import unittest", "bare interpreter"),
        ("SSotBaseTestCase", "bare interpreter"),
        ("SSotBaseTestCase", "import unittest"),
        ("SSotAsyncTestCase", "import asyncio, unittest"),
    ]:
        print(f"{name} over {base}: {(cpu[name] - cpu[base]) * 1e3:.1f} ms")
    said = {name: printed_medians(rounds, PAIRS.format_map(case)) for name, case in CASES.items()}
    print(f"TestCase: {said['SSotBaseTestCase'][1] * 1e6:.1f} microseconds a test")
    for name, (more, _) in said.items():
        print(f"{name} over TestCase: {more * 1e6:.1f} microseconds a test")
    print(f"a fresh event loop of asyncio alone: {printed_medians(rounds, BARE_LOOP)[0] * 1e6:.1f} microseconds")
    print(f"the plugin in plain pytest: {printed_medians(rounds, PLUGIN)[0] * 1e3:.1f} ms")


def printed_medians(rounds: int, code: str) -> list[float]:
    """The medians over processes of the numbers that some code prints, seconds."""
    rows = []
    for _ in range(rounds):
        done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
        rows.append([float(word) for word in done.stdout.split()])
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def medians(rounds: int, variants: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each variant over the rounds, taken by turns."""
    found: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, measure in variants.items():
            found[name].append(measure())
    return {name: statistics.median(values) for name, values in found.items()}


def seconds(code: str) -> float:
    """CPU seconds of a process that runs some code."""
    return run_measured([sys.executable, "-I", "-c", code], Path.cwd()).cpu


if __name__ == "__main__":
    main()
