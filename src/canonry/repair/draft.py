"""Which text is proposed for a broken one: a healthy ancestor with the real changes made since, or its own lines."""

import ast
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from canonry.model.repair import Method, Refusal, Source
from canonry.repair.ancestors import AncestorVersion
from canonry.repair.health import Ancestor, last_live_version
from canonry.repair.lines.mend import mend
from canonry.repair.merge.merge import MergedText
from canonry.repair.propose import propose
from canonry.source.syntax.parse import tree_of
from canonry.source.syntax.versions import Version

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
    unsure: tuple[int, ...] = ()
    """Lines of the text, from 1, that may have meant something else."""
    broken_by: str = ""


def draft_repair(
    broken: str, versions: Sequence[AncestorVersion], read: Read, target: Version, *, present: str = ""
) -> Draft:
    """The best proposal for a text that does not parse; ``present`` is the blob that holds it."""
    parse = partial(tree_of, target=target)
    broken_by = breaking_commit(versions, read, parse, present=present)
    found = propose(broken, versions, read=read, parse=parse, mend=partial(mend, target=target))
    if found.choice.text is None:
        return Draft(reason="nothing that was tried parses", broken_by=broken_by)
    if found.choice.merged and found.ancestor is not None and found.merged is not None:
        return _from_history(found.ancestor, found.merged, found.choice.text, broken_by)
    return Draft(
        text=found.choice.text,
        method=Method.LINES,
        reason=found.choice.reason,
        base=found.ancestor.text if found.ancestor is not None and found.ancestor.is_healthy else "",
        unsure=found.mended.unsure if found.mended is not None else (),
        cost=found.mended.cost if found.mended is not None else None,
        broken_by=broken_by,
    )


def draft_commented(text: str, versions: Sequence[AncestorVersion], read: Read, target: Version) -> Draft:
    """The last version of a commented-out module that held live tests."""
    parse = partial(tree_of, target=target)
    found = last_live_version(text, versions, read=read, parse=parse)
    if found is None:
        said = "no version in its history holds live tests that it names" if versions else "no history was asked"
        return Draft(reason=said)
    emptied_by = _emptying_commit(found.version, versions)
    return Draft(text=found.text, method=Method.RESTORE, base=found.text, source=_source(found), broken_by=emptied_by)


def breaking_commit(
    versions: Sequence[AncestorVersion],
    read: Read,
    parse: Callable[[str], ast.Module | None],
    *,
    present: str = "",
) -> str:
    """The commit behind the newest version that parses, from the present one on: a branch may hold newer ones.

    Empty where the damage is not committed yet, and where no version ever parsed.
    """
    broke = ""
    start = next((number for number, version in enumerate(versions) if version.blob == present), 0)
    for version in versions[start:]:
        text = read(version.blob)
        if text is not None and parse(text) is not None:
            return broke
        broke = version.commit
    return ""


def _emptying_commit(live: AncestorVersion, versions: Sequence[AncestorVersion]) -> str:
    """The commit that followed the last version with live tests."""
    number = versions.index(live)
    return versions[number - 1].commit if number else ""


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
