"""Which of two proposals is kept: the merge with history, or the text mended alone.

The bounds were found on development pairs of broken files and their later fixes: what the merge refuses is usually
lost, and a text that needed few edits is usually mended as people mend it.
"""

from dataclasses import dataclass

from canonry.repair.lines.mend import Mended
from canonry.repair.measure import share_kept, visible_words
from canonry.repair.merge.merge import MergedText

_MORE_WORDS = 0.08
_FEW_EDITS = 2.2
"""Cost of mending per 100 lines."""
_WORDS_GIVEN_UP = 0.03


@dataclass(frozen=True, slots=True)
class Choice:
    """The proposal kept, None where neither parses, and why."""

    text: str | None
    merged: bool
    reason: str


def choose(broken: str, merged: MergedText | None, mended: Mended | None) -> Choice:
    """The better proposal for a broken text.

    A merge has history behind it and is kept, unless it holds clearly fewer words of the broken text, or refuses a
    change where mending alone took few edits.
    """
    if mended is None or not mended.parses:
        if merged is None:
            return Choice(None, False, "nothing parses")
        return Choice(merged.text, True, "the text alone cannot be mended")
    if merged is None:
        return Choice(mended.text, False, "no earlier version knows the file")
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
