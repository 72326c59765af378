"""What a handler does itself for orders and states, where nothing is unusual."""

from canonry.contract.compile.plan import OrderPlan, StatesPlan
from canonry.contract.compile.writer import Writer
from canonry.contract.language.rules import OrderMode


def write_order(handler: Writer, index: int, order: OrderPlan, holder: str, *, new: bool) -> None:
    """Write what an event means for an order: `new` says that its scope opens with this event."""
    before, event = f"{handler.cell(holder, 'orders', 2 * index)}", f"{handler.cell(holder, 'orders', 2 * index + 1)}"
    if handler.kind.index in order.before:
        if not new and order.mode is not OrderMode.REQUIRED:
            first = "" if order.mode is OrderMode.ALL else f" and {before} is None"
            handler.slow_if(f"{event} is not None{first}")
        handler.act.append(f"if {before} is None: {before} = n")
        return
    if order.mode is OrderMode.REQUIRED:
        if new:
            handler.guard.append(handler.SLOW)
        else:
            handler.slow_if(f"{before} is None")
    handler.act.append(f"if {event} is None: {event} = n")


def write_states(handler: Writer, index: int, plan: StatesPlan, holder: str, *, new: bool) -> None:
    """Write the move of a status. Nothing, where the event has none."""
    text = handler.expression(plan.path)
    if text == "None":
        return
    value, edges = f"state_{index}", f"EDGES_{handler.kind.index}_{index}"
    handler.constants[edges] = plan.edges
    handler.guard += [f"{value} = {text}", f"if {value} is not None:"]
    handler.guard.append(f"    if {value}.__class__ is not str or {value} not in {edges}: {handler.SLOW}")
    first = f"{value} not in {sorted(plan.initial)!r}" if plan.initial else "False"
    if new:
        handler.guard.append(f"    if {first}: {handler.SLOW}")
    else:
        moves = f"{value} not in {edges}[o[0]]"
        handler.guard += [
            f"    if (o := {handler.cell(holder, 'states', index)}) is None:",
            f"        if {first}: {handler.SLOW}",
            f"    elif {moves} if {value} != o[0] else {not plan.stay}: {handler.SLOW}",
        ]
    handler.act.append(f"if {value} is not None: {handler.cell(holder, 'states', index)} = ({value}, n)")
