"""What no stream could satisfy: two lines of a contract that exclude each other."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from canonry.contract.compile.plan import NO_LIMIT, SESSION, CountPlan, OrderPlan, Plan
from canonry.contract.language.field_types import FieldKind
from canonry.contract.language.marks import KeyPath, Mark, Mistake
from canonry.contract.language.rules import OrderMode

_NARROWER = {
    "text": "str",
    "id": "str int",
    "rfc3339": "str",
    "rfc3339z": "str",
    "base64": "str",
    "int": "int",
    "number": "int float",
}


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
    ]


class _Search:
    def __init__(self, plan: Plan, marks: Mapping[KeyPath, Mark]) -> None:
        self.plan = plan
        self.marks = marks
        self.paths = {rule.id: rule.path for rule in plan.rules}

    def _pair(self, one: KeyPath, other: KeyPath, message: str) -> Mistake:
        """A mistake at the later of two places that names the earlier."""
        first, second = sorted((one, other), key=lambda path: self._mark(path) or Mark(0, 0))
        mark = self._mark(first)
        where = f"line {mark.line}" if mark else ".".join(map(str, first))
        return Mistake(second, f"{message}; see {where}")

    def _mark(self, path: KeyPath) -> Mark | None:
        return next((self.marks[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.marks), None)

    def _name(self, kind: int) -> str:
        return self.plan.kinds[kind].name

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
                    yield self._pair(
                        self.paths[other.rule], self.paths[one.rule],
                        f"`{one.name}` {_often(one)} here and {_often(other)} there",
                    )  # fmt: skip
            if one.span >= 0:
                span = plan.spans[one.span]
                opens = [each for each in plan.counts if each.kinds and each.kinds <= span.opens and each.high == 0]
                for each in opens if one.low and len(span.opens) == 1 and not span.chunks else ():
                    yield self._pair(
                        self.paths[each.rule], self.paths[one.rule],
                        f"the span `{span.name}` is required and `{each.name}`, which opens it, is forbidden"
                    )  # fmt: skip
        for order in plan.orders:
            if order.mode is not OrderMode.REQUIRED:
                continue
            event = next((each for each in plan.counts if each.low and each.kinds and each.kinds <= order.event), None)
            before = next((each for each in plan.counts if each.high == 0 and each.kinds == order.before), None)
            if event and before:
                yield self._pair(
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
                    yield self._pair(
                        open_path,
                        self.paths[each.rule],
                        f"`{each.name}` opens every {scope.name} and never comes in one",
                    )
                if only and each.low > 1:
                    yield self._pair(
                        open_path,
                        self.paths[each.rule],
                        f"`{each.name}` opens a {scope.name} once, and {_often(each)} in it",
                    )
                if each.kinds <= scope.closes and each.low > 1:
                    yield self._pair(
                        close_path,
                        self.paths[each.rule],
                        f"`{each.name}` closes a {scope.name}, after which nothing comes, and {_often(each)} in it",
                    )
            ends = [each for each in counts if each.low and each.kinds <= scope.closes]
            for one, other in pairwise(ends):
                if not one.kinds & other.kinds:
                    yield self._pair(
                        self.paths[one.rule], self.paths[other.rule],
                        f"`{one.name}` and `{other.name}` are both required, and each closes the {scope.name}",
                    )  # fmt: skip
            forbidden = [each for each in counts if each.high == 0]
            if (
                scope.must_close
                and scope.closes
                and scope.closes <= frozenset().union(*(each.kinds for each in forbidden))
            ):
                yield self._pair(
                    close_path,
                    self.paths[forbidden[-1].rule],
                    f"a {scope.name} must be closed, and what closes it is forbidden",
                )

    def orders(self) -> Iterator[Mistake]:
        edges: dict[int, dict[int, OrderPlan]] = {}
        for order in self.plan.orders:
            if order.before & order.event:
                name = self._name(min(order.before & order.event))
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
                names = " before ".join(f"`{self._name(kind)}`" for kind in (*circle, circle[0]))
                first, last = edges[circle[0]][circle[1 % len(circle)]], edges[circle[-1]][circle[0]]
                yield self._pair(self.paths[first.rule], self.paths[last.rule], f"the order goes in a circle: {names}")

    def _after_close(self, order: OrderPlan) -> Iterator[Mistake]:
        if order.scope == SESSION:
            return
        scope = self.plan.scopes[order.scope]
        binding = order.mode is OrderMode.REQUIRED
        if binding and order.before <= scope.closes and not order.event & scope.opens:
            yield self._pair(
                ("scopes", scope.name, "close"), self.paths[order.rule],
                f"`{order.names[1]}` needs a `{order.names[0]}` before it, after which nothing of the "
                f"{scope.name} comes",
            )  # fmt: skip
        if binding and order.event and order.event <= scope.opens and not order.before & scope.opens:
            yield self._pair(
                ("scopes", scope.name, "open"), self.paths[order.rule],
                f"`{order.names[0]}` has to come before `{order.names[1]}`, which opens the {scope.name}",
            )  # fmt: skip

    def nesting(self) -> Iterator[Mistake]:
        plan = self.plan
        for span in plan.spans:
            where = ("spans", span.name)
            if span.opens & span.closes:
                name = self._name(min(span.opens & span.closes))
                yield self._pair(
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
                yield self._pair(
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
                yield self._pair(
                    ("events", self._name(kind), "scope"), (*where, "close"),
                    f"`{self._name(kind)}` closes the span `{span.name}` inside a {home.name}, and belongs to none",
                )  # fmt: skip
            if span.opens and span.opens <= home.closes:
                yield self._pair(
                    ("scopes", home.name, "close"),
                    (*where, "open"),
                    f"`{self._name(min(span.opens))}` opens the span `{span.name}` and closes the {home.name} "
                    f"around it",
                )
        for scope in plan.scopes:
            stray = scope.reopen - scope.closes
            if stray:
                yield self._pair(
                    ("scopes", scope.name, "close"),
                    ("scopes", scope.name, "reopen"),
                    f"a {scope.name} may open again after `{self._name(min(stray))}`, which does not close it",
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
                    yield self._pair(
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
                    yield self._pair(
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
                yield self._pair(
                    self.paths[other.rule], self.paths[each.rule], f"`{each.path.text}` counts in two ways"
                )
        states: dict[tuple[Any, ...], Any] = {}
        for machine in self.plan.states:
            known = states.setdefault((machine.path.text, machine.scope), machine)
            if known is not machine and known.edges != machine.edges:
                yield self._pair(
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
    return bool(_shapes(one) & _shapes(other))


def _shapes(kind: FieldKind) -> set[str]:
    every = {"str", "int", "float", "bool", "object", "list"}
    found: set[str] = set()
    for word in kind.words:
        found |= every if word in ("any", "filled") else set(_NARROWER.get(word, word).split())
    return found or every
