"""Spans: pairs of events, what needs them open, and what else names them."""

from typing import Any

from canonry.contract.check import demands
from canonry.contract.check.ring import Ring
from canonry.contract.check.scopes import is_named, named
from canonry.contract.check.state import REMEMBERED, Instance, Record, State
from canonry.contract.compile.plan import SESSION, SpanPlan

MOST_CLOSED = 2 * REMEMBERED
_OPEN, _CLOSED, _REFERRED, _ABANDONED = 1, 2, 3, 4
_NAMES = frozenset((str, int))
_OTHER_SIDE = {"in": "out", "out": "in"}


def step(state: State, span: SpanPlan, kind: int, inst: Instance, event: Any) -> None:
    """Moves a span by an event that it looks at. ``inst`` is the scope, or session, that holds the span."""
    for snapshot, path, is_open in span.known:
        if snapshot == kind:
            learn(state, span, inst, state.get(path, event), is_open=is_open)
    if kind in span.forbids:
        _forbid(state, span, inst, event)
    if kind in span.refers_unless:
        state.fired[span.index] = True
    if kind in span.chunks:
        _chunk(state, span, kind, inst, event)
    elif kind in span.refers:
        _refer(state, span, event)
    elif kind in span.token_events:
        _token(state, span, kind, event)
    elif kind in span.opens or kind in span.closes or kind in span.during or kind in span.abandons:
        _move(state, span, kind, inst, event)


def end_implied(state: State, kind: int) -> None:
    """Closes the spans that chunks hold open, where this event does not leave them open."""
    for index, (inst, record) in list(state.implied.items()):
        span = state.plan.spans[index]
        if kind not in span.chunks and kind not in span.chunks_keep:
            _finish(state, span, inst, record)


def _move(state: State, span: SpanPlan, kind: int, inst: Instance, event: Any) -> None:
    key: Any = ()
    if span.key:
        key = state.key(span.key, event)
        if key is None or (state.flawed and not is_named(key)):
            if not state.flawed:
                state.report(f"{span.name}.key", f"`{state.event}` does not say which {span.name} it belongs to")
            return
    closes = kind in span.closes
    if span.across:
        side = _OTHER_SIDE.get(state.direction or "", state.direction) if closes else state.direction
        key = (key, side)
    record = inst.spans[span.index].get(key)
    if kind in span.abandons:
        _abandon(state, span, inst, record, key)
    elif kind in span.opens and not (closes and record is not None):
        _open(state, span, kind, inst, event, key, record)
        if closes and (opened := inst.spans[span.index].get(key)) is not None:
            _close(state, span, kind, inst, event, opened)
    elif record is None:
        _missing(state, span, inst, key, closes=closes)
    elif closes:
        _close(state, span, kind, inst, event, record)
    else:
        _parents(state, span, inst, event, record)
        demands.span_sequences(state, span.index, record, kind, event)
        record.folds = demands.pieces(state, record.folds, SESSION, span.index, kind, event)


def _open(state: State, span: SpanPlan, kind: int, inst: Instance, event: Any, key: Any, record: Record | None) -> None:
    if record is not None:
        state.report(f"{span.name}.once", f"the {span.name}{named_key(span, key)} is open already", record.n)
        return
    before = _closed_at(state, inst, span, key)
    if before is not None and not span.reopen:
        state.report(f"{span.name}.once", f"the {span.name}{named_key(span, key)} was there before", before[0])
    if not span.concurrent and inst.spans[span.index]:
        other = next(iter(inst.spans[span.index].values()))
        state.report(f"{span.name}.alone", f"another {span.name} is open", other.n)
    around = _inside(state, span, inst, event, key) if span.outer >= 0 else None
    record = Record(key, state.n, state.at, span.must_close)
    if around is not None and span.within:
        record.around = around
        around.inner = {} if around.inner is None else around.inner
        around.inner[span.index, key] = record
    inst.spans[span.index][key] = record
    if span.home == SESSION and span.must_close:
        state.open += 1
    if span.refers:
        state.seen[span.index].put(key, _OPEN)
    record.same = tuple(state.get(path, event) for path in span.same)
    if span.token_set is not None:
        _take_token(state, span, record, event)
    _parents(state, span, inst, event, record, opening=True)
    demands.counts(state, inst, kind, span.index)
    demands.span_sequences(state, span.index, record, kind, event)
    record.folds = demands.pieces(state, record.folds, SESSION, span.index, kind, event)
    demands.deadlines(state, inst, "span_open", kind, span.index)


