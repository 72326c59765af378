"""The classes of what a session remembers, made for one plan: what is asked of an event lies in few objects.

With many sessions at once it is memory that a checker waits for. So each scope is one object that has what the rules of
that scope need, and the tables that nearly every event is looked up in are fields of the session itself.
"""

from typing import Any, cast

import msgspec

from canonry.contract.check.state import COLD, HOT, Instance, State
from canonry.contract.compile.plan import SESSION, Plan


def state_class(plan: Plan) -> type[State]:
    """Return the class of the sessions of a plan."""
    shapes = tuple(_instance_class(plan, scope) for scope in (SESSION, *(scope.index for scope in plan.scopes)))
    slots = [
        *(f"live_{scope.index}" for scope in plan.scopes),
        *(f"owner_{index}" for index in range(len(plan.isolation.session))),
        *(f"owned_{index}" for index in range(len(plan.isolation.owned))),
        *(f"{age}_{index}" for index in range(len(plan.uniques)) for age in ("fresh", "stale")),
    ]
    hot = type("Hot", (State,), {"__slots__": (*HOT, *slots)})
    return type("State", (hot,), {"__slots__": COLD, "shapes": shapes})


def _instance_class(plan: Plan, scope: int) -> type[Instance]:
    """The class of a scope: a field ``c0`` for each cell of the layout that its rules use, ``s0`` for each table."""
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
    fields: list[tuple[str, Any, Any]] = [(f"c{cell}", Any, layout.fresh[cell]) for cell in cells]
    fields += [(f"s{index}", dict[Any, Any], msgspec.field(default_factory=dict)) for index in held]
    return cast(type[Instance], msgspec.defstruct(f"Instance{scope + 1}", fields, bases=(Instance,), eq=False))
