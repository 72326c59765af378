"""What excludes each other in different sections of a contract: spans and counts, types and what is done with them."""

from collections.abc import Iterator

from canonry.contract.compile.pairs import Pairs
from canonry.contract.compile.plan import NO_LIMIT, SESSION, CountPlan, FieldRule, Kind, Plan, SpanPlan, Test
from canonry.contract.language.field_types import FieldKind, shapes
from canonry.contract.language.marks import KeyPath, Mistake
from canonry.contract.language.paths import Path
from canonry.contract.language.rules import OrderMode

_NUMBERS, _TEXTS, _PLAIN = frozenset(("int", "float")), frozenset(("str",)), frozenset(("str", "int", "float"))


def clashes(pairs: Pairs) -> Iterator[Mistake]:
    """Yield each pair of demands that exclude each other, at the later one, with the line of the other."""
    yield from _spans_and_counts(pairs)
    yield from _nested_counts(pairs)
    yield from _borders_and_orders(pairs)
    yield from _directions(pairs)
    yield from _places(pairs)
    yield from _states(pairs)
    yield from _reads(pairs)
    yield from _variants(pairs)
    yield from _shared(pairs)


def _spans_and_counts(pairs: Pairs) -> Iterator[Mistake]:
    """How often a span comes, and how often what opens, continues and closes it."""
    for span in pairs.plan.spans:
        here = [each for each in pairs.plan.counts if each.scope == span.home]
        own = [each for each in here if each.span == span.index]
        opens = [each for each in here if each.kinds and each.kinds <= span.opens]
        closes = [each for each in here if each.kinds and each.kinds <= span.closes]
        for one in own:
            for other in opens:
                yield from _often(pairs, span, other, one, exact=_all_open(span, other), what="opens it")
            for other in closes:
                exact = span.must_close and other.kinds == span.closes
                yield from _often(pairs, span, other, one, exact=exact, what="closes it")
            for other in (each for each in here if each.kinds and each.kinds <= span.during):
                if other.low and one.high == 0:
                    yield pairs.pair(
                        pairs.paths[other.rule], pairs.paths[one.rule],
                        f"`{other.name}` is required inside the span `{span.name}`, which never comes",
                    )  # fmt: skip
        for opening in opens if not own else ():
            for closing in closes:
                if _all_open(span, opening):
                    exact = span.must_close and closing.kinds == span.closes
                    yield from _often(pairs, span, closing, opening, exact=exact, what="closes it")


def _all_open(span: SpanPlan, count: CountPlan) -> bool:
    return count.kinds == span.opens and not span.chunks


def _often(
    pairs: Pairs, span: SpanPlan, part: CountPlan, whole: CountPlan, *, exact: bool, what: str
) -> Iterator[Mistake]:
    """``part`` comes no more often than ``whole``, and as often where it is ``exact``."""
    more = whole.high != NO_LIMIT and part.low > whole.high
    fewer = exact and part.high != NO_LIMIT and part.high < whole.low
    if more or fewer:
        yield pairs.pair(
            pairs.paths[part.rule], pairs.paths[whole.rule],
            f"the span `{span.name}` comes {_range(whole)} times by `{whole.name}`, and `{part.name}`, which {what}, "
            f"{_range(part)} times",
        )  # fmt: skip


def _range(count: CountPlan) -> str:
    if count.low == count.high:
        return f"{count.low}"
    return f"{count.low}.." if count.high == NO_LIMIT else f"{count.low}..{count.high}"


def _nested_counts(pairs: Pairs) -> Iterator[Mistake]:
    """A scope that needs more of something than the scope around it allows."""
    for one in pairs.plan.counts:
        for other in pairs.plan.counts:
            same = one.span == other.span and one.kinds == other.kinds and one.scope != other.scope
            if (
                same
                and other.high != NO_LIMIT
                and one.low > other.high
                and _is_around(pairs.plan, other.scope, one.scope)
            ):
                inner = pairs.plan.scopes[one.scope].name
                outer = "session" if other.scope == SESSION else pairs.plan.scopes[other.scope].name
                yield pairs.pair(
                    pairs.paths[other.rule], pairs.paths[one.rule],
                    f"`{one.name}` comes {_range(one)} times in each {inner}, and {_range(other)} times in the {outer} "
                    f"around it",
                )  # fmt: skip


def _is_around(plan: Plan, outer: int, inner: int) -> bool:
    while inner != SESSION:
        inner = plan.scopes[inner].inside
        if inner == outer:
            return True
    return False


