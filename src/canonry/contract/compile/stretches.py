"""Scopes and spans with their names resolved, and the rules that follow from them."""

from typing import Any

from canonry.contract.compile.builder import Builder
from canonry.contract.compile.plan import SESSION, ScopePlan, SpanPlan
from canonry.contract.language.contract import listed
from canonry.contract.language.marks import KeyPath
from canonry.contract.language.parts import Scope, Span
from canonry.contract.language.shape import format_path, nearest


def plan_scopes(builder: Builder) -> tuple[ScopePlan, ...]:
    """Return the scopes. One inside itself is a mistake."""
    inside = {
        name: builder.scope(scope.inside, ("scopes", name, "inside")) if scope.inside else SESSION
        for name, scope in builder.contract.scopes.items()
    }
    parents = list(inside.values())
    for index, name in enumerate(inside):
        above, steps = parents[index], 0
        while above != SESSION and steps <= len(parents):
            above, steps = parents[above], steps + 1
        if above != SESSION:
            builder.mistake(("scopes", name, "inside"), f"the scope `{name}` stands inside itself")
            parents[index] = SESSION
    return tuple(
        _scope(builder, name, scope, index, parents[index])
        for index, (name, scope) in enumerate(builder.contract.scopes.items())
    )


def _scope(builder: Builder, name: str, scope: Scope, index: int, inside: int) -> ScopePlan:
    where: KeyPath = ("scopes", name)
    closes = builder.kinds(scope.close)
    reopens: dict[int, frozenset[int]] = {}
    if isinstance(scope.reopen, dict):
        for opening, closings in scope.reopen.items():
            reopens |= dict.fromkeys(builder.kinds(opening), builder.kinds(closings))
        reopen = frozenset().union(*reopens.values())
    else:
        reopen = closes if scope.reopen is True else builder.kinds(scope.reopen or [])
    constant = builder.paths(scope.constant, (*where, "constant"))
    due = _due(builder, scope.must_close_before, inside, where, must=scope.must_close)
    if scope.open:
        builder.rule(f"{name}.opened", f"events of a {name} come after it was opened", (*where, "open"))
        builder.rule(f"{name}.once", f"a {name} opens once", (*where, "open"))
    if scope.close:
        builder.rule(f"{name}.closed", f"nothing of a {name} comes after its close", (*where, "close"))
        if scope.must_close:
            builder.rule(f"{name}.ended", f"a {name} is closed before the stream ends", (*where, "close"))
    if scope.key and scope.open:
        builder.rule(f"{name}.key", f"events of a {name} say of which", (*where, "key"))
    if inside != SESSION:
        around = list(builder.contract.scopes)[inside]
        if not list(builder.contract.scopes.values())[inside].strict:
            builder.rule(f"{name}.inside", f"a {name} opens while its {around} is open", (*where, "inside"))
        if due:
            builder.rule(f"{name}.before", f"a {name} closes before its {around} does", (*where, "inside"))
    for position, path in enumerate(constant):
        builder.rule(
            f"{name}.constant.{path.text}",
            f"`{path.text}` is the same in all events of a {name}",
            (*where, "constant", position),
        )
    return ScopePlan(
        index=index,
        name=name,
        key=builder.paths(scope.key, (*where, "key")),
        opens=builder.kinds(scope.open),
        closes=closes,
        pauses=builder.kinds(scope.pause),
        inside=inside,
        reopen=reopen,
        reopens=reopens,
        repeat=builder.kinds(scope.open if scope.repeat is True else scope.repeat or []),
        strict=scope.strict and bool(scope.open),
        constant=constant,
        must_close=scope.must_close and bool(scope.close),
        due_at=due,
    )


def plan_spans(builder: Builder, scopes: tuple[ScopePlan, ...]) -> tuple[SpanPlan, ...]:
    """Return the spans. What one stands inside is a scope or another span."""
    homes = {name: _home(builder, name, []) for name in builder.contract.spans}
    return tuple(
        _span(builder, name, span, index, *homes[name])
        for index, (name, span) in enumerate(builder.contract.spans.items())
    )


def _home(builder: Builder, name: str, seen: list[str]) -> tuple[int, int]:
    """The scope and the span that a span stands inside."""
    inside = builder.contract.spans[name].inside.removeprefix("span:")
    where: KeyPath = ("spans", name, "inside")
    if name in builder.scopes:
        builder.mistake(
            ("spans", name),
            f"`{name}` names a span and a scope{builder.line(('scopes', name))}; rules could not be told apart",
        )
    if not inside or inside == "session":
        return SESSION, -1
    if inside in builder.scopes:
        return builder.scopes[inside], -1
    if inside in builder.spans:
        if inside in (*seen, name):
            builder.mistake(where, f"the span `{name}` stands inside itself")
            return SESSION, -1
        return _home(builder, inside, [*seen, name])[0], builder.spans[inside]
    near = nearest(inside, [*builder.scopes, *builder.spans])
    hint = f"did you mean `{near}`?" if near else "expected a scope or a span"
    builder.mistake(where, f"`{format_path(where)}` names `{inside}`, which is neither; {hint}")
    return SESSION, -1


