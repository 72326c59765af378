"""Edits that break a count, an order, a number, a state, a sum of pieces, or what no two events share."""

from collections.abc import Iterator
from itertools import combinations

import msgspec

from canonry.contract.compile.plan import NO_LIMIT, CountPlan, FoldPlan, OrderPlan, SequencePlan, StatesPlan, UniquePlan
from canonry.contract.generate.stream import Line
from canonry.contract.language.rules import OrderMode
from canonry.contract.mutate.fields import invent
from canonry.contract.mutate.scene import Edit, Scene


def count(scene: Scene, plan: CountPlan) -> Iterator[Edit]:
    """Yield streams in which something comes too seldom or too often."""
    wanted = set(scene.of(plan.kinds))
    span = scene.plan.spans[plan.span] if plan.span >= 0 else None
    for group in scene.groups(plan.scope):
        here = [n for n in group if n in wanted] if span is None else [n for n in group if n in scene.of(span.opens)]
        if plan.low and here:
            gone = here[plan.low - 1 :]
            if span is not None:
                gone = [n for n in group if _same_span(scene, plan, here[plan.low - 1 :], n)]
            yield Edit(f"drop {_of(scene, gone, plan)}", scene.without(*gone), len(gone))
        if plan.high != NO_LIMIT:
            for n in here:
                more = max(plan.high + 1 - len(here), 1)
                yield Edit(
                    f"send {more} more `{scene.lines[n].kind}`",
                    scene.inserted(n + 1, *_copies(scene, plan, n, group, more)),
                    more,
                )


def _same_span(scene: Scene, plan: CountPlan, opens: list[int], n: int) -> bool:
    span = scene.plan.spans[plan.span]
    kind = scene.kind(scene.lines[n])
    return (
        kind is not None
        and kind.index in span.touched
        and any(scene.key(scene.lines[n], span.key) == scene.key(scene.lines[one], span.key) for one in opens)
    )


def _copies(scene: Scene, plan: CountPlan, n: int, group: list[int], more: int) -> Iterator[Line]:
    """More of what is counted: events like this one, each with a key of its own, or whole spans."""
    line = scene.lines[n]
    kind = scene.kind(line)
    for _ in range(more):
        copy = scene.again(line)
        if plan.span >= 0:
            span = scene.plan.spans[plan.span]
            key = scene.new_key(line, span.key)
            yield scene.rekeyed(copy, span.key, key)
            for end in (m for m in group if m > n and m in scene.of(span.closes)):
                if scene.key(scene.lines[end], span.key) == scene.key(line, span.key):
                    yield scene.rekeyed(scene.again(scene.lines[end], at=line.at), span.key, key)
                    break
            continue
        for each in scene.plan.spans:
            if kind is not None and kind.index in each.opens and each.key:
                copy = scene.rekeyed(copy, each.key, scene.new_key(line, each.key))
        yield copy


def _of(scene: Scene, gone: list[int], plan: CountPlan) -> str:
    names = " and ".join(dict.fromkeys(f"`{scene.lines[n].kind}`" for n in gone))
    return f"every {names}" if plan.low == 1 else f"all but {plan.low - 1} {names}"


def order(scene: Scene, plan: OrderPlan) -> Iterator[Edit]:
    """Yield streams in which what comes first comes later."""
    befores, events = set(scene.of(plan.before)), set(scene.of(plan.event))
    for group in scene.groups(plan.scope):
        first = [n for n in group if n in befores]
        then = [n for n in group if n in events]
        if plan.mode is OrderMode.REQUIRED and then:
            gone = [n for n in first if n < then[-1]]
            yield Edit(f"drop every `{plan.names[0]}` before `{plan.names[1]}`", scene.without(*gone), len(gone))
        for n in then:
            for m in first:
                if m < n:
                    yield Edit(f"send `{scene.lines[n].kind}` before `{scene.lines[m].kind}`", scene.moved(n, m))
                    yield Edit(f"send `{scene.lines[m].kind}` after `{scene.lines[n].kind}`", scene.moved(m, n))
        for n in then:
            for m in befores:
                again = scene.again(scene.lines[m], at=scene.lines[n].at)
                if scene.lines[m].connection == scene.lines[n].connection:
                    yield Edit(
                        f"send one more `{again.kind}` after `{scene.lines[n].kind}`", scene.inserted(n + 1, again)
                    )
        for m in first:
            for n in events:
                again = scene.again(scene.lines[n], at=scene.lines[m].at)
                if scene.lines[m].connection == scene.lines[n].connection:
                    yield Edit(f"send one more `{again.kind}` before `{scene.lines[m].kind}`", scene.inserted(m, again))
    for kind in scene.plan.kinds:
        invented = (
            invent(scene, kind) if kind.index in plan.before | plan.event and not scene.of([kind.index]) else None
        )
        if invented is not None:
            for n in befores | events:
                if scene.lines[n].connection == invented.connection:
                    new = msgspec.structs.replace(invented, at=scene.lines[n].at)
                    yield Edit(f"send one more `{new.kind}` before `{scene.lines[n].kind}`", scene.inserted(n, new))
                    yield Edit(f"send one more `{new.kind}` after `{scene.lines[n].kind}`", scene.inserted(n + 1, new))
    for group in scene.groups(plan.scope):
        for n in group:
            for m in sorted(events):
                if plan.mode is OrderMode.REQUIRED and scene.lines[m].connection == scene.lines[n].connection:
                    again = scene.again(scene.lines[m], at=scene.lines[n].at)
                    yield Edit(f"send `{again.kind}` too early", scene.inserted(n, again))


