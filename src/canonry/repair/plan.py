"""Proposals as a change plan: edits of the lines that differ, so that every other byte stays."""

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

from canonry.model.change_plan import ChangePlan, FileChange, Verification
from canonry.model.edit import Edit
from canonry.model.repair import FileRepair, Verdict

_REASONS = {
    Verdict.BROKEN: "does not parse",
    Verdict.COMMENTED_OUT: "all its tests are comments",
}


def plan_repairs(
    repairs: Iterable[FileRepair],
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    *,
    commit: str | None = None,
) -> ChangePlan:
    """A plan that turns the bytes of each of these files into its proposal."""
    files = tuple(
        FileChange(
            path=each.path,
            digest=each.digest,
            edits=edits_between(before[each.path], after[each.path], each),
            reason=f"{_REASONS[each.verdict]}: {each.method.value}",
            grade=each.grade,
        )
        for each in repairs
        if each.path in after and each.path in before
    )
    return ChangePlan(
        files=files,
        reason=f"repair {len(files):,} damaged file{'' if len(files) == 1 else 's'}",
        origin="repair",
        verification=Verification.OWN,
        commit=commit,
    )


def edits_between(before: bytes, after: bytes, repair: FileRepair) -> tuple[Edit, ...]:
    """The replacements of whole lines that turn one content into the other."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    return tuple(
        Edit(
            start=starts[start],
            end=starts[end],
            expected=before[starts[start] : starts[end]],
            replacement=b"".join(new[other:stop]),
            rule="repair",
            grade=repair.grade,
        )
        for tag, start, end, other, stop in SequenceMatcher(None, old, new).get_opcodes()
        if tag != "equal"
    )
