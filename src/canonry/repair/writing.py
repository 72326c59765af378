"""Proposals put onto the disk, by the one writer of users' files; what it refuses stays a proposal."""

import msgspec

from canonry.changes.apply import apply_plan, object_to_plan
from canonry.model.change_plan import ChangePlan
from canonry.model.edit import Grade
from canonry.model.errors import UserError
from canonry.model.repair import FileRepair, RepairSummary
from canonry.repair.engine import Repaired
from canonry.repair.plan import plan_repairs
from canonry.repair.recheck import recheck


def write_repairs(found: Repaired, *, review: bool) -> tuple[RepairSummary, tuple[str, ...]]:
    """Applies the proposals that are safe (those that want a review, too) as one change.

    Returns the summary with what was written and why the rest was not, and sentences for the user. A file that must not
    be written becomes manual; the others are written. Raises `UserError` where nothing can be written at all.
    """
    wanted = (Grade.SAFE, Grade.REVIEW) if review else (Grade.SAFE,)
    chosen = [each for each in found.summary.repairs if each.grade in wanted and each.path in found.after]
    refused: dict[str, str] = {}
    verify = recheck(found.target)
    if chosen:
        plan = plan_repairs(chosen, found.before, found.after, commit=found.summary.commit)
        refused = _objections(found, plan)
        chosen = [each for each in chosen if each.path not in refused]
    if not chosen:
        return _summary(found.summary, frozenset(), refused, ""), ()
    plan = plan_repairs(chosen, found.before, found.after, commit=found.summary.commit)
    outcome = apply_plan(found.root, plan, verify=verify, target=found.target)
    return _summary(found.summary, frozenset(each.path for each in chosen), refused, outcome.id), outcome.notes


def _objections(found: Repaired, plan: ChangePlan) -> dict[str, str]:
    """Which files must not be written, and why: asked together, and one by one where the plan is refused as a whole."""
    verify = recheck(found.target)
    try:
        objections = object_to_plan(found.root, plan, verify=verify, target=found.target)
    except UserError:
        refused: dict[str, str] = {}
        for change in plan.files:
            alone = msgspec.structs.replace(plan, files=(change,))
            try:
                refused |= {
                    each.path: each.reason
                    for each in object_to_plan(found.root, alone, verify=verify, target=found.target)
                }
            except UserError as error:
                refused[change.path] = str(error)
        if len(refused) == len(plan.files):
            raise
        return refused
    return {each.path: each.reason for each in objections}


def _summary(summary: RepairSummary, written: frozenset[str], refused: dict[str, str], plan: str) -> RepairSummary:
    repairs = tuple(_after(each, written, refused) for each in summary.repairs)
    return msgspec.structs.replace(summary, repairs=repairs, plan=plan)


def _after(each: FileRepair, written: frozenset[str], refused: dict[str, str]) -> FileRepair:
    if each.path in written:
        return msgspec.structs.replace(each, written=True)
    if each.path in refused:
        reasons = (*each.grade_reasons, f"not written: {refused[each.path]}")
        return msgspec.structs.replace(each, grade=Grade.MANUAL, grade_reasons=reasons)
    return each
