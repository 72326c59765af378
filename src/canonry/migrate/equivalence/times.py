"""Whether tests take longer after a change than before, on a machine that is busy now and then."""

from collections.abc import Callable, Sequence

_TOLERATED = 1.2
_NOTICEABLE = 1.0
"""Seconds below which no run is slower than another: starting processes takes as long."""
_DOUBTS = 2
"""How often both are measured again where tests seem to be slower."""

Again = Callable[[], tuple[float, float]]
"""Measures both once more, before and after, in seconds."""


def slower(before: list[float], after: list[float], again: Again) -> str:
    """Says that even the fastest run after is slower than the slowest before by more than is tolerated; else empty.

    Where it seems so, both run again in turn: a machine that was busy for a while is not the change's fault. What is
    measured is added to the lists.
    """
    for _ in range(_DOUBTS):
        if min(after) <= _limit(before):
            return ""
        was, now = again()
        before.append(was)
        after.append(now)
    if min(after) <= _limit(before):
        return ""
    return (
        f"the tests take {min(after):.1f} s, {min(after) / max(before):.2f} times the slowest run before "
        f"({max(before):.1f} s); more than {_TOLERATED} times is too much"
    )


def _limit(before: Sequence[float]) -> float:
    return max(_TOLERATED * max(before), max(before) + _NOTICEABLE)
