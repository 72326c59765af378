"""A contract becomes a plan: every step, and the rules that every contract has."""

from collections.abc import Mapping
from typing import Any

import msgspec

from canonry.contract.compile import demands
from canonry.contract.compile.breakable import breakable
from canonry.contract.compile.builder import Builder
from canonry.contract.compile.kinds import families, plan_beside, plan_kinds
from canonry.contract.compile.plan import Plan
from canonry.contract.compile.stretches import plan_scopes, plan_spans
from canonry.contract.language.contract import Contract
from canonry.contract.language.marks import KeyPath, Mark, Mistake
from canonry.contract.language.parts import Direction
from canonry.contract.language.rules import Policy, Profile
from canonry.contract.language.shape import nearest


def make_plan(
    contract: Contract,
    *,
    marks: Mapping[KeyPath, Mark] | None = None,
    profile: str | None = None,
    policy: Mapping[str, str] | None = None,
) -> tuple[Plan, list[Mistake]]:
    """Return the plan of a contract under a profile and its own or other choices, and everything wrong with it.

    With mistakes the plan is not fit to judge by.
    """
    builder = Builder(contract, marks or {})
    chosen = _profile(builder, profile)
    choices = {**chosen.policy, **(policy or {})}
    _basics(builder)
    scopes = plan_scopes(builder)
    kinds = plan_kinds(builder, scopes)
    spans = plan_spans(builder, scopes)
    deadlines, silences = demands.plan_deadlines(builder, chosen, spans, scopes)
    codes = {str(code) for group in contract.close_codes.values() for code in group}
    if contract.close_codes:
        builder.rule("close_codes", "the connection closes with a code that the contract has", ("close_codes",))
    counts, orders = demands.plan_counts(builder, choices), demands.plan_orders(builder, choices)
    plan = Plan(
        contract=contract,
        kinds=kinds,
        families=families(builder),
        scopes=scopes,
        spans=spans,
        counts=counts,
        orders=orders,
        sequences=demands.plan_sequences(builder),
        states=demands.plan_states(builder),
        folds=demands.plan_folds(builder),
        uniques=demands.plan_uniques(builder),
        deadlines=deadlines,
        silences=silences,
        isolation=demands.plan_isolation(builder, scopes),
        quiet=demands.plan_quiet(builder, chosen.factor),
        close_codes=frozenset(codes | {"1000", "1005"}) if contract.close_codes else None,
        exchanges=demands.plan_exchanges(builder, chosen.factor),
        allowed=_allowed(builder),
        time=(builder.path(contract.time.field, ("time", "field")), contract.time.unit) if contract.time else None,
        beside=plan_beside(builder),
        rules=(),
    )
    _profiles(builder)
    left_out = _left_out(builder, choices)
    rules = tuple(rule for name, rule in builder.rules.items() if name not in left_out)
    plan = msgspec.structs.replace(plan, rules=rules, left_out=left_out, notes=tuple(builder.notes))
    return msgspec.structs.replace(plan, rules=breakable(plan)), builder.mistakes


def _left_out(builder: Builder, choices: Mapping[str, str]) -> frozenset[str]:
    """The rules that the chosen alternatives leave out. A name that no rule has is a mistake."""
    found: set[str] = set()
    for name, policy in builder.contract.policy.items():
        choice = choices.get(name, policy.default) if isinstance(policy, Policy) else ""
        overlay = policy.alternatives.get(choice) if isinstance(policy, Policy) else None
        for index, rule in enumerate(overlay.without if overlay else ()):
            if rule not in builder.rules:
                near = nearest(rule, builder.rules)
                hint = f"; did you mean `{near}`?" if near else ""
                where: KeyPath = ("policy", name, "alternatives", choice, "without", index)
                builder.mistake(where, f"`{rule}` is no rule of this contract{hint}")
            found.add(rule)
    return frozenset(found)


def _basics(builder: Builder) -> None:
    """The rules that every contract has."""
    frame: KeyPath = ("transport",)
    builder.rule("frame.json", "every frame is valid JSON in UTF-8", frame)
    builder.rule("frame.size", f"no frame is longer than {builder.contract.transport.max_bytes:,} bytes", frame)
    builder.rule("frame.event", "every frame says which event it is", ("discriminator",))
    builder.rule("frame.duplicate_key", "no object has a key twice", frame)
    builder.rule("recording.line", "every line of a recording is an envelope or an event", frame)
    builder.rule("events.unknown", "every event is one of the contract's", ("unknown",))
    way = builder.contract.discriminator
    said = [name for name in ("keys_present", "template", "jsonrpc") if getattr(way, name)]
    if len(said) > 1 or (not said and not way.field):
        builder.mistake(
            ("discriminator",), "`discriminator` expects one of `field`, `keys_present`, `template` and `jsonrpc`"
        )
    if way.template:
        if not way.field:
            builder.mistake(("discriminator",), "`discriminator` has a `template` and no `field` that holds the name")
        if not ("{kind}" in way.template and "{phase}" in way.template):
            builder.mistake(("discriminator", "template"), "the template names `{kind}` and `{phase}`")
    for text in (way.field,) if way.field else ():
        builder.path(text, ("discriminator", "field"))


def _profile(builder: Builder, name: str | None) -> Profile:
    if name is None:
        return Profile()
    found = builder.contract.profiles.get(name)
    if found is None:
        near = nearest(name, builder.contract.profiles)
        known = ", ".join(f"`{one}`" for one in builder.contract.profiles) or "none"
        builder.mistake(
            ("profiles",),
            f"there is no profile `{name}`; " + (f"did you mean `{near}`?" if near else f"there are: {known}"),
        )
        return Profile()
    return found


def _profiles(builder: Builder) -> None:
    """Every profile chooses what there is, also those that are not asked for."""
    for name, profile in builder.contract.profiles.items():
        for choice, alternative in profile.policy.items():
            where: KeyPath = ("profiles", name, "policy", choice)
            policy = builder.contract.policy.get(choice)
            if policy is None:
                near = nearest(choice, builder.contract.policy)
                hint = f"; did you mean `{near}`?" if near else ""
                builder.mistake(where, f"the profile `{name}` chooses the policy `{choice}`, which is none{hint}")
            elif isinstance(policy, Policy) and alternative not in policy.alternatives:
                near = nearest(alternative, policy.alternatives)
                known = ", ".join(f"`{one}`" for one in policy.alternatives)
                hint = f"did you mean `{near}`?" if near else f"expected one of {known}"
                builder.mistake(where, f"`{choice}` has no alternative `{alternative}`; {hint}")


def _allowed(builder: Builder) -> tuple[tuple[str, tuple[str, ...]], ...]:
    unknown = builder.contract.unknown

    def patterns(value: Any, where: KeyPath) -> tuple[str, ...]:
        if value == "allow":
            return ("*",)
        if value == "reject":
            return ()
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        builder.mistake(where, f"`unknown` expects `allow`, `reject` or a list of names, not `{value}`")
        return ()

    if isinstance(unknown, dict):
        for name in unknown:
            if name not in ("in", "out"):
                builder.mistake(("unknown", name), f"`unknown` has the direction `{name}`; expected `in` and `out`")
        return tuple((way, patterns(unknown.get(way, "reject"), ("unknown", way))) for way in ("in", "out"))
    both = patterns(unknown, ("unknown",))
    # what goes a way that the contract does not tell of is nobody's event
    ways = builder.contract.transport.direction
    return tuple((way.value, both if not ways or way in ways else ("*",)) for way in Direction)
