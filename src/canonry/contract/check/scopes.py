"""Scopes of a session: how they open, what belongs to them, how they close."""

from typing import Any

from canonry.contract.check import demands
from canonry.contract.check.state import Closed, Instance, State
from canonry.contract.compile.plan import SESSION, Kind, ScopePlan
from canonry.contract.language.field_types import is_id

_NOTHING: frozenset[int] = frozenset()


def enter(
    state: State, scope: ScopePlan, kind: Kind, event: Any, current: dict[int, Instance], *, needed: bool
) -> Instance | None:
    """Return the scope that an event belongs to, opened where it opens it; None where there is none."""
    if not scope.opens:
        return None
    number = kind.index
    if scope.key:
        key = state.key(scope.key, event)
        if key is None or (state.flawed and not is_named(key)):
            if needed and not state.flawed:
                state.report(f"{scope.name}.key", f"`{state.event}` does not say which {scope.name} it belongs to")
            if needed:
                state.unplaced()
            return None
    else:
        key = ()
    inst = state.live[scope.index].get(key)
    if inst is None:
        return begin(state, scope, number, key, current, needed=needed)
    if number in scope.opens and number not in scope.closes and number not in scope.repeat:
        state.report(f"{scope.name}.once", f"the {scope.name}{named(key)} is open already", inst.n)
    return inst


def is_named(key: Any) -> bool:
    """Whether every part of a key names something: where fields are wrong, what stands there may be a placeholder."""
    return all(map(is_id, key)) if isinstance(key, tuple) else is_id(key)


def begin(
    state: State, scope: ScopePlan, kind: int, key: Any, current: dict[int, Instance], *, needed: bool
) -> Instance | None:
    """Return a scope that is not open: newly opened, or a ghost where it should have been open."""
    before = state.closed[scope.index].get(key)
    ghost = False
    if kind in scope.opens:
        after = scope.reopens.get(kind, _NOTHING) if scope.reopens else scope.reopen
        if before is not None and before.kind not in after:
            state.report(f"{scope.name}.once", f"the {scope.name}{named(key)} opens again after its close", before.n)
            ghost = True
        elif before is not None:
            _too_soon(state, scope, key, before)
            state.closed[scope.index].drop(key)
    elif before is not None:
        _after_close(state, scope, key, before)
        return None
    elif not scope.strict and kind in scope.closes:
        state.report(f"{scope.name}.opened", f"`{state.event}` closes a {scope.name}{named(key)} that was never opened")
        return None
    elif not scope.strict or not (needed or scope.key):
        return None
    else:
        state.report(
            f"{scope.name}.opened", f"`{state.event}` belongs to a {scope.name}{named(key)} that was never opened"
        )
        ghost = True
    parent = current.get(scope.inside)
    if scope.inside != SESSION and parent is None and not state.plan.scopes[scope.inside].strict and not ghost:
        around = state.plan.scopes[scope.inside].name
        state.report(f"{scope.name}.inside", f"the {scope.name}{named(key)} opens outside any {around}")
    inst = state.shapes[scope.index + 1](scope.index, key, state.n, state.at, ghost)
    state.live[scope.index][key] = inst
    if parent is not None:
        inst.parent = parent
        parent.kids = {} if parent.kids is None else parent.kids
        parent.kids[scope.index, key] = inst
    if not ghost:
        if scope.must_close:
            state.open += 1
        started(state, scope, inst)
        demands.deadlines(state, inst, "open", kind, scope.index)
    return inst


def started(state: State, scope: ScopePlan, inst: Instance) -> None:
    """Gives a scope that opens the request that it answers."""
    for index, exchange in enumerate(state.plan.exchanges):
        if exchange.starts == scope.index and exchange.starts != SESSION and state.asked[index]:
            n, at, _ = state.asked[index].pop(0)
            _in_time(state, index, n, at)
            inst.request = (n, at)
            demands.request_deadlines(state, inst, inst.request)
            return


