"""Public packages with suites of their own: all codemods applied, their tests run before and after, rolled back.

``python benchmarks/migrate_packages.py FOLDER --python PYTHON [--only NAME]... [--grade safe]``. FOLDER holds unpacked
source distributions, PYTHON an environment in which their tests run. Each is copied; the copy's tests run twice, the
codemods are written (``--grade review``, the default: with those that want a reader), the tests run again, a second
migration is planned. Where a test fails that passed, the files that did it are looked for, as waves do, and put back,
and the tests run once more. In the end the change is rolled back. Prints one table: ``found`` are the findings of
codemods that edit, ``listed`` those of codemods that only list.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import msgspec

from canonry.audit.request import Request
from canonry.migrate.engine import Migrated, Wanted, migrate
from canonry.migrate.equivalence.bisect import culprits
from canonry.migrate.registry import all_codemods
from canonry.migrate.writing import write_migration
from canonry.model.edit import Grade

_KINDS = ("base-case", "environment", "mock-factory")
_TABLE = (
    "package", *_KINDS, "found", "edited", "share", "listed", "files", "edits", "tests", "passed", "same ids",
    "pass -> fail", "edits in guilty files", "fail after bisection", "second run", "restored",
)  # fmt: skip
_SOURCE = Path(__file__).parents[1] / "src"
_SEEN = """
import json, os

def pytest_collection_finish(session):
    for item in session.items:
        say([item.nodeid, "collected"])

def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        say([report.nodeid, report.outcome])

def say(words):
    with open(os.environ["OUTCOMES"], "a") as file:
        file.write(json.dumps(words) + "\\n")
"""


class Row(msgspec.Struct):
    """What one package says: findings, edits of files, tests, and what is left after the way back."""

    package: str
    kinds: list[int]
    findings: int
    edited: int
    listed: int
    edits: int
    files: int
    tests: int
    passed: int
    same_tests: bool
    broken: list[str]
    culprits: list[str]
    guilty: int
    left: int
    again: int
    restored: bool

    def cells(self) -> list[object]:
        """The row of the table."""
        yes = {True: "yes", False: "no"}
        share = f"{self.edited / max(self.findings, 1):.0%}"
        tests = [self.tests, self.passed, yes[self.same_tests], len(self.broken), self.guilty, self.left]
        counts = [self.findings, self.edited, share, self.listed, self.files, self.edits]
        return [self.package, *self.kinds, *counts, *tests, self.again, yes[self.restored]]


def main() -> None:
    """Prints one row per package, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", required=True)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--grade", choices=["safe", "review"], default="review")
    options = parser.parse_args()
    print("| " + " | ".join(_TABLE) + " |")
    print("| -- |" + " --: |" * (len(_TABLE) - 1))
    rows, answers = [], Counter[tuple[str, str, str]]()
    for place in sorted(each for each in options.folder.iterdir() if each.is_dir()):
        if options.only and place.name not in options.only:
            continue
        rows.append(of_package(place, options.python, answers, review=options.grade == "review"))
        print("| " + " | ".join(map(str, rows[-1].cells())) + " |", flush=True)
    sums(rows, answers)


def sums(rows: list[Row], answers: Counter[tuple[str, str, str]]) -> None:
    """Prints what all packages say together: shares, grades, what is manual and why, which tests fail through what."""
    findings, edited = sum(row.findings for row in rows), sum(row.edited for row in rows)
    edits, guilty = sum(row.edits for row in rows), sum(row.guilty for row in rows)
    print(f"\nedited {edited:,} of {findings:,} findings ({edited / max(findings, 1):.1%})")
    print(f"{guilty:,} of {edits:,} edits ({guilty / max(edits, 1):.1%}) stand in files that make a test fail\n")
    grades = Counter[tuple[str, str]]()
    for (codemod, grade, _), count in answers.items():
        grades[codemod, grade] += count
    for (codemod, grade), count in sorted(grades.items()):
        print(f"- {codemod}, {grade}: {count:,}")
    print()
    for (codemod, grade, reason), count in sorted(answers.items(), key=lambda each: (each[0][0], -each[1])):
        if grade == Grade.MANUAL.value:
            print(f"- manual: {codemod}, {count:,}: {reason}")
    for row in rows:
        for node in row.broken:
            print(f"- fails now: {row.package}: `{node}`")
        for path in row.culprits:
            print(f"- guilty: {row.package}: `{path}`")


