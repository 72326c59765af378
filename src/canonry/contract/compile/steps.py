"""What a handler does itself for spans, orders and states, where nothing is unusual: what is frequent in long streams.

Each function writes its step into the handler and returns whether it could; otherwise the handler calls what the
interpreter calls.
"""

from canonry.contract.compile.plan import SESSION, OrderPlan, SpanPlan, StatesPlan
from canonry.contract.compile.writer import SLOW, Writer
from canonry.contract.language.rules import OrderMode, SequenceMode

_OTHER_SIDE = "('in' if way == 'out' else 'out' if way == 'in' else way)"


def write_span(handler: Writer, span: SpanPlan, holder: str) -> bool:
    """Write what an event means for a span: it goes on, or a side's request opens, is heard of, is answered."""
    kind = handler.kind.index
    known = frozenset(one for one, _, _ in span.known)
    roles = [
        name
        for name, kinds in (
            ("open", span.opens),
            ("close", span.closes),
            ("during", span.during),
            ("token", span.token_events),
            ("other", span.chunks | span.refers | span.abandons | span.refers_unless | known),
        )
        if kind in kinds
    ]
    if len(roles) != 1 or holder.startswith("?") or span.home in handler.opened:
        return False
    if roles == ["during"] and not span.across:
        return _during(handler, span, holder)
    if (
        not span.across
        or span.home != SESSION
        or span.outer >= 0
        or span.parents is not None
        or span.same
        or span.refers
    ):
        return False
    if any(each.start.what == "span" and each.start.index == span.index for each in handler.plan.deadlines):
        return False
    spans = [each.span for each in handler.plan.folds] + [each.span for each in handler.plan.counts]
    if span.index in spans:
        return False
    write = {"open": _ask, "close": _answer, "token": _hear}.get(roles[0])
    return write is not None and write(handler, span, holder)


def _during(handler: Writer, span: SpanPlan, holder: str) -> bool:
    """An event that needs the span open, and may add a piece to its text."""
    kind, index = handler.kind.index, span.index
    if _sequences(handler, index):
        return False
    folds = [
        (number, each)
        for number, each in enumerate(handler.plan.folds)
        if each.span == index and (kind in each.wholes or not each.kinds or kind in each.kinds)
    ]
    if any(kind in each.wholes for _, each in folds):
        return False
    key, table, record = f"s_{index}", f"t_{index}", f"o_{index}"
    if span.key:
        handler.guard_key(key, span.key)
    else:
        handler.guard.append(f"{key} = ()")
    handler.guard += [f"{table} = {handler.table(holder, index)}", *_found(record, f"{table}[{key}]")]
    if span.parents is not None:
        handler.guard.append(f"p_{index} = {handler.expression(span.parents)}")
        here, above = f"p_{index}", f"a_{index}"
        handler.slow_if(f"{here}.__class__ is not list or ({above} := {record}.above) is None")
        handler.slow_if(f"len({here}) != len({above})")
        handler.guard.append(f"for q, r in zip(p_{index}, a_{index}):")
        handler.guard.append(f"    if r.key != q or {table}.get(r.key) is not r: {handler.SLOW}")
    for number, each in folds:
        handler.act += [
            f"if (v := {handler.expression(each.path)}).__class__ is str:",
            f"    if (f := {record}.folds) is None: {record}.folds = {{{number}: [v]}}",
            f"    elif {number} in f: f[{number}].append(v)",
            f"    else: f[{number}] = [v]",
        ]
    return True


def _ask(handler: Writer, span: SpanPlan, holder: str) -> bool:
    """A request: it opens a span of its side."""
    index = span.index
    if _sequences(handler, index) or not span.concurrent or not span.key:
        return False
    handler.guard_key(f"s_{index}", span.key)
    handler.guard += [
        f"side = {_side(handler)}",
        f"key_{index} = (s_{index}, side)",
        f"t_{index} = {handler.table(holder, index)}",
        f"if key_{index} in t_{index}: {handler.SLOW}",
    ]
    if not span.reopen:
        handler.slow_if(
            f"(o := {handler.cell(holder, 'closed', index)}) is not None and key_{index} in o"
        )
    if span.token_set is not None:
        handler.guard += [
            f"if (token := {handler.expression(span.token_set)}) is not None:",
            f"    if token.__class__ not in NAMES or S.given_up or (token, side) in S.tokens[{index}]: {handler.SLOW}",
        ]
    handler.act.append(f"o = t_{index}[key_{index}] = Record(key_{index}, n, at, {span.must_close})")
    if span.must_close:
        handler.act.append("S.open += 1")
    if span.token_set is not None:
        handler.act.append(f"if token is not None: o.token = (token, side); S.tokens[{index}][o.token] = o")
    return True


def _answer(handler: Writer, span: SpanPlan, holder: str) -> bool:
    """An answer: it closes a span of the other side."""
    index = span.index
    if _sequences(handler, index) or not span.key:
        return False
    handler.guard_key(f"s_{index}", span.key)
    handler.guard += [
        f"key_{index} = (s_{index}, {_side(handler, other=True)})",
        f"t_{index} = {handler.table(holder, index)}",
        *_found(f"o_{index}", f"t_{index}[key_{index}]"),
    ]
    handler.act += [f"del t_{index}[key_{index}]", f"if o_{index}.owed: S.open -= 1"]
    if span.token_set is not None:
        handler.act.append(f"if o_{index}.token is not None: S.tokens[{index}].pop(o_{index}.token, None)")
    handler.remember(span, holder, f"key_{index}")
    return True


def _hear(handler: Writer, span: SpanPlan, _holder: str) -> bool:
    """An event that names an open request of the other side by its token."""
    index = span.index
    numbers = _sequences(handler, index)
    if span.token_get is None or any(handler.plan.sequences[one].mode is not SequenceMode.RISES for one in numbers):
        return False
    handler.guard += [
        f"token = {handler.expression(span.token_get)}",
        f"if token.__class__ not in NAMES: {handler.SLOW}",
        *_found(f"o_{index}", f"S.tokens[{index}][token, {_side(handler, other=True)}]"),
    ]
    for number in numbers:
        value = f"v_{number}"
        handler.guard += [
            f"{value} = {handler.expression(handler.plan.sequences[number].path)}",
            f"if {value}.__class__ not in NUMBERS: {handler.SLOW}",
            f"if (o := (o_{index}.seqs or NOTHING).get({number})) is not None and (o[0] is None or {value} <= o[0]):",
            f"    {handler.SLOW}",
        ]
        handler.act += [
            f"if (known := o_{index}.seqs) is None: known = o_{index}.seqs = {{}}",
            f"known[{number}] = ({value}, n)",
        ]
    return True


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


def _sequences(handler: Writer, span: int) -> list[int]:
    kind = handler.kind.index
    return [
        number
        for number, each in enumerate(handler.plan.sequences)
        if each.span == span and (not each.kinds or kind in each.kinds)
    ]


def _found(name: str, expression: str) -> list[str]:
    return [f"try: {name} = {expression}", f"except KeyError: {SLOW}"]


def _side(handler: Writer, *, other: bool = False) -> str:
    """Which side sends the event, or the other one. An event that goes one way only says so by itself."""
    way = handler.kind.direction
    if way:
        return repr({"in": "out", "out": "in"}[way] if other else way)
    return _OTHER_SIDE if other else "way"
