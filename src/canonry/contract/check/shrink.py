"""Counter-examples: the fewest of the recorded frames that still break the rule.

Delta debugging after Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), ddmin.
"""

from collections.abc import Callable, Sequence

from canonry.contract.check.checker import Checker
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.check.receive import Frame
from canonry.contract.check.violation import Violation
from canonry.contract.compile.plan import Plan

_MOST_EVENTS = 100_000
"""How many events may be judged again for one counter-example."""


def shrink(
    plan: Plan,
    frames: Sequence[Frame],
    first: int,
    violation: Violation,
    *,
    facts: SessionFacts | None = None,
    canaries: Sequence[str] = (),
) -> tuple[int, ...]:
    """Return the indices of the fewest of ``frames`` that break the rule in the same words.

    ``frames`` end with the one that broke it, or with the stream; ``first`` is the index of their first. Where it is
    not broken by them alone (what broke it lies further back, or in another session), the witnesses are returned.
    """
    at_end = violation.index >= first + len(frames)
    spent = 0

    def breaks(kept: Sequence[int]) -> bool:
        nonlocal spent
        spent += len(kept) + 1
        checker = Checker(plan, canaries=canaries, keep=0, interpreted=True)
        session = checker.session(violation.connection, facts)
        for index in kept:
            raw, at, direction = frames[index]
            session.receive(raw, at=at, direction=direction)
        if at_end:
            session.end(frames[-1][1] if frames else None)
        due = len(kept) if at_end else len(kept) - 1
        return any(
            each.rule == violation.rule and each.message == violation.message and each.index == due
            for each in session.violations
        )

    last = [] if at_end else [len(frames) - 1]
    whole = list(range(len(frames) if at_end else len(frames) - 1))
    if (whole and len(whole) > _MOST_EVENTS) or not breaks([*whole, *last]):
        return tuple(sorted({*violation.witnesses, *([] if at_end else [violation.index])}))
    kept = _minimal(whole, lambda some: breaks([*some, *last]), lambda: spent < _MOST_EVENTS)
    return tuple(first + index for index in [*kept, *last])


def _minimal(items: list[int], breaks: Callable[[list[int]], bool], go_on: Callable[[], bool]) -> list[int]:
    if breaks([]):
        return []
    parts = 2
    while len(items) >= 2 and go_on():
        size = max(1, -(-len(items) // parts))
        chunks = [items[at : at + size] for at in range(0, len(items), size)]
        for index in range(len(chunks)):
            rest = [item for other, chunk in enumerate(chunks) for item in chunk if other != index]
            if go_on() and breaks(rest):
                items, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts >= len(items):
                break
            parts = min(len(items), parts * 2)
    return items
