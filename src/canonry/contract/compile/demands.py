"""Counts, order, numbers, states, times: rules with their names resolved."""

from collections.abc import Iterator, Mapping
from typing import Any

from canonry.contract.compile.builder import Builder, seconds
from canonry.contract.compile.plan import (
    NO_LIMIT,
    SESSION,
    CountPlan,
    DeadlinePlan,
    ExchangePlan,
    FoldPlan,
    IsolationPlan,
    OrderPlan,
    Point,
    ScopePlan,
    SequencePlan,
    SilencePlan,
    SpanPlan,
    StatesPlan,
    UniquePlan,
)
from canonry.contract.language.contract import listed
from canonry.contract.language.marks import KeyPath
from canonry.contract.language.names import FAMILY
from canonry.contract.language.parts import Range
from canonry.contract.language.rules import Deadline, Order, Policy, Profile, Unique
from canonry.contract.language.shape import format_path, nearest

COUNT_WORDS = {(0, 0): "never comes", (1, 1): "comes once"}


def plan_counts(builder: Builder, choices: Mapping[str, str]) -> tuple[CountPlan, ...]:
    """Return the counts, those that a policy's alternative replaces among them."""
    found: dict[tuple[int, str], CountPlan] = {}
    for path, table in (
        (("count",), builder.contract.count),
        *((where, overlay.count) for where, overlay in _overlays(builder, choices)),
    ):
        for scope, name, value, where in _flat(builder, table, path):
            plan = _count(builder, scope, name, value, where)
            if plan is not None:
                found[scope, name] = plan
    return tuple(found.values())


def _flat(
    builder: Builder, table: Mapping[str, Range | dict[str, Range]], path: KeyPath
) -> Iterator[tuple[int, str, Range, KeyPath]]:
    for name, value in table.items():
        if isinstance(value, dict):
            scope = builder.scope(name, (*path, name))
            for inner, often in value.items():
                yield scope, inner, often, (*path, name, inner)
        else:
            yield builder.default, name, value, (*path, name)


def _count(builder: Builder, scope: int, name: str, value: Range, where: KeyPath) -> CountPlan | None:
    low, high = builder.range(value, where)
    span = -1
    if name.startswith("span:"):
        number = builder.span(name.removeprefix("span:"), where)
        if number is None:
            return None
        span = number
    words = COUNT_WORDS.get((low, high), f"comes {value} times")
    owner = "session" if scope == SESSION else list(builder.scopes)[scope]
    shown = name.removeprefix("span:")
    prefix = "" if scope == builder.default else f"{owner}."
    rule = f"count.{prefix}{shown}"
    builder.rules.pop(rule, None)  # of the count that a policy replaces
    rule = builder.rule(rule, f"`{shown}` {words} in a {owner}", where)
    return CountPlan(scope, frozenset() if span >= 0 else builder.kinds(name), span, low, high, shown, rule)


def _overlays(builder: Builder, choices: Mapping[str, str]) -> Iterator[tuple[KeyPath, Any]]:
    for name in choices:
        if name not in builder.contract.policy:
            near = nearest(name, builder.contract.policy)
            builder.mistake(("policy",), f"there is no policy `{name}`" + (f"; did you mean `{near}`?" if near else ""))
    for name, policy in builder.contract.policy.items():
        where: KeyPath = ("policy", name)
        if not isinstance(policy, Policy):
            builder.notes.append(f"`policy.{name}` is the word `{policy}` without alternatives: it changes nothing")
            continue
        choice = choices.get(name, policy.default)
        if choice not in policy.alternatives:
            near = nearest(choice, policy.alternatives)
            hint = (
                f"did you mean `{near}`?"
                if near
                else "expected one of " + ", ".join(f"`{one}`" for one in policy.alternatives)
            )
            builder.mistake(
                (*where, "default"), f"`{format_path(where)}` is `{choice}`, which is no alternative; {hint}"
            )
            continue
        yield (*where, "alternatives", choice), policy.alternatives[choice]


def plan_orders(builder: Builder, choices: Mapping[str, str]) -> tuple[OrderPlan, ...]:
    """Return the orders, those of policies included. Mistakes of policies are told by `plan_counts`."""
    found = [_order(builder, order, ("order", index)) for index, order in enumerate(builder.contract.order)]
    for name, policy in builder.contract.policy.items():
        overlay = policy.alternatives.get(choices.get(name, policy.default)) if isinstance(policy, Policy) else None
        for index, order in enumerate(overlay.order if overlay else ()):
            found.append(_order(builder, order, ("policy", name, "alternatives", "order", index)))
    return tuple(found)