def _borders_and_orders(pairs: Pairs) -> Iterator[Mistake]:
    """An order against what opens and closes: nothing comes before an opening or after a close."""
    plan = pairs.plan
    needed = {kind for each in plan.counts if each.low for kind in each.kinds if len(each.kinds) == 1}
    for order in plan.orders:
        if not (order.before and order.event) or order.before & order.event:
            continue
        for scope in plan.scopes:
            binding = order.mode is not OrderMode.REQUIRED and order.scope == scope.index and not scope.repeat
            if binding and order.event == scope.opens and not order.before & scope.opens:
                if order.before <= scope.closes or (len(order.before) == 1 and order.before <= needed):
                    yield pairs.pair(
                        ("scopes", scope.name, "open"), pairs.paths[order.rule],
                        f"`{order.names[1]}` opens the {scope.name}, and `{order.names[0]}` comes before it",
                    )  # fmt: skip
            elif (
                binding
                and order.before == scope.closes
                and len(order.event) == 1
                and order.event <= needed - scope.closes
            ):
                yield pairs.pair(
                        ("scopes", scope.name, "close"), pairs.paths[order.rule],
                        f"`{order.names[0]}` closes the {scope.name}, and `{order.names[1]}` is required after it",
                    )  # fmt: skip
        for span in plan.spans:
            turned = order.scope == span.home and order.event == span.opens and not (span.chunks or span.known)
            if turned and order.before <= span.closes and (span.must_close or order.mode is OrderMode.REQUIRED):
                yield pairs.pair(
                    ("spans", span.name, "open"), pairs.paths[order.rule],
                    f"`{order.names[1]}` opens the span `{span.name}`, and `{order.names[0]}`, which closes it, comes "
                    f"before",
                )  # fmt: skip


def _directions(pairs: Pairs) -> Iterator[Mistake]:
    plan = pairs.plan
    ways = [str(each) for each in plan.contract.transport.direction]
    for kind in plan.kinds:
        if kind.direction and ways and kind.direction not in ways:
            yield pairs.pair(
                ("transport", "direction"), _told(pairs, kind, "direction"),
                f"`{kind.name}` goes {kind.direction}, and a recording holds what goes {' and '.join(ways)} only",
            )  # fmt: skip
    for index, exchange in enumerate(plan.exchanges):
        for kinds, key, wrong in ((exchange.request, "in", "out"), (exchange.reply, "reply", "in")):
            for number in sorted(kinds):
                kind = plan.kinds[number]
                if kind.direction == wrong:
                    side = "a client says" if key == "in" else "answers a client"
                    yield pairs.pair(
                        _told(pairs, kind, "direction"), ("exchange", index, key),
                        f"`{kind.name}` {side if key == 'reply' else 'is what ' + side}, and goes {wrong}",
                    )  # fmt: skip


def _told(pairs: Pairs, kind: Kind, key: str) -> KeyPath:
    """Where the contract says something of an event, or of the event that it is a variant of."""
    events = pairs.plan.contract.events
    name = kind.name
    while (event := events.get(name)) is not None and not getattr(event, key) and event.of in events:
        name = event.of
    return ("events", name, key)


def _places(pairs: Pairs) -> Iterator[Mistake]:
    """Events of the session that open or close a scope, or are part of a span in one."""
    plan = pairs.plan
    outside = [kind for kind in plan.kinds[:-1] if _says_session(pairs, kind)]
    for kind in outside:
        for scope in plan.scopes:
            for key, kinds in (("open", scope.opens), ("close", scope.closes)):
                if kind.index in kinds:
                    yield pairs.pair(
                        _told(pairs, kind, "scope"), ("scopes", scope.name, key),
                        f"`{kind.name}` belongs to the session, and {key}s a {scope.name}",
                    )  # fmt: skip
        for span in plan.spans:
            for key, kinds in (("open", span.opens), ("during", span.during)):
                if kind.index in kinds and span.home != SESSION and span.home not in kind.needed + kind.possible:
                    yield pairs.pair(
                        _told(pairs, kind, "scope"), ("spans", span.name, key),
                        f"`{kind.name}` belongs to the session, and the span `{span.name}` stands inside a "
                        f"{plan.scopes[span.home].name}",
                    )  # fmt: skip


def _says_session(pairs: Pairs, kind: Kind) -> bool:
    path = _told(pairs, kind, "scope")
    event = pairs.plan.contract.events.get(str(path[1]))
    return event is not None and event.scope == "session"


def _rules_at(kind: Kind, path: Path) -> Iterator[FieldRule]:
    """What an event's fields say of what stands at a path."""
    return (rule for rule in kind.fields if len(rule.path.ways) == 1 and rule.path.ways[0] in path.ways)


def _states(pairs: Pairs) -> Iterator[Mistake]:
    """Values of a field that are no states, though the field has the state."""
    seen: set[tuple[str, str]] = set()
    for machine in pairs.plan.states:
        for kind in pairs.plan.kinds:
            if machine.scope != SESSION and machine.scope not in kind.needed + kind.possible:
                continue
            for rule in _rules_at(kind, machine.path):
                wrong = [value for value in rule.kind.values if value not in machine.edges]
                where = pairs.paths.get(rule.rule)
                if wrong and where is not None and (rule.rule, machine.rule) not in seen:
                    seen.add((rule.rule, machine.rule))
                    yield pairs.pair(
                        where, pairs.paths[machine.rule],
                        f"`{rule.path.text}` may be `{wrong[0]}` here, which is no state there",
                    )  # fmt: skip


