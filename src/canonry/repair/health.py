"""Which earlier version of a broken file knows what the file meant.

The last version that parses is often one that somebody emptied: everything commented out, or replaced by a placeholder.
So ancestors are judged by what they hold of the broken file: health is the share of its words, and of its tests, that
are live in the ancestor. Words in comments are not live; in a text that a string swallowed none is.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from canonry.repair.ancestors import AncestorVersion
from canonry.repair.measure import (
    commented_tests,
    is_gutted,
    live_share,
    readable_tests,
    share_kept,
    test_names,
    visible_words,
    words_of,
)

HEALTHY = 0.85
"""What a restored ancestor must hold of the broken file."""
USABLE = 0.5
"""What a base for an intent merge must hold; the merge itself is measured again."""
_AS_GOOD = 0.02
_WORDS_A_TEST = 10

Reader = Callable[[str], str | None]
"""The text of a blob, lines ended by ``\\n``; None where it is missing or no text."""
Parser = Callable[[str], ast.Module | None]
"""The tree of a text at the target version, None where it does not parse."""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """An earlier version that parses, with its health for the broken text that it was chosen for."""

    version: AncestorVersion
    text: str
    tree: ast.Module
    health: float

    @property
    def is_healthy(self) -> bool:
        """Whether it may be restored as it is."""
        return self.health >= HEALTHY


@dataclass(frozen=True, slots=True)
class Demand:
    """What an ancestor of a broken text should hold."""

    words: Counter[str]
    tests: Counter[str]

    def health(self, words: Counter[str], tests: Counter[str]) -> float:
        """The share held, a test counted as ten words."""
        wanted = self.words.total() + _WORDS_A_TEST * self.tests.total()
        held = (self.words & words).total() + _WORDS_A_TEST * (self.tests & tests).total()
        return held / wanted if wanted else 0.0


def demand_of(broken: str) -> Demand:
    """The words outside comments and the readable tests of a broken text."""
    return Demand(visible_words(broken), readable_tests(broken))


def choose_ancestor(
    broken: str, versions: Iterable[AncestorVersion], *, read: Reader, parse: Parser
) -> Ancestor | None:
    """The newest version whose health comes within 0.02 of the best; None where none reaches `USABLE`.

    ``versions`` come newest first. Gutted versions are never chosen, unless the broken text is gutted itself: then to
    bring its code back is another question (`last_live_version`).
    """
    gutted = is_gutted(broken)
    demand = demand_of(broken)
    found: list[Ancestor] = []
    floor = USABLE
    for version in versions:
        text = read(version.blob)
        if text is None or demand.health(visible_words(text), demand.tests) < floor:
            continue
        tree = None if is_gutted(text) and not gutted else parse(text)
        if tree is None:
            continue
        tests = test_names(tree)
        health = demand.health(visible_words(text), tests) * live_share(text, tree)
        if health < floor:
            continue
        found.append(Ancestor(version, text, tree, health))
        floor = max(floor, health)
        if health >= 1 - _AS_GOOD:
            break
    best = max((ancestor.health for ancestor in found), default=0.0)
    return next((ancestor for ancestor in found if ancestor.health >= best - _AS_GOOD), None)


def last_live_version(
    gutted: str, versions: Iterable[AncestorVersion], *, read: Reader, parse: Parser
) -> Ancestor | None:
    """The newest version that still holds live tests which a commented-out module names; for SYN003."""
    wanted = commented_tests(gutted)
    demand = Demand(words_of(gutted), wanted)
    for version in versions:
        text = read(version.blob)
        if text is None or is_gutted(text):
            continue
        tree = parse(text)
        if tree is None:
            continue
        live = test_names(tree)
        if live and (not wanted or share_kept(wanted, live) >= 0.5):
            return Ancestor(version, text, tree, demand.health(visible_words(text), live))
    return None