def of_package(place: Path, python: str, answers: Counter[tuple[str, str, str]], *, review: bool) -> Row:
    """One package, in a copy that is gone afterwards."""
    lists = {name for name, codemod in all_codemods().items() if codemod.lists_only}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, place.name)
        shutil.copytree(place, root, ignore=shutil.ignore_patterns(".git", ".canonry", "__pycache__"))
        subprocess.run(["git", "init", "-q", root], check=True)
        ids, before = run(root, python)
        flaky = {node for node, outcome in run(root, python)[1].items() if before.get(node) != outcome}
        passed = {node for node, outcome in before.items() if outcome == "passed" and node not in flaky}
        original = contents(root)
        found = migration(root, review=review)
        summary, _ = write_migration(found)
        edited = {change.path: len(change.edits) for change in found.plan.files}
        mine = [item for item in summary.items if item.codemod not in lists]
        for item in mine:
            answers[item.codemod, item.grade.value, item.reason] += 1
        after_ids, after = run(root, python)
        broken = sorted(node for node in passed if after.get(node) != "passed")
        again = migration(root, review=review)
        guilty, left = bisected(root, python, original, broken, passed, sorted(edited)) if broken else ([], 0)
        if summary.plan:
            command = [sys.executable, "-m", "canonry", "changes", "rollback", summary.plan]
            subprocess.run(command, cwd=root, check=True, capture_output=True)
        return Row(
            package=place.name,
            kinds=[sum(item.codemod == kind for item in mine) for kind in _KINDS],
            findings=len(mine),
            edited=sum(item.written or (item.elsewhere is not None and item.grade is not Grade.MANUAL)
                       for item in mine),
            listed=len(summary.items) - len(mine),
            edits=sum(edited.values()),
            files=len(edited),
            tests=len(ids),
            passed=len(passed),
            same_tests=ids == after_ids,
            broken=broken,
            culprits=guilty,
            guilty=sum(edited[path] for path in guilty),
            left=left,
            again=len(again.plan.files),
            restored=contents(root) == original,
        )  # fmt: skip


def bisected(
    root: Path, python: str, original: dict[str, bytes], broken: list[str], passed: set[str], paths: list[str]
) -> tuple[list[str], int]:
    """The changed files that make tests fail, and how many tests fail without them. Leaves the tree as it found it."""
    changed = {path: (root / path).read_bytes() for path in paths}
    tests = sorted({node.partition("::")[0] for node in broken})

    def put(kept: Collection[str]) -> None:
        for path, content in changed.items():
            (root / path).write_bytes(content if path in kept else original.get(path, b""))

    def fails(kept: tuple[str, ...]) -> bool:
        put(kept)
        outcomes = run(root, python, tests)[1]
        return any(outcomes.get(node) != "passed" for node in broken)

    first = tuple(path for path in paths if path in tests)
    likely = first if first and fails(first) else ()
    groups = culprits(likely, fails) if likely else []
    rest = tuple(path for path in paths if path not in {each for group in groups for each in group})
    groups += culprits(rest, fails)
    guilty = sorted({path for group in groups for path in group})
    put([path for path in paths if path not in guilty])
    outcomes = run(root, python)[1]
    put(paths)
    return guilty, sum(outcomes.get(node) != "passed" for node in passed)


def migration(root: Path, *, review: bool) -> Migrated:
    """What all codemods make of a tree."""
    request = Request(repository=root, target="3.11", workers=1, cache=False)
    return migrate(request, Wanted(review=review))


def run(root: Path, python: str, only: list[str] | None = None) -> tuple[set[str], dict[str, str]]:
    """The ids of a tree's tests, and the outcome of each that ran; canonry's plugin is there before and after."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "outcomes_seen.py").write_text(_SEEN)
        seen = Path(folder, "seen.jsonl")
        path = os.pathsep.join([folder, str(_SOURCE), *(str(each) for each in (root / "src", root) if each.is_dir())])
        environment = {**os.environ, "PYTHONPATH": path, "OUTCOMES": str(seen), "PYTHONDONTWRITEBYTECODE": "1"}
        options = ["-q", "-p", "outcomes_seen", "-p", "canonry.pytest_plugin", "-p", "no:cacheprovider"]
        options += ["-p", "no:randomly", "-W", "ignore", "--timeout", "120"]
        options += ["--continue-on-collection-errors"]
        tests = only or [name for name in ("tests", "test") if (root / name).is_dir()]
        command = [python, "-m", "pytest", *options, *tests]
        subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=900, check=False)
        lines = [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []
    ids = {node for node, outcome in lines if outcome == "collected"}
    outcomes: dict[str, str] = {}
    for node, outcome in lines:
        if outcome != "collected" and outcomes.get(node) != "failed":
            outcomes[node] = outcome
    return ids, outcomes


def contents(root: Path) -> dict[str, bytes]:
    """Every byte of a tree, but for what canonry and git keep of it."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".git", ".canonry", ".hypothesis"} & set(path.relative_to(root).parts)
    }


if __name__ == "__main__":
    main()
