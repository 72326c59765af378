"""What the base cases cost: importing them, running a test, over what the standard library has; and what the plugin
costs a plain pytest that nobody controls.

Paired runs in CPU seconds: each round measures every variant once, in a process of its own, and the medians of the
rounds are compared. Per-test costs are of tests that do nothing, with all probes for leaks.
"""

import argparse
import statistics
import sys
import tempfile
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
SUITE = """
import unittest
{imports}
{kind} test(self): pass
Case = type("Case", ({base},), {{f"test_{{n}}": test for n in range(500)}})
for _ in range({repeats}):
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert result.wasSuccessful(), result.errors or result.failures
"""
BARE_LOOP = """
import asyncio
async def test(): pass
for _ in range(500 * {repeats}):
    loop = asyncio.new_event_loop()
    loop.run_until_complete(test())
    loop.close()
"""
"""A fresh loop and nothing else, as often as a suite has tests."""
CASES = {
    "TestCase": ("def", "unittest.TestCase", ""),
    "SSotBaseTestCase": ("def", "SSotBaseTestCase", "from canonry.testing import SSotBaseTestCase"),
    "SSotAsyncTestCase": ("async def", "SSotAsyncTestCase", "from canonry.testing import SSotAsyncTestCase"),
    "IsolatedAsyncioTestCase": ("async def", "unittest.IsolatedAsyncioTestCase", ""),
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
    cost = medians(rounds, {name: partial(per_test, *case) for name, case in CASES.items()})
    print(f"TestCase: {cost['TestCase'] * 1e6:.1f} microseconds a test")
    for name in list(CASES)[1:]:
        print(f"{name} over TestCase: {(cost[name] - cost['TestCase']) * 1e6:.1f} microseconds a test")
    loop = medians(rounds, {"loop": bare_loop})["loop"]
    print(f"a fresh event loop of asyncio alone: {loop * 1e6:.1f} microseconds")
    start = medians(3 * rounds, {"without": partial(plugin_start, "-p", "no:canonry"), "with": plugin_start})
    print(f"plain pytest with the plugin over without: {(start['with'] - start['without']) * 1e3:.1f} ms")


def plugin_start(*options: str) -> float:
    """CPU seconds of plain pytest on a folder with one test."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_it.py").write_text("def test_it(): pass\n", encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, *options]
        return run_measured(command, Path(folder)).cpu


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


def per_test(kind: str, base: str, imports: str) -> float:
    """CPU seconds of one test: the difference between many repeats of a suite and one, per test."""
    many, one = (seconds(SUITE.format(kind=kind, base=base, imports=imports, repeats=repeats)) for repeats in (9, 1))
    return (many - one) / (8 * 500)


def bare_loop() -> float:
    """CPU seconds of making, running and closing one event loop."""
    many, one = (seconds(BARE_LOOP.format(repeats=repeats)) for repeats in (9, 1))
    return (many - one) / (8 * 500)


if __name__ == "__main__":
    main()