def _span(builder: Builder, name: str, span: Span, index: int, home: int, outer: int) -> SpanPlan:
    where: KeyPath = ("spans", name)
    same = builder.paths(span.same, (*where, "same"))
    closes = builder.kinds(span.close)
    within, due, due_within = _closing(builder, name, home, nested=outer >= 0)
    builder.rule(f"{name}.opened", f"what continues or closes a {name} names one that is open", (*where, "open"))
    builder.rule(f"{name}.once", f"a {name} opens once" + (" at a time" if span.reopen else ""), (*where, "open"))
    if closes and span.must_close:
        builder.rule(f"{name}.closed", f"a {name} that was opened is closed", (*where, "close"))
    if span.key:
        builder.rule(f"{name}.key", f"events of a {name} say of which", (*where, "key"))
    for position, path in enumerate(same):
        builder.rule(
            f"{name}.same.{path.text}",
            f"`{path.text}` is the same when a {name} opens and closes",
            (*where, "same", position),
        )
    if outer >= 0:
        builder.rule(
            f"{name}.inside", f"a {name} opens inside its {span.inside.removeprefix('span:')}", (*where, "inside")
        )
    if not span.concurrent:
        builder.rule(f"{name}.alone", f"one {name} is open at a time", (*where, "concurrent"))
    if span.forbids:
        builder.rule(f"{name}.forbids", f"what may not name an open {name} names none", (*where, "forbids"))
    more: dict[str, Any] = {}
    if span.implied is not None:
        more |= {
            "chunks": builder.kinds(span.implied.by),
            "chunks_keep": builder.kinds(span.implied.kept_open_by),
            "chunks_end": builder.kinds(span.implied.closed_by),
            "chunks_need": builder.paths(span.implied.needs, (*where, "implied", "needs")),
        }
        for position, path in enumerate(more["chunks_need"]):
            sentence = f"what opens a {name} by itself has `{path.text}`"
            builder.rule(f"{name}.needs.{path.text}", sentence, (*where, "implied", "needs", position))
    if span.parents is not None:
        builder.rule(
            f"{name}.parents", f"the parents that a {name} names are open, and nested as it says", (*where, "parents")
        )
        more["parents"] = builder.path(span.parents.path, (*where, "parents", "path"))
    if span.refers is not None:
        builder.rule(f"{name}.refers", f"what refers to a {name} names one that was there", (*where, "refers"))
        more |= {
            "refers": builder.kinds(span.refers.events),
            "refers_closed": span.refers.closed,
            "refers_once": span.refers.once,
            "refers_unless": builder.kinds(span.refers.unless),
        }
    if span.token is not None:
        builder.rule(f"{name}.token", f"a token names a {name} that is open", (*where, "token"))
        more |= {
            "token_set": builder.path(span.token.set, (*where, "token", "set")),
            "token_get": builder.path(span.token.get, (*where, "token", "get")),
            "token_events": builder.kinds(span.token.events),
        }
    known: list[tuple[int, Any, bool]] = []
    for position, one in enumerate(span.known_from):
        path = builder.path(one.path, (*where, "known_from", position, "path"))
        known += [(kind, path, one.open) for kind in sorted(builder.kinds(one.event))]
    return SpanPlan(
        index=index,
        name=name,
        home=home,
        outer=outer,
        opens=builder.kinds(span.open),
        closes=closes,
        during=builder.kinds(span.during),
        key=builder.paths(span.key, (*where, "key")),
        same=same,
        must_close=span.must_close and bool(closes),
        due_at=due,
        within=within,
        due_within=due_within,
        concurrent=span.concurrent,
        reopen=span.reopen,
        known=tuple(known),
        across=span.across,
        abandons=builder.kinds(span.abandon),
        forbids=builder.kinds(span.forbids),
        **more,
    )


def _closing(builder: Builder, name: str, home: int, *, nested: bool) -> tuple[bool, frozenset[int], frozenset[int]]:
    """Whether a span ends with the span around it; by what it must be closed anywhere, and by which closes of that.

    Where nothing else is said, it is due where the one around it is, and when that closes.
    """
    span = builder.contract.spans[name]
    due = _due(builder, span.must_close_before, home, ("spans", name), must=span.must_close)
    if not nested:
        return False, due, frozenset()
    outer = span.inside.removeprefix("span:")
    around = builder.contract.spans[outer]
    closes = builder.kinds(around.close)
    if span.must_close_before is not None:
        return bool(due & closes), due - closes, due & closes
    if not span.must_close:
        return True, frozenset(), frozenset()
    if around.must_close:
        above = around.inside.removeprefix("span:")
        inside = above in builder.spans and above not in builder.scopes and above != name
        due = _closing(builder, outer, home, nested=inside)[1]
    return True, due, closes


def _due(builder: Builder, before: str | list[str] | None, home: int, where: KeyPath, *, must: bool) -> frozenset[int]:
    """The kinds of events that find a scope or span closed."""
    if not must:
        return frozenset()
    if before is None:
        return frozenset() if home == SESSION else builder.kinds(list(builder.contract.scopes.values())[home].close)
    here = (*where, "must_close_before")
    found: frozenset[int] = frozenset()
    for text in listed(before):
        name, _, what = str(text).rpartition(".")
        if what == "close" and (name in builder.scopes or isinstance(before, str)):
            scope = builder.scope(name, here)
            found |= (
                frozenset() if scope == SESSION else builder.kinds(list(builder.contract.scopes.values())[scope].close)
            )
        else:
            found |= builder.kinds(str(text))
    return found
