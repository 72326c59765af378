"""Which files a table of the canon selects: the one place that reads `paths`, `tests` and `components`."""

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from canonry.canon.options import Canon

if TYPE_CHECKING:  # only globs need it, and few canons have any
    import pathspec

_GLOB = re.compile(r"[*?\[]")


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is one of the patterns' files, lies in one of their folders, or is met by one of their globs.

    Patterns start at the root of the tree; a leading ``./`` and a final ``/`` say nothing. In a glob ``*`` and ``?``
    stay within one folder, ``**`` crosses any number of them, and a folder that a glob meets holds all that is below
    it. A name that holds the letters of a glob is met as it is written, too.
    """
    return any(_matches(path, pattern) for pattern in patterns)


def categories_of(canon: Canon, path: str) -> tuple[str, ...]:
    """The names of the categories that a path belongs to, in the order of the canon."""
    return tuple(name for name, category in canon.categories.items() if matches(path, category.paths))


def flows_of(canon: Canon, path: str) -> tuple[str, ...]:
    """The names of the flows that a path belongs to, as one of their tests or components, in the order of the canon."""
    return tuple(name for name, flow in canon.flows.items() if matches(path, (*flow.tests, *flow.components)))


def plain(pattern: str) -> str:
    """A pattern without what says nothing: a leading ``./``, a final ``/``; empty for the root."""
    bare = pattern.removeprefix("./").strip("/")
    return "" if bare == "." else bare


def _matches(path: str, pattern: str) -> bool:
    bare = plain(pattern)
    if not bare or path == bare or path.startswith(bare + "/"):
        return True
    return bool(_GLOB.search(bare)) and _spec(bare).match_file(path)


@cache
def _spec(pattern: str) -> "pathspec.PathSpec[pathspec.Pattern]":
    """A glob by gitignore's rules, from the root on; an unfinished one meets nothing."""
    import pathspec

    return pathspec.PathSpec.from_lines("gitignore", [f"/{pattern}"])