def _order(builder: Builder, order: Order, where: KeyPath) -> OrderPlan:
    scope = builder.scope(order.per, (*where, "per")) if order.per else builder.default
    before, event = ("|".join(map(str, listed(one))) for one in (order.before, order.event))
    words = {
        "if_present": f"where both are there, `{before}` comes before `{event}`",
        "required": f"`{event}` comes after a `{before}`",
        "all": f"no `{before}` comes after `{event}`",
    }[order.mode]
    rule = builder.rule(f"order.{before}.{event}", words, where)
    return OrderPlan(scope, builder.kinds(order.before), builder.kinds(order.event), order.mode, (before, event), rule)


def plan_sequences(builder: Builder) -> tuple[SequencePlan, ...]:
    """Return the numbers that count."""
    found = []
    value = builder.contract.sequence
    for index, each in enumerate(listed(value)):
        where: KeyPath = ("sequence", index) if isinstance(value, list) else ("sequence",)
        place = builder.span_or_scope(each.per, (*where, "per"))  # type: ignore[attr-defined]
        if place is None:
            continue
        path = builder.path(each.field, (*where, "field"))  # type: ignore[attr-defined]
        mode = each.mode  # type: ignore[attr-defined]
        if each.step == 0:  # type: ignore[attr-defined]
            builder.mistake((*where, "step"), f"`{format_path((*where, 'step'))}` is 0, and counts nothing")
        words = {"strict": f"rises by {each.step}", "rises": "rises", "non_decreasing": "never falls"}[mode]  # type: ignore[attr-defined]
        start = "" if each.start is None else f" from {each.start}"  # type: ignore[attr-defined]
        rule = builder.rule(f"sequence.{path.name}", f"`{path.text}` {words}{start}", where)
        kinds = builder.kinds(each.events)  # type: ignore[attr-defined]
        found.append(SequencePlan(*place, path, each.start, each.step, mode, kinds, rule))  # type: ignore[attr-defined]
    return tuple(found)


def plan_states(builder: Builder) -> tuple[StatesPlan, ...]:
    """Return the status machines. States that only follow are there too, without a way on."""
    found = []
    value = builder.contract.states
    for index, each in enumerate(listed(value)):
        where: KeyPath = ("states", index) if isinstance(value, list) else ("states",)
        place = builder.span_or_scope(each.per, (*where, "per"))  # type: ignore[attr-defined]
        if place is None or place[1] >= 0:
            continue
        path = builder.path(each.field, (*where, "field"))  # type: ignore[attr-defined]
        edges = {state: frozenset(after) for state, after in each.edges.items()}  # type: ignore[attr-defined]
        known = set(edges) | {state for after in edges.values() for state in after}
        for position, state in enumerate(each.initial):  # type: ignore[attr-defined]
            if state not in known:
                near = nearest(state, known)
                hint = f"; did you mean `{near}`?" if near else ""
                builder.mistake((*where, "initial", position), f"the initial state `{state}` has no edge{hint}")
        rule = builder.rule(f"states.{path.name}", f"`{path.text}` moves along the edges", where)
        edges = {state: edges.get(state, frozenset()) for state in sorted(known)}
        found.append(StatesPlan(place[0], path, edges, frozenset(each.initial), each.stay, rule))  # type: ignore[attr-defined]
    return tuple(found)


def plan_folds(builder: Builder) -> tuple[FoldPlan, ...]:
    """Return pieces and their wholes."""
    found = []
    for index, fold in enumerate(builder.contract.fold):
        where: KeyPath = ("fold", index)
        place = builder.span_or_scope(fold.over, (*where, "over"))
        wholes: dict[int, Any] = {}
        for text in listed(fold.equals):
            told = str(text).removeprefix(FAMILY)
            owner = max((name for name in builder.names.events if told.startswith(f"{name}.")), key=len, default=None)
            if owner is None:
                near = nearest(told, builder.names.events)
                message = f"`{format_path(where)}.equals` is `{text}`, which begins with no event"
                if near or place is not None:
                    builder.mistake(
                        (*where, "equals"),
                        message + (f"; did you mean `{near}`?" if near else "; expected EVENT.FIELD"),
                    )
                continue
            path = builder.path(told[len(owner) + 1 :], (*where, "equals"))
            meant = f"{FAMILY}{owner}" if told != text else owner
            wholes |= dict.fromkeys(sorted(builder.kinds(meant)), path)
        if place is None:
            continue
        path = builder.path(fold.of, (*where, "of"))
        rule = builder.rule(
            f"fold.{fold.over.partition(':')[2] or fold.over}.{path.name}",
            f"the `{path.text}`s of a {fold.over.partition(':')[2] or fold.over} add up to the whole",
            where,
        )
        found.append(FoldPlan(*place, path, builder.kinds(fold.events), wholes, fold.alone, rule))
    return tuple(found)


