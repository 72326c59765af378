"""Python written for one contract: a handler for each kind of event that expects the usual.

A handler first looks (`guard`): anything that would violate a rule, and anything unusual, hands the frame to the
interpreter, which explains it; nothing is changed until then. Then it moves the session (`act`): what is simple stands in
the text, the rest calls the functions that the interpreter calls. Verdicts are thus the same where the guards are
complete, which tests compare.
"""

from canonry.contract.compile.plan import NO_LIMIT, SESSION, Kind, Plan, ScopePlan, SpanPlan, Test
from canonry.contract.compile.steps import write_order, write_span, write_states
from canonry.contract.compile.tree import Tree, View
from canonry.contract.language.paths import Path
from canonry.contract.language.rules import SequenceMode

SLOW = "return slow(S, raw, owner, at, way)"


class Handler:
    """The text of the handler of one kind."""

    SLOW = SLOW

    def __init__(self, plan: Plan, kind: Kind, tree: Tree) -> None:
        self.plan = plan
        self.kind = kind
        self.tree = View(tree, kind.base)
        self.guard: list[str] = []
        self.act: list[str] = []
        self.constants: dict[str, object] = {}
        self.holders: dict[int, str] = {SESSION: "S.root"}
        self.opened: set[int] = set()
        self.shares = False

    def lines(self) -> list[str]:
        """Return the function: looks, then acts, then says which kind it was."""
        kind = self.kind
        self._fields()
        if not kind.schemas:
            self._direction()
            self._isolation()
            self._uniques()
            self._exchanges()
            for index in (*kind.needed, *kind.possible):
                self._enter(self.plan.scopes[index])
            for scope in self.holders:
                self._demands(scope)
            for span in self.plan.spans:
                if kind.index in span.touched or kind.index in span.refers_unless:
                    self._span(span)
            for scope in reversed(list(self.holders)):
                self._leave(scope)
        shared = [f"S.event = {kind.name!r}" if "*" not in kind.name else "S.event = name_of(e)", "S.flawed = False"]
        shared += ["S.at = at", f"S.direction = {kind.direction!r}" if kind.direction else "S.direction = way"]
        body = [SLOW] if kind.schemas else [
            "n = S.n", *self.guard, *(shared if self.shares else ()), *self.act
        ]  # fmt: skip
        return [
            f"def kind_{kind.index}(e, S, raw, owner, at, way):  # {kind.name}",
            *(f"    {line}" for line in body),
            f"    return {kind.index}",
        ]

    def cell(self, holder: str, name: str, index: int) -> str:
        """Where a scope keeps what a rule knows."""
        return f"{holder}.cells[{getattr(self.plan.layout, name) + index}]"

    def _call(self, text: str) -> None:
        """A step that the interpreter takes too; it may report."""
        self.shares = True
        self.act.append(text)

    def slow_if(self, condition: str) -> None:
        """Hand the frame to the interpreter where a condition holds."""
        self.guard.append(f"if {condition}: {SLOW}")

    def expression(self, path: Path) -> str:
        """Return a Python expression of what stands at a path of the event."""
        return self.tree.expression(path)

    def _fields(self) -> None:
        for rule in self.kind.fields:
            if self.tree.native(rule.path):
                word = rule.kind.words[0] if rule.kind.words else ""
                text = self.expression(rule.path)
                there = "" if self.tree.sure(rule.path) else f"({text}) is not None and "
                if word == "text":
                    self.slow_if(f"{there}not '!' <= (v := {text})[0] <= '~' and v.isspace()")
                elif word == "rfc3339":
                    self.slow_if(f"{there}(({text}).tzinfo is not UTC or raw.find(b'0000\"') >= 0)")
                continue
            number = f"KIND_{self.kind.index}_{len(self.constants)}"
            self.constants[number] = rule.kind
            ways = [self.expression(Path(rule.path.text, (way,))) for way in rule.path.ways]
            simple = _inline(rule.kind.words, "v", f"{number}.holds(v)")
            checks = [
                "True" if rule.kind.words == ("any",) else f"each_holds(v, {number})" if "[]" in way else simple
                for way in rule.path.ways
            ]
            good = " or ".join(
                f"((v := {way}) is not None and {check})" for way, check in zip(ways, checks, strict=True)
            )
            if rule.kind.holds(None):
                absent = " and ".join(f"({way}) is None" for way in ways)
                self.slow_if(f"not ({good} or ({absent}))")
            else:
                self.slow_if(f"not ({good})")

    def _direction(self) -> None:
        way = self.kind.direction
        if way:
            self.slow_if(f"way == {'in' if way == 'out' else 'out'!r}")
        if not self.plan.silences:
            return
        limit = min(each.seconds for each in self.plan.silences) + 1e-6
        if way != "in":
            from_service = "" if way == "out" else " and way != 'in'"
            self.guard += ["if at is not None:", f"    if at - S.mark > {limit!r} and S.open{from_service}: {SLOW}"]
        heard = {"out": "", "in": " and not S.open"}.get(way, " and (way != 'in' or not S.open)")
        self.act.append(f"if at is not None{heard}: S.mark = at")

    def _isolation(self) -> None:
        plan = self.plan.isolation
        if plan.canary:
            self._canaries()
        for index, (path, _) in enumerate(plan.session):
            self._differs(path, f"S.owner[{index}]")
        for index, (_, path, _) in enumerate(plan.owned):
            self.slow_if(
                f"(o := S.owned[{index}]) is not None and (v := {self.expression(path)}) is not None and not "
                f"(hashable(v) and v in o)"
            )
        known = self._verified()
        for index, path in enumerate(plan.ids if plan.forbid else ()):
            if path.text not in known:
                value, new = f"i_{index}", f"new_{index}"
                self.guard += [
                    f"{value} = {self.expression(path)}",
                    f"{new} = {value} is not None and {value} not in S.mine[{index}].new"
                    if self.tree.plain(path)
                    else f"{new} = {value} is not None and ({value}.__class__ not in PLAIN or {value} not in S.mine[{index}].new)",
                    f"if {new} and ({value}.__class__ not in PLAIN or (u := S.user) is None or "
                    f"((o := S.ids[{index}].get({value})) is not None and o is not u)): {SLOW}",
                ]
                self.act += [
                    f"if {new}:",
                    f"    S.ids[{index}].put({value}, S.user)",
                    f"    S.mine[{index}].put({value}, True)",
                ]

    def _differs(self, path: Path, known: str) -> None:
        """Slow where a field is there and is not what is known."""
        text = self.expression(path)
        self.slow_if(f"{text} != {known}" if self.tree.sure(path) else f"(v := {text}) is not None and v != {known}")

    def _canaries(self) -> None:
        """Another user's text in the frame; what may be the beginning or the end of one is the interpreter's."""
        self.guard += [
            "if WATCH.active:",
            f"    if (raw.find(TAG) >= 0 or raw.find(RUN) >= 0 or WATCH.texts) and WATCH.find(raw, owner) is not None: {SLOW}",
        ]
        for path, _ in self.plan.isolation.text:
            if self.tree.has(path):
                self.guard.append(f"    if (v := {self.expression(path)}).__class__ is str and v:")
                self.guard.append(
                    f"        if S.tails.new or S.tails.old or v[-1] in 'UV' or 'UU' in v or 'VV' in v or WATCH.texts: {SLOW}"
                )

    def _verified(self) -> set[str]:
        """The ids that an open scope has proved to be of this session: its key, and what is constant in it."""
        found: set[str] = set()
        for index in self.kind.needed:
            scope = self.plan.scopes[index]
            if scope.strict and self.kind.index not in scope.opens:
                found |= {path.text for path in scope.constant}
                found |= {scope.key[0].text} if scope.key else set()
        return found

    def _uniques(self) -> None:
        for index, unique in enumerate(self.plan.uniques):
            if unique.kinds and self.kind.index not in unique.kinds:
                continue
            value = f"u_{index}"
            odd = "" if self.tree.plain(unique.path) else f"{value}.__class__ not in PLAIN or "
            self.guard += [
                f"{value} = {self.expression(unique.path)}",
                f"if {value} is not None:",
                f"    w_{index} = S.unique[{index}]",
                f"    if {odd}{value} in w_{index}.new or {value} in w_{index}.old: {SLOW}",
            ]
            self.act.append(f"if {value} is not None: w_{index}.new[{value}] = n")

    def _exchanges(self) -> None:
        chunked = [span for span in self.plan.spans if span.chunks]
        if any(self.kind.index in span.chunks for span in chunked):
            self._call(f"if S.implied: spans.end_implied(S, {self.kind.index})")
        elif any(self.kind.index not in span.chunks_keep for span in chunked):
            self.slow_if("S.implied")
        if any(self.kind.index in each.request for each in self.plan.exchanges):
            self._call(f"scopes.exchanges(S, {self.kind.index}, e)")
            return
        answered = [
            f"S.asked[{number}]" for number, each in enumerate(self.plan.exchanges) if self.kind.index in each.reply
        ]
        if answered:
            self._call(f"if {' or '.join(answered)}: scopes.exchanges(S, {self.kind.index}, e)")

    def _key(self, paths: tuple[Path, ...]) -> str:
        if len(paths) == 1:
            return self.expression(paths[0])
        return "(" + ", ".join(self.expression(path) for path in paths) + ")"

    def guard_key(self, name: str, paths: tuple[Path, ...]) -> None:
        """A key that is there and can be one."""
        parts = [name] if len(paths) == 1 else [f"{name}_{index}" for index in range(len(paths))]
        for part, path in zip(parts, paths, strict=True):
            self.guard.append(f"{part} = {self.expression(path)}")
            if not (self.tree.plain(path) and self.tree.sure(path)):
                self.slow_if(f"{part} is None" if self.tree.plain(path) else f"{part}.__class__ not in PLAIN")
        if len(paths) == 1:
            return
        self.guard.append(f"{name} = ({', '.join(parts)})")

    def _enter(self, scope: ScopePlan) -> None:
        if not scope.opens:
            return
        index, kind = scope.index, self.kind.index
        key, holder = f"k_{index}", f"r_{index}"
        needed = index in self.kind.needed
        opens, closes = kind in scope.opens, kind in scope.closes
        if not needed:
            self._maybe_enter(scope, key, holder)
            return
        if scope.key:
            self.guard_key(key, scope.key)
        else:
            self.guard.append(f"{key} = ()")
        if opens and not closes:
            self.slow_if(f"{key} in S.live[{index}] or {key} in (o := S.closed[{index}]).new or {key} in o.old")
            self._open(scope, key, holder)
            self.opened.add(index)
        else:
            self.guard += [f"try: {holder} = S.live[{index}][{key}]", f"except KeyError: {SLOW}"]
        self.holders[index] = holder

    def _maybe_enter(self, scope: ScopePlan, key: str, holder: str) -> None:
        """A scope that the event belongs to where it carries the key."""
        index = scope.index
        if not scope.key:
            self.guard.append(f"{holder} = S.live[{index}].get(())")
            self.slow_if(f"{holder} is None and S.closed[{index}].get(()) is not None")
        else:
            names = []
            asked = []
            self.guard.append(f"{holder} = None")
            odd = []
            for position, path in enumerate(scope.key):
                names.append(self.expression(path) if self.tree.sure(path) else f"{key}_{position}")
                if not self.tree.sure(path):
                    self.guard.append(f"{key}_{position} = {self.expression(path)}")
                    asked.append(f"{key}_{position} is not None")
                if not self.tree.plain(path):
                    odd.append(f"{names[-1]}.__class__ not in PLAIN")
            whole = names[0] if len(names) == 1 else f"({', '.join(names)})"
            self.guard += [
                f"if {' and '.join(asked) or 'True'}:",
                *([f"    if {' or '.join(odd)}: {SLOW}"] if odd else []),
                f"    {holder} = S.live[{index}].get({whole})",
                f"    if {holder} is None"
                + ("" if scope.strict else f" and S.closed[{index}].get({whole}) is not None")
                + f": {SLOW}",
            ]
        self.holders[index] = f"?{holder}"

    def _open(self, scope: ScopePlan, key: str, holder: str) -> None:
        index = scope.index
        tables = ", ".join("{}" for _ in self.plan.spans)
        self.act.append(f"{holder} = S.live[{index}][{key}] = Instance({index}, {key}, n, at, FRESH[:], [{tables}])")
        parent = self.holders.get(scope.inside) if scope.inside != SESSION else None
        if parent:
            self.act += [
                f"{holder}.parent = p = {parent.lstrip('?')}",
                "if p.kids is None: p.kids = {}",
                f"p.kids[{index}, {key}] = {holder}",
            ]
        if scope.must_close:
            self.act.append("S.open += 1")
        begins = [
            number
            for number, each in enumerate(self.plan.deadlines)
            if each.start.what == "open" and each.start.index == index
        ]
        self.act += [f"{self.cell(holder, 'starts', number)} = (n, at)" for number in begins]
        asked = " or ".join(f"S.asked[{n}]" for n, each in enumerate(self.plan.exchanges) if each.starts == index)
        if asked:
            self._call(
                f"if {asked}: scopes.started(S, SCOPES[{index}], {holder}); demands.deadlines(S, {holder}, "
                f"'open', {self.kind.index}, {index})"
            )

    def _demands(self, scope: int) -> None:
        holder = self.holders[scope]
        guard, act = self.guard, self.act
        prefix = ""
        if holder.startswith("?"):
            holder = holder[1:]
            prefix = "    "
            self.guard, self.act = [], []
        if scope != SESSION:
            self._constants(scope, holder)
        self._sequences(scope, holder)
        new = scope in self.opened
        for index, states in enumerate(self.plan.states):
            if states.scope == scope:
                write_states(self, index, states, holder, new=new)
        kind = self.kind.index
        for index, order in enumerate(self.plan.orders):
            if order.scope == scope and kind in order.before | order.event:
                write_order(self, index, order, holder, new=new)
        for index, each in enumerate(self.plan.counts):
            if each.scope == scope and each.span < 0 and kind in each.kinds:
                if each.high != NO_LIMIT:
                    if scope in self.opened:
                        if each.high == 0:
                            self.guard.append(SLOW)
                    else:
                        self.slow_if(f"{self.cell(holder, 'counts', index)} >= {each.high}")
                self.act.append(f"{self.cell(holder, 'counts', index)} += 1")
        if any(
            each.scope == scope and kind in point.kinds
            for each in self.plan.deadlines
            for point in (each.start, each.to)
        ):
            self._call(f"demands.deadlines(S, {holder}, 'event', {kind})")
        if any(
            each.span < 0 and each.scope == scope and (kind in each.wholes or kind in each.kinds or not each.kinds)
            for each in self.plan.folds
        ):
            self._call(f"{holder}.folds = demands.pieces(S, {holder}.folds, {scope}, -1, {kind}, e)")
        if prefix:
            inner_guard, inner_act = self.guard, self.act
            self.guard, self.act = guard, act
            for lines, whole in ((inner_guard, self.guard), (inner_act, self.act)):
                if lines:
                    whole.append(f"if {holder} is not None:")
                    whole += [f"    {line}" for line in lines]

    def _constants(self, scope: int, holder: str) -> None:
        for index, path in enumerate(self.plan.scopes[scope].constant):
            if scope in self.opened:
                self.act.append(f"{self.cell(holder, 'consts', index)} = {self.expression(path)}")
            else:
                self._differs(path, f"{self.cell(holder, 'consts', index)}")

    def _sequences(self, scope: int, holder: str) -> None:
        for index, each in enumerate(self.plan.sequences):
            if each.span >= 0 or each.scope != scope or (each.kinds and self.kind.index not in each.kinds):
                continue
            value = f"q_{index}"
            strict = each.mode is SequenceMode.STRICT
            self.guard.append(f"{value} = {self.expression(each.path)}")
            sure = self.tree.sure(each.path) and self.tree.plain(each.path)
            there = "" if sure else f"{value} is not None and "
            odd = (
                ""
                if sure
                else f"{value}.__class__ is not int or "
                if strict
                else f"{value}.__class__ not in NUMBERS or "
            )
            if scope not in self.opened:
                known = f"{self.cell(holder, 'seqs', index)}"
                wrong = (
                    f"{value} != {known}"
                    if strict
                    else f"(o := {known}) is None or {value} {'<=' if each.mode is SequenceMode.RISES else '<'} o"
                )
                self.slow_if(f"{there}({odd}{wrong})")
            elif odd or (strict and each.start is not None):
                wrong = f"{value} != {each.start}" if strict and each.start is not None else "False"
                self.slow_if(f"{there}({odd}{wrong})")
            after = f"{value} + {each.step}" if strict else value
            line = f"{self.cell(holder, 'seqs', index)} = {after}; {self.cell(holder, 'marks', index)} = n"
            self.act.append(line if sure else f"if {value} is not None: {line}")

    def _span(self, span: SpanPlan) -> None:
        holder = self.holders.get(span.home)
        kind = self.kind.index
        if holder is None or write_span(self, span, holder):
            return
        roles = [kind in span.opens, kind in span.closes, kind in span.during]
        simple = (
            sum(roles) == 1 and not holder.startswith("?") and not span.across and span.parents is None and span.outer < 0
            and not span.refers and span.token_set is None and not span.chunks
            and kind not in span.abandons and kind not in span.refers_unless and kind not in {one for one, _, _ in span.known}
            and span.index not in [each.span for each in self.plan.folds] + [each.span for each in self.plan.sequences]
        )  # fmt: skip
        if not simple:
            call = f"spans.step(S, SPANS[{span.index}], {kind}, {holder.lstrip('?')}, e)"
            self._call(f"if {holder[1:]} is not None: {call}" if holder.startswith("?") else call)
            return
        key, table, record = f"s_{span.index}", f"t_{span.index}", f"o_{span.index}"
        new = span.home in self.opened
        if span.key:
            self.guard_key(key, span.key)
        else:
            self.guard.append(f"{key} = ()")
        if new:
            if kind not in span.opens:
                self.guard.append(SLOW)
                return
        else:
            self.guard.append(f"{table} = {holder}.spans[{span.index}]")
            if kind not in span.opens:
                self.guard += [f"try: {record} = {table}[{key}]", f"except KeyError: {SLOW}"]
        if kind in span.opens:
            self._open_span(span, holder, key, table, new=new)
        elif kind in span.closes:
            self._close_span(span, holder, key, table, record)

    def _open_span(self, span: SpanPlan, holder: str, key: str, table: str, *, new: bool) -> None:
        if not new:
            self.slow_if(f"{key} in {table}")
            if not span.reopen:
                self.slow_if(
                    f"(o := {self.cell(holder, 'closed', span.index)}) is not None and o.get({key}) is not None"
                )
            if not span.concurrent:
                self.slow_if(table)
        target = f"{holder}.spans[{span.index}]" if new else table
        self.act.append(f"o = {target}[{key}] = Record({key}, n, at, {span.must_close})")
        if span.same:
            self.act.append(f"o.same = ({', '.join(self.expression(path) for path in span.same)},)")
        if span.home == SESSION and span.must_close:
            self.act.append("S.open += 1")
        for index, each in enumerate(self.plan.counts):
            if each.span == span.index and each.scope == span.home:
                if each.high != NO_LIMIT:
                    self.slow_if(
                        f"{self.cell(holder, 'counts', index)} >= {each.high}" if not new else str(each.high == 0)
                    )
                self.act.append(f"{self.cell(holder, 'counts', index)} += 1")
        self._span_deadlines(span, holder, "span_open")

    def _close_span(self, span: SpanPlan, holder: str, key: str, table: str, record: str) -> None:
        for position, path in enumerate(span.same):
            self.slow_if(
                f"(v := {self.expression(path)}) is not None and (o := {record}.same[{position}]) is not None "
                f"and v != o"
            )
        limits = [
            each.seconds for each in self.plan.deadlines if each.start.what == "span" and each.start.index == span.index
        ]
        if limits:
            self.slow_if(f"at is not None and {record}.at is not None and at - {record}.at > {min(limits) + 1e-6!r}")
        self.act.append(f"del {table}[{key}]")
        if span.home == SESSION:
            self.act.append(f"if {record}.owed: S.open -= 1")
        self.act.append(
            f"if (o := {self.cell(holder, 'closed', span.index)}) is None: o = {self.cell(holder, 'closed', span.index)} = Ring(REMEMBERED)"
        )
        self.act.append(f"o.put({key}, (n, 2))")
        self._span_deadlines(span, holder, "span_close")

    def _span_deadlines(self, span: SpanPlan, holder: str, what: str) -> None:
        if any(
            point.what == what and point.index == span.index
            for each in self.plan.deadlines
            for point in (each.start, each.to)
        ):
            self._call(f"demands.deadlines(S, {holder}, {what!r}, {self.kind.index}, {span.index})")

    def _leave(self, scope: int) -> None:
        holder = self.holders[scope]
        kind = self.kind.index
        due_spans = [span for span in self.plan.spans if span.home == scope and kind in span.due_at]
        due_scopes = [each for each in self.plan.scopes if each.inside == scope and kind in each.due_at]
        if holder.startswith("?"):
            name = holder[1:]
            if due_spans or due_scopes:
                self._call(f"if {name} is not None: scopes.due(S, {name}, {kind})")
            if kind in self.plan.scopes[scope].closes or self.plan.scopes[scope].pauses:
                step = "close" if kind in self.plan.scopes[scope].closes else "pause"
                self._call(f"if {name} is not None: scopes.{step}(S, {name}, {kind})")
            return
        for span in due_spans:
            self.slow_if(f"{holder}.spans[{span.index}]")
        if due_scopes:
            self.slow_if(f"{holder}.kids")
        if scope == SESSION:
            return
        plan = self.plan.scopes[scope]
        if kind in plan.closes:
            self._close_scope(plan, holder)
        elif kind in plan.pauses:
            self._call(f"scopes.pause(S, {holder}, {kind})")
        elif plan.pauses:
            self.act.append(f"if {holder}.paused: scopes.pause(S, {holder}, {kind})")

    def _close_scope(self, scope: ScopePlan, holder: str) -> None:
        index, kind = scope.index, self.kind.index
        if index in self.opened or scope.pauses:
            self._call(f"scopes.close(S, {holder}, {kind})")
            return
        self.slow_if(f"{holder}.kids or {holder}.ghost")
        for number, each in enumerate(self.plan.counts):
            if each.scope == index and each.low:
                here = each.span < 0 and kind in each.kinds
                self.slow_if(f"{self.cell(holder, 'counts', number)} < {each.low - here}")
        for number, late in enumerate(self.plan.deadlines):
            if late.scope == index and late.to.what == "close":
                self.slow_if(
                    f"(o := {self.cell(holder, 'starts', number)}) is not None and at is not None and o[1] is not None and at "
                    f"- o[1] > {late.seconds + 1e-6!r}"
                )
        key = f"k_{index}"
        self.act.append(f"del S.live[{index}][{key}]")
        if scope.must_close:
            self.act.append("S.open -= 1")
        self.act.append(f"S.closed[{index}].new[{key}] = Closed({kind}, n, at)")
        if scope.inside != SESSION:
            self.act.append(f"if (o := {holder}.parent) is not None and o.kids: o.kids.pop(({index}, {key}), None)")


