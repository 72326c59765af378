"""Which edits break which rule."""

from collections.abc import Iterator
from itertools import chain

from canonry.contract.compile.plan import WAY_RULE, Plan, Rule
from canonry.contract.generate.streams import with_openers
from canonry.contract.mutate import belonging, demands, fields, stretches, times
from canonry.contract.mutate.scene import Edit, Scene

WAYS = ("plain", "base64", "split")
"""How a text of somebody else may come; each is a mutant of its own."""


def ways(plan: Plan, rule: Rule) -> tuple[str, ...]:
    """Return the ways in which a rule is broken that are a mutant each: one, for all rules but that of canaries."""
    if rule.id != plan.isolation.canary:
        return ("",)
    return WAYS if plan.isolation.text else WAYS[:2]


def edits(scene: Scene, rule: Rule, way: str = "") -> Iterator[Edit]:
    """Yield changed streams that should break a rule, the smallest changes first."""
    plan = scene.plan
    match rule.path[0]:
        case "discriminator" if "beside" in rule.path:
            return fields.beside(scene, rule.id)
        case "transport" if rule.id == WAY_RULE:
            return fields.direction(scene, rule.id)
        case "transport" | "discriminator" | "unknown":
            return fields.frames(scene, rule.id)
        case "envelope":
            return fields.field(scene, rule.id)
        case "events" if "schema" in rule.path:
            return fields.schema(scene, rule.id)
        case "events" if rule.path[-1] == "direction":
            return fields.direction(scene, rule.id)
        case "events":
            return fields.field(scene, rule.id)
        case "scopes":
            scope = next(each for each in plan.scopes if each.name == rule.path[1])
            return stretches.scope(scene, rule.id.removeprefix(f"{scope.name}."), scope)
        case "spans":
            span = next(each for each in plan.spans if each.name == rule.path[1])
            return stretches.span(scene, rule.id.removeprefix(f"{span.name}."), span)
        case "isolation":
            return _belonging(scene, rule, way)
        case "close_codes":
            return times.close_codes(scene)
        case _:
            return _demand(scene, rule)


def touched(plan: Plan, rule: Rule) -> frozenset[int]:
    """Return the kinds of events that a stream needs for a rule to be broken in it, with those that open for them."""
    head = rule.path[0]
    name = str(rule.path[1]) if len(rule.path) > 1 else ""
    found: frozenset[int] = frozenset()
    ends: frozenset[int] = frozenset()
    """What has to come as well, whatever it closes."""
    if head == "events":
        found = frozenset(kind.index for kind in plan.kinds if name in (kind.name, kind.base))
    elif head == "scopes":
        scope = next(each for each in plan.scopes if each.name == name)
        found = scope.opens | scope.closes
    elif head == "spans":
        span = next(each for each in plan.spans if each.name == name)
        found = span.touched
        ends = span.due_at | span.due_within if rule.id == f"{name}.closed" else frozenset()
    else:
        demands = [
            *((each.rule, each.kinds) for each in plan.counts),
            *((each.rule, each.kinds) for each in plan.sequences),
            *((each.rule, each.kinds) for each in plan.uniques),
        ]
        found = frozenset().union(*(kinds for known, kinds in demands if known == rule.id))
        for order in plan.orders:
            found |= order.before | order.event if order.rule == rule.id else frozenset()
        for fold in plan.folds:
            if fold.rule == rule.id:
                pieces = fold.kinds or (plan.spans[fold.span].touched if fold.span >= 0 else frozenset())
                found, ends = found | pieces, frozenset(fold.wholes)
        for exchange in plan.exchanges:
            found |= exchange.request | exchange.reply if exchange.rule == rule.id else frozenset()
        for deadline in plan.deadlines:
            if deadline.rule == rule.id and deadline.start.what.startswith("span"):
                found |= plan.spans[deadline.start.index].touched
        for sequence in plan.sequences:
            found |= (
                plan.spans[sequence.span].touched if sequence.rule == rule.id and sequence.span >= 0 else frozenset()
            )
        for count in plan.counts:
            found |= plan.spans[count.span].touched if count.rule == rule.id and count.span >= 0 else frozenset()
    return with_openers(plan, found) | ends


def _belonging(scene: Scene, rule: Rule, way: str) -> Iterator[Edit]:
    isolation = scene.plan.isolation
    if rule.id == isolation.canary:
        return belonging.canary(scene, way)
    if rule.id == isolation.forbid:
        return chain.from_iterable(belonging.owner(scene, path) for path in isolation.ids)
    paths = [path for path, known in isolation.session if known == rule.id]
    paths += [path for _, path, known in isolation.owned if known == rule.id]
    return chain.from_iterable(belonging.owner(scene, path) for path in paths)


def _demand(scene: Scene, rule: Rule) -> Iterator[Edit]:
    plan = scene.plan
    for count in plan.counts:
        if count.rule == rule.id:
            yield from demands.count(scene, count)
    for order in plan.orders:
        if order.rule == rule.id:
            yield from demands.order(scene, order)
    for sequence in plan.sequences:
        if sequence.rule == rule.id:
            yield from demands.sequence(scene, sequence)
    for states in plan.states:
        if states.rule == rule.id:
            yield from demands.states(scene, states)
    for fold in plan.folds:
        if fold.rule == rule.id:
            yield from demands.fold(scene, fold)
    for unique in plan.uniques:
        if unique.rule == rule.id:
            yield from demands.unique(scene, unique)
    for deadline in plan.deadlines:
        if deadline.rule == rule.id:
            yield from times.deadline(scene, deadline)
    for silence in plan.silences:
        if silence.rule == rule.id:
            yield from times.silence(scene, silence)
    for exchange in plan.exchanges:
        if exchange.rule == rule.id:
            yield from times.exchange(scene, exchange)
    for index, (seconds, known) in plan.quiet.items():
        if known == rule.id:
            yield from stretches.late(scene, plan.scopes[index], seconds / 2)