def plan_uniques(builder: Builder) -> tuple[UniquePlan, ...]:
    """Return the fields that no two events share."""
    found = []
    for index, each in enumerate(builder.contract.unique):
        where: KeyPath = ("unique", index)
        unique = each if isinstance(each, Unique) else Unique(field=each)
        path = builder.path(unique.field, where)
        rule = builder.rule(f"unique.{path.name}", f"no two events have the same `{path.text}`", where)
        found.append(UniquePlan(path, builder.kinds(unique.events), rule))
    return tuple(found)


def plan_deadlines(
    builder: Builder, profile: Profile, spans: tuple[SpanPlan, ...], scopes: tuple[ScopePlan, ...]
) -> tuple[tuple[DeadlinePlan, ...], tuple[SilencePlan, ...]]:
    """Return the times from point to point, and the longest silences, as the profile has them."""
    deadlines: list[DeadlinePlan] = []
    silences: list[SilencePlan] = []
    used: set[str] = set()
    for index, each in enumerate(builder.contract.deadline):
        where: KeyPath = ("deadline", index)
        name = each.to or each.span or each.between
        used.add(name)
        text = profile.deadline.get(name) or each.max
        limit = seconds(text) * (1.0 if name in profile.deadline else profile.factor)
        builder.time(each.max, (*where, "max"))
        if each.between:
            shown = "between" if each.between == "any" else f"between.{each.between}"
            rule = builder.rule(
                f"deadline.{shown}", f"no silence is longer than {limit:g} s while something is open", where
            )
            silences.append(
                SilencePlan(frozenset() if each.between == "any" else builder.kinds(each.between), limit, rule)
            )
        else:
            plan = _deadline(builder, each, where, limit, spans, scopes)
            deadlines += [plan] if plan else []
    for owner, each_profile in builder.contract.profiles.items():
        for name, length in each_profile.deadline.items():
            here: KeyPath = ("profiles", owner, "deadline", name)
            builder.time(length, here)
            if name not in used:
                near = nearest(name, used)
                known = ", ".join(f"`{one}`" for one in sorted(used)) or "none"
                hint = f"did you mean `{near}`?" if near else f"there are: {known}"
                builder.mistake(
                    here, f"the profile `{owner}` has a deadline `{name}`, which the contract has not; {hint}"
                )
    return tuple(deadlines), tuple(silences)


def _deadline(
    builder: Builder,
    each: Deadline,
    where: KeyPath,
    limit: float,
    spans: tuple[SpanPlan, ...],
    scopes: tuple[ScopePlan, ...],
) -> DeadlinePlan | None:
    if each.span:
        number = builder.span(each.span.removeprefix("span:"), (*where, "span"))
        if number is None:
            return None
        rule = builder.rule(f"deadline.{each.span}", f"a {each.span} takes no longer than {limit:g} s", where)
        return DeadlinePlan(
            spans[number].home, Point("span", index=number), Point("span", index=number), limit, rule, each.span
        )
    if not each.start or not each.to:
        builder.mistake(
            where, f"`{format_path(where)}` has no times to compare; expected `from` and `to`, `between` or `span`"
        )
        return None
    start, to = _point(builder, each.start, (*where, "from")), _point(builder, each.to, (*where, "to"))
    if start is None or to is None:
        return None
    scope = next((point.index for point in (to, start) if point.what in ("open", "close")), builder.default)
    for point in (start, to):
        if point.what == "span":
            scope = spans[point.index].home
    rule = builder.rule(f"deadline.{each.to}", f"`{each.to}` comes within {limit:g} s of `{each.start}`", where)
    return DeadlinePlan(scope, start, to, limit, rule, f"{each.start} to {each.to}")


