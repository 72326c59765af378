"""The classes of what a session remembers, made for one plan: what is asked of an event lies in few objects.

With many sessions at once it is memory that a checker waits for. So each scope is one object that has what the rules of
that scope need, and the tables that nearly every event is looked up in are fields of the session itself.
"""

from canonry.contract.check.state import COLD, HOT, Instance, State
from canonry.contract.compile.plan import SESSION, Plan
from canonry.contract.compile.slots import slots_of


def state_class(plan: Plan) -> type[State]:
    """Return the class of the sessions of a plan."""
    shapes = tuple(_instance_class(plan, scope) for scope in (SESSION, *(scope.index for scope in plan.scopes)))
    slots = [
        *(f"{what}_{scope.index}" for scope in plan.scopes for what in ("last", "live")),
        *(f"owner_{index}" for index in range(len(plan.isolation.session))),
        *(f"owned_{index}" for index in range(len(plan.isolation.owned))),
        *(f"{age}_{index}" for index in range(len(plan.uniques)) for age in ("fresh", "stale")),
    ]
    hot = type("Hot", (State,), {"__slots__": (*HOT, *slots)})
    nobody = tuple(shape(index, object(), 0, None) for index, shape in enumerate(shapes[1:]))
    return type("State", (hot,), {"__slots__": COLD, "shapes": shapes, "nobody": nobody})


def _instance_class(plan: Plan, scope: int) -> type[Instance]:
    found = slots_of(plan, scope)
    slots = (*(name for name, _ in found.fresh), *found.tables)
    return type(f"Instance{scope + 1}", (Instance,), {"__slots__": slots, "slots": found})