def _close(state: State, span: SpanPlan, kind: int, inst: Instance, event: Any, record: Record) -> None:
    for path, value in zip(span.same, record.same, strict=True):
        now = state.get(path, event)
        if value is not None and now is not None and now != value:
            state.report(
                f"{span.name}.same.{path.text}",
                f"`{path.text}` is `{demands.shown(now)}`, and was `{demands.shown(value)}` when the {span.name} "
                f"opened",
                record.n,
            )
    _parents(state, span, inst, event, record)
    demands.span_sequences(state, span.index, record, kind, event)
    record.folds = demands.pieces(state, record.folds, SESSION, span.index, kind, event)
    demands.span_deadlines(state, span.index, record)
    if record.inner:
        end_inner(state, span, kind, inst, record)
    _finish(state, span, inst, record)
    demands.deadlines(state, inst, "span_close", kind, span.index)


def owes_inside(state: State, kind: int, record: Record) -> bool:
    """Whether a span inside one that closes has to be closed before."""
    for (index, _), one in (record.inner or {}).items():
        inner = state.plan.spans[index]
        if kind not in inner.closes and (
            (kind in inner.due_within and one.owed) or (one.inner and owes_inside(state, kind, one))
        ):
            return True
    return False


def end_inner(state: State, span: SpanPlan, kind: int, inst: Instance, record: Record) -> None:
    """Ends the spans inside one that closes, but for what the same event closes."""
    for (index, key), one in list((record.inner or {}).items()):
        inner = state.plan.spans[index]
        if kind in inner.closes:
            continue
        if one.inner:
            end_inner(state, inner, kind, inst, one)
        if kind in inner.due_within and one.owed:
            state.report(
                f"{inner.name}.closed",
                f"the {inner.name}{named_key(inner, key)} is still open, and its {span.name} closes",
                one.n,
            )
        _finish(state, inner, inst, one)


def _finish(state: State, span: SpanPlan, inst: Instance, record: Record) -> None:
    inst.spans[span.index].pop(record.key, None)
    if record.around is not None and record.around.inner is not None:
        record.around.inner.pop((span.index, record.key), None)
    if record.owed and span.home == SESSION:
        state.open -= 1
    if record.token is not None:
        state.tokens[span.index].pop(record.token, None)
    if span.refers:
        state.seen[span.index].put(record.key, _CLOSED)
    implied = state.implied.get(span.index)
    if implied is not None and implied[1] is record:
        del state.implied[span.index]
    _remember(state, inst, span, record.key, state.n, _CLOSED)


def _missing(state: State, span: SpanPlan, inst: Instance, key: Any, *, closes: bool) -> None:
    before = _closed_at(state, inst, span, key)
    if before is not None and before[1] == _ABANDONED and closes:
        _remember(state, inst, span, key, state.n, _CLOSED)
        return
    if inst.ghost and before is None:
        return
    if before is not None:
        state.report(
            f"{span.name}.opened",
            f"`{state.event}` names the {span.name}{named_key(span, key)}, which was closed",
            before[0],
        )
    else:
        state.report(
            f"{span.name}.opened",
            f"`{state.event}` names the {span.name}{named_key(span, key)}, which nothing opened",
            inst.n,
        )


