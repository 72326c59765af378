"""The text of a handler that opens and closes scopes, and counts in them."""

from canonry.contract.compile.plan import NO_LIMIT, SESSION, ScopePlan
from canonry.contract.compile.slots import slots_of
from canonry.contract.compile.span_writer import SpanWriter
from canonry.contract.compile.steps import write_order, write_states
from canonry.contract.compile.writer import SLOW, no_id
from canonry.contract.language.rules import SequenceMode


class ScopeWriter(SpanWriter):
    """Scopes, and what is asked of the events in one."""

    def _look_for_fresh(self) -> None:
        """An event that opens a scope which it might have found open is judged by its other handler."""
        for index in self.kind.needed:
            scope = self.plan.scopes[index]
            if self.fresh or not self.opens_or_finds(scope):
                continue
            key = f"k_{index}"
            if scope.key:
                self.guard_key(key, scope.key)
            else:
                self.guard.append(f"{key} = ()")
            self.guard.append(
                f"if {key} not in S.live_{index}: return kind_{self.kind.index}_fresh(e, S, n, raw, at, way)"
            )

    def opens_or_finds(self, scope: ScopePlan) -> bool:
        """Whether an event of this kind opens a scope that it may also find open."""
        kind = self.kind.index
        return kind in scope.opens and (kind in scope.closes | scope.repeat)

    def _enter(self, scope: ScopePlan) -> None:
        if not scope.opens:
            return
        index, kind = scope.index, self.kind.index
        key, holder = f"k_{index}", f"r_{index}"
        needed = index in self.kind.needed
        if not needed:
            self._maybe_enter(scope, key, holder)
            return
        if not self.fresh and self.opens_or_finds(scope):
            pass  # the key was looked at before all
        elif scope.key:
            self.guard_key(key, scope.key)
        else:
            self.guard.append(f"{key} = ()")
        if kind in scope.opens and (self.fresh or not self.opens_or_finds(scope)):
            self._again(scope, key)
            self._open(scope, key, holder)
            self.opened.add(index)
        else:
            find = f"try: {holder} = S.live_{index}[{key}]"
            if len(scope.key) == 1:  # mostly that of the event before
                self.guard += [
                    f"if {key} != ({holder} := S.last_{index}).key:",
                    f"    {find}",
                    f"    except KeyError: {SLOW}",
                    f"    S.last_{index} = {holder}",
                ]
            else:
                self.guard += [find, f"except KeyError: {SLOW}"]
            for path in scope.key:
                self.vouch(path, scope.opens)
        self.holders[index] = holder

    def _again(self, scope: ScopePlan, key: str) -> None:
        """A key that is not open, and was not before unless it may open again."""
        index = scope.index
        after = scope.reopens.get(self.kind.index, frozenset()) if scope.reopens else scope.reopen
        if not after:
            self.slow_if(f"{key} in S.live_{index} or {key} in (o := S.closed[{index}]).new or {key} in o.old")
            return
        self.slow_if(f"{key} in S.live_{index}")
        self.guard.append(f"b_{index} = S.closed[{index}].get({key})")
        self.slow_if(f"b_{index} is not None and b_{index}.kind not in {sorted(after)!r}")
        if index in self.plan.quiet:
            since = f"b_{index} is not None and at is not None and b_{index}.at is not None and at - b_{index}.at"
            self.slow_if(f"{since} <= {self.plan.quiet[index][0]!r}")
        self.act.append(f"if b_{index} is not None: S.closed[{index}].drop({key})")

    def _maybe_enter(self, scope: ScopePlan, key: str, holder: str) -> None:
        """A scope that the event belongs to where it carries the key."""
        index = scope.index
        if not scope.key:
            self.guard.append(f"{holder} = S.live_{index}.get(())")
            self.slow_if(f"{holder} is None and S.closed[{index}].get(()) is not None")
        else:
            names = []
            asked = []
            self.guard.append(f"{holder} = None")
            odd = []
            for position, path in enumerate(scope.key):
                names.append(self.expression(path) if self.tree.sure(path) else f"{key}_{position}")
                if not self.tree.sure(path):
                    self.bind(f"{key}_{position}", path)
                    asked.append(f"{key}_{position} is not None")
                if not self.tree.plain(path):
                    odd.append(f"{names[-1]}.__class__ not in PLAIN")
                if not self.tree.sure(path) and self.ids.pop(path.text, None) is not None:
                    odd.append(no_id(names[-1]))
            whole = names[0] if len(names) == 1 else f"({', '.join(names)})"
            self.guard += [
                f"if {' and '.join(asked) or 'True'}:",
                *([f"    if {' or '.join(odd)}: {SLOW}"] if odd else []),
                f"    {holder} = S.live_{index}.get({whole})",
                f"    if {holder} is None"
                + ("" if scope.strict else f" and S.closed[{index}].get({whole}) is not None")
                + f": {SLOW}",
            ]
        self.holders[index] = f"?{holder}"

    def _open(self, scope: ScopePlan, key: str, holder: str) -> None:
        index = scope.index
        self._make(scope, key, holder)
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
            self.call(
                f"if {asked}: scopes.started(S, SCOPES[{index}], {holder}); demands.deadlines(S, {holder}, "
                f"'open', {self.kind.index}, {index})"
            )

    def _make(self, scope: ScopePlan, key: str, holder: str) -> None:
        """Write the object of a scope that opens: what ``Instance`` does, without a call for each slot."""
        index, slots = scope.index, slots_of(self.plan, scope.index)
        self.act += [
            f"{holder} = S.live_{index}[{key}] = S.last_{index} = NEW(Instance{index + 1})",
            f"{holder}.scope = {index}; {holder}.key = {key}; {holder}.n = n; {holder}.at = at",
            f"{holder}.ghost = {holder}.paused = False",
            f"{holder}.parent = {holder}.kids = {holder}.request = {holder}.folds = None",
        ]
        for first in dict.fromkeys(repr(value) for _, value in slots.fresh):
            names = [f"{holder}.{name} = " for name, value in slots.fresh if repr(value) == first]
            self.act.append(f"{''.join(names)}{first}")
        self.act += [f"{holder}.{name} = {{}}" for name in slots.tables]

    def _demands(self, scope: int) -> None:
        holder = self.holders[scope]
        guard, act = self.guard, self.act
        prefix = ""
        if holder.startswith("?"):
            holder = holder[1:]
            prefix = "    "
            self.guard, self.act, self.nested = [], [], True
        if scope != SESSION:
            self._constants(scope, holder, prefixed=bool(prefix))
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
            self.call(f"demands.deadlines(S, {holder}, 'event', {kind})")
        if any(
            each.span < 0 and each.scope == scope and (kind in each.wholes or kind in each.kinds or not each.kinds)
            for each in self.plan.folds
        ):
            self.call(f"{holder}.folds = demands.pieces(S, {holder}.folds, {scope}, -1, {kind}, e)")
        if prefix:
            inner_guard, inner_act = self.guard, self.act
            self.guard, self.act, self.nested = guard, act, False
            for lines, whole in ((inner_guard, self.guard), (inner_act, self.act)):
                if lines:
                    whole.append(f"if {holder} is not None:")
                    whole += [f"    {line}" for line in lines]

    def _constants(self, scope: int, holder: str, *, prefixed: bool) -> None:
        for index, path in enumerate(self.plan.scopes[scope].constant):
            if scope in self.opened:
                self.act.append(f"{self.cell(holder, 'consts', index)} = {self.expression(path)}")
                continue
            plan = self.plan.scopes[scope]
            sure = self.always_id(path, plan.opens)
            if (
                sure and not prefixed and path in [each for each, _ in self.plan.isolation.session]
            ):  # it is the session's, then
                self.doubts.append(self.difference(path, f"{self.cell(holder, 'consts', index)}"))
                continue
            self.differs(path, f"{self.cell(holder, 'consts', index)}")
            if sure and not prefixed:
                self.vouch(path, plan.opens)

    def _sequences(self, scope: int, holder: str) -> None:
        for index, each in enumerate(self.plan.sequences):
            if each.span >= 0 or each.scope != scope or (each.kinds and self.kind.index not in each.kinds):
                continue
            value = f"q_{index}"
            strict = each.mode is SequenceMode.STRICT
            self.bind(value, each.path)
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
                first = each.start if each.kinds else None
                begun = known if first is None else f"(o if (o := {known}) is not None else {first})"
                wrong = (
                    f"{value} != {begun}"
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

    def _leave(self, scope: int) -> None:
        holder = self.holders[scope]
        kind = self.kind.index
        due_spans = [span for span in self.plan.spans if span.home == scope and kind in span.due_at]
        due_scopes = [each for each in self.plan.scopes if each.inside == scope and kind in each.due_at]
        if holder.startswith("?"):
            name = holder[1:]
            if due_spans or due_scopes:
                self.call(f"if {name} is not None: scopes.due(S, {name}, {kind})")
            if kind in self.plan.scopes[scope].closes or self.plan.scopes[scope].pauses:
                step = "close" if kind in self.plan.scopes[scope].closes else "pause"
                self.call(f"if {name} is not None: scopes.{step}(S, {name}, {kind})")
            return
        if any(kind in span.opens | span.chunks or kind in {one for one, _, _ in span.known} for span in due_spans):
            self.call(f"scopes.due(S, {holder}, {kind})")  # what opens with this event is due at once
            due_spans, due_scopes = [], []
        for span in due_spans:
            table = self.table(holder, span.index)
            sure = all(self.tree.sure(path) and self.tree.plain(path) for path in span.key)
            if kind in span.closes and span.key and sure and not span.across:  # its own is closed in time
                self.slow_if(f"{table} and (len({table}) > 1 or {self._key(span.key)} not in {table})")
            else:
                self.slow_if(table)
        if due_scopes:
            self.slow_if(f"{holder}.kids")
        if scope == SESSION:
            return
        plan = self.plan.scopes[scope]
        if kind in plan.closes:
            self._close_scope(plan, holder)
        elif kind in plan.pauses:
            self.call(f"scopes.pause(S, {holder}, {kind})")
        elif plan.pauses:
            self.act.append(f"if {holder}.paused: scopes.pause(S, {holder}, {kind})")

    def _close_scope(self, scope: ScopePlan, holder: str) -> None:
        index, kind = scope.index, self.kind.index
        starts = any(each.starts == index for each in self.plan.exchanges)
        if index in self.opened and (starts or any(self.plan.scopes[one].inside == index for one in self.opened)):
            self.call(f"scopes.close(S, {holder}, {kind})")
            return
        if index in self.opened:
            self._close_at_once(scope)
            return
        self.slow_if(f"{holder}.kids or {holder}.ghost")
        for number, each in enumerate(self.plan.counts):
            if each.scope == index and each.low:
                here = each.span < 0 and kind in each.kinds
                self.slow_if(f"{self.cell(holder, 'counts', number)} < {each.low - here}")
        for number, late in enumerate(self.plan.deadlines):
            if late.scope == index and late.start.what != "span":
                begun = f"at is not None and (o := {self.cell(holder, 'starts', number)}) is not None"
                self.slow_if(f"{begun} and o[1] is not None and at - o[1] > {late.seconds + 1e-6!r}")
        self._forget(scope, holder)

    def _close_at_once(self, scope: ScopePlan) -> None:
        """A scope whose first event is its last."""
        kind = self.kind.index
        for each in self.plan.counts:
            if each.scope == scope.index and each.low > (each.span < 0 and kind in each.kinds):
                self.guard.append(SLOW)
        self._forget(scope, f"r_{scope.index}")

    def _forget(self, scope: ScopePlan, holder: str) -> None:
        """Close a scope; a sentinel stays."""
        index, kind = scope.index, self.kind.index
        key = f"k_{index}"
        self.act.append(f"del S.live_{index}[{key}]; S.last_{index} = NOBODY[{index}]")
        if scope.must_close:
            self.act.append(f"if not {holder}.paused: S.open -= 1" if scope.pauses else "S.open -= 1")
        self.act.append(f"S.closed[{index}].new[{key}] = Closed({kind}, n, at)")
        if scope.inside != SESSION:
            self.act.append(f"if (o := {holder}.parent) is not None and o.kids: o.kids.pop(({index}, {key}), None)")
