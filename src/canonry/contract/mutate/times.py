"""Edits that break a time: what comes too late, too soon after a close, or not at all."""

from collections.abc import Iterator

import msgspec

from canonry.contract.compile.plan import SESSION, DeadlinePlan, ExchangePlan, SilencePlan
from canonry.contract.generate.stream import Line
from canonry.contract.mutate.scene import Edit, Lines, Scene, later

_FILLERS = 8


def silence(scene: Scene, plan: SilencePlan) -> Iterator[Edit]:
    """Yield streams with a silence that is too long."""
    for n in range(1, len(scene.lines)):
        if scene.lines[n].direction != "in":
            yield Edit(
                f"wait {plan.seconds + 1:g} s before `{scene.lines[n].kind}`", scene.delayed(n, plan.seconds + 1)
            )


def deadline(scene: Scene, plan: DeadlinePlan) -> Iterator[Edit]:
    """Yield streams in which something takes too long; where silences are forbidden, others speak meanwhile."""
    over = plan.seconds + 1
    for n in range(1, len(scene.lines)):
        yield Edit(f"wait {over:g} s before `{scene.lines[n].kind}`", scene.delayed(n, over))
    longest = min((each.seconds for each in scene.plan.silences), default=over)
    for n in range(1, len(scene.lines)):
        for filler in _fillers(scene, n):
            count = int(over / (longest * 0.8)) + 1
            step = over / (count + 1)
            at = scene.lines[n - 1].at
            spoken = [scene.again(filler, at=round(at + step * (index + 1), 6)) for index in range(count)]
            lines = (*scene.lines[:n], *spoken, *(later(line, over) for line in scene.lines[n:]))
            yield Edit(
                f"let `{scene.lines[n].kind}` come {over:g} s late, while `{filler.kind}` comes {count} times",
                lines,
                count,
            )
    yield from _stretched(scene, over, longest)


def exchange(scene: Scene, plan: ExchangePlan) -> Iterator[Edit]:
    """Yield streams in which a message is not answered, or too late."""
    asked = scene.of(plan.request)
    answers = scene.of(scene.plan.scopes[plan.starts].opens if plan.starts != SESSION else plan.reply)
    for n in asked:
        again = scene.rekeyed(
            scene.again(scene.lines[n], at=_last(scene)), plan.key, scene.new_key(scene.lines[n], plan.key)
        )
        yield Edit(f"ask once more with `{again.kind}`, without an answer", _at_end(scene, again))
    for n in answers:
        yield Edit(f"drop the answer `{scene.lines[n].kind}`", scene.without(n))
    for n in answers if plan.seconds >= 0 else ():
        yield Edit(f"answer {plan.seconds + 0.5:g} s late", scene.delayed(n, plan.seconds + 0.5))


def close_codes(scene: Scene) -> Iterator[Edit]:
    """Yield streams whose connection is closed with a code of nobody."""
    last = scene.lines[-1]
    end = Line(connection=last.connection, at=last.at, closed=4999)
    if last.closed is not None:
        yield Edit("close the connection with 4999", (*scene.lines[:-1], end))
    else:
        yield Edit("close the connection with 4999", (*scene.lines, end))


def _fillers(scene: Scene, n: int) -> list[Line]:
    """Events before index ``n`` of the same connection that may come again: they neither open nor close."""
    bounds = frozenset().union(
        *(each.opens | each.closes for each in scene.plan.scopes),
        *(each.touched - each.during for each in scene.plan.spans),
        *(each.request | each.reply for each in scene.plan.exchanges),
    )
    found: dict[str, Line] = {}
    for line in scene.lines[max(n - _FILLERS, 0) : n]:
        kind = scene.kind(line)
        if (
            kind is not None
            and kind.index not in bounds
            and line.direction == "out"
            and line.connection == scene.lines[n].connection
        ):
            found[kind.name] = line
    return list(found.values())


def _stretched(scene: Scene, over: float, longest: float) -> Iterator[Edit]:
    """The stream with equal distances in one part, of any length that keeps each silence short enough."""
    lines = scene.lines
    for first in range(len(lines)):
        for last in range(first + 1, len(lines)):
            step = over / (last - first)
            if step >= longest * 0.95:
                continue
            start = lines[first].at
            inside = [
                msgspec.structs.replace(line, at=round(start + step * index, 6))
                for index, line in enumerate(lines[first : last + 1])
            ]
            behind = inside[-1].at - lines[last].at
            yield Edit(
                f"stretch what lies between `{lines[first].kind}` and `{lines[last].kind}` to {over:g} s",
                (*lines[:first], *inside, *(later(line, behind) for line in lines[last + 1 :])),
                last - first,
            )


def _last(scene: Scene) -> float | None:
    return next((line.at for line in reversed(scene.lines) if line.closed is None), None)


def _at_end(scene: Scene, line: Line) -> Lines:
    where = len(scene.lines) - (scene.lines[-1].closed is not None)
    return scene.inserted(where, line)