def exchanges(state: State, kind: int, event: Any) -> None:
    """Remembers requests, and finds the one that a reply answers."""
    for index, exchange in enumerate(state.plan.exchanges):
        asked = state.asked[index]
        if kind in exchange.reply and state.direction != "in" and asked:
            key = state.key(exchange.key, event) if exchange.key else None
            for entry in asked:
                if not exchange.key or entry[2] == key:
                    asked.remove(entry)
                    _in_time(state, index, entry[0], entry[1])
                    break
        if kind in exchange.request and state.direction != "out":
            state.request(index, state.key(exchange.key, event) if exchange.key else None)


def _in_time(state: State, index: int, n: int, at: float | None) -> None:
    exchange = state.plan.exchanges[index]
    if exchange.seconds >= 0 and at is not None and state.at is not None and state.at - at > exchange.seconds + 1e-6:
        state.report(
            exchange.rule, f"the answer takes {state.at - at:.3f} s, at most {exchange.seconds:g} s allowed", n
        )


def _after_close(state: State, scope: ScopePlan, key: Any, before: Closed) -> None:
    known = state.at is not None and before.at is not None
    after = f" {state.at - before.at:.3f} s" if known else ""  # type: ignore[operator]
    message = f"`{state.event}` comes{after} after the {scope.name}{named(key)} was closed"
    state.report(f"{scope.name}.closed", message, before.n)


def _too_soon(state: State, scope: ScopePlan, key: Any, before: Closed) -> None:
    """Says where a scope that may open again does so while it has to be quiet."""
    length, rule = state.plan.quiet.get(scope.index, (-1.0, ""))
    if state.at is not None and before.at is not None and 0 <= state.at - before.at <= length:
        gap = f"{state.at - before.at:.3f} s"
        state.report(rule, f"the {scope.name}{named(key)} opens again {gap} after its close", before.n)


def due(state: State, inst: Instance, kind: int) -> None:
    """Says what is open though this event has to find it closed: spans and scopes inside."""
    for span in state.plan.spans:
        if span.home == inst.scope and kind in span.due_at:
            for record in inst.spans[span.index].values():
                if record.owed:
                    record.owed = False
                    state.report(f"{span.name}.closed", f"the {span.name}{named(record.key)} is still open", record.n)
    for kid in list(inst.kids.values()) if inst.kids else ():
        scope = state.plan.scopes[kid.scope]
        if kind in scope.due_at and not kid.ghost:
            state.report(f"{scope.name}.before", f"the {scope.name}{named(kid.key)} is still open", kid.n)


def close(state: State, inst: Instance, kind: int) -> None:
    """Ends a scope, with what is inside it; a sentinel of it stays."""
    scope = state.plan.scopes[inst.scope]
    demands.deadlines(state, inst, "close", kind, scope.index)
    demands.overdue(state, inst)
    demands.too_few(state, inst)
    drop(state, inst, kind)


def drop(state: State, inst: Instance, kind: int) -> None:
    """Forgets a scope and those inside it, but for their sentinels."""
    scope = state.plan.scopes[inst.scope]
    if state.live[inst.scope].pop(inst.key, None) is not inst:
        return
    state.gone(inst.scope)
    if not inst.ghost and scope.must_close and not inst.paused:
        state.open -= 1
    state.closed[inst.scope].new[inst.key] = Closed(kind, state.n, state.at)
    if inst.parent is not None and inst.parent.kids:
        inst.parent.kids.pop((inst.scope, inst.key), None)
    for kid in list(inst.kids.values()) if inst.kids else ():
        drop(state, kid, kind)


def pause(state: State, inst: Instance, kind: int) -> None:
    """Lets a scope wait after an event that pauses it, and go on with any other."""
    scope = state.plan.scopes[inst.scope]
    if not scope.pauses:
        return
    waits = kind in scope.pauses
    if waits != inst.paused:
        inst.paused = waits
        if scope.must_close and not inst.ghost:
            state.open += -1 if waits else 1
        if waits:
            for number, late in enumerate(state.plan.deadlines):
                if late.scope == inst.scope:
                    inst.cells[state.plan.layout.starts + number] = None


def named(key: Any) -> str:
    """A key in a message, with a space before it; nothing for what has none."""
    if key == ():
        return ""
    return f" `{demands.shown('/'.join(map(str, key)) if isinstance(key, tuple) else key)}`"
