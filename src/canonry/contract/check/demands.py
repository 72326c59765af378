"""What is asked of the events of one scope: constants, numbers, states, order, counts, times."""

import math
from collections.abc import Sequence
from typing import Any

from canonry.contract.check.state import Instance, Record, State
from canonry.contract.compile.plan import NO_LIMIT, SESSION, FoldPlan, SequencePlan
from canonry.contract.language.field_types import is_id
from canonry.contract.language.rules import OrderMode, SequenceMode

_SLACK = 1e-6
"""Seconds that a clock may lie: times are binary fractions."""


def constants(state: State, inst: Instance, event: Any) -> None:
    """Holds the fields that never change against those that the scope has seen."""
    scope = state.plan.scopes[inst.scope]
    for index, path in enumerate(scope.constant):
        value = state.get(path, event)
        if value is None:
            continue
        known = inst.cells[state.plan.layout.consts + index]
        if known is None:
            if not state.flawed or is_id(value):
                inst.cells[state.plan.layout.consts + index] = value
        elif value != known:
            state.report(
                f"{scope.name}.constant.{path.text}",
                f"`{path.text}` is `{shown(value)}`, and was `{shown(known)}`",
                inst.n,
            )


def sequences(state: State, inst: Instance, kind: int, event: Any) -> None:
    """Holds the numbers that count in a scope against the last ones."""
    for index, plan in enumerate(state.plan.sequences):
        if plan.span < 0 and plan.scope == inst.scope and (not plan.kinds or kind in plan.kinds):
            value = state.get(plan.path, event)
            last = inst.cells[state.plan.layout.seqs + index]
            mark = inst.cells[state.plan.layout.marks + index]
            inst.cells[state.plan.layout.seqs + index] = advance(state, plan, last, value, mark, ghost=inst.ghost)
            if inst.cells[state.plan.layout.seqs + index] is not last:
                inst.cells[state.plan.layout.marks + index] = state.n


def span_sequences(state: State, span: int, record: Record, kind: int, event: Any) -> None:
    """Holds the numbers that count in a span against the last ones."""
    for index, plan in enumerate(state.plan.sequences):
        if plan.span == span and (not plan.kinds or kind in plan.kinds):
            record.seqs = record.seqs or {}
            last, mark = record.seqs.get(index, (None, None))
            known = advance(state, plan, last, state.get(plan.path, event), mark)
            record.seqs[index] = (known, mark if known is last else state.n)


