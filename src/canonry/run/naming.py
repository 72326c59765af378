"""Two names for one test: the tree's, and pytest's, which begins where pytest has its root.

Selection, history and collected tests name paths and node ids from the root of the tree; plans and events as pytest
does. ``place`` is pytest's root as seen from the tree's, empty where both are one.
"""

import posixpath
from collections.abc import Callable


def as_pytest(name: str, place: str) -> str:
    """A path or node id of the tree as pytest names it."""
    return _moved(name, lambda path: posixpath.relpath(path or ".", place)) if place else name


def of_tree(name: str, place: str) -> str:
    """A path or node id of pytest's from the root of the tree."""
    return _moved(name, lambda path: posixpath.normpath(posixpath.join(place, path))) if place else name


def _moved(name: str, move: Callable[[str], str]) -> str:
    path, separator, rest = name.partition("::")
    return f"{move(path)}{separator}{rest}"
