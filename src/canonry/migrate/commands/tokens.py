"""What a rewritten command consists of: words of the old one, as they are or with another beginning, and new words."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from canonry.model.edit import Grade


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A word of the old command as it is written, by its index."""

    index: int


class Changed(msgspec.Struct, frozen=True, gc=False):
    """A word of the old command that begins with ``old``, which becomes ``new``; the rest stays as it is written."""

    index: int
    old: str
    new: str


class Made(msgspec.Struct, frozen=True, gc=False):
    """A new word, of characters that no shell and no quoting knows; ``of`` is the old one that it stands for."""

    text: str
    of: int = -1


Token = Kept | Changed | Made


class Doubt(NamedTuple):
    """Why a rewritten command is not safe, and how far it may be trusted."""

    grade: Grade
    reason: str


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """The words that take the place of those from ``first`` on. ``doubts`` say what lowers the grade.

    There are no tokens where the command has to be changed by hand.
    """

    first: int = 0
    tokens: tuple[Token, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    category: str = ""
    """The category whose tests are exactly those that the old command selects, where there is one."""

    @property
    def grade(self) -> Grade:
        """The gravest of the doubts' grades."""
        return max((doubt.grade for doubt in self.doubts), key=lambda grade: grade.rank, default=Grade.SAFE)

    @property
    def reason(self) -> str:
        """Why it is not safe, in one line; the gravest first. Empty where it is."""
        ordered = sorted(dict.fromkeys(self.doubts), key=lambda doubt: -doubt.grade.rank)
        return "; ".join(doubt.reason for doubt in ordered if doubt.grade is self.grade or len(ordered) < 3)


class CannotMapError(Exception):
    """The command has to be changed by hand; the message is the reason."""


def by_hand(reason: str) -> Mapped:
    """The answer for a command that nothing can be proposed for."""
    return Mapped(doubts=(Doubt(Grade.MANUAL, reason),))


def new_words(words: Iterable[str | None], mapped: Mapped) -> list[str | None]:
    """The whole command as it is to be read afterwards; None for words that are computed."""
    old = list(words)
    found = old[: mapped.first]
    for token in mapped.tokens:
        if isinstance(token, Made):
            found.append(token.text)
        elif isinstance(token, Kept):
            found.append(old[token.index])
        else:
            word = old[token.index]
            found.append(None if word is None else token.new + word.removeprefix(token.old))
    return found