def _reads(pairs: Pairs) -> Iterator[Mistake]:
    """Fields whose type cannot be what a rule makes of them: numbers that count, states, texts, keys."""
    plan = pairs.plan
    every = frozenset(kind.index for kind in plan.kinds)
    asked: list[tuple[Path, frozenset[int], frozenset[str], KeyPath, str]] = []
    for sequence in plan.sequences:
        where = pairs.paths[sequence.rule]
        asked.append((sequence.path, sequence.kinds or every, _NUMBERS, where, "counts, and is no number"))
    asked += [
        *((each.path, every, _TEXTS, pairs.paths[each.rule], "is a state, and no text") for each in plan.states),
        *(
            (each.path, each.kinds, _TEXTS, pairs.paths[each.rule], "is a piece of a text, and no text")
            for each in plan.folds
        ),
    ]
    for scope in plan.scopes:
        for position, path in enumerate(scope.key):
            place: KeyPath = ("scopes", scope.name, "key", position)
            asked.append((path, _in_scope(plan, scope.index), _PLAIN, place, "is a key, and neither text nor number"))
    for span in plan.spans:
        for position, path in enumerate(span.key):
            place = ("spans", span.name, "key", position)
            asked.append((path, span.touched, _PLAIN, place, "is a key, and neither text nor number"))
    told: set[tuple[str, KeyPath]] = set()
    for path, kinds, wanted, where, why in asked:
        for number in sorted(kinds):
            for rule in _rules_at(plan.kinds[number], path):
                known = pairs.paths.get(rule.rule)
                possible = shapes(rule.kind)
                if known is not None and possible and not possible & wanted and (rule.rule, where) not in told:
                    told.add((rule.rule, where))
                    yield pairs.pair(known, where, f"`{path.text}` {why}: it is {rule.kind.sentence()}")


def _in_scope(plan: Plan, scope: int) -> frozenset[int]:
    return frozenset(kind.index for kind in plan.kinds if scope in kind.needed + kind.possible)


def _variants(pairs: Pairs) -> Iterator[Mistake]:
    """Conditions of variants that the type of the field never lets be true."""
    told: set[tuple[str, str]] = set()
    for kind in pairs.plan.kinds:
        for test in kind.tests:
            for rule in _rules_at(kind, test.path):
                where = pairs.paths.get(rule.rule)
                if where is None or test.negated or len(test.path.ways) > 1:
                    continue
                never = _never(test, rule.kind)
                owner = _owner(pairs, kind, test.path)
                if never and (owner, rule.rule) not in told:
                    told.add((owner, rule.rule))
                    yield pairs.pair(
                        where, ("events", owner, "where", test.path.text),
                        f"no `{kind.base}` is a `{owner}`: `{test.path.text}` is {rule.kind.sentence()}",
                    )  # fmt: skip


def _never(test: Test, kind: FieldKind) -> bool:
    """Whether nothing of a type is what a condition asks for."""
    empty: tuple[object, ...] = ("", [], {})
    match test.word:
        case "":
            return not any(kind.holds(value) for value in test.values)
        case "absent":
            return not kind.holds(None)
        case "empty":
            return not kind.holds(None) and not any(kind.holds(value) for value in empty)
        case _:
            return kind.words == ("null",)


def _owner(pairs: Pairs, kind: Kind, path: Path) -> str:
    """The variant whose condition looks at a path."""
    events = pairs.plan.contract.events
    name = kind.name
    while (event := events.get(name)) is not None and path.text not in event.where and event.of in events:
        name = event.of
    return name


def _shared(pairs: Pairs) -> Iterator[Mistake]:
    """A field that no two events share, and that all events of a scope have alike."""
    for unique in pairs.plan.uniques:
        if unique.kinds:
            continue
        for scope in pairs.plan.scopes:
            for key, paths in (("key", scope.key if len(scope.key) == 1 else ()), ("constant", scope.constant)):
                for position, path in enumerate(paths):
                    if path.text == unique.path.text and scope.closes - scope.opens:
                        yield pairs.pair(
                            ("scopes", scope.name, key, position), pairs.paths[unique.rule],
                            f"all events of a {scope.name} have one `{path.text}`, and no two events may share it",
                        )  # fmt: skip
        for sequence in pairs.plan.sequences:
            if sequence.path.text == unique.path.text and sequence.step == 0:
                yield pairs.pair(
                    pairs.paths[sequence.rule], pairs.paths[unique.rule], f"`{unique.path.text}` never changes"
                )
    for scope in pairs.plan.scopes:
        both = scope.pauses & scope.closes
        if both:
            yield pairs.pair(
                ("scopes", scope.name, "close"), ("scopes", scope.name, "pause"),
                f"`{pairs.name(min(both))}` closes the {scope.name}, and lets it wait",
            )  # fmt: skip
