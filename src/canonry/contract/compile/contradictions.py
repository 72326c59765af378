"""What no stream could satisfy: two lines of a contract that exclude each other."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from canonry.contract.compile.clashes import clashes
from canonry.contract.compile.pairs import Pairs
from canonry.contract.compile.plan import NO_LIMIT, SESSION, CountPlan, OrderPlan, Plan
from canonry.contract.language.field_types import FieldKind, shapes
from canonry.contract.language.marks import KeyPath, Mark, Mistake
from canonry.contract.language.rules import OrderMode


def contradictions(plan: Plan, marks: Mapping[KeyPath, Mark]) -> list[Mistake]:
    """Return each pair of demands that exclude each other, at the later one, with the line of the other."""
    search = _Search(plan, marks)
    return [
        *search.counts(),
        *search.orders(),
        *search.nesting(),
        *search.deadlines(),
        *search.fields(),
        *search.numbers(),
        *clashes(search),
    ]


class _Search(Pairs):
    def counts(self) -> Iterator[Mistake]:
        plan = self.plan
        for index, one in enumerate(plan.counts):
            for other in plan.counts[:index]:
                if (
                    one.scope == other.scope
                    and one.span == other.span
                    and one.kinds == other.kinds
                    and _disjoint(one, other)
                ):
                    yield self.pair(
                        self.paths[other.rule], self.paths[one.rule],
                        f"`{one.name}` {_often(one)} here and {_often(other)} there",
                    )  # fmt: skip
        for order in plan.orders:
            if order.mode is not OrderMode.REQUIRED:
                continue
            event = next((each for each in plan.counts if each.low and each.kinds and each.kinds <= order.event), None)
            before = next((each for each in plan.counts if each.high == 0 and each.kinds == order.before), None)
            if event and before:
                yield self.pair(
                    self.paths[before.rule], self.paths[order.rule],
                    f"`{order.names[1]}` is required and needs a `{order.names[0]}` before it, which is forbidden",
                )  # fmt: skip
        yield from self._borders()

    def _borders(self) -> Iterator[Mistake]:
        for scope in self.plan.scopes:
            counts = [each for each in self.plan.counts if each.scope == scope.index and each.kinds]
            open_path, close_path = ("scopes", scope.name, "open"), ("scopes", scope.name, "close")
            for each in counts:
                only = each.kinds == scope.opens and not scope.repeat & each.kinds
                if only and each.high == 0:
                    yield self.pair(
                        open_path,
                        self.paths[each.rule],
                        f"`{each.name}` opens every {scope.name} and never comes in one",
                    )
                if only and each.low > 1:
                    yield self.pair(
                        open_path,
                        self.paths[each.rule],
                        f"`{each.name}` opens a {scope.name} once, and {_often(each)} in it",
                    )
                if each.kinds <= scope.closes and each.low > 1:
                    yield self.pair(
                        close_path,
                        self.paths[each.rule],
                        f"`{each.name}` closes a {scope.name}, after which nothing comes, and {_often(each)} in it",
                    )
            ends = [each for each in counts if each.low and each.kinds <= scope.closes]
            for one, other in pairwise(ends):
                if not one.kinds & other.kinds:
                    yield self.pair(
                        self.paths[one.rule], self.paths[other.rule],
                        f"`{one.name}` and `{other.name}` are both required, and each closes the {scope.name}",
                    )  # fmt: skip
            forbidden = [each for each in counts if each.high == 0]
            if (
                scope.must_close
                and scope.closes
                and scope.closes <= frozenset().union(*(each.kinds for each in forbidden))
            ):
                yield self.pair(
                    close_path,
                    self.paths[forbidden[-1].rule],
                    f"a {scope.name} must be closed, and what closes it is forbidden",
                )

    def orders(self) -> Iterator[Mistake]:
        edges: dict[int, dict[int, OrderPlan]] = {}
        for order in self.plan.orders:
            if order.before & order.event:
                name = self.name(min(order.before & order.event))
                yield Mistake(self.paths[order.rule], f"`{name}` has to come before itself")
            elif len(order.before) == 1 and len(order.event) == 1:
                (before,), (event,) = order.before, order.event
                edges.setdefault(before, {})[event] = order
            yield from self._after_close(order)
        told: set[frozenset[int]] = set()
        for start in edges:
            circle = _circle(start, edges)
            if circle and frozenset(circle) not in told:
                told.add(frozenset(circle))
                names = " before ".join(f"`{self.name(kind)}`" for kind in (*circle, circle[0]))
                first, last = edges[circle[0]][circle[1 % len(circle)]], edges[circle[-1]][circle[0]]
                yield self.pair(self.paths[first.rule], self.paths[last.rule], f"the order goes in a circle: {names}")

    def _after_close(self, order: OrderPlan) -> Iterator[Mistake]:
        if order.scope == SESSION:
            return
        scope = self.plan.scopes[order.scope]
        binding = order.mode is OrderMode.REQUIRED
        if binding and order.before <= scope.closes and not order.event & scope.opens:
            yield self.pair(
                ("scopes", scope.name, "close"), self.paths[order.rule],
                f"`{order.names[1]}` needs a `{order.names[0]}` before it, after which nothing of the "
                f"{scope.name} comes",
            )  # fmt: skip
        if binding and order.event and order.event <= scope.opens and not order.before & scope.opens:
            yield self.pair(
                ("scopes", scope.name, "open"), self.paths[order.rule],
                f"`{order.names[0]}` has to come before `{order.names[1]}`, which opens the {scope.name}",
            )  # fmt: skip

    def nesting(self) -> Iterator[Mistake]:
        plan = self.plan
        for span in plan.spans:
            where = ("spans", span.name)
            if span.opens & span.closes:
                name = self.name(min(span.opens & span.closes))
                yield self.pair(
                    (*where, "open"), (*where, "close"), f"`{name}` opens and closes the span `{span.name}`"
                )
            if span.home == SESSION:
                continue
            home = plan.scopes[span.home]
            before = [
                scope
                for scope in plan.scopes
                if span.due_at and span.due_at == scope.closes and scope.index != home.index
            ]
            if before and before[0].index in _above(plan, home.index):
                yield self.pair(
                    ("scopes", home.name, "close"), (*where, "must_close_before"),
                    f"the span `{span.name}` stands inside the {home.name} and closes before the {before[0].name} "
                    f"does: it may close after its {home.name}",
                )  # fmt: skip
            outside = [
                kind
                for kind in sorted(span.closes)
                if span.home not in plan.kinds[kind].needed + plan.kinds[kind].possible
            ]
            for kind in outside:
                yield self.pair(
                    ("events", self.name(kind), "scope"), (*where, "close"),
                    f"`{self.name(kind)}` closes the span `{span.name}` inside a {home.name}, and belongs to none",
                )  # fmt: skip
            if span.opens and span.opens <= home.closes:
                yield self.pair(
                    ("scopes", home.name, "close"),
                    (*where, "open"),
                    f"`{self.name(min(span.opens))}` opens the span `{span.name}` and closes the {home.name} around it",
                )
        for scope in plan.scopes:
            stray = scope.reopen - scope.closes
            if stray:
                yield self.pair(
                    ("scopes", scope.name, "close"),
                    ("scopes", scope.name, "reopen"),
                    f"a {scope.name} may open again after `{self.name(min(stray))}`, which does not close it",
                )

    def deadlines(self) -> Iterator[Mistake]:
        whole = [
            each for each in self.plan.deadlines if each.start.what in ("request", "open") and each.to.what == "close"
        ]
        for outer in whole:
            for inner in self.plan.deadlines:
                nested = (
                    inner is not outer
                    and inner.scope == outer.scope
                    and (
                        inner.start.what == "span"
                        or (inner.start == outer.start and inner.to.what in ("open", "event"))
                    )
                )
                if nested and inner.seconds > outer.seconds:
                    yield self.pair(
                        self.paths[outer.rule], self.paths[inner.rule],
                        f"`{inner.text}` may take {inner.seconds:g} s within `{outer.text}`, which may take "
                        f"{outer.seconds:g} s",
                    )  # fmt: skip

    def fields(self) -> Iterator[Mistake]:
        for kind in self.plan.kinds:
            known: dict[str, tuple[FieldKind, KeyPath]] = {}
            for rule in kind.fields:
                where = self.paths.get(rule.rule)
                if where is None:  # of any type, and optional: it excludes nothing
                    continue
                other = known.setdefault(rule.path.text, (rule.kind, where))
                if other[1] != where and not _compatible(rule.kind, other[0]):
                    yield self.pair(
                        other[1],
                        where,
                        f"`{rule.path.text}` of `{kind.name}` is {rule.kind.sentence()} here and "
                        f"{other[0].sentence()} there",
                    )

    def numbers(self) -> Iterator[Mistake]:
        seen: dict[tuple[Any, ...], Any] = {}
        for each in self.plan.sequences:
            key = (each.path.text, each.scope, each.span, each.kinds)
            other = seen.setdefault(key, each)
            if other is not each and (other.start, other.step, other.mode) != (each.start, each.step, each.mode):
                yield self.pair(self.paths[other.rule], self.paths[each.rule], f"`{each.path.text}` counts in two ways")
        states: dict[tuple[Any, ...], Any] = {}
        for machine in self.plan.states:
            known = states.setdefault((machine.path.text, machine.scope), machine)
            if known is not machine and known.edges != machine.edges:
                yield self.pair(
                    self.paths[known.rule], self.paths[machine.rule], f"`{machine.path.text}` moves in two ways"
                )


def _disjoint(one: CountPlan, other: CountPlan) -> bool:
    def below(a: CountPlan, b: CountPlan) -> bool:
        return a.high != NO_LIMIT and a.high < b.low

    return below(one, other) or below(other, one)


def _often(count: CountPlan) -> str:
    if count.high == count.low:
        return "comes once" if count.low == 1 else f"comes {count.low} times" if count.low else "never comes"
    return f"comes {count.low}.. times" if count.high == NO_LIMIT else f"comes {count.low}..{count.high} times"


def _above(plan: Plan, scope: int) -> set[int]:
    found: set[int] = set()
    while scope != SESSION and plan.scopes[scope].inside not in found:
        scope = plan.scopes[scope].inside
        found.add(scope)
    return found - {SESSION}


def _circle(start: int, edges: dict[int, dict[int, OrderPlan]]) -> list[int]:
    """The kinds on a way from ``start`` back to it, empty where there is none."""
    stack = [(start, [start])]
    seen: set[int] = set()
    while stack:
        kind, way = stack.pop()
        for after in edges.get(kind, {}):
            if after == start:
                return way
            if after not in seen:
                seen.add(after)
                stack.append((after, [*way, after]))
    return []


def _compatible(one: FieldKind, other: FieldKind) -> bool:
    if one.values and other.values:
        return any(value in other.values for value in one.values)
    if one.values or other.values:
        values, kind = (one.values, other) if one.values else (other.values, one)
        return any(kind.holds(value) for value in values)
    return bool(shapes(one) & shapes(other))