def advance(state: State, plan: SequencePlan, known: Any, value: Any, mark: int | None, *, ghost: bool = False) -> Any:
    """Return what is to be known of a sequence after ``value``: the number that is due, or the last one.

    ``known`` and ``mark``, the event that it comes from, are None at the beginning. Frames that could not be read
    since then may each have had a number.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        if value is not None or state.flawed:
            state.unplaced()
        return known
    if plan.mode is SequenceMode.STRICT:
        due = plan.start if known is None else known
        if due is None or value == due or _unread_between(state, plan, due, value, mark):
            return value + plan.step
        if known is None:
            if not ghost:
                state.report(plan.rule, f"`{plan.path.text}` begins with {value}, not with {plan.start}")
        else:
            before = known - plan.step
            what = (
                "repeats" if value == before else "falls back to" if (value < before) == (plan.step > 0) else "jumps to"
            )
            state.report(plan.rule, f"`{plan.path.text}` {what} {value} where {known} is due", mark or 0)
            return value + plan.step if what == "jumps to" else known
        return value + plan.step
    if known is not None and (value < known or (value == known and plan.mode is SequenceMode.RISES)):
        state.report(plan.rule, f"`{plan.path.text}` is {value} after {known}", mark or 0)
        return known
    return value


def _unread_between(state: State, plan: SequencePlan, due: float, value: float, mark: int | None) -> bool:
    """Whether frames that could not be read since ``mark`` may have had the numbers from ``due`` to ``value``."""
    if not state.unread or not plan.step:
        return False
    missing = (value - due) / plan.step
    since = sum(1 for n in state.unread if mark is None or n > mark)
    return 0 < missing <= since and missing == int(missing)


def states(state: State, inst: Instance, event: Any) -> None:
    """Moves the status machines of a scope."""
    for index, plan in enumerate(state.plan.states):
        if plan.scope != inst.scope:
            continue
        value = state.get(plan.path, event)
        if not isinstance(value, str):
            continue
        known = inst.cells[state.plan.layout.states + index]
        if value not in plan.edges:
            state.report(plan.rule, f"`{plan.path.text}` is `{shown(value)}`, which is no state")
            continue
        if known is None:
            if plan.initial and value not in plan.initial and not inst.ghost:
                state.report(plan.rule, f"`{plan.path.text}` begins with `{value}`")
        elif value == known[0]:
            if not plan.stay:
                state.report(plan.rule, f"`{plan.path.text}` is `{value}` again", known[1])
        elif value not in plan.edges[known[0]]:
            state.report(plan.rule, f"`{plan.path.text}` goes from `{known[0]}` to `{value}`", known[1])
        inst.cells[state.plan.layout.states + index] = (value, state.n)


def orders(state: State, inst: Instance, kind: int) -> None:
    """Holds an event against what has to be before it, or after."""
    for index, plan in enumerate(state.plan.orders):
        if plan.scope != inst.scope:
            continue
        before, event = (
            inst.cells[state.plan.layout.orders + 2 * index],
            inst.cells[state.plan.layout.orders + 2 * index + 1],
        )
        if kind in plan.before:
            if event is not None and (
                plan.mode is OrderMode.ALL or (plan.mode is OrderMode.IF_PRESENT and before is None)
            ):
                state.report(plan.rule, f"`{state.event}` comes after `{plan.names[1]}`", event)
            inst.cells[state.plan.layout.orders + 2 * index] = state.n if before is None else before
        elif kind in plan.event:
            if before is None and plan.mode is OrderMode.REQUIRED and not inst.ghost:
                state.report(plan.rule, f"no `{plan.names[0]}` comes before `{state.event}`")
            inst.cells[state.plan.layout.orders + 2 * index + 1] = state.n if event is None else event


def counts(state: State, inst: Instance, kind: int, span: int = -1) -> None:
    """Counts an event, or the opening of a span, and says where it is one too many."""
    for index, plan in enumerate(state.plan.counts):
        if plan.scope == inst.scope and plan.span == span and (span >= 0 or kind in plan.kinds):
            inst.cells[state.plan.layout.counts + index] += 1
            came = inst.cells[state.plan.layout.counts + index]
            if plan.high != NO_LIMIT and came > plan.high:
                state.report(
                    plan.rule,
                    f"`{plan.name}` comes {_times(came)}, at most {plan.high} allowed",
                    inst.n,
                )


def too_few(state: State, inst: Instance) -> None:
    """Says what came too seldom in a scope that ends."""
    if inst.ghost:
        return
    for index, plan in enumerate(state.plan.counts):
        if plan.scope == inst.scope and inst.cells[state.plan.layout.counts + index] < plan.low:
            came = (
                "never comes"
                if not inst.cells[state.plan.layout.counts + index]
                else f"comes {_times(inst.cells[state.plan.layout.counts + index])}"
            )
            state.report(
                plan.rule,
                f"`{plan.name}` {came}, at least {plan.low} needed",
                *(() if inst.scope == SESSION else (inst.n,)),
            )


def deadlines(state: State, inst: Instance, what: str, kind: int, index: int = -1) -> None:
    """Marks or judges every time that begins or ends at this point."""
    for number, plan in enumerate(state.plan.deadlines):
        if plan.scope != inst.scope or plan.start.what == "span":
            continue
        if plan.to.what == what and (kind in plan.to.kinds if what == "event" else index == plan.to.index):
            _judge_deadline(state, inst, number)
        begins = plan.start.what == what and (
            kind in plan.start.kinds if what == "event" else index == plan.start.index
        )
        if begins and inst.cells[state.plan.layout.starts + number] is None:
            inst.cells[state.plan.layout.starts + number] = (state.n, state.at)


def request_deadlines(state: State, inst: Instance, request: tuple[int, float | None]) -> None:
    """Lets the times that count from the request begin."""
    for number, plan in enumerate(state.plan.deadlines):
        if plan.scope == inst.scope and plan.start.what == "request":
            inst.cells[state.plan.layout.starts + number] = request


def _judge_deadline(state: State, inst: Instance, number: int) -> None:
    begun = inst.cells[state.plan.layout.starts + number]
    inst.cells[state.plan.layout.starts + number] = None
    if begun is not None:
        late(state, number, begun)


def late(state: State, number: int, begun: tuple[int, float | None]) -> None:
    """Says where a time that began has become too long."""
    plan = state.plan.deadlines[number]
    n, at = begun
    if at is not None and state.at is not None and state.at - at > plan.seconds + _SLACK:
        state.report(plan.rule, f"`{plan.text}` takes {state.at - at:.3f} s, at most {plan.seconds:g} s allowed", n)


def overdue(state: State, inst: Instance) -> None:
    """Says which times have become too long though what was to come never did."""
    for number, plan in enumerate(state.plan.deadlines):
        if plan.scope == inst.scope and (begun := inst.cells[state.plan.layout.starts + number]) is not None:
            late(state, number, begun)


def span_deadlines(state: State, span: int, record: Record) -> None:
    """Says where a span that closes was open for too long."""
    for number, plan in enumerate(state.plan.deadlines):
        if plan.start.what == "span" and plan.start.index == span:
            late(state, number, (record.n, record.at))


def silences(state: State, kind: int) -> None:
    """Says where it was quiet for too long while something was open, and lets the next silence begin."""
    at = state.at
    if at is None:
        return
    back = at < state.mark < math.inf  # a clock that jumps back is no silence, and neither is its way forth
    if state.direction == "in":
        if not state.open and not back:
            state.mark = at
        return
    if state.open:
        for plan in state.plan.silences:
            if at - state.mark > plan.seconds + _SLACK:
                state.report(
                    plan.rule,
                    f"nothing comes for {at - state.mark:.3f} s, at most {plan.seconds:g} s allowed",
                    state.n - 1,
                )
    if not back:
        state.mark = at


def pieces(
    state: State, folds: dict[int, list[str]] | None, scope: int, span: int, kind: int, event: Any
) -> dict[int, list[str]] | None:
    """Gathers the pieces of a text, and compares them with the whole where an event tells it."""
    for index, plan in enumerate(state.plan.folds):
        if plan.span != span or plan.scope != scope:
            continue
        if kind in plan.wholes:
            gathered = folds.get(index, []) if folds else []
            if gathered or not plan.alone:
                _compare(state, plan, gathered, state.get(plan.wholes[kind], event))
        elif not plan.kinds or kind in plan.kinds:
            piece = state.get(plan.path, event)
            if isinstance(piece, str):
                folds = {} if folds is None else folds
                folds.setdefault(index, []).append(piece)
    return folds


def _compare(state: State, plan: FoldPlan, gathered: list[str], whole: Any) -> None:
    """Says where pieces are not the whole: a text that they add up to, or a list that has them in any order."""
    if isinstance(whole, list):
        if not are_other(gathered, whole):
            return
        pieces, whole = " ".join(sorted(gathered)), " ".join(_texts(whole))
    else:
        pieces = "".join(gathered)
        if not isinstance(whole, str) or whole == pieces:
            return
    state.report(plan.rule, f"the pieces of `{plan.path.text}` are `{shown(pieces)}`, the whole is `{shown(whole)}`")


def are_other(gathered: Sequence[str], whole: list[Any]) -> bool:
    """Whether pieces are not the texts of a list, in any order."""
    return _texts(whole) != sorted(gathered)


def _texts(values: list[Any]) -> list[str]:
    return sorted(one for one in values if isinstance(one, str))


def shown(value: Any) -> str:
    """A value as messages show it, shortened."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
