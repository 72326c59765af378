"""A circuit breaker's states over a sliding window of calls; pure: the caller says what time it is.

As in resilience4j's count-based window: shares of the last calls decide, and not failures in a row, so a dependency
of which every fifth answer is good does not stay in use.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from reference_chat.faults import Faults


class State(StrEnum):
    """`closed`: calls pass; `open`: none; `half_open`: one probe at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a circuit opens and how it closes again; times in seconds."""

    window: int = 20
    minimum: int = 10
    """Calls that have to be in the window before their shares say anything."""
    failure_rate: float = 0.5
    slow_rate: float = 0.8
    slow_after: float = 15.0
    call_timeout: float = 30.0
    open_for: float = 10.0

    def __post_init__(self) -> None:
        if not 1 <= self.minimum <= self.window:
            raise ValueError("`minimum` is between 1 and `window`")


class CircuitOpenError(Exception):
    """The call was not made; `retry_after` seconds from now one may be."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("the model is not asked at the moment, because it failed too often")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call, given in one period of one state; outcomes of another period say nothing."""

    period: int
    since: float
    is_probe: bool


class Circuit:
    """The state machine. `admit` before a call, `settle` or `release` after it."""

    def __init__(self, policy: Policy, faults: Faults) -> None:
        self.policy = policy
        self.state = State.CLOSED
        self.opened = self.rejected = 0
        self._faults = faults
        self._calls: deque[tuple[bool, bool]] = deque(maxlen=policy.window)
        self._in_a_row = 0
        self._period = 0
        self._open_until = 0.0
        self._probing = False

    def admit(self, now: float) -> Permit:
        """Leave for one call. Raises `CircuitOpenError`."""
        if self.state is State.OPEN:
            if now < self._open_until:
                self.rejected += 1
                raise CircuitOpenError(self._open_until - now)
            self._enter(State.HALF_OPEN)
        if self.state is State.HALF_OPEN:
            if self._probing and self._faults.on("breaker_stampede") is None:
                self.rejected += 1
                raise CircuitOpenError(self.policy.open_for)
            self._probing = True
            return Permit(self._period, now, is_probe=True)
        return Permit(self._period, now, is_probe=False)

    def settle(self, permit: Permit, now: float, *, failed: bool) -> None:
        """Counts a call that ended; one that took longer than `slow_after` is slow."""
        if permit.period != self._period:
            return
        slow = now - permit.since > self.policy.slow_after and self._faults.on("breaker_ignores_slow") is None
        if permit.is_probe:
            self._probing = False
            if failed or slow or self._faults.on("breaker_never_closes") is not None:
                self._open(now)
            else:
                self._enter(State.CLOSED)
            return
        self._calls.append((failed, slow))
        self._in_a_row = self._in_a_row + 1 if failed else 0
        if self._is_bad() and self._faults.on("breaker_never_opens") is None:
            self._open(now)

    def release(self, permit: Permit, now: float) -> None:
        """Gives leave back for a call that its caller gave up: it says nothing, unless it had already been slow."""
        if now - permit.since > self.policy.slow_after:
            self.settle(permit, now, failed=False)
        elif permit.is_probe and permit.period == self._period:
            self._probing = False

    def shown(self) -> dict[str, object]:
        """State and numbers, for a census."""
        failures, slow = (sum(call[at] for call in self._calls) for at in (0, 1))
        numbers = {"calls": len(self._calls), "failures": failures, "slow": slow}
        return {"state": self.state.value, **numbers, "opened": self.opened, "rejected": self.rejected}

    def _is_bad(self) -> bool:
        if self._faults.on("breaker_counts_consecutive") is not None:
            return self._in_a_row >= self.policy.minimum
        count = len(self._calls)
        if count < self.policy.minimum:
            return False
        failures, slow = (sum(call[at] for call in self._calls) for at in (0, 1))
        return failures >= self.policy.failure_rate * count or slow >= self.policy.slow_rate * count

    def _open(self, now: float) -> None:
        self._enter(State.OPEN)
        self._open_until = now + self.policy.open_for
        self.opened += 1

    def _enter(self, state: State) -> None:
        self.state = state
        self._period += 1
        self._calls.clear()
        self._in_a_row = 0
        self._probing = False
