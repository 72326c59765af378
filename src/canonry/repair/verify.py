"""What a proposal keeps, invents and loses, measured against the broken text and the version it starts from."""

import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

import msgspec

from canonry.model.repair import Lost
from canonry.repair.lines.mend import MARK
from canonry.repair.measure import WORDY, collectable_tests, live_words, readable_tests, share_kept, words_of
from canonry.source.syntax.parse import tree_of
from canonry.source.syntax.versions import Version

_COMMENT = re.compile(r"""^((?:[^#"']|"[^"]*"|'[^']*')*)#.*$""")


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
        words_kept=share_kept(broken_words(broken, after), living),
        words_invented=1.0 - share_kept(living, words_of(broken) + words_of(base)),
        lost=_lost(broken, after, living, spoken),
        marked=tuple(number for number, line in enumerate(after.split("\n"), 1) if line.lstrip().startswith(MARK)),
    )


def _marked_words(text: str) -> Counter[str]:
    lines = (line.lstrip() for line in text.split("\n"))
    return words_of("\n".join(line[len(MARK) :] for line in lines if line.startswith(MARK)))


def broken_words(broken: str, after: str) -> Counter[str]:
    """The words of a broken text that are live there, as far as its repair can tell.

    A line that the repair leaves as it is counts as it does there; of other lines what stands behind a ``#`` outside
    quotes is a comment.
    """
    living = Counter(after.split("\n"))
    changed: list[str] = []
    shared: Counter[str] = Counter()
    for line in broken.split("\n"):
        if living[line] > 0:
            living[line] -= 1
            shared[line] += 1
        else:
            changed.append(_COMMENT.sub(r"\1", line))
    return words_of("\n".join(changed)) + _live_words_of_lines(after, shared)


def _live_words_of_lines(after: str, shared: Counter[str]) -> Counter[str]:
    """The live words on those lines of a text that parses: its own less those of the other lines."""
    left = Counter(shared)
    lines = after.split("\n")
    others = set()
    for number, line in enumerate(lines, 1):
        if left[line] > 0:
            left[line] -= 1
        else:
            others.add(number)
    found: Counter[str] = Counter()
    for number, word in _placed_words(after):
        if number not in others:
            found[word] += 1
    return found


def _placed_words(text: str) -> Iterator[tuple[int, str]]:
    """The words outside comments of a text that parses, each with its line from 1."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in WORDY:
            for offset, part in enumerate(token.string.split("\n")):
                for word in words_of(part).elements():
                    yield token.start[0] + offset, word


def _lost(broken: str, after: str, living: Counter[str], marked: Counter[str]) -> tuple[Lost, ...]:
    """The words that the broken text holds more often than the repaired one, at the lines that are gone.

    A word that was live has to be live or marked, a word of a comment may stand anywhere. Where a word is gone is told
    by the lines that the two texts do not share.
    """
    gone = words_of(broken) - words_of(after)
    gone |= broken_words(broken, after) - living - marked
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
