"""The plan put onto the disk, by the one writer of users' files; what it refuses stays an item, with the reason."""

import msgspec

from canonry.changes.apply import apply_plan, object_to_plan
from canonry.migrate.engine import Migrated
from canonry.model.change_plan import ChangePlan
from canonry.model.edit import Grade
from canonry.model.errors import UserError
from canonry.model.migration import Item, MigrationSummary


def write_migration(found: Migrated) -> tuple[MigrationSummary, tuple[str, ...]]:
    """Applies the plan as one change. Returns the summary with what was written, and sentences for the user.

    A file that must not be written becomes manual; the others are written. Raises `UserError` where none can be.
    """
    if not found.plan.files:
        return found.summary, ()
    refused = _objections(found, found.plan)
    files = tuple(change for change in found.plan.files if change.path not in refused)
    if not files:
        return _summary(found.summary, frozenset(), refused, ""), ()
    plan = msgspec.structs.replace(found.plan, files=files)
    outcome = apply_plan(found.root, plan, target=found.target)
    written = frozenset(change.path for change in files)
    return _summary(found.summary, written, refused, outcome.id), outcome.notes


def _objections(found: Migrated, plan: ChangePlan) -> dict[str, str]:
    """Which files must not be written, and why: asked together, and one by one where the plan is refused as a whole."""
    try:
        return {each.path: each.reason for each in object_to_plan(found.root, plan, target=found.target)}
    except UserError:
        refused: dict[str, str] = {}
        for change in plan.files:
            alone = msgspec.structs.replace(plan, files=(change,))
            try:
                objections = object_to_plan(found.root, alone, target=found.target)
                refused |= {each.path: each.reason for each in objections}
            except UserError as error:
                refused[change.path] = str(error)
        if len(refused) == len(plan.files):
            raise
        return refused


def _summary(
    summary: MigrationSummary, written: frozenset[str], refused: dict[str, str], plan: str
) -> MigrationSummary:
    items = tuple(_after(item, written, refused) for item in summary.items)
    return msgspec.structs.replace(summary, items=items, plan=plan, changed=len(written))


def _after(item: Item, written: frozenset[str], refused: dict[str, str]) -> Item:
    if not item.planned:
        return item
    if item.path in refused:
        return msgspec.structs.replace(
            item, grade=Grade.MANUAL, reason=f"not made: {refused[item.path]}", planned=False
        )
    return msgspec.structs.replace(item, written=item.path in written)