def _abandon(state: State, span: SpanPlan, inst: Instance, record: Record | None, key: Any) -> None:
    if record is not None:
        if record.token is not None:  # what was under way when it was given up may still come
            state.given_up.setdefault(span.index, Ring(REMEMBERED)).put(record.token, state.n)
        _finish(state, span, inst, record)
        _remember(state, inst, span, key, state.n, _ABANDONED)
    elif _closed_at(state, inst, span, key) is None:
        state.report(
            f"{span.name}.opened",
            f"`{state.event}` gives up the {span.name}{named_key(span, key)}, which its side did not open",
        )


def _forbid(state: State, span: SpanPlan, inst: Instance, event: Any) -> None:
    key: Any = state.key(span.key, event) if span.key else ()
    record = inst.spans[span.index].get((key, state.direction) if span.across else key)
    if record is not None:
        state.report(
            f"{span.name}.forbids", f"`{state.event}` names the {span.name}{named_key(span, record.key)}", record.n
        )


def _inside(state: State, span: SpanPlan, inst: Instance, event: Any, key: Any) -> Record | None:
    """Return the open span around one that opens; where there is none, that is told."""
    outer = state.plan.spans[span.outer]
    outer_key: Any = state.key(outer.key, event) if outer.key else ()
    if outer.across:  # what answers a request stands inside it, and goes the other way
        outer_key = (outer_key, _OTHER_SIDE.get(state.direction or "", state.direction))
    around = inst.spans[outer.index].get(outer_key)
    if around is None and not inst.ghost:
        state.report(
            f"{span.name}.inside", f"the {span.name}{named_key(span, key)} opens outside any open {outer.name}"
        )
    return around


def _parents(
    state: State, span: SpanPlan, inst: Instance, event: Any, record: Record, *, opening: bool = False
) -> None:
    if span.parents is None:
        return
    named_parents = state.get(span.parents, event)
    parents = tuple(named_parents) if isinstance(named_parents, list) else ()
    rule = f"{span.name}.parents"
    if opening:
        record.parents = parents
    elif parents != record.parents:
        state.report(rule, f"the parents of the {span.name}{named_key(span, record.key)} change", record.n)
        return
    table = inst.spans[span.index]
    above: list[Record] = []
    for position, parent in enumerate(parents):
        known = table.get(parent) if isinstance(parent, str | int) else None
        if known is None:
            if not inst.ghost:
                state.report(rule, f"the parent `{demands.shown(parent)}` is not open", record.n)
            return
        if known.parents != parents[:position]:
            state.report(rule, f"the parent `{demands.shown(parent)}` stands elsewhere", known.n)
            return
        above.append(known)
    if opening:
        record.above = tuple(above)


def above(table: dict[Any, Record], parents: list[Any]) -> tuple[Record, ...] | None:
    """Return the open spans that a new one names as its parents, None where one is not open or stands elsewhere."""
    last = table.get(parents[-1]) if parents[-1].__class__ in _NAMES else None
    if last is None or last.above is None or len(last.above) != len(parents) - 1:
        return None
    for one, name in zip(last.above, parents, strict=False):
        if one.key != name or name.__class__ not in _NAMES or table.get(name) is not one:
            return None
    return (*last.above, last)


def _chunk(state: State, span: SpanPlan, kind: int, inst: Instance, event: Any) -> None:
    current = state.implied.get(span.index)
    key: Any = state.key(span.key, event) if span.key else ()
    if key is None and current is not None:
        key = current[1].key
    if key is None:
        state.report(f"{span.name}.key", f"`{state.event}` begins a {span.name} and does not say which")
        return
    if current is not None and current[1].key != key:
        _finish(state, span, current[0], current[1])
        current = None
    if current is None:
        for path in span.chunks_need:
            if state.get(path, event) is None:
                message = f"`{state.event}` begins the {span.name} {named_key(span, key)}and has no `{path.text}`"
                state.report(f"{span.name}.needs.{path.text}", message)
        _open(state, span, kind, inst, event, key, inst.spans[span.index].get(key))
        record = inst.spans[span.index].get(key)
        if record is not None and record.n == state.n:
            if record.owed and span.home == SESSION:
                state.open -= 1
            record.owed = False
            state.implied[span.index] = (inst, record)
            current = (inst, record)
    else:
        current[1].folds = demands.pieces(state, current[1].folds, SESSION, span.index, kind, event)
    if kind in span.chunks_end and current is not None:
        _finish(state, span, *current)