def reads_of(plan: Plan, kind: Kind) -> list[Path]:
    """Return every path that the handler of a kind may read."""
    number = kind.index
    isolation = plan.isolation
    found = [test.path for test in kind.tests]
    found += [path for path, _ in isolation.session]
    found += [path for _, path, _ in isolation.owned]
    found += isolation.ids if isolation.forbid else ()
    for path, keys in isolation.text if isolation.canary else ():
        found += [path, *keys]
    found += [each.path for each in plan.uniques if not each.kinds or number in each.kinds]
    for index in (*kind.needed, *kind.possible):
        found += [*plan.scopes[index].key, *plan.scopes[index].constant]
    found += [each.path for each in plan.sequences if not each.kinds or number in each.kinds]
    found += [each.path for each in plan.states]
    for fold in plan.folds:
        found += [fold.path] if not fold.kinds or number in fold.kinds else []
        found += [fold.wholes[number]] if number in fold.wholes else []
    for exchange in plan.exchanges:
        found += exchange.key if number in exchange.request | exchange.reply else ()
    for span in plan.spans:
        if number in span.touched | span.refers_unless:
            outer = plan.spans[span.outer].key if span.outer >= 0 else ()
            more = [path for path in (span.parents, span.token_set, span.token_get) if path is not None]
            found += [
                *span.key,
                *span.same,
                *outer,
                *more,
                *span.chunks_need,
                *(path for one, path, _ in span.known if one == number),
            ]
    return found


