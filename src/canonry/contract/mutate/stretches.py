"""Edits that break a scope or a span: what opens, closes and continues it."""

from collections.abc import Iterator

import msgspec

from canonry.contract.compile.plan import SESSION, ScopePlan, SpanPlan
from canonry.contract.language.paths import Path
from canonry.contract.mutate.fields import invent
from canonry.contract.mutate.scene import Edit, Scene

_AFTER = 0.001


def scope(scene: Scene, rule: str, plan: ScopePlan) -> Iterator[Edit]:
    """Yield streams that break one rule of a scope; ``rule`` is what stands behind its name."""
    opens, closes = scene.of(plan.opens), scene.of(plan.closes - plan.opens) or scene.of(plan.closes)
    members = [n for group in scene.groups(plan.index) for n in group]
    inner = [n for n in members if n not in opens and n not in closes] or [n for n in members if n not in opens]
    match rule.partition(".")[0]:
        case "opened":
            for n in opens:
                yield Edit(f"drop the opening `{scene.lines[n].kind}`", scene.without(n))
            for n in inner if plan.key else ():
                stray = scene.rekeyed(scene.again(scene.lines[n]), plan.key, scene.new_key(scene.lines[n], plan.key))
                yield Edit(
                    f"send one more `{stray.kind}`, for a {plan.name} that nothing opened", scene.inserted(n + 1, stray)
                )
            for n in inner:
                yield Edit(
                    f"send `{scene.lines[n].kind}` before anything",
                    scene.inserted(0, scene.again(scene.lines[n], at=scene.lines[0].at)),
                )
        case "once":
            for n in opens:
                yield Edit(f"send `{scene.lines[n].kind}` twice", scene.inserted(n + 1, scene.again(scene.lines[n])))
            for n in opens:
                for end in closes:
                    if end > n and _same(scene, plan.key, n, end):
                        twin = scene.again(scene.lines[n], at=scene.lines[end].at)
                        yield Edit(f"open the {plan.name} again after its close", scene.inserted(end + 1, twin))
        case "closed":
            yield from _after(scene, plan, inner or opens, closes, 0.0)
        case "ended":
            for n in closes:
                yield Edit(f"drop the closing `{scene.lines[n].kind}`", scene.without(n))
            for n in closes:
                rest = [m for m in range(n, len(scene.lines)) if scene.lines[m].connection == scene.lines[n].connection]
                yield Edit("cut the stream off before the close", scene.without(*rest), len(rest))
        case "key":
            yield from _unnamed(scene, plan.key, members)
        case "inside" | "before":
            yield from _nested(scene, plan, opens, closes)
        case "constant":
            text = rule.partition(".")[2]
            for path in plan.constant:
                if path.text == text:
                    yield from constant(scene, path, members)


def _unnamed(scene: Scene, key: tuple[Path, ...], members: list[int]) -> Iterator[Edit]:
    for n in members:
        line = scene.lines[n]
        for path in reversed(key):
            yield Edit(f"drop `{path.text}` of `{line.kind}`", scene.replaced((n, scene.put(line, path, None))))
    for n in members:
        line = scene.lines[n]
        for path in reversed(key):
            for way in path.ways:
                blurred = scene.put(line, Path(path.text, (way,)), {"no": "id"})
                yield Edit(f"make `{path.text}` of `{line.kind}` an object", scene.replaced((n, blurred)))


def constant(scene: Scene, path: Path, members: list[int]) -> Iterator[Edit]:
    """Yield streams in which one event has another value where all have the same."""
    owned = [value for name, known, _ in scene.plan.isolation.owned if known.text == path.text
             for fact in scene.stream.facts.values() for value in fact.owned.get(name, ())]  # fmt: skip
    for n in sorted(members, reverse=True):
        old = scene.value(scene.lines[n], path)
        for value in (each for each in owned if old is not None and each != old):
            line = scene.put(scene.lines[n], path, value)
            yield Edit(f"change `{path.text}` of one `{line.kind}`", scene.replaced((n, line)))
        if old is not None:
            line = scene.put(scene.lines[n], path, scene.new_id(old))
            yield Edit(f"change `{path.text}` of one `{line.kind}`", scene.replaced((n, line)))
    for n in sorted(members, reverse=True):
        line = scene.put(scene.lines[n], path, scene.new_id())
        yield Edit(f"give one `{line.kind}` another `{path.text}`", scene.replaced((n, line)))


def late(scene: Scene, plan: ScopePlan, gap: float) -> Iterator[Edit]:
    """Yield streams in which a scope opens again, and closes again, so long after its close."""
    closes = scene.of(plan.closes)
    for group in scene.groups(plan.index):
        for end in (n for n in group if n in closes):
            at = scene.lines[end].at
            moment = None if at is None else round(at + gap, 6)
            repeated = [scene.again(scene.lines[n], at=moment) for n in group if n <= end]
            yield Edit(
                f"open the {plan.name} again {gap:g} s after its close",
                scene.inserted(end + 1, *repeated),
                len(repeated),
            )


