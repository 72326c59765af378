"""Steps of spans, orders and states that a handler takes by itself, because long streams consist of them."""

from canonry.contract.compile.plan import SESSION, OrderPlan, SpanPlan, StatesPlan
from canonry.contract.compile.writer import SLOW, Writer
from canonry.contract.language.rules import OrderMode, SequenceMode

_OTHER = {"in": "out", "out": "in"}


class StepWriter(Writer):
    """Inside spans, requests with their answers, orders, states: what never calls a step of the interpreter."""

    def _wrote(self, span: SpanPlan, holder: str) -> bool:
        """Write what an event means for a span, where that is one of the frequent things. Return whether it was."""
        kind = self.kind.index
        known = frozenset(one for one, _, _ in span.known)
        other = span.chunks | span.refers | span.abandons | span.refers_unless | known
        roles = {"open": span.opens, "close": span.closes, "during": span.during, "token": span.token_events, "": other}
        found = [role for role, kinds in roles.items() if kind in kinds]
        if len(found) != 1 or holder.startswith("?") or span.home in self.opened:
            return False
        if found == ["during"] and not span.across:
            return self._during(span, holder)
        counted = [each.span for each in self.plan.counts] + [each.span for each in self.plan.folds]
        timed = [each.start.index for each in self.plan.deadlines if each.start.what == "span"]
        plain = (
            span.across and span.home == SESSION and span.outer < 0 and span.parents is None and span.concurrent
            and not span.same and not span.refers and span.index not in counted + timed and span.key != ()
        )  # fmt: skip
        if not plain:
            return False
        write = {"open": self._ask, "close": self._answer, "token": self._hear}.get(found[0])
        return write is not None and write(span, holder)

    def _during(self, span: SpanPlan, holder: str) -> bool:
        """An event that needs the span open, and may add a piece to its text."""
        kind, index = self.kind.index, span.index
        folds = [
            (number, each)
            for number, each in enumerate(self.plan.folds)
            if each.span == index and (kind in each.wholes or not each.kinds or kind in each.kinds)
        ]
        if self._numbers(index) or any(kind in each.wholes for _, each in folds):
            return False
        key, table, record = f"s_{index}", f"t_{index}", f"o_{index}"
        if span.key:
            self._guard_key(key, span.key)
        else:
            self.guard.append(f"{key} = ()")
        self.guard += [f"{table} = {holder}.spans[{index}]", *_found(record, f"{table}[{key}]")]
        if span.parents is not None:
            here, above = f"p_{index}", f"a_{index}"
            self.guard.append(f"{here} = {self._expression(span.parents)}")
            self._slow_if(f"{here}.__class__ is not list or ({above} := {record}.above) is None")
            self._slow_if(f"len({here}) != len({above})")
            self.guard.append(f"for q, r in zip({here}, {above}):")
            self.guard.append(f"    if r.key != q or {table}.get(r.key) is not r: {SLOW}")
        for number, each in folds:
            self.act += [
                f"if (v := {self._expression(each.path)}).__class__ is str:",
                f"    if (f := {record}.folds) is None: {record}.folds = {{{number}: [v]}}",
                f"    elif {number} in f: f[{number}].append(v)",
                f"    else: f[{number}] = [v]",
            ]
        return True

    def _ask(self, span: SpanPlan, holder: str) -> bool:
        """A request: it opens a span of its side."""
        index = span.index
        if self._numbers(index):
            return False
        key, table = f"key_{index}", f"t_{index}"
        self._guard_key(f"s_{index}", span.key)
        self.guard += [f"side = {self._side()}", f"{key} = (s_{index}, side)", f"{table} = {holder}.spans[{index}]"]
        self._slow_if(f"{key} in {table}")
        if not span.reopen:
            self._slow_if(f"(o := {self._cell(holder, 'closed', index)}) is not None and o.get({key}) is not None")
        if span.token_set is not None:
            self.guard += [
                f"if (token := {self._expression(span.token_set)}) is not None:",
                f"    if token.__class__ not in NAMES or S.given_up or (token, side) in S.tokens[{index}]: {SLOW}",
            ]
        self.act.append(f"o = {table}[{key}] = Record({key}, n, at, {span.must_close})")
        if span.must_close:
            self.act.append("S.open += 1")
        if span.token_set is not None:
            self.act.append(f"if token is not None: o.token = (token, side); S.tokens[{index}][o.token] = o")
        return True

    def _answer(self, span: SpanPlan, holder: str) -> bool:
        """An answer: it closes a span of the other side."""
        index = span.index
        if self._numbers(index):
            return False
        key, table, record = f"key_{index}", f"t_{index}", f"o_{index}"
        self._guard_key(f"s_{index}", span.key)
        self.guard += [
            f"{key} = (s_{index}, {self._other_side()})",
            f"{table} = {holder}.spans[{index}]",
            *_found(record, f"{table}[{key}]"),
        ]
        self.act += [f"del {table}[{key}]", f"if {record}.owed: S.open -= 1"]
        if span.token_set is not None:
            self.act.append(f"if {record}.token is not None: S.tokens[{index}].pop({record}.token, None)")
        closed = self._cell(holder, "closed", index)
        self.act += [f"if (o := {closed}) is None: o = {closed} = Ring(REMEMBERED)", f"o.put({key}, (n, 2))"]
        return True

    def _hear(self, span: SpanPlan, _holder: str) -> bool:
        """An event that names an open request of the other side by its token."""
        index, record = span.index, f"o_{span.index}"
        numbers = self._numbers(index)
        if span.token_get is None or any(self.plan.sequences[one].mode is not SequenceMode.RISES for one in numbers):
            return False
        self.guard.append(f"token = {self._expression(span.token_get)}")
        self._slow_if("token.__class__ not in NAMES")
        self.guard += _found(record, f"S.tokens[{index}][token, {self._other_side()}]")
        for number in numbers:
            value = f"v_{number}"
            self.guard.append(f"{value} = {self._expression(self.plan.sequences[number].path)}")
            self._slow_if(f"{value}.__class__ not in NUMBERS")
            self.guard.append(f"o = ({record}.seqs or NOTHING).get({number})")
            self._slow_if(f"o is not None and (o[0] is None or {value} <= o[0])")
            self.act += [
                f"if (known := {record}.seqs) is None: known = {record}.seqs = {{}}",
                f"known[{number}] = ({value}, n)",
            ]
        return True

    def _order(self, index: int, order: OrderPlan, holder: str) -> None:
        before, event = (self._cell(holder, "orders", 2 * index + each) for each in (0, 1))
        new = order.scope in self.opened
        if self.kind.index in order.before:
            if not new and order.mode is not OrderMode.REQUIRED:
                first = "" if order.mode is OrderMode.ALL else f" and {before} is None"
                self._slow_if(f"{event} is not None{first}")
            self.act.append(f"if {before} is None: {before} = n")
            return
        if order.mode is OrderMode.REQUIRED:
            self._slow_if("True" if new else f"{before} is None")
        self.act.append(f"if {event} is None: {event} = n")

    def _state(self, index: int, plan: StatesPlan, holder: str) -> None:
        """The move of a status. Nothing, where the event has none."""
        text = self._expression(plan.path)
        if text == "None":
            return
        value, edges = f"state_{index}", f"EDGES_{self.kind.index}_{index}"
        known = self._cell(holder, "states", index)
        self.constants[edges] = plan.edges
        first = f"{value} not in {sorted(plan.initial)!r}" if plan.initial else "False"
        self.guard += [f"{value} = {text}", f"if {value} is not None:"]
        self.guard.append(f"    if {value}.__class__ is not str or {value} not in {edges}: {SLOW}")
        if plan.scope in self.opened:
            self.guard.append(f"    if {first}: {SLOW}")
        else:
            self.guard += [
                f"    if (o := {known}) is None:",
                f"        if {first}: {SLOW}",
                f"    elif {value} not in {edges}[o[0]] if {value} != o[0] else {not plan.stay}: {SLOW}",
            ]
        self.act.append(f"if {value} is not None: {known} = ({value}, n)")

    def _numbers(self, span: int) -> list[int]:
        """The sequences of a span that the event counts in."""
        kind = self.kind.index
        return [
            number
            for number, each in enumerate(self.plan.sequences)
            if each.span == span and (not each.kinds or kind in each.kinds)
        ]

    def _side(self) -> str:
        """Which side sends the event. One that goes one way only says so by itself."""
        return repr(self.kind.direction) if self.kind.direction else "way"

    def _other_side(self) -> str:
        if self.kind.direction:
            return repr(_OTHER[self.kind.direction])
        return "('in' if way == 'out' else 'out' if way == 'in' else way)"


def _found(name: str, expression: str) -> list[str]:
    return [f"try: {name} = {expression}", f"except KeyError: {SLOW}"]
