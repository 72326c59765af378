"""What a scope keeps for its rules, as the slots of the object that stands for it."""

from typing import Any

import msgspec

from canonry.contract.compile.plan import SESSION, Plan


class Slots(msgspec.Struct, frozen=True):
    """``fresh``: a slot ``c0`` for each cell of the layout that rules use, and what it holds at first.

    ``tables``: a slot ``s0`` for the open spans of each kind.
    """

    fresh: tuple[tuple[str, Any], ...]
    tables: tuple[str, ...]


def slots_of(plan: Plan, scope: int) -> Slots:
    """Return the slots of a scope, or of the session itself."""
    layout = plan.layout
    constants = len(plan.scopes[scope].constant) if scope != SESSION else 0
    cells = [layout.consts + index for index in range(constants)]
    cells += [layout.counts + index for index, each in enumerate(plan.counts) if each.scope == scope]
    for index, each in enumerate(plan.sequences):
        if each.scope == scope and each.span < 0:
            cells += [layout.seqs + index, layout.marks + index]
    cells += [layout.states + index for index, machine in enumerate(plan.states) if machine.scope == scope]
    for index, order in enumerate(plan.orders):
        if order.scope == scope:
            cells += [layout.orders + 2 * index, layout.orders + 2 * index + 1]
    cells += [layout.starts + index for index, late in enumerate(plan.deadlines) if late.scope == scope]
    held = [span.index for span in plan.spans if span.home == scope]
    cells += [layout.closed + index for index in held]
    return Slots(tuple((f"c{cell}", layout.fresh[cell]) for cell in cells), tuple(f"s{index}" for index in held))
