"""A check: one true statement about the shop, from which a test of any style can be written."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a test imports, prepares and compares.

    ``equal`` pairs an expression with the expression that it equals; ``raises`` pairs the name of an error with the
    statement that raises it. In ``arrange``, ``RAISES(Error)`` stands for the context manager of the style. Where
    ``arrange`` or ``equal`` hold ``await``, ``asynchronous`` says so; then ``equal`` expects literals, and nothing
    raises.
    """

    says: str
    imports: tuple[str, ...]
    arrange: tuple[str, ...] = ()
    equal: tuple[tuple[str, str], ...] = ()
    raises: tuple[tuple[str, str], ...] = ()
    asynchronous: bool = False


MakeCheck = Callable[[Random], Check]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A part of the shop: the folder of its tests, the commits that bring them, and what can be checked."""

    folder: str
    since: tuple[str, ...]
    subjects: tuple[str, ...]
    checks: tuple[MakeCheck, ...]
