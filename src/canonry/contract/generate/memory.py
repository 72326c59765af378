"""What the checker's session knows, asked for by what a generator needs: the one place that reads its state."""

from typing import Any

from canonry.contract.check.state import Instance, Record, State
from canonry.contract.compile.plan import SequencePlan
from canonry.contract.language.rules import SequenceMode


def constants(state: State, inst: Instance) -> list[Any]:
    """Return the values of a scope's constant fields, None where none was seen."""
    begin = state.plan.layout.consts
    return [inst.cells[begin + index] for index in range(len(state.plan.scopes[inst.scope].constant))]


def counted(state: State, inst: Instance, count: int) -> int:
    """Return how often something that is counted came in a scope."""
    return int(inst.cells[state.plan.layout.counts + count])


def status(state: State, inst: Instance, machine: int) -> str | None:
    """Return the state that a machine is in, None before the first."""
    known = inst.cells[state.plan.layout.states + machine]
    return None if known is None else str(known[0])


def last_number(state: State, owner: Instance | Record, index: int, plan: SequencePlan) -> Any:
    """Return the number that came last in a scope or span, None before the first."""
    if isinstance(owner, Record):
        known = (owner.seqs or {}).get(index, (None, 0))[0]
    else:
        known = owner.cells[state.plan.layout.seqs + index]
    return known - plan.step if known is not None and plan.mode is SequenceMode.STRICT else known


def gathered(owner: Instance | Record, index: int) -> list[str]:
    """Return the pieces of a text so far."""
    return owner.folds.get(index, []) if owner.folds else []


def spent_scopes(state: State) -> list[list[Any]]:
    """Return for each scope the keys that were closed and are not open."""
    return [
        [key for key in {**ring.old, **ring.new} if key not in live]
        for ring, live in zip(state.closed, state.live, strict=True)
    ]


def spent_spans(state: State, span: int) -> list[Any]:
    """Return the keys of a span that were closed and are not open, in the scopes that are open now."""
    found: list[Any] = []
    for inst in (state.root, *(each for live in state.live for each in live.values())):
        found += [key for key in inst.cells[state.plan.layout.closed + span] or () if key not in inst.spans[span]]
    return found


def referable(state: State, span: int) -> list[tuple[Any, int]]:
    """Return the keys of a span that the session saw, each with what became of it: 1 open, 2 closed, 3 referred to."""
    ring = state.seen[span]
    return list({**ring.old, **ring.new}.items())
