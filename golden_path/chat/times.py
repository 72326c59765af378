"""How long a test waits: as long as the contract's profile allows, and some more, so that a rule says what is late."""

from dataclasses import dataclass

from canonry.testing import EventContract

_CLOSE, _FIRST = "deadline.run.close", "deadline.first(run)"
_CONNECT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds."""

    silence: float
    """After so long a silence a test stops to wait: twice what the profile allows."""
    answer: float
    """After so long in all a test stops to wait for the end of a run: half as long again as the profile allows."""
    connect: float
    """How long connecting may take: as long as the first event of a run, and two seconds at least."""


def times_of(contract: EventContract) -> Times:
    """The times of the profile with which a contract is held."""
    plan = contract.contract.plan
    within = {deadline.rule: deadline.seconds for deadline in plan.deadlines}
    return Times(
        silence=2 * max(silence.seconds for silence in plan.silences),
        answer=1.5 * within[_CLOSE],
        connect=max(_CONNECT, within[_FIRST]),
    )
