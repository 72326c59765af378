"""Rules that no event can break, because another rule says the same first, or because they ask for nothing."""

from collections.abc import Iterable

from canonry.contract.compile.plan import NO_LIMIT, Kind, Plan, Rule, SpanPlan
from canonry.contract.language.paths import Path

_SCALARS = frozenset(("id", "str", "text", "int", "number", "bool", "rfc3339", "rfc3339z", "base64"))


def breakable(plan: Plan) -> tuple[Rule, ...]:
    """Return the rules of a plan without those that nothing can break: they would hold whatever comes."""
    idle = {count.rule for count in plan.counts if count.low == 0 and count.high == NO_LIMIT}
    for scope in plan.scopes:
        if not scope.strict and not scope.closes - scope.opens:
            idle.add(f"{scope.name}.opened")
        if not scope.opens:  # there is never one that could be open
            idle |= {f"{scope.name}.before", f"{scope.name}.inside"}
        if scope.index in plan.quiet and not scope.reopen:  # what is late is `closed`
            idle.add(plan.quiet[scope.index][1])
        if _say_of_which(plan, (kind for kind in plan.kinds if scope.index in kind.needed), scope.key):
            idle.add(f"{scope.name}.key")
    for span in plan.spans:
        named = span.opens | span.closes | span.during | span.abandons | span.refers | span.chunks
        if not named - plan_kinds(plan, span.key):
            idle.add(f"{span.name}.key")
        if not named - span.opens - span.chunks - span.refers:
            idle.add(f"{span.name}.opened")
        if not span.opens | span.chunks:
            idle.add(f"{span.name}.once")
        if span.outer >= 0 and _opens_with(span, plan.spans[span.outer]):
            idle.add(f"{span.name}.inside")
    if plan.isolation.forbid and not plan.isolation.ids:
        idle.add(plan.isolation.forbid)
    if _names_all(plan):
        idle.add("events.unknown")
    fields = [rule for kind in plan.kinds for rule in kind.fields]
    # what the envelope asks of runs may be optional in the events of a session
    asked = {rule.rule for rule in fields if not ("any" in rule.kind.words and rule.kind.optional)}
    idle |= {rule.rule for rule in fields} - asked
    return tuple(rule for rule in plan.rules if rule.id not in idle)


def plan_kinds(plan: Plan, key: tuple[Path, ...]) -> frozenset[int]:
    """Return the kinds of events whose own fields say already that a key is there."""
    return frozenset(kind.index for kind in plan.kinds if _says(plan, kind, key))


def _say_of_which(plan: Plan, kinds: Iterable[Kind], key: tuple[Path, ...]) -> bool:
    return all(_says(plan, kind, key) for kind in kinds)


def _says(plan: Plan, kind: Kind, key: tuple[Path, ...]) -> bool:
    """Whether an event of a kind that lacks a part of a key breaks a rule of its fields first."""
    others = set(plan.contract.discriminator.keys_present) - {kind.base}
    tested = {
        way for test in kind.tests if not test.negated and (test.values or test.word in ("present", "filled"))
        for way in test.path.ways
    }  # fmt: skip
    for path in key:
        way = next((way for way in path.ways if way[0] not in others), None)
        rules = [rule for rule in kind.fields if way in rule.path.ways[:1] and len(rule.path.ways) == 1]
        typed = any(rule.kind.words and set(rule.kind.words) <= _SCALARS for rule in rules)
        demanded = any(not rule.kind.holds(None) for rule in rules) or way in tested
        if not (typed and demanded):
            return False
    return True


def _opens_with(span: SpanPlan, outer: SpanPlan) -> bool:
    """Whether what opens a span always opens the span around it, too."""
    same = outer.index < span.index and set(outer.key) <= set(span.key) and not outer.across
    return same and span.opens | span.chunks <= outer.opens


def _names_all(plan: Plan) -> bool:
    """Whether every frame that names an event at all names one of the contract's, or all are allowed."""
    keys = plan.contract.discriminator.keys_present
    everywhere = all("*" in patterns for _, patterns in plan.allowed)
    return everywhere or (bool(keys) and set(keys) <= plan.families.keys())
