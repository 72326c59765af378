"""The ways to run the canaries. Each starts a process of its own, and reads typed results, never what it prints."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from canonry.testing.canary.styles import STYLES, Style, class_name, source

MODULE = "test_canary"
_RECORDER = '''
import json
import os
import unittest


class _Recording(unittest.TextTestResult):
    """Writes what became of each class of tests into a file."""

    bad = set()
    ran = set()

    def startTest(self, test):
        super().startTest(test)
        self.ran.add(type(test).__name__)

    def addError(self, test, err):
        super().addError(test, err)
        name = type(test).__name__  # an error in `setUpClass` has no test: its text names the class
        self.bad.add(str(test).partition(".")[2].rstrip(")") if name == "_ErrorHolder" else name)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.bad.add(type(test).__name__)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.bad.add(type(test).__name__)

    def stopTestRun(self):
        super().stopTestRun()
        with open(os.environ["CANARY_RESULTS"], "w") as file:
            json.dump({"bad": sorted(self.bad), "ran": sorted(self.ran)}, file)


unittest.TextTestRunner.resultclass = _Recording
'''


@dataclass(frozen=True, slots=True)
class Way:
    """A way to run a test module. ``read`` gives the classes that failed and those that passed, from ``results``."""

    name: str
    command: Callable[[Path], Sequence[str]]
    read: Callable[[Path], tuple[set[str], set[str]]]
    prelude: str = ""


class CanaryError(Exception):
    """A way to run did not run, so that it proves nothing."""


def run(way: Way, folder: Path, styles: tuple[Style, ...] = STYLES) -> dict[Style, bool | None]:
    """Whether each style passed, None where it did not run. Uses a folder of its own below ``folder``."""
    place = folder / way.name.replace(" ", "-").replace("/", "-")
    place.mkdir()
    (place / f"{MODULE}.py").write_text(source(styles) + way.prelude, encoding="utf-8")
    results = place / "results"
    done = subprocess.run(
        way.command(results),
        cwd=place,
        env=os.environ | {"CANARY_RESULTS": str(results), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if not results.exists():
        raise CanaryError(f"`{way.name}` ran nothing:\n{done.stdout}{done.stderr}")
    failed, passed = way.read(results)
    if bool(failed) != bool(done.returncode):
        raise CanaryError(f"`{way.name}` exits with {done.returncode}, and {len(failed)} canaries failed")
    return {
        style: False if class_name(style) in failed else True if class_name(style) in passed else None
        for style in styles
    }


def _pytest(results: Path) -> Sequence[str]:
    options = ("-q", "-p", "no:cacheprovider", "--rootdir=.", "-c", os.devnull)
    return (sys.executable, "-m", "pytest", *options, f"--junitxml={results}", f"{MODULE}.py")


def _pytest_alone(results: Path) -> Sequence[str]:
    return (*_pytest(results), "-p", "no:canonry")


def _unittest(_: Path) -> Sequence[str]:
    return (sys.executable, "-m", "unittest", "-q", MODULE)


def _read_junit(results: Path) -> tuple[set[str], set[str]]:
    cases = list(ET.parse(results).iter("testcase"))
    names = [(case, (case.get("classname") or "").rpartition(".")[2]) for case in cases]
    failed = {name for case, name in names if case.find("failure") is not None or case.find("error") is not None}
    passed = {name for case, name in names if case.find("skipped") is None} - failed
    return failed, passed


def _read_recorded(results: Path) -> tuple[set[str], set[str]]:
    import json

    recorded = json.loads(results.read_text(encoding="utf-8"))
    return set(recorded["bad"]), set(recorded["ran"]) - set(recorded["bad"])


WAYS = (
    Way("pytest", _pytest, _read_junit),
    Way("pytest -p no:canonry", _pytest_alone, _read_junit),
    Way("python -m unittest", _unittest, _read_recorded, prelude=_RECORDER),
)
"""Where another way to run is added."""
