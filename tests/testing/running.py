"""Test cases run for real: in this process by unittest, and in others by pytest and by unittest."""

# canonry: ignore-file[RUN002] runs test cases under plain unittest, which is what is tested here
import os
import subprocess
import sys
import unittest
import warnings
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.workbench import ROOT, environment

PLUGINS = ROOT / ".venv" / "plugins"
COLLECTION = ("-p", "canonry.testing.collection")
"""Registers what canonry's pytest plugin registers."""


@dataclass(frozen=True)
class Said:
    """What became of the tests of a class, by name, and the warnings that they gave."""

    outcomes: dict[str, str]
    texts: dict[str, str]
    warnings: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.texts.values())


class _Result(unittest.TestResult):
    def __init__(self) -> None:
        super().__init__()
        self.said = Said({}, {})

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().startTest(test)
        self.said.outcomes[test._testMethodName] = "passed"

    def note(self, test: object, outcome: str, err: object) -> None:
        name = getattr(test, "_testMethodName", str(test))
        self.said.outcomes[name] = outcome if self.said.outcomes.get(name) in (None, "passed") else "error"
        self.said.texts[name] = self.said.texts.get(name, "") + self._exc_info_to_string(err, test)  # type: ignore[attr-defined]

    def addError(self, test, err):  # type: ignore[no-untyped-def]  # noqa: N802
        self.note(test, "error", err)

    def addFailure(self, test, err):  # type: ignore[no-untyped-def]  # noqa: N802
        self.note(test, "failed", err)

    def addSubTest(self, test, subtest, err):  # type: ignore[no-untyped-def]  # noqa: N802
        if err is not None:
            self.note(test, "failed", err)

    def addSkip(self, test, reason):  # type: ignore[no-untyped-def]  # noqa: N802
        self.said.outcomes[test._testMethodName] = "skipped"
        self.said.texts[test._testMethodName] = reason

    def addExpectedFailure(self, test, err):  # type: ignore[no-untyped-def]  # noqa: N802
        self.said.outcomes[test._testMethodName] = "expected failure"


def run_class(*cases: type[unittest.TestCase]) -> Said:
    """Runs classes with unittest, in this process, in the order of their definition."""
    result = _Result()
    suite = unittest.TestSuite()
    for case in cases:
        names = [name for name in vars(case) if name.startswith("test")] or unittest.TestLoader().getTestCaseNames(case)
        suite.addTests(case(name) for name in names)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        Context().run(suite.run, result)
    result.said.warnings.extend(str(each.message) for each in told)
    return result.said


def run_pytest(
    folder: Path, code: str, *options: str, plugins: bool = False, variables: Mapping[str, str] | None = None
) -> tuple[dict[str, str], str]:
    """Runs a module with pytest in another process: outcomes by class and name, and what it printed."""
    (folder / "test_it.py").write_text(code, encoding="utf-8")
    junit = folder / "junit.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--rootdir=.", "-c", os.devnull]
    path = os.pathsep.join([str(PLUGINS)] if plugins else [])
    done = subprocess.run(
        [*command, f"--junitxml={junit}", "test_it.py", *options],
        cwd=folder,
        env=environment(PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1", **(variables or {})),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    outcomes: dict[str, str] = {}
    for case in ET.parse(junit).iter("testcase") if junit.exists() else ():
        name = f"{(case.get('classname') or '').rpartition('.')[2]}.{case.get('name')}"
        bad = [kind for kind in ("failure", "error", "skipped") if case.find(kind) is not None]
        outcomes[name] = bad[0] if bad else outcomes.get(name, "passed")
    return outcomes, done.stdout + done.stderr


def run_unittest(folder: Path, code: str, python: str = sys.executable) -> tuple[int, str]:
    """Runs a module with plain `python -m unittest` in another process: exit status, and what it printed."""
    (folder / "test_it.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [python, "-m", "unittest", "-v", "test_it"],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT / "src"), PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr
