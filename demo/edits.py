"""What a commit does to files: each edit is a function that changes a dictionary of path to text."""

import re
from collections.abc import Callable, Sequence
from random import Random

from demo.damage import break_text

Files = dict[str, str]
Edit = Callable[[Files], None]


def append(path: str, text: str) -> Edit:
    """Adds ``text`` at the end."""

    def edit(files: Files) -> None:
        files[path] += text

    return edit


def replace(path: str, old: str, new: str) -> Edit:
    """Replaces the one place of ``old``."""

    def edit(files: Files) -> None:
        if files[path].count(old) != 1:
            raise ValueError(f"{path} holds {old!r} {files[path].count(old)} times")
        files[path] = files[path].replace(old, new)

    return edit


def write(path: str, text: str) -> Edit:
    """Makes the file hold ``text``."""

    def edit(files: Files) -> None:
        files[path] = text

    return edit


def rename(old: str, new: str) -> Edit:
    """Moves a file."""

    def edit(files: Files) -> None:
        files[new] = files.pop(old)

    return edit


def copy(source: str, target: str, **words: str) -> Edit:
    """Copies a file; each word given is replaced by its value."""

    def edit(files: Files) -> None:
        text = files[source]
        for word, other in words.items():
            text = re.sub(rf"\b{word}\b", other, text)
        files[target] = text

    return edit


def copy_folder(source: str, target: str, *, below: str = "", most: int = 10_000) -> Edit:
    """Copies the first ``most`` files of ``source`` into ``target``, under their path ``below`` a folder."""

    def edit(files: Files) -> None:
        found = [path for path in sorted(files) if path.startswith(source) and not path.endswith("__init__.py")]
        for path in found[:most]:
            files[target + path.removeprefix(below)] = files[path]

    return edit


def comment_out(path: str, reason: str) -> Edit:
    """Makes every line a comment."""

    def edit(files: Files) -> None:
        lines = [f"# {line}" if line else "#" for line in files[path].splitlines()]
        files[path] = "\n".join([f"# {reason}", *lines]) + "\n"

    return edit


def uncomment(path: str) -> Edit:
    """Undoes ``comment_out``."""

    def edit(files: Files) -> None:
        lines = [line.removeprefix("#").removeprefix(" ") for line in files[path].splitlines()[1:]]
        files[path] = "\n".join(lines) + "\n"

    return edit


def damage(paths: Sequence[str], *, seed: int) -> Edit:
    """Breaks every one of the files, each kind of damage in turn."""

    def edit(files: Files) -> None:
        for number, path in enumerate(paths):
            files[path] = break_text(files[path], Random(f"damage:{seed}:{path}"), first=number)

    return edit