def _point(builder: Builder, text: str, where: KeyPath) -> Point | None:
    if text == "request":
        return Point("request")
    name, _, what = text.rpartition(".")
    if what in ("open", "close") and name.startswith("span:"):
        number = builder.span(name.removeprefix("span:"), where)
        return None if number is None else Point(f"span_{what}", index=number)
    if what in ("open", "close") and (name in builder.scopes or text not in builder.names.events):
        return Point(what, index=builder.scope(name, where))
    if text.startswith("first(") and text.endswith(")"):
        return Point("open", index=builder.scope(text[6:-1], where))
    kinds = builder.kinds(text)
    if not kinds:
        near = nearest(text, builder.names.events)
        hint = (
            f"did you mean `{near}`?"
            if near
            else "expected an event, `request`, `first(SCOPE)`, `SCOPE.open` or `SCOPE.close`"
        )
        builder.mistake(where, f"`{format_path(where)}` names the point `{text}`; {hint}")
        return None
    return Point("event", kinds)


def plan_isolation(builder: Builder, scopes: tuple[ScopePlan, ...]) -> IsolationPlan:
    """Return what belongs to a user."""
    isolation = builder.contract.isolation
    if isolation is None:
        return IsolationPlan()
    session = []
    for index, text in enumerate(isolation.session):
        path = builder.path(text, ("isolation", "session", index))
        session.append(
            (
                path,
                builder.rule(
                    f"isolation.{path.name}", f"`{path.text}` is that of the session", ("isolation", "session", index)
                ),
            )
        )
    owned = []
    for text, variable in isolation.owned.items():
        path = builder.path(text, ("isolation", "owned", text))
        rule = builder.rule(
            f"isolation.{path.name}", f"`{path.text}` is one that the session's user owns", ("isolation", "owned", text)
        )
        owned.append((variable.removeprefix("$"), path, rule))
    forbid = canary = ""
    if isolation.canary:
        canary = builder.rule(
            "isolation.canary", "no text of another user comes, in no encoding", ("isolation", "canary")
        )
    if isolation.forbid_ids_of:
        where: KeyPath = ("isolation", "forbid_ids_of")
        if isolation.forbid_ids_of != "other_sessions":
            builder.mistake(
                where, f"`isolation.forbid_ids_of` expects `other_sessions`, not `{isolation.forbid_ids_of}`"
            )
        forbid = builder.rule("isolation.forbid_ids", "no id that belongs to another user comes", where)
    ids = {
        path.text: path for path in (*(path for _, path, _ in owned), *(scope.key[0] for scope in scopes if scope.key))
    }
    texts = []
    for index, each in enumerate(isolation.text):
        here: KeyPath = ("isolation", "text", index)
        texts.append((builder.path(each.field, (*here, "field")), builder.paths(each.key, (*here, "key"))))
    return IsolationPlan(tuple(session), tuple(owned), tuple(ids.values()), tuple(texts), forbid, canary)


def plan_quiet(builder: Builder, factor: float) -> dict[int, tuple[float, str]]:
    """Return for each scope how long it is quiet after its close, in seconds, and the rule."""
    found = {}
    value = builder.contract.quiet
    for index, each in enumerate(listed(value)):
        where: KeyPath = ("quiet", index) if isinstance(value, list) else ("quiet",)
        name = each.after.removesuffix(".close")  # type: ignore[attr-defined]
        scope = builder.scope(name, (*where, "after"))
        length = each.length  # type: ignore[attr-defined]
        builder.time(length, (*where, "for"))
        rule = builder.rule(f"quiet.{name}", f"no {name} opens again within {length} of its close", where)
        found[scope] = (seconds(length) * factor, rule)
    return found


def plan_exchanges(builder: Builder, factor: float) -> tuple[ExchangePlan, ...]:
    """Return what messages bring about."""
    found = []
    for index, each in enumerate(builder.contract.exchange):
        where: KeyPath = ("exchange", index)
        starts = builder.scope(each.starts, (*where, "starts")) if each.starts else SESSION
        if not each.starts and not each.reply:
            builder.mistake(
                where,
                f"`{format_path(where)}` says nothing of what `{each.request}` brings about; expected `starts` or "
                f"`reply`",
            )
        builder.time(each.within, (*where, "within"))
        within = "" if each.within is None else f" within {seconds(each.within) * factor:g} s"
        brings = (
            f"opens a {each.starts}" if each.starts else f"is answered by `{'|'.join(map(str, listed(each.reply)))}`"
        )
        rule = builder.rule(f"exchange.{each.request}", f"`{each.request}` {brings}{within}", where)
        found.append(
            ExchangePlan(
                builder.kinds(each.request), starts, builder.kinds(each.reply),
                builder.paths(each.key, (*where, "key")),
                NO_LIMIT if each.within is None else seconds(each.within) * factor, rule,
            )
        )  # fmt: skip
    return tuple(found)