def family_lines(plan: Plan, family: str, number: int, tree: Tree) -> list[str]:
    """Return the function that finds the variant of an event on the wire, and calls its handler."""
    if len(plan.families[family]) == 1:
        return [f"family_{number} = kind_{plan.families[family][0]}  # {family}"]
    lines = [f"def family_{number}(e, S, raw, owner, at, way):  # {family}"]
    for index in plan.families[family]:
        kind = plan.kinds[index]
        condition = " and ".join(_test(test, View(tree, family)) for test in kind.tests)
        call = f"return kind_{index}(e, S, raw, owner, at, way)"
        lines.append(f"    if {condition}: {call}" if condition else f"    {call}")
    return lines


def _test(test: Test, tree: View) -> str:
    text = tree.expression(test.path)
    match test.word:
        case "present":
            found = f"({text}) is not None"
        case "absent":
            found = f"({text}) is None"
        case "empty":
            found = f"not is_filled({text})"
        case "filled":
            found = f"is_filled({text})"
        case _:
            if test.values and all(isinstance(one, bool) for one in test.values):
                found = " or ".join(f"({text}) is {one}" for one in test.values)
            elif all(isinstance(one, str) for one in test.values):
                found = f"(v := {text}).__class__ is str and v in {test.values!r}"
            else:
                found = f"one_of({text}, {test.values!r})"
    return f"not ({found})" if test.negated else f"({found})"


def _inline(words: tuple[str, ...], name: str, otherwise: str) -> str:
    """An expression that is true where a value that is not null is of a type."""
    if len(words) != 1:
        return otherwise
    return {
        "id": f"({name}.__class__ is int or ({name}.__class__ is str and {name} != ''))",
        "str": f"{name}.__class__ is str",
        "text": f"{name}.__class__ is str and not ({name} == '' or {name}.isspace())",
        "filled": f"({name} or is_filled({name}))",
        "int": f"{name}.__class__ is int",
        "number": f"{name}.__class__ in NUMBERS",
        "bool": f"{name}.__class__ is bool",
        "object": f"isinstance({name}, OBJECTS)",
        "list": f"{name}.__class__ is list",
        "any": "True",
    }.get(words[0], otherwise)
