"""Which paths a pattern of the canon selects: files, folders and globs from the root of the tree."""

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

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
