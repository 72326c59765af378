"""Which of two proposals is kept: the merge with history, or the text mended alone.

The bounds were found on development pairs of broken files and their later fixes: what the merge refuses is usually
lost, and a text that needed few edits is usually mended as people mend it.
"""

from dataclasses import dataclass

from canonry.repair.health import Parser
from canonry.repair.lines.mend import Mended
from canonry.repair.measure import readable_tests, share_kept, test_names, visible_words
from canonry.repair.merge.merge import MergedText

_MORE_WORDS = 0.08
_MORE_WORDS_IF_DENSE = 0.2
_FEW_EDITS = 2.2
"""Cost of mending per 100 lines."""
_WORDS_GIVEN_UP = 0.03


@dataclass(frozen=True, slots=True)
class Choice:
    """The proposal kept, None where neither parses, and why."""

    text: str | None
    merged: bool
    reason: str


def is_enough(broken: str, merged: MergedText, *, dense: bool) -> bool:
    """Whether a text mended alone need not be asked for, because it would not be preferred to this merge.

    Where damage is ``dense`` and the ancestor healthy, mending alone costs most and can be trusted least: there
    refusals do not count, and more words may be missing.
    """
    kept = share_kept(visible_words(broken), visible_words(merged.text))
    return kept > 1 - _MORE_WORDS_IF_DENSE if dense else not merged.refused and kept > 1 - _MORE_WORDS


def choose(broken: str, merged: MergedText | None, mended: Mended | None, *, parse: Parser) -> Choice:
    """The better proposal for a broken text.

    A merge has history behind it and is kept, unless it holds clearly fewer words of the broken text, or refuses a
    change where mending alone took few edits. What loses tests that can be read in the broken text is never preferred.
    """
    if mended is None or not mended.parses:
        if merged is None:
            return Choice(None, False, "nothing parses")
        return Choice(merged.text, True, "the text alone cannot be mended")
    if merged is None:
        return Choice(mended.text, False, "no earlier version knows the file")
    if _tests_kept(broken, mended.text, parse) < _tests_kept(broken, merged.text, parse):
        return Choice(merged.text, True, "the text mended alone loses tests")
    wanted = visible_words(broken)
    by_merge = share_kept(wanted, visible_words(merged.text))
    by_mending = share_kept(wanted, visible_words(mended.text))
    if by_mending >= by_merge + _MORE_WORDS:
        return Choice(
            mended.text, False, f"the merge keeps {by_merge:.0%} of the words, mending alone {by_mending:.0%}"
        )
    few_edits = mended.cost < _FEW_EDITS and not mended.marked
    if merged.refused and few_edits and by_mending >= by_merge - _WORDS_GIVEN_UP:
        return Choice(mended.text, False, "the merge refuses changes that few edits mend")
    return Choice(merged.text, True, "the healthy ancestor with the changes made since")


def _tests_kept(broken: str, text: str, parse: Parser) -> float:
    """The share of the readable tests of the broken text that can be collected in a proposal."""
    tree = parse(text)
    return 0.0 if tree is None else share_kept(readable_tests(broken), test_names(tree))
