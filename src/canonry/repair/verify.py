"""What a proposal keeps, invents and loses, measured against the broken text and the version it starts from."""

from collections import Counter
from difflib import SequenceMatcher

import msgspec

from canonry.model.repair import Lost
from canonry.repair.measure import collectable_tests, live_words, readable_tests, share_kept, words_of
from canonry.source.syntax.parse import tree_of
from canonry.source.syntax.versions import Version

MARK = "# canonry: unrepaired: "
"""What stands before a line that could not be mended, so that nothing is dropped in silence."""


class Verification(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Counts and shares as in `FileRepair`; the tests are those of the broken text and of the base together."""

    parses: bool
    tests_before: int = 0
    tests_now: int = 0
    tests_lost: tuple[str, ...] = ()
    words_kept: float = 0.0
    words_invented: float = 0.0
    lost: tuple[Lost, ...] = ()
    marked: tuple[int, ...] = ()


def verify(broken: str, after: str, target: Version, *, base: str = "") -> Verification:
    """What became of the broken text's tests and words; ``base`` is the ancestor that the repair starts from."""
    tree = tree_of(after, target)
    if tree is None:
        return Verification(parses=False, tests_before=sum(readable_tests(broken).values()))
    demanded = readable_tests(broken) | readable_tests(base) if base else readable_tests(broken)
    collected = collectable_tests(tree)
    names = Counter(name.rpartition(".")[2] for name in collected.elements())
    living, spoken = live_words(after), _marked_words(after)
    return Verification(
        parses=True,
        tests_before=sum(readable_tests(broken).values()),
        tests_now=sum(collected.values()),
        tests_lost=tuple(sorted((demanded - names).elements())),
        words_kept=share_kept(live_words(broken), living),
        words_invented=1.0 - share_kept(living, words_of(broken) + words_of(base)),
        lost=_lost(broken, after, living, spoken),
        marked=tuple(number for number, line in enumerate(after.split("\n"), 1) if line.lstrip().startswith(MARK)),
    )


def _marked_words(text: str) -> Counter[str]:
    lines = (line.lstrip() for line in text.split("\n"))
    return words_of("\n".join(line[len(MARK) :] for line in lines if line.startswith(MARK)))


def _lost(broken: str, after: str, living: Counter[str], marked: Counter[str]) -> tuple[Lost, ...]:
    """The words that the broken text holds more often than the repaired one, at the lines that are gone.

    A word that was live has to be live or marked, a word of a comment may stand anywhere. Where a word is gone is told
    by the lines that the two texts do not share.
    """
    everywhere = words_of(after)
    was_live = live_words(broken)
    gone = words_of(broken) - everywhere
    gone |= was_live - living - marked
    if not gone:
        return ()
    before, now = broken.split("\n"), after.split("\n")
    changed = [
        number
        for tag, start, end, _, _ in SequenceMatcher(None, before, now).get_opcodes()
        if tag in ("replace", "delete")
        for number in range(start, end)
    ]
    found: list[Lost] = []
    shared = sorted(set(range(len(before))).difference(changed))
    for number in (*changed, *shared):
        if not gone:
            break
        here: list[str] = []
        for word, count in words_of(before[number]).items():
            missing = min(count, gone[word])
            if missing > 0:
                gone[word] -= missing
                here += [word] * missing
        if here:
            found.append(Lost(number + 1, tuple(here)))
            gone = +gone
    return tuple(sorted(found, key=lambda each: each.line))
