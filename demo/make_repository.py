"""Makes a messy sample repository with git history: a small shop, its tests, and what went wrong with them.

Run it as ``python -m demo.make_repository TARGET`` or ``python demo/make_repository.py TARGET``.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

if not __package__:  # started as a script: `demo` is found in the folder above
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from demo.edits import Files
from demo.git import commit_all, git
from demo.history import PEOPLE, SHADOWS, WORK_TREE, Commit, choose_victims, story
from demo.source_file import SourceFile, read_tree
from demo.suite import HEALTHY, write_suite

LEAST_OF_SUITE = 60


class DemoError(Exception):
    """The target or the size is not what it has to be; one sentence for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSummary:
    """What was made.

    ``python_files`` counts every ``.py`` file of the work tree, ``copies`` those of them in shadow trees, and
    ``test_files`` the ``test_*.py`` outside of these. ``broken`` files parse on no Python. ``planted`` maps a rule code
    to the paths that break the rule; where a rule compares files (DUP002, DUP003, DUP004, DUP006) all of them are
    named, and for DUP005 the folder. ``innocent`` maps a code to paths that only look as if they broke it. Every test
    below the folders ``healthy`` passes.
    """

    path: Path
    commits: int
    python_files: int
    test_files: int
    copies: int
    broken: int
    commented_out: int
    planted: dict[str, list[str]]
    innocent: dict[str, list[str]]
    healthy: tuple[str, ...]


def make_repository(target: Path, *, seed: int = 7, files: int = 400) -> DemoSummary:
    """Fills the empty or missing folder ``target``; the same commits for the same ``seed`` and ``files``.

    ``files`` is the number of Python files outside the shadow trees that hold something: the empty ``__init__.py`` of
    a package does not count. Raises ``DemoError`` for a target that holds
    something, and for a number too small for what is planted.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise DemoError(f"`{target}` is not an empty folder: name one that is empty or does not exist yet")
    sources, commits = _plan(seed=seed, files=files)
    target.mkdir(parents=True, exist_ok=True)
    git(target, "init", "--quiet")
    final = _write_history(target, sources, commits)
    return _summarise(target, final, sources, commits)


def main(arguments: list[str] | None = None) -> int:
    """Makes the repository that the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="make_repository", description="Makes a messy sample repository.")
    parser.add_argument("target", type=Path, metavar="TARGET", help="an empty folder, or one that does not exist yet")
    parser.add_argument("--seed", type=int, default=7, help="another number, other tests (default: %(default)s)")
    parser.add_argument("--files", type=int, default=400, help="live Python files (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        summary = make_repository(options.target, seed=options.seed, files=options.files)
    except DemoError as error:
        print(f"make_repository: {error}", file=sys.stderr)
        return 2
    print(f"{summary.path}: {summary.commits} commits, {summary.python_files} Python files")
    print(f"{summary.test_files} test files, {summary.broken} broken, {summary.commented_out} commented out")
    return 0


def _plan(*, seed: int, files: int) -> tuple[tuple[SourceFile, ...], tuple[Commit, ...]]:
    """All sources, and the commits; the suite is as large as ``files`` leaves room for."""
    least = _count_live(*_with_suite(LEAST_OF_SUITE, seed=seed))
    if files < least:
        raise DemoError(f"{files} files are too few for what is planted: ask for {least} or more")
    return _with_suite(LEAST_OF_SUITE + files - least, seed=seed)


def _with_suite(count: int, *, seed: int) -> tuple[tuple[SourceFile, ...], tuple[Commit, ...]]:
    tree = read_tree()
    suite = write_suite(count, seed=seed, taken=[file.path for file in tree])
    return (*tree, *suite), story(choose_victims(suite, seed=seed), seed=seed)


def _count_live(sources: Iterable[SourceFile], commits: Iterable[Commit]) -> int:
    *_, (_, final) = _replay(sources, commits)
    return sum(path.endswith(".py") and not path.startswith(SHADOWS) for path, text in final.items() if text)


def _replay(sources: Iterable[SourceFile], commits: Iterable[Commit]) -> Iterator[tuple[Commit, Files]]:
    """Each commit with all files as they are after it."""
    files: Files = {}
    remaining = list(sources)
    for commit in commits:
        files.update({file.path: file.text for file in remaining if file.since == commit.key})
        for file in remaining:
            if file.until == commit.key:
                del files[file.path]
        for edit in commit.edits:
            edit(files)
        _add_packages(files)
        yield commit, dict(files)


def _add_packages(files: Files) -> None:
    """Makes every folder of the tests a package."""
    for path in [path for path in files if path.startswith("tests/") and path.endswith(".py")]:
        for folder in list(PurePosixPath(path).parents)[:-1]:
            files.setdefault(f"{folder}/__init__.py", "")


def _write_history(target: Path, sources: Iterable[SourceFile], commits: Iterable[Commit]) -> Files:
    """Commits step by step; returns the files of the work tree."""
    before: Files = {}
    for commit, after in _replay(sources, commits):
        for path in before.keys() - after.keys():
            (target / path).unlink()
        for path, text in after.items():
            if before.get(path) != text:
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                (target / path).write_text(text, encoding="utf-8", newline="\n")
        if commit.key != WORK_TREE:
            name, email = PEOPLE[commit.author]
            commit_all(target, commit.message, author=name, email=email, date=f"{commit.date}:00+0000")
        before = after
    return before


def _summarise(target: Path, final: Files, sources: Iterable[SourceFile], commits: Iterable[Commit]) -> DemoSummary:
    planted = [(code, file.path) for file in sources for code in file.plants]
    planted += [plant for commit in commits for plant in commit.plants]
    codes = _by_code(planted)
    python = [path for path in final if path.endswith(".py")]
    live = [path for path in python if not path.startswith(SHADOWS)]
    return DemoSummary(
        path=target,
        commits=sum(commit.key != WORK_TREE for commit in commits),
        python_files=len(python),
        test_files=sum(path.rpartition("/")[2].startswith("test_") for path in live),
        copies=len(python) - len(live),
        broken=len(codes["SYN001"]) + len(codes["SYN004"]),
        commented_out=len(codes["SYN003"]),
        planted=codes,
        innocent=_by_code((code, file.path) for file in sources for code in file.innocent),
        healthy=HEALTHY,
    )


def _by_code(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for code, path in sorted(pairs):
        grouped.setdefault(code, []).append(path)
    return grouped


if __name__ == "__main__":
    sys.exit(main())
