"""Which text is proposed for a broken one: a healthy ancestor with the real changes made since, or its own lines."""

import ast
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from canonry.model.repair import Method, Refusal, Source
from canonry.repair.ancestors import AncestorVersion
from canonry.repair.choose import choose
from canonry.repair.health import Ancestor, choose_ancestor, last_live_version
from canonry.repair.lines.mend import Mended, mend
from canonry.repair.lines.search import mend_line
from canonry.repair.measure import share_kept, visible_words
from canonry.repair.merge.merge import MergedText, merge
from canonry.repair.merge.readings import Mending
from canonry.source.syntax.parse import parses, tree_of
from canonry.source.syntax.versions import Version

FEWER = 0.05
"""The share of words that a merge without refusals may lack before mending by lines is asked, too."""
TRUSTED = 5.0
"""The cost per 100 lines up to which the text mended by its lines is a source for the merge, too."""

Read = Callable[[str], str | None]
"""The text of an earlier version by its blob, None where it is missing or no text."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A text, or None with the reason; and what it was made of."""

    text: str | None = None
    method: Method = Method.NONE
    reason: str = ""
    base: str = ""
    source: Source | None = None
    cost: float | None = None
    refused: tuple[Refusal, ...] = ()
    broken_by: str = ""


def draft_repair(broken: str, versions: Sequence[AncestorVersion], read: Read, target: Version) -> Draft:
    """The best proposal for a text that does not parse."""
    parse = partial(tree_of, target=target)
    broken_by = breaking_commit(versions, read, parse)
    ancestor = choose_ancestor(broken, versions, read=read, parse=parse)
    merged = _merge(broken, ancestor, None, target) if ancestor is not None else None
    if ancestor is not None and merged is not None and not merged.refused and _keeps_all(broken, merged.text):
        return _from_history(ancestor, merged, merged.text, broken_by)  # mending by lines could not be better
    mended = mend(broken, target=target)
    merged = _merge(broken, ancestor, mended, target) if ancestor is not None else None
    choice = choose(broken, merged, mended, parse=parse)
    if choice.text is None:
        return Draft(reason="nothing that was tried parses", cost=mended.cost, broken_by=broken_by)
    if choice.merged and ancestor is not None and merged is not None:
        return _from_history(ancestor, merged, choice.text, broken_by)
    return Draft(text=choice.text, method=Method.LINES, reason=choice.reason, cost=mended.cost, broken_by=broken_by)


def draft_commented(text: str, versions: Sequence[AncestorVersion], read: Read, target: Version) -> Draft:
    """The last version of a commented-out module that held live tests."""
    parse = partial(tree_of, target=target)
    found = last_live_version(text, versions, read=read, parse=parse)
    if found is None:
        return Draft(reason="no version in its history holds live tests that it names")
    emptied_by = _emptying_commit(found.version, versions)
    return Draft(text=found.text, method=Method.RESTORE, base=found.text, source=_source(found), broken_by=emptied_by)


def breaking_commit(versions: Sequence[AncestorVersion], read: Read, parse: Callable[[str], ast.Module | None]) -> str:
    """The commit behind the newest version that parses.

    Empty where the damage is not committed yet, and where no version ever parsed.
    """
    broke = ""
    for version in versions:
        text = read(version.blob)
        if text is not None and parse(text) is not None:
            return broke
        broke = version.commit
    return ""


def _emptying_commit(live: AncestorVersion, versions: Sequence[AncestorVersion]) -> str:
    """The commit that followed the last version with live tests."""
    number = versions.index(live)
    return versions[number - 1].commit if number else ""


def _keeps_all(broken: str, merged: str) -> bool:
    return share_kept(visible_words(broken), visible_words(merged)) >= 1 - FEWER


def _merge(broken: str, ancestor: Ancestor, mended: Mended | None, target: Version) -> MergedText:
    trusted = mended is not None and mended.cost < TRUSTED and not mended.marked
    mending = Mending(
        mended.text if mended is not None and mended.parses else "",
        trusted,
        lambda line: [candidate.text for candidate in mend_line(line)],
    )
    oracle = partial(parses, target=target)
    return merge(ancestor.text, broken, ancestor.tree, oracle=oracle, mending=mending)


def _from_history(ancestor: Ancestor, merged: MergedText, text: str, broken_by: str) -> Draft:
    return Draft(
        text=text,
        method=Method.MERGE if merged.applied else Method.RESTORE,
        base=ancestor.text,
        source=_source(ancestor),
        refused=tuple(Refusal(each.line, each.lines, each.reason) for each in merged.refused),
        broken_by=broken_by,
    )


def _source(ancestor: Ancestor) -> Source:
    version = ancestor.version
    return Source(commit=version.commit, date=version.date, path=version.path, health=round(ancestor.health, 4))
