"""Which of many changes make the tests fail."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
Fails = Callable[[tuple[T, ...]], bool]
"""Whether the tests fail with these changes and no others."""


def culprits(items: Sequence[T], fails: Fails[T]) -> list[tuple[T, ...]]:
    """Groups of items without which nothing fails; each group fails by itself, and no part of it does.

    That holds where what fails with some items fails with more, too. With k groups of single items among n it asks
    about 2 k log2(n) times.
    """
    found: list[tuple[T, ...]] = []
    rest = tuple(items)
    while rest and fails(rest):
        group = smallest(rest, fails)
        found.append(group)
        rest = tuple(each for each in rest if each not in group)
    return found


def smallest(items: tuple[T, ...], fails: Fails[T]) -> tuple[T, ...]:
    """A smallest part of items that fail together which still fails.

    Source: U. Junker, QuickXplain: preferred explanations and relaxations for over-constrained problems, AAAI 2004.
    """

    def search(background: tuple[T, ...], part: tuple[T, ...], *, asked: bool) -> tuple[T, ...]:
        if asked and fails(background):
            return ()
        if len(part) == 1:
            return part
        middle = len(part) // 2
        first, second = part[:middle], part[middle:]
        of_second = search((*background, *first), second, asked=True)
        of_first = search((*background, *of_second), first, asked=bool(of_second))
        return (*of_first, *of_second)

    return search((), items, asked=False)