def _after(scene: Scene, plan: ScopePlan, members: list[int], closes: list[int], gap: float) -> Iterator[Edit]:
    for end in closes:
        for n in members:
            kind = scene.kind(scene.lines[n])
            if n > end or not _same(scene, plan.key, n, end) or kind is None or kind.index in plan.opens:
                continue
            at = scene.lines[end].at
            stray = scene.again(scene.lines[n], at=None if at is None else round(at + gap, 6))
            place = next(
                (m for m in range(end + 1, len(scene.lines)) if stray.at is not None and scene.lines[m].at > stray.at),
                len(scene.lines),
            )
            yield Edit(f"send one more `{stray.kind}` {gap:g} s after the close", scene.inserted(place, stray))


def _nested(scene: Scene, plan: ScopePlan, opens: list[int], closes: list[int]) -> Iterator[Edit]:
    for n in closes:
        yield Edit(f"drop the closing `{scene.lines[n].kind}`", scene.without(n))
    if plan.inside == SESSION:
        return
    outer = scene.plan.scopes[plan.inside]
    for n in scene.of(outer.opens):
        yield Edit(f"drop the opening `{scene.lines[n].kind}`", scene.without(n))
    for n in opens:
        line = scene.lines[n]
        group = [m for m in scene.group(line, plan) if m >= n]
        key = scene.new_key(line, outer.key)
        yield Edit(
            f"open the {plan.name} in a {outer.name} that is not open",
            scene.replaced(*((m, scene.rekeyed(scene.lines[m], outer.key, key)) for m in group)),
            len(group),
        )


def span(scene: Scene, rule: str, plan: SpanPlan) -> Iterator[Edit]:
    """Yield streams that break one rule of a span; ``rule`` is what stands behind its name."""
    opens = scene.of(plan.opens | plan.chunks)
    closes = scene.of(plan.closes)
    during = scene.of(plan.during | plan.abandons)
    match rule.partition(".")[0]:
        case "opened":
            yield from _unopened(scene, plan, opens, [*during, *closes])
        case "once":
            for n in opens:
                yield Edit(f"send `{scene.lines[n].kind}` twice", scene.inserted(n + 1, scene.again(scene.lines[n])))
            for n in opens:
                for end in closes:
                    if end > n and _same(scene, plan.key, n, end):
                        twins = (scene.again(scene.lines[m], at=scene.lines[end].at) for m in (n, end))
                        yield Edit(f"open and close the {plan.name} a second time", scene.inserted(end + 1, *twins), 2)
        case "closed":
            for n in closes:
                yield Edit(f"drop the closing `{scene.lines[n].kind}`", scene.without(n))
            for n in opens:
                twin = scene.rekeyed(scene.again(scene.lines[n]), plan.key, scene.new_key(scene.lines[n], plan.key))
                yield Edit(f"open one more {plan.name} that nothing closes", scene.inserted(n + 1, twin))
        case "key":
            yield from _unnamed(scene, plan.key, sorted([*opens, *during, *closes, *scene.of(plan.refers)]))
        case "same":
            for path in (each for each in plan.same if each.text == rule.partition(".")[2]):
                yield from constant(scene, path, closes)
        case "inside":
            yield from _outside(scene, plan, opens)
        case "alone":
            for n in opens:
                key = scene.new_key(scene.lines[n], plan.key)
                ends = [m for m in closes if m > n and _same(scene, plan.key, n, m)][:1]
                pair = [
                    scene.rekeyed(scene.again(scene.lines[m], at=scene.lines[n].at), plan.key, key) for m in (n, *ends)
                ]
                yield Edit(f"open a second {plan.name} beside the first", scene.inserted(n + 1, *pair), len(pair))
        case "parents":
            yield from _parents(scene, plan, [*closes, *during, *opens])
        case "refers":
            yield from _refers(scene, plan, closes)
        case "token":
            yield from _tokens(scene, plan, opens)
        case "forbids":
            yield from _forbidden(scene, plan, opens)
        case "needs":
            text = rule.partition(".")[2]
            for n in scene.of(plan.chunks):
                line = scene.put(scene.lines[n], Path(text, (tuple(text.split(".")),)), None)
                yield Edit(f"drop `{text}` of `{line.kind}`", scene.replaced((n, line)))


def _forbidden(scene: Scene, plan: SpanPlan, opens: list[int]) -> Iterator[Edit]:
    for number in sorted(plan.forbids):
        kind = scene.plan.kinds[number]
        stray = next((scene.lines[n] for n in scene.of([number])), None) or invent(scene, kind)
        if stray is None:
            continue
        for n in opens:
            opening = scene.lines[n]
            key = tuple(scene.value(opening, path) for path in plan.key)
            moved = msgspec.structs.replace(
                stray, at=opening.at, connection=opening.connection, direction=opening.direction
            )
            line = scene.rekeyed(moved, plan.key, key)
            yield Edit(f"send `{line.kind}` while the {plan.name} is open", scene.inserted(n + 1, line))


