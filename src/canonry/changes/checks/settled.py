"""Check 4: a second run plans nothing."""

from collections.abc import Callable, Collection

from canonry.changes.splice import line_of
from canonry.model.edit import Edit

PlanAgain = Callable[[str, bytes], Collection[Edit]]
"""The planner itself: the edits of a path with these bytes."""


def object_to_second_run(path: str, after: bytes, plan_again: PlanAgain) -> str | None:
    """Objects where the planner would edit its own result."""
    again = list(plan_again(path, after))
    if not again:
        return None
    first = min(again, key=lambda edit: edit.start)
    return f"a second run would edit it again, in line {line_of(after, first.start)} ({first.rule})"
