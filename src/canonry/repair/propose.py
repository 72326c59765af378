"""One proposal for one broken text: from its history where that knows it, else from the text alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from canonry.repair.ancestors import AncestorVersion
from canonry.repair.choose import Choice, choose, is_enough
from canonry.repair.health import Ancestor, Parser, Reader, choose_ancestor
from canonry.repair.lines.mend import Mended
from canonry.repair.lines.search import mend_line
from canonry.repair.merge.align import damaged_share
from canonry.repair.merge.merge import MergedText, merge
from canonry.repair.merge.readings import Mending

_DENSE = 0.04
"""Share of damaged lines."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The choice for a broken text, and all that it was chosen from; ``mended`` is None where nobody had to ask."""

    choice: Choice
    ancestor: Ancestor | None
    merged: MergedText | None
    mended: Mended | None


def propose(
    broken: str,
    versions: Iterable[AncestorVersion],
    *,
    read: Reader,
    parse: Parser,
    mend: Callable[[str], Mended],
) -> Proposal:
    """The best text for a broken one, and that text itself where it parses; lines end with ``\\n``.

    ``versions`` come newest first. Where history is healthy and damage dense, the text is not mended alone: that would
    cost the most there and could not be trusted.
    """
    if parse(broken) is not None:
        return Proposal(Choice(broken, False, "parses as it is"), None, None, None)
    ancestor = choose_ancestor(broken, versions, read=read, parse=parse)
    asked: list[Mended] = []

    @cache
    def whole() -> Mended:
        asked.append(mend(broken))
        return asked[0]

    merged = None
    if ancestor is not None:
        dense = ancestor.is_healthy and damaged_share(ancestor.text, broken) > _DENSE
        mending = Mending(
            lambda line: [reading.text for reading in mend_line(line)], (lambda: None) if dense else whole
        )
        merged = merge(
            ancestor.text, broken, ancestor.tree, oracle=lambda text: parse(text) is not None, mending=mending
        )
        if is_enough(broken, merged, dense=dense):
            choice = Choice(merged.text, True, "the healthy ancestor with the changes made since")
            return Proposal(choice, ancestor, merged, asked[0] if asked else None)
    mended = whole()
    return Proposal(choose(broken, merged, mended, parse=parse), ancestor, merged, mended)