def _unopened(scene: Scene, plan: SpanPlan, opens: list[int], others: list[int]) -> Iterator[Edit]:
    for n in sorted(others, reverse=True):
        line = scene.lines[n]
        yield Edit(f"send `{line.kind}` twice", scene.inserted(n + 1, scene.again(line)))
    for n in sorted(others, reverse=True):
        stray = scene.rekeyed(scene.again(scene.lines[n]), plan.key, scene.new_key(scene.lines[n], plan.key))
        if plan.key:
            yield Edit(f"send one more `{stray.kind}`, for a {plan.name} that nothing opened", scene.inserted(n, stray))
    for n in sorted(others):
        yield Edit(f"send `{scene.lines[n].kind}` too early", scene.moved(n, max(n - 1, 0)))
    for n in opens:
        yield Edit(f"drop the opening `{scene.lines[n].kind}`", scene.without(n))


def _outside(scene: Scene, plan: SpanPlan, opens: list[int]) -> Iterator[Edit]:
    outer = scene.plan.spans[plan.outer]
    for n in opens:
        line = scene.lines[n]
        for path in outer.key:
            old = scene.value(line, path)
            if old is None:
                continue
            new = scene.new_id(old)
            changed = [
                (m, scene.put(other, path, new))
                for m, other in enumerate(scene.lines)
                if m >= n
                and _touches(scene, m, plan)
                and _same(scene, plan.key, n, m)
                and scene.value(other, path) == old
            ]
            yield Edit(
                f"open the {plan.name} in a {outer.name} that is not open", scene.replaced(*changed), len(changed)
            )
    for n in opens:
        stray = scene.again(scene.lines[n], at=scene.lines[0].at)
        for target in (*scene.of(outer.opens), *scene.of(outer.closes)):
            place = target if target < n else target + 1
            yield Edit(
                f"send `{stray.kind}` outside the {outer.name}",
                scene.inserted(place, msgspec.structs.replace(stray, at=scene.lines[target].at)),
            )
        for target in scene.of(outer.opens):
            if target < n:
                yield Edit(f"send `{stray.kind}` before the {outer.name} opens", scene.moved(n, target))
    for n in scene.of(outer.opens):
        yield Edit(f"drop the opening `{scene.lines[n].kind}`", scene.without(n))


def _parents(scene: Scene, plan: SpanPlan, members: list[int]) -> Iterator[Edit]:
    if plan.parents is None:
        return
    for n in members:
        line = scene.lines[n]
        parents = scene.value(line, plan.parents)
        if not isinstance(parents, list) or not parents:
            continue
        for title, changed in (
            ("add a parent that is not there", [*parents, scene.new_id(parents[-1])]),
            ("leave out a parent", parents[:-1]),
            ("turn the parents round", parents[::-1]),
        ):
            if changed and changed != parents:
                yield Edit(f"{title} in `{line.kind}`", scene.replaced((n, scene.put(line, plan.parents, changed))))


def _refers(scene: Scene, plan: SpanPlan, closes: list[int]) -> Iterator[Edit]:
    for n in scene.of(plan.refers):
        line = scene.lines[n]
        stray = scene.rekeyed(line, plan.key, scene.new_key(line, plan.key))
        yield Edit(f"let `{line.kind}` refer to nothing", scene.replaced((n, stray)))
        if plan.refers_once:
            yield Edit(f"send `{line.kind}` twice", scene.inserted(n + 1, scene.again(line)))
        for end in closes:
            if end < n and _same(scene, plan.key, n, end):
                yield Edit(f"send `{line.kind}` before the {plan.name} is closed", scene.moved(n, end))


def _tokens(scene: Scene, plan: SpanPlan, opens: list[int]) -> Iterator[Edit]:
    if plan.token_get is None or plan.token_set is None:
        return
    for n in scene.of(plan.token_events):
        line = scene.put(scene.lines[n], plan.token_get, scene.new_id(scene.value(scene.lines[n], plan.token_get)))
        yield Edit(f"let `{line.kind}` name another token", scene.replaced((n, line)))
    for n in opens:
        for m in opens:
            token = scene.value(scene.lines[m], plan.token_set)
            if m < n and token is not None:
                yield Edit(
                    "give two of them the same token",
                    scene.replaced((n, scene.put(scene.lines[n], plan.token_set, token))),
                )


def _touches(scene: Scene, n: int, plan: SpanPlan) -> bool:
    kind = scene.kind(scene.lines[n])
    return kind is not None and kind.index in plan.touched


def _same(scene: Scene, key: tuple[Path, ...], one: int, other: int) -> bool:
    """Whether two events are of one connection and name the same."""
    first, second = scene.lines[one], scene.lines[other]
    return first.connection == second.connection and scene.key(first, key) == scene.key(second, key)
