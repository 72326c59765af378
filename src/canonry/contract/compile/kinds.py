"""Events become kinds: what makes one a variant, which fields it has, where it belongs."""

from typing import Any

from canonry.contract.compile.builder import Builder
from canonry.contract.compile.plan import OTHER, SESSION, WAY_RULE, FieldRule, Kind, ScopePlan, Test
from canonry.contract.language.field_types import SENTENCES, FieldKind, parse_kind
from canonry.contract.language.marks import KeyPath
from canonry.contract.language.parts import EventType
from canonry.contract.language.paths import split_each
from canonry.contract.language.schemas import unsupported
from canonry.contract.language.shape import format_path, nearest

_WORDS = frozenset(("present", "absent", "empty", "filled"))


def plan_kinds(builder: Builder, scopes: tuple[ScopePlan, ...]) -> tuple[Kind, ...]:
    """Return every event and variant as a kind, and last the kind of events that the contract does not name."""
    kinds = (*(_kind(builder, name, scopes) for name in builder.names.events), _other(builder, scopes))
    if any(kind.way_rule == WAY_RULE for kind in kinds):
        way = builder.contract.transport.direction[0]
        builder.rule(WAY_RULE, f"every event goes {_WAYS[way]}", ("transport", "direction"))
    return kinds


def families(builder: Builder) -> dict[str, tuple[int, ...]]:
    """Return for each event on the wire its kinds, the most special variant first."""

    def special_first(name: str) -> list[str]:
        return [each for variant in builder.names.variants.get(name, ()) for each in special_first(variant)] + [name]

    return {
        name: tuple(builder.numbers[each] for each in special_first(name))
        for name, event in builder.names.events.items()
        if not event.of
    }


def plan_beside(builder: Builder) -> tuple[FieldRule, ...]:
    """Return what stands beside an event that is wrapped."""
    way = builder.contract.discriminator
    if way.beside and not way.below:
        builder.mistake(("discriminator", "beside"), "`discriminator.beside` is beside nothing; expected `below` too")
    return tuple(
        _field(builder, text, word, ("discriminator", "beside", text), f"beside.{text.rstrip('?')}")
        for text, word in way.beside.items()
    )


def _kind(builder: Builder, name: str, scopes: tuple[ScopePlan, ...]) -> Kind:
    chain = _chain(builder, name)
    tests: list[Test] = []
    fields: list[FieldRule] = []
    schemas: list[tuple[str, dict[str, Any]]] = []
    for owner, event in chain:
        where: KeyPath = ("events", owner)
        for text, condition in event.where.items():
            tests.append(_test(builder, text, condition, (*where, "where", text)))
        for text, word in event.fields.items():
            fields.append(_field(builder, text, word, (*where, "fields", text), f"fields.{owner}.{text.rstrip('?')}"))
        if event.schema is not None:
            for problem in unsupported(event.schema):
                builder.mistake((*where, "schema"), f"the schema of `{owner}` uses {problem}")
            rule = builder.rule(f"schema.{owner}", f"`{owner}` follows its schema", (*where, "schema"))
            schemas.append((rule, event.schema))
    needed, possible = _belongs(builder, name, chain, scopes)
    direction = next((event.direction for _, event in reversed(chain) if event.direction), None)
    only = builder.contract.transport.direction
    way_rule = ""
    if direction is not None:
        way_rule = builder.rule(f"direction.{name}", f"`{name}` goes {_WAYS[direction]}", ("events", name, "direction"))
    elif len(only) == 1:
        direction, way_rule = only[0], WAY_RULE
    return Kind(
        index=builder.numbers[name],
        name=name,
        base=builder.names.base(name),
        tests=tuple(tests),
        fields=(*_envelope(builder, bool(needed) or not scopes), *fields),
        schemas=tuple(schemas),
        needed=needed,
        possible=possible,
        direction=direction.value if direction else "",
        way_rule=way_rule,
    )


_WAYS = {"in": "from client to service", "out": "from service to client"}