def sequence(scene: Scene, plan: SequencePlan) -> Iterator[Edit]:
    """Yield streams with a gap, a repetition or another beginning."""
    counted = [n for n in range(len(scene.lines) - 1, -1, -1) if _is_counted(scene, plan, n)]
    for n in counted:
        value = scene.value(scene.lines[n], plan.path)
        for title, changed in (
            ("leave out a number", value + plan.step),
            ("repeat a number", value - plan.step),
            ("fall back", value - 10 * abs(plan.step)),
        ):
            yield Edit(
                f"{title} at `{scene.lines[n].kind}`",
                scene.replaced((n, scene.put(scene.lines[n], plan.path, changed))),
            )
    for n in counted:
        yield Edit(f"lose `{scene.lines[n].kind}`", scene.without(n))
    for n in counted:
        rest = [
            (m, scene.lines[m]) for m in counted if m >= n and scene.lines[m].connection == scene.lines[n].connection
        ]
        moved = [(m, scene.put(line, plan.path, scene.value(line, plan.path) + plan.step)) for m, line in rest]
        yield Edit(f"count one too far from `{scene.lines[n].kind}` on", scene.replaced(*moved), len(moved))


def _is_counted(scene: Scene, plan: SequencePlan, n: int) -> bool:
    line = scene.lines[n]
    kind = scene.kind(line)
    if kind is None or (plan.kinds and kind.index not in plan.kinds):
        return False
    value = scene.value(line, plan.path)
    return isinstance(value, int | float) and not isinstance(value, bool)


def states(scene: Scene, plan: StatesPlan) -> Iterator[Edit]:
    """Yield streams in which a status goes where no edge leads."""
    told = [
        n
        for n, line in enumerate(scene.lines)
        if line.event is not None and isinstance(scene.value(line, plan.path), str)
    ]
    for n in reversed(told):
        for state in (*plan.edges, "NO_STATE"):
            if state != scene.value(scene.lines[n], plan.path):
                line = scene.put(scene.lines[n], plan.path, state)
                yield Edit(f"tell `{state}` in `{line.kind}`", scene.replaced((n, line)))
    for n in told:
        for m in told:
            if m != n:
                again = scene.again(scene.lines[m], at=scene.lines[n].at)
                yield Edit(f"tell `{scene.value(again, plan.path)}` once more", scene.inserted(n + 1, again))
    for n in told:
        yield Edit(f"lose `{scene.lines[n].kind}`", scene.without(n))


def fold(scene: Scene, plan: FoldPlan) -> Iterator[Edit]:
    """Yield streams in which the pieces are not the whole."""
    for kind, path in plan.wholes.items():
        for n in scene.of([kind]):
            whole = scene.value(scene.lines[n], path)
            changed = f"{whole} else" if isinstance(whole, str) else "else"
            yield Edit(
                f"change the whole in `{scene.lines[n].kind}`",
                scene.replaced((n, scene.put(scene.lines[n], path, changed))),
            )
    for n in scene.of(plan.kinds):
        piece = scene.value(scene.lines[n], plan.path)
        if isinstance(piece, str):
            yield Edit(
                f"change a piece in `{scene.lines[n].kind}`",
                scene.replaced((n, scene.put(scene.lines[n], plan.path, f"{piece}else"))),
            )


def unique(scene: Scene, plan: UniquePlan) -> Iterator[Edit]:
    """Yield streams in which two events share what no two may."""
    fitting = [n for n, line in enumerate(scene.lines) if line.event is not None]
    if plan.kinds:
        fitting = [n for n in fitting if n in scene.of(plan.kinds)]
    pairs = [
        (one, other)
        for one, other in combinations(fitting, 2)
        if scene.lines[one].connection == scene.lines[other].connection
    ]
    pairs.sort(key=lambda pair: sum(scene.value(scene.lines[n], plan.path) is None for n in pair))
    for one, other in pairs:
        value = scene.value(scene.lines[one], plan.path) or scene.new_id()
        changed = [(n, scene.put(scene.lines[n], plan.path, value)) for n in (one, other)]
        yield Edit(f"give two events the same `{plan.path.text}`", scene.replaced(*changed), 1)
