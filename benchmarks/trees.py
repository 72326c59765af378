"""Trees to audit: made out of installed test suites, or copied; committed; changed; made messy. All with a seed."""

import hashlib
import os
import random
import shutil
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.git import git

LEAST_BYTES = 200
MOST_BYTES = 400_000
CHANGED_OF_DIRTY = 5 / 6
_STATE = (".git", ".canonry", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".venv", "__pycache__")
_WHO = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")


class NoSourceError(Exception):
    """This Python has no test suite to make a tree of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSize:
    """``repeated`` is the share of Python files whose content another file holds already, 0..1."""

    files: int
    megabytes: float
    distinct: int

    @property
    def repeated(self) -> float:
        """1 - distinct contents / files."""
        return 1 - self.distinct / self.files if self.files else 0.0


def generate_tree(target: Path, *, files: int, repeat_share: float, seed: int) -> None:
    """Writes Python files with distinct contents below ``target``; a share repeats contents under other names.

    Contents are those of installed test suites; from the second round on, each gets one more test. Every name is
    unique, so no folder mirrors another.
    """
    sources = _sources()
    rng = random.Random(seed)
    distinct = files - round(files * repeat_share)
    for number in range(distinct):
        turn, index = divmod(number, len(sources))
        base, path = sources[index]
        content = (base / path).read_bytes()
        _write(target / _place(path, turn), content + (_extra_test(turn, rng) if turn else b""))
    for number in range(files - distinct):
        turn, index = divmod(rng.randrange(distinct), len(sources))
        path = _place(sources[index][1], turn)
        again = path.with_name(f"{path.stem}_again_{number:05}.py")
        _write(target / "again" / again, (target / path).read_bytes())


def put_tree(root: Path, given: Path | None, *, files: int, repeat_share: float, seed: int) -> None:
    """Makes the folder: a copy of the given tree, else one that is generated."""
    root.mkdir()
    if given is not None:
        copy_tree(given, root)
    else:
        generate_tree(root, files=files, repeat_share=repeat_share, seed=seed)


def copy_tree(source: Path, target: Path) -> None:
    """Copies a tree without what tools keep in it."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(*_STATE), dirs_exist_ok=True)


def commit_everything(root: Path, message: str) -> None:
    """Commits all files, ignored ones too; makes the repository where there is none."""
    if not (root / ".git").exists():
        git(root, "init", "--quiet")
        with open(root / ".git" / "info" / "exclude", "a", encoding="utf-8") as exclude:
            exclude.write(".canonry/\n.ruff_cache/\n")
        git(root, "add", "--all", "--force")
    else:
        git(root, "add", "--update")
    git(root, *_WHO, "commit", "--quiet", f"--message={message}")


def python_files(root: Path) -> list[str]:
    """The Python files of a tree, relative to it, sorted; links left out."""
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _STATE]
        paths = [Path(folder, name) for name in names if name.endswith(".py")]
        found += [str(path.relative_to(root)) for path in paths if not path.is_symlink()]
    return sorted(found)


def tree_size(root: Path, paths: Iterable[str]) -> TreeSize:
    """How many files there are, how large, how many contents."""
    contents: set[bytes] = set()
    files = size = 0
    for path in paths:
        data = (root / path).read_bytes()
        contents.add(hashlib.sha1(data, usedforsecurity=False).digest())
        files += 1
        size += len(data)
    return TreeSize(files=files, megabytes=size / 1e6, distinct=len(contents))


def change_files(root: Path, paths: Iterable[str], mark: str) -> None:
    """Gives each file a content that it never had, by a comment at its end."""
    for path in paths:
        with open(root / path, "ab") as file:
            file.write(f"\n# changed: {mark}\n".encode())


def change_somehow(root: Path, paths: Sequence[str], kind: str, number: int) -> None:
    """Changes each file in one of the ways of `KINDS`, or adds one, renames the first or removes the last."""
    if kind == "file added":
        _write(
            (root / paths[0]).with_name(f"test_added_{number}.py"), f"def test_added():\n    assert {number}\n".encode()
        )
    elif kind == "file removed":
        (root / paths[-1]).unlink()
    elif kind == "file renamed":
        path = root / paths[0]
        path.rename(path.with_name(f"{path.stem}_renamed.py"))
    else:
        above, below = KINDS[kind]
        for each in paths:
            content = (root / each).read_bytes()
            _write(root / each, above.format(number).encode() + content + below.format(number).encode())


KINDS = {
    "comment at the end": ("", "\n# changed: {}\n"),
    "test function at the end": ("", "\n\ndef test_added_{0}():\n    value = {0}\n    assert value == {0}\n"),
    "class at the end": ("", "\n\nclass Added{0}:\n    def total(self):\n        return {0}\n"),
    "line at the top": ("# changed: {}\n", ""),
}
"""What stands above and below the content of a file that is changed."""
ONE_FILE = ("file added", "file renamed", "file removed")


def make_messy(root: Path, paths: Sequence[str], *, share: float, seed: int) -> tuple[int, int]:
    """Makes a share of the Python files dirty: most are changed, the rest are new and unknown to git; returns both."""
    rng = random.Random(seed)
    dirty = round(len(paths) * share)
    changed = rng.sample(paths, round(dirty * CHANGED_OF_DIRTY))
    change_files(root, changed, "not committed")
    copied = rng.sample(paths, dirty - len(changed))
    for number, path in enumerate(copied):
        _write((root / path).with_name(f"test_new_{number:05}.py"), (root / path).read_bytes() + b"\n# new\n")
    return len(changed), len(copied)


def live_files(paths: Sequence[str]) -> list[str]:
    """The files that no tool takes for copies by the name of a folder; all of them where there are hardly others."""
    live = [path for path in paths if "backup" not in path.lower() and "archive" not in path.lower()]
    return live if len(live) > len(paths) / 10 else list(paths)


def pick_files(paths: Sequence[str], count: int, *, seed: int) -> list[str]:
    """Live files, test files first, drawn at random."""
    live = live_files(paths)
    tests = [path for path in live if path.rpartition("/")[2].startswith("test_")]
    chosen = tests if len(tests) >= count else live
    return sorted(random.Random(seed).sample(chosen, min(count, len(chosen))))


def _sources() -> list[tuple[Path, Path]]:
    """The files to start from, as folder and path below it: the standard library's tests, then those of packages."""
    found: list[tuple[Path, Path]] = []
    for place in ("stdlib", "purelib"):
        base = Path(sysconfig.get_path(place))
        tests = [path for path in base.rglob("*.py") if {"test", "tests"} & set(path.relative_to(base).parts[:-1])]
        inside = [path for path in tests if place == "purelib" or "site-packages" not in path.parts]
        sized = [path for path in inside if LEAST_BYTES <= path.stat().st_size <= MOST_BYTES]
        found += [(base, path.relative_to(base)) for path in sorted(sized)]
    if not found:
        raise NoSourceError("this Python was installed without its test suite; name a TREE instead")
    return found


def _place(path: Path, turn: int) -> Path:
    return Path(f"part_{turn:03}", *path.parts[:-1], f"{path.stem}_{turn:03}.py")


def _extra_test(turn: int, rng: random.Random) -> bytes:
    number = rng.randrange(10**9)
    return f"\n\ndef test_turn_{turn:03}():\n    value = {number}\n    assert value == {number}\n".encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