def _chain(builder: Builder, name: str) -> list[tuple[str, EventType]]:
    """The event on the wire, then its variants down to ``name``."""
    event = builder.names.events[name]
    above = _chain(builder, event.of) if event.of in builder.names.events else []
    return [*above, (name, event)]


def _other(builder: Builder, scopes: tuple[ScopePlan, ...]) -> Kind:
    possible = () if not scopes else tuple(each.index for each in scopes if each.key)
    return Kind(index=len(builder.numbers), name=OTHER, base=OTHER, possible=possible)


def _envelope(builder: Builder, required: bool) -> tuple[FieldRule, ...]:
    return tuple(
        _field(builder, text, word, ("envelope", text), f"envelope.{text.rstrip('?')}", optional=not required)
        for text, word in builder.contract.envelope.items()
    )


def _field(builder: Builder, text: str, word: Any, where: KeyPath, rule: str, *, optional: bool = False) -> FieldRule:
    path = builder.path(text.removesuffix("?"), where)
    kind = parse_kind(word, optional=optional or text.endswith("?"))
    if isinstance(kind, str):
        near = nearest(kind, SENTENCES)
        hint = f"did you mean `{near}`?" if near else "expected one of " + ", ".join(f"`{one}`" for one in SENTENCES)
        builder.mistake(where, f"`{format_path(where)}` has the type `{kind}`, which is none; {hint}")
        kind = FieldKind(("any",), (), True)
    return FieldRule(path, kind, builder.rule(rule, f"`{path.text}` is {kind.sentence()}", where), split_each(path))


def _test(builder: Builder, text: str, condition: Any, where: KeyPath) -> Test:
    path = builder.path(text, where)
    negated = False
    if isinstance(condition, dict):
        if list(condition) != ["not"]:
            builder.mistake(where, f"`{format_path(where)}` expects a value, a word or `{{not: VALUE}}`")
            return Test(path, "present")
        condition, negated = condition["not"], True
    if isinstance(condition, str) and condition in _WORDS:
        return Test(path, condition, (), negated)
    return Test(path, "", tuple(condition) if isinstance(condition, list) else (condition,), negated)


def _belongs(
    builder: Builder, name: str, chain: list[tuple[str, EventType]], scopes: tuple[ScopePlan, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The scopes that an event must belong to, outermost first, and those that it may, by its keys."""
    number = builder.numbers[name]
    declared = next(((owner, event.scope) for owner, event in reversed(chain) if event.scope), None)
    bounds = [scope.index for scope in scopes if number in scope.opens | scope.closes]
    if declared is not None:
        home = builder.scope(declared[1], ("events", declared[0], "scope"))
    elif bounds or not scopes:
        home = bounds[0] if bounds else SESSION
    elif name not in builder.contract.events and _only_exchanged(builder, number):
        home = SESSION
    else:
        home = builder.default
    needed: set[int] = set()
    for scope in (home, *bounds):
        while scope != SESSION:
            needed.add(scope)
            scope = scopes[scope].inside
    possible = {each.index for each in scopes if each.index not in needed and _lies_in(each, needed, scopes)}
    order = [each.index for each in sorted(scopes, key=lambda each: (_depth(each, scopes), each.index))]
    return tuple(each for each in order if each in needed), tuple(each for each in order if each in possible)


def _only_exchanged(builder: Builder, number: int) -> bool:
    contract = builder.contract
    exchanged = builder.kinds([each.request for each in contract.exchange])
    exchanged |= (
        frozenset().union(*(builder.kinds(each.reply) for each in contract.exchange))
        if contract.exchange
        else exchanged
    )
    return number in exchanged and not any(
        number in builder.kinds(span.open) | builder.kinds(span.close) | builder.kinds(span.during)
        for span in contract.spans.values()
    )


def _lies_in(scope: ScopePlan, homes: set[int], scopes: tuple[ScopePlan, ...]) -> bool:
    above = scope.inside
    while above != SESSION:
        if above in homes:
            return True
        above = scopes[above].inside
    return False


def _depth(scope: ScopePlan, scopes: tuple[ScopePlan, ...]) -> int:
    return 0 if scope.inside == SESSION else 1 + _depth(scopes[scope.inside], scopes)