def _refer(state: State, span: SpanPlan, event: Any) -> None:
    key: Any = state.key(span.key, event) if span.key else ()
    if key is None:
        if not state.flawed:
            state.report(f"{span.name}.key", f"`{state.event}` does not say which {span.name} it refers to")
        return
    known = state.seen[span.index].get(key)
    rule = f"{span.name}.refers"
    if known is None:
        if span.index not in state.fired:
            state.report(
                rule, f"`{state.event}` refers to the {span.name}{named_key(span, key)}, which was never there"
            )
    elif known == _OPEN and span.refers_closed:
        state.report(rule, f"`{state.event}` refers to the {span.name}{named_key(span, key)} before its close")
    elif known == _REFERRED and span.refers_once:
        state.report(rule, f"`{state.event}` refers to the {span.name}{named_key(span, key)} a second time")
    if span.refers_once and known != _OPEN:
        state.seen[span.index].put(key, _REFERRED)


def learn(state: State, span: SpanPlan, inst: Instance, keys: Any, *, is_open: bool) -> None:
    """Takes the spans that a snapshot names for known."""
    for value in keys if isinstance(keys, list) else [keys]:
        if not isinstance(value, str | int):
            continue
        if is_open and value not in inst.spans[span.index]:
            inst.spans[span.index][value] = Record(value, state.n, state.at, False)
        if span.refers and state.seen[span.index].get(value) is None:
            state.seen[span.index].put(value, _CLOSED)


def _take_token(state: State, span: SpanPlan, record: Record, event: Any) -> None:
    token = state.get(span.token_set, event) if span.token_set is not None else None
    if not isinstance(token, str | int):
        return
    record.token = (token, state.direction)
    other = state.tokens[span.index].get(record.token)
    if other is not None:
        state.report(
            f"{span.name}.token", f"the token `{demands.shown(token)}` names another open {span.name}", other.n
        )
    state.tokens[span.index][record.token] = record


def _token(state: State, span: SpanPlan, kind: int, event: Any) -> None:
    token = state.get(span.token_get, event) if span.token_get is not None else None
    side = _OTHER_SIDE.get(state.direction or "", state.direction) if span.across else state.direction
    named_by = (token, side) if isinstance(token, str | int) else None
    record = state.tokens[span.index].get(named_by)
    given_up = state.given_up.get(span.index)
    if record is None and given_up is not None and given_up.get(named_by) is not None:
        return
    if record is None:
        state.report(f"{span.name}.token", f"the token `{demands.shown(token)}` names no open {span.name}")
        return
    demands.span_sequences(state, span.index, record, kind, event)
    record.folds = demands.pieces(state, record.folds, SESSION, span.index, kind, event)


def _closed_at(state: State, inst: Instance, span: SpanPlan, key: Any) -> tuple[int, int] | None:
    """Which event closed a span, and how; None where none did, or it is forgotten."""
    known = inst.cells[state.plan.layout.closed + span.index]
    n = None if known is None else known.get(key)
    return None if n is None else (~n, _ABANDONED) if n < 0 else (n, _CLOSED)


def _remember(state: State, inst: Instance, span: SpanPlan, key: Any, n: int, how: int) -> None:
    known = inst.cells[state.plan.layout.closed + span.index]
    if known is None:
        known = inst.cells[state.plan.layout.closed + span.index] = {}
    known.pop(key, None)
    known[key] = ~n if how == _ABANDONED else n
    if len(known) > MOST_CLOSED:
        forget(known)


def forget(known: dict[Any, int]) -> None:
    """Forgets the older half of the closed spans."""
    for key in list(known)[: len(known) - REMEMBERED]:
        del known[key]


def named_key(span: SpanPlan, key: Any) -> str:
    """The key of a span in a message, without the side that opened it."""
    return named(key[0] if span.across and isinstance(key, tuple) else key)
