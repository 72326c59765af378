"""The text of a handler that moves spans: it opens, goes on with, hears of, refers to and closes them.

Each step is written into the handler where nothing is unusual; otherwise the handler calls what the interpreter calls.
"""

from canonry.contract.compile.plan import NO_LIMIT, SESSION, FoldPlan, SpanPlan
from canonry.contract.compile.writer import SLOW, Writer
from canonry.contract.language.rules import SequenceMode

_OTHER_SIDE = "('in' if way == 'out' else 'out' if way == 'in' else way)"
_WRONG = {SequenceMode.STRICT: "!=", SequenceMode.RISES: "<=", SequenceMode.NON_DECREASING: "<"}


class SpanWriter(Writer):
    """Spans, as events of one kind move them."""

    def _span(self, span: SpanPlan) -> None:
        holder = self.holders.get(span.home)
        if holder is None:
            return
        if not holder.startswith("?") and self.kind.index in span.refers_unless:
            self.act.append(f"S.fired[{span.index}] = True")
            if self.kind.index not in span.touched:
                return
        if not holder.startswith("?") and self._write(span, holder, self._role(span)):
            return
        call = f"spans.step(S, SPANS[{span.index}], {self.kind.index}, {holder.lstrip('?')}, e)"
        self.call(f"if {holder[1:]} is not None: {call}" if holder.startswith("?") else call)

    def _role(self, span: SpanPlan) -> str:
        """What the event is for a span, as `spans.step` decides; empty where it is several things at once."""
        kind = self.kind.index
        if kind in {one for one, _, _ in span.known}:
            return "" if kind in span.plain else "known"
        for role, kinds in (("chunk", span.chunks), ("refer", span.refers), ("token", span.token_events)):
            if kind in kinds:
                return role
        if kind in span.forbids:
            return "" if kind in span.opens | span.closes | span.during | span.abandons else "forbid"
        if kind in span.abandons or kind in span.opens & span.closes:
            return ""
        return "open" if kind in span.opens else "close" if kind in span.closes else "during"

    def _write(self, span: SpanPlan, holder: str, role: str) -> bool:
        """Write a step. False where it cannot be written, and nothing is."""
        new = span.home in self.opened
        match role:
            case "open":
                return self._open_span(span, holder, new=new)
            case "close" | "during" if new:
                self.guard.append(SLOW)  # nothing is open in what opens now
                return True
            case "close":
                return self._close_span(span, holder)
            case "during":
                return self._go_on(span, holder)
            case "token":
                return self._hear(span)
            case "refer":
                return self._refer(span)
            case "known":
                return self._learn(span, holder)
            case "forbid":
                return not new and self._forbid(span, holder)
            case "chunk":
                return not new and self._chunk(span, holder)
        return False

    def _open_span(self, span: SpanPlan, holder: str, *, new: bool) -> bool:
        outer = self.plan.spans[span.outer] if span.outer >= 0 else None
        touched = outer is not None and self.kind.index in outer.touched
        if outer is not None and (
            outer.home != span.home
            or (outer.index not in self.around if touched else new)
            or (touched and outer.across)
        ):
            return False
        if any(self.kind.index in each.wholes for _, each in self._folds(span)):
            return False
        index, table = span.index, self.table(holder, span.index)
        key = self._span_key(span)
        if not new:
            self.guard.append(f"t_{index} = {table}")
            table = f"t_{index}"
            self.slow_if(f"{key} in {table}" if span.concurrent else table)
            if not span.reopen:
                self.slow_if(f"(o := {self.cell(holder, 'closed', index)}) is not None and {key} in o")
        if outer is not None and not touched:
            outside = self._key(outer.key) if outer.key else "()"
            whole = f"({outside}, {self._side(other=True)})" if outer.across else outside
            self.slow_if(f"(g_{index} := {self.table(holder, outer.index)}.get({whole})) is None")
        more = f", ({', '.join(self.expression(path) for path in span.same)},)" if span.same else ""
        if span.token_set is not None:
            more += self._take_token(span)
        if span.parents is not None:
            more += self._open_below(span, table, new=new)
        numbers = self._numbers(span, "o", opening=True)
        pieces = self._pieces(span, "o")
        within = outer is not None and span.within
        opened = f"n_{index}" if any(each.outer == index for each in self.plan.spans) else ""
        kept = bool(opened or numbers or pieces or within or span.token_set is not None)
        self.act.append(f"{'o = ' if kept else ''}{table}[{key}] = Record({key}, n, at, {span.must_close}{more})")
        self.act += [*numbers, *pieces]
        if opened:
            self.act.append(f"{opened} = o")
            self.around[index] = opened
        if outer is not None and span.within:
            around = self.around[outer.index] if touched else f"g_{index}"
            self.act += [
                f"o.around = {around}",
                f"if {around}.inner is None: {around}.inner = {{}}",
                f"{around}.inner[{index}, {key}] = o",
            ]
        if span.token_set is not None:
            self.act.append(f"if y_{index} is not None: S.tokens[{index}][y_{index}] = o")
        self._see(span, key, "1")
        if span.home == SESSION and span.must_close:
            self.act.append("S.open += 1")
        self._count_span(span, holder, new=new)
        self._span_deadlines(span, holder, "span_open")
        return True

    def _close_span(self, span: SpanPlan, holder: str) -> bool:
        index = span.index
        key, record = self._find(span, holder)
        for position, path in enumerate(span.same):
            self.differs(path, f"{record}.same[{position}]")
            self.vouch(path, self._openers(span))
        self._stay_below(span, record)
        self._numbers(span, record)
        self._wholes(span, record)
        limits = [
            each.seconds for each in self.plan.deadlines if each.start.what == "span" and each.start.index == index
        ]
        if limits:
            self.slow_if(f"at is not None and {record}.at is not None and at - {record}.at > {min(limits) + 1e-6!r}")
        if span.chunks:
            self.slow_if("S.implied")
        if any(each.outer == index and each.within for each in self.plan.spans):
            self.slow_if(f"{record}.inner and spans.owes_inside(S, {self.kind.index}, {record})")
            ending = f"spans.end_inner(S, SPANS[{index}], {self.kind.index}, {holder}, {record})"
            self.call(f"if {record}.inner: {ending}")
        self.act.append(f"del t_{index}[{key}]")
        if span.within:
            around = f"(o := {record}.around) is not None and o.inner is not None"
            self.act.append(f"if {around}: o.inner.pop(({index}, {key}), None)")
        if span.home == SESSION:
            self.act.append(f"if {record}.owed: S.open -= 1")
        if span.token_set is not None:
            self.act.append(f"if {record}.token is not None: S.tokens[{index}].pop({record}.token, None)")
        self._see(span, key, "2")
        self._remember(span, holder, key)
        self._span_deadlines(span, holder, "span_close")
        return True

    def _go_on(self, span: SpanPlan, holder: str) -> bool:
        """An event that needs the span open, and may add a piece to its text."""
        _, record = self._find(span, holder)
        self._stay_below(span, record)
        numbers = self._numbers(span, record)
        self._wholes(span, record)
        self.act += [*numbers, *self._pieces(span, record)]
        self.around[span.index] = record
        return True

    def _hear(self, span: SpanPlan) -> bool:
        """An event that names an open span by its token."""
        if span.token_get is None:
            return False
        index, record = span.index, f"o_{span.index}"
        side = self._side(other=span.across)
        self.guard += [
            f"y_{index} = {self.expression(span.token_get)}",
            f"if y_{index}.__class__ not in NAMES: {SLOW}",
            f"try: {record} = S.tokens[{index}][y_{index}, {side}]",
            f"except KeyError: {SLOW}",
        ]
        numbers = self._numbers(span, record)
        self._wholes(span, record)
        self.act += [*numbers, *self._pieces(span, record)]
        return True

    def _forbid(self, span: SpanPlan, holder: str) -> bool:
        """An event that may not name an open span."""
        if len(span.key) != 1 or span.across:
            return False
        text = self.expression(span.key[0])
        self.slow_if(
            f"(v := {text}) is not None and (v.__class__ not in PLAIN or v in {self.table(holder, span.index)})"
        )
        return True

    def _refer(self, span: SpanPlan) -> bool:
        """An event that names a span that was there."""
        key = self._span_key(span, sided=False)
        seen = f"f_{span.index}"
        self.guard.append(f"{seen} = S.seen[{span.index}].get({key})")
        early = f" or {seen} == 1" if span.refers_closed else ""
        twice = f" or {seen} == 3" if span.refers_once else ""
        self.slow_if(f"{seen} is None{early}{twice}")
        if span.refers_once:
            self.act.append(f"if {seen} != 1: S.seen[{span.index}].put({key}, 3)")
        return True

    def _learn(self, span: SpanPlan, holder: str) -> bool:
        """A snapshot, of one key or of a list."""
        index = span.index
        for kind, path, is_open in span.known:
            if kind != self.kind.index:
                continue
            table = self.table(holder, index)
            self.act += [
                f"if (v := {self.expression(path)}) is not None:",
                *(
                    [
                        "    if v.__class__ in NAMES:",
                        f"        if v not in {table}: {table}[v] = Record(v, n, at, False)",
                        f"    else: spans.learn(S, SPANS[{index}], {holder}, v, is_open=True)",
                    ]
                    if is_open and not span.refers
                    else [f"    spans.learn(S, SPANS[{index}], {holder}, v, is_open={is_open})"]
                ),
            ]
            self.shares = True
        return True

    def _chunk(self, span: SpanPlan, holder: str) -> bool:
        """A piece that goes on with what a piece before it opened; the first and the last are for the interpreter."""
        index, record = span.index, f"o_{span.index}"
        if self.kind.index in span.chunks_end or sum(self.kind.index in each.chunks for each in self.plan.spans) > 1:
            return False
        if any(self.kind.index in each.wholes for _, each in self._folds(span)) or span.across:
            return False
        key = self._key(span.key) if span.key else "()"
        if len(span.key) > 1:
            return False
        self.shares = True
        same = f"(v := {key}) is None or v.__class__ in PLAIN and v == i[1].key"
        self.act += [
            f"if (i := S.implied.get({index})) is not None and ({same}):",
            f"    {record} = i[1]",
            *(f"    {line}" for line in self._pieces(span, record)),
            "else:",
            f"    spans.step(S, SPANS[{index}], {self.kind.index}, {holder}, e)",
        ]
        return True

    def _find(self, span: SpanPlan, holder: str) -> tuple[str, str]:
        """Look for the open span that an event names. Returns the names of its key and of itself."""
        index, record = span.index, f"o_{span.index}"
        key = self._span_key(span, other=self.kind.index in span.closes)
        self.guard += [
            f"t_{index} = {self.table(holder, index)}",
            f"try: {record} = t_{index}[{key}]",
            f"except KeyError: {SLOW}",
        ]
        for path in span.key:
            self.vouch(path, self._openers(span))
        return key, record

    def _openers(self, span: SpanPlan) -> frozenset[int]:
        """The kinds that say what a span is; every kind, where others may."""
        sure = not (span.chunks or span.known)
        return span.opens if sure else frozenset(each.index for each in self.plan.kinds)

    def _span_key(self, span: SpanPlan, *, sided: bool = True, other: bool = False) -> str:
        """Look at the key of a span. Returns its name."""
        index = span.index
        if not span.key:
            self.guard.append(f"s_{index} = ()")
        else:
            self.guard_key(f"s_{index}", span.key)
        if not (span.across and sided):
            return f"s_{index}"
        self.guard.append(f"key_{index} = (s_{index}, {self._side(other=other)})")
        return f"key_{index}"

    def _side(self, *, other: bool = False) -> str:
        """Which side sends the event, or the other one. An event that goes one way only says so by itself."""
        way = self.kind.direction
        if way:
            return repr({"in": "out", "out": "in"}[way] if other else way)
        return _OTHER_SIDE if other else "way"

    def _take_token(self, span: SpanPlan) -> str:
        """Look at the token of a span that opens."""
        token = f"y_{span.index}"
        self.guard += [
            f"if ({token} := {self.expression(span.token_set)}) is not None:" if span.token_set else "",
            f"    if {token}.__class__ not in NAMES: {SLOW}",
            f"    {token} = ({token}, {self._side()})",
            f"    if {token} in S.tokens[{span.index}]: {SLOW}",
        ]
        return f", token={token}"

    def _open_below(self, span: SpanPlan, table: str, *, new: bool) -> str:
        """Look at the parents that a span which opens names: each is open, below those before it."""
        if span.parents is None:
            return ""
        index = span.index
        parents, above = f"p_{index}", f"a_{index}"
        self.guard += [
            f"{parents} = {self.expression(span.parents)}",
            f"if {parents}.__class__ is not list: {SLOW}",
            f"{above} = spans.above({'NOTHING' if new else table}, {parents}) if {parents} else ()",
            f"if {above} is None: {SLOW}",
        ]
        return f", parents=tuple({parents}), above={above}"

    def _stay_below(self, span: SpanPlan, record: str) -> None:
        """Look whether a span still has its parents, and they are still open."""
        if span.parents is None:
            return
        parents, above = f"p_{span.index}", f"a_{span.index}"
        self.guard.append(f"{parents} = {self.expression(span.parents)}")
        self.slow_if(f"{parents}.__class__ is not list or ({above} := {record}.above) is None")
        self.slow_if(f"len({parents}) != len({above})")
        self.guard += [
            f"for q, r in zip({parents}, {above}):",
            f"    if r.key != q or q.__class__ not in NAMES or t_{span.index}.get(q) is not r: {SLOW}",
        ]

    def _numbers(self, span: SpanPlan, record: str, *, opening: bool = False) -> list[str]:
        """Look at the numbers that count in a span. Returns the lines that remember them."""
        acts: list[str] = []
        for number, each in enumerate(self.plan.sequences):
            if each.span != span.index or (each.kinds and self.kind.index not in each.kinds):
                continue
            value = f"z_{number}"
            strict = each.mode is SequenceMode.STRICT
            begins = strict and each.start is not None
            self.guard += [
                f"{value} = {self.expression(each.path)}",
                f"if {value} is not None:",
                f"    if {value}.__class__ {'is not int' if strict else 'not in NUMBERS'}: {SLOW}",
            ]
            if not opening:
                self.guard += [
                    f"    if (o := ({record}.seqs or NOTHING).get({number})) is not None and o[0] is not None:",
                    f"        if {value} {_WRONG[each.mode]} o[0]: {SLOW}",
                ]
            if begins:
                self.guard.append(f"    {'if' if opening else 'elif'} {value} != {each.start}: {SLOW}")
            acts += [
                f"if {value} is not None:",
                f"    if (q := {record}.seqs) is None: q = {record}.seqs = {{}}",
                f"    q[{number}] = ({value}{f' + {each.step}' if strict else ''}, n)",
            ]
        return acts

    def _folds(self, span: SpanPlan) -> list[tuple[int, FoldPlan]]:
        """The texts of a span that an event adds to, or has as a whole."""
        kind = self.kind.index
        return [
            (number, each)
            for number, each in enumerate(self.plan.folds)
            if each.span == span.index and (kind in each.wholes or not each.kinds or kind in each.kinds)
        ]

    def _wholes(self, span: SpanPlan, record: str) -> None:
        """Look whether a text that an event has as a whole is what its pieces were."""
        for number, each in self._folds(span):
            if self.kind.index in each.wholes:
                whole = self.expression(each.wholes[self.kind.index])
                self.guard.append(f"f = o.get({number}, ()) if (o := {record}.folds) else ()")
                other = "v != ''.join(f) if v.__class__ is str else v.__class__ is list and demands.are_other(f, v)"
                self.slow_if(f"{'f and ' if each.alone else ''}(v := {whole}) is not None and ({other})")

    def _pieces(self, span: SpanPlan, record: str) -> list[str]:
        """The lines that keep the pieces of a text."""
        lines: list[str] = []
        for number, each in self._folds(span):
            if self.kind.index not in each.wholes:
                lines += [
                    f"if (v := {self.expression(each.path)}).__class__ is str:",
                    f"    if (f := {record}.folds) is None: {record}.folds = {{{number}: [v]}}",
                    f"    elif {number} in f: f[{number}].append(v)",
                    f"    else: f[{number}] = [v]",
                ]
        return lines

    def _see(self, span: SpanPlan, key: str, how: str) -> None:
        """Keep what became of a span that other events refer to."""
        if span.refers:
            self.act.append(f"S.seen[{span.index}].put({key}, {how})")

    def _remember(self, span: SpanPlan, holder: str, key: str) -> None:
        """Keep the key of a span that is closed."""
        known = self.cell(holder, "closed", span.index)
        again = f"o.pop({key}, None); " if span.reopen else ""
        self.act += [
            f"if (o := {known}) is None: {known} = {{{key}: n}}",
            "else:",
            f"    {again}o[{key}] = n",
            "    if len(o) > MOST_CLOSED: spans.forget(o)",
        ]

    def _count_span(self, span: SpanPlan, holder: str, *, new: bool) -> None:
        for index, each in enumerate(self.plan.counts):
            if each.span == span.index and each.scope == span.home:
                cell = self.cell(holder, "counts", index)
                if each.high != NO_LIMIT:
                    self.slow_if(f"{cell} >= {each.high}" if not new else str(each.high == 0))
                self.act.append(f"{cell} += 1")

    def _span_deadlines(self, span: SpanPlan, holder: str, what: str) -> None:
        if any(
            point.what == what and point.index == span.index
            for each in self.plan.deadlines
            for point in (each.start, each.to)
        ):
            self.call(f"demands.deadlines(S, {holder}, {what!r}, {self.kind.index}, {span.index})")
