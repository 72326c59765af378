"""The circuit's state machine, held against a model of its laws, and each of its faults against the law it breaks."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reference_chat.agents.circuit import Circuit, CircuitOpenError, Permit, Policy, State
from reference_chat.faults import Faults

_FAULTS = {
    "breaker_never_opens": "stays closed",
    "breaker_never_closes": "stays open",
    "breaker_stampede": "probes at a time",
    "breaker_ignores_slow": "stays closed",
    "breaker_counts_consecutive": "stays closed",
}


class CircuitLaws(RuleBasedStateMachine):
    """A circuit beside the plainest account of what it should be: lists of all that happened, nothing clever."""

    fault: str | None = None

    @initialize(
        window=st.integers(1, 8),
        minimum=st.integers(1, 8),
        rate=st.sampled_from([0.25, 0.5, 0.8, 1.0]),
        slow_rate=st.sampled_from([0.25, 0.5, 1.0]),
    )
    def start(self, window: int, minimum: int, rate: float, slow_rate: float) -> None:
        faults = Faults()
        if self.fault:
            faults.switch({self.fault: True})
        self.policy = Policy(
            window=window,
            minimum=min(minimum, window),
            failure_rate=rate,
            slow_rate=slow_rate,
            slow_after=5,
            call_timeout=60,
            open_for=10,
        )
        self.circuit = Circuit(self.policy, faults)
        self.now = 0.0
        self.expected = State.CLOSED
        self.until = 0.0
        self.window: list[tuple[bool, bool]] = []
        self.ours: list[Permit] = []
        """Calls of the present period, and those of earlier ones, which may no longer matter."""
        self.stale: list[Permit] = []

    @rule(seconds=st.sampled_from([0.0, 1.0, 3.0, 6.0, 11.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def call(self) -> None:
        if self.expected is State.OPEN and self.now >= self.until:
            self._enter(State.HALF_OPEN)
        admitted = self.expected is State.CLOSED or (self.expected is State.HALF_OPEN and not self.ours)
        refused: CircuitOpenError | None = None
        try:
            permit = self.circuit.admit(self.now)
        except CircuitOpenError as error:
            refused = error
        if refused is not None:
            assert not admitted, "a call is refused that may be made"
            assert refused.retry_after > 0
            return
        assert admitted, (
            "several probes at a time" if self.expected is State.HALF_OPEN else "a call passes an open circuit"
        )
        self.ours.append(permit)

    @precondition(lambda self: self.ours)
    @rule(data=st.data(), failed=st.booleans())
    def end(self, data: Any, failed: bool) -> None:
        permit = self.ours.pop(data.draw(st.integers(0, len(self.ours) - 1)))
        self.circuit.settle(permit, self.now, failed=failed)
        self._count(permit, failed=failed)

    @precondition(lambda self: self.ours)
    @rule(data=st.data())
    def give_up(self, data: Any) -> None:
        permit = self.ours.pop(data.draw(st.integers(0, len(self.ours) - 1)))
        self.circuit.release(permit, self.now)
        if self.now - permit.since > self.policy.slow_after:
            self._count(permit, failed=False)

    @precondition(lambda self: self.stale)
    @rule(failed=st.booleans(), given_up=st.booleans())
    def end_of_an_earlier_period(self, failed: bool, given_up: bool) -> None:
        permit = self.stale.pop()
        if given_up:
            self.circuit.release(permit, self.now)
        else:
            self.circuit.settle(permit, self.now, failed=failed)

    @invariant()
    def states_agree(self) -> None:
        if not hasattr(self, "circuit"):
            return
        expected, found = self.expected, self.circuit.state
        assert found is expected, f"the circuit stays {found.value} where it should be {expected.value}"

    def _count(self, permit: Permit, *, failed: bool) -> None:
        slow = self.now - permit.since > self.policy.slow_after
        if self.expected is State.HALF_OPEN:
            self._enter(State.OPEN if failed or slow else State.CLOSED)
            return
        self.window = [*self.window, (failed, slow)][-self.policy.window :]
        count = len(self.window)
        failures, slows = sum(one[0] for one in self.window), sum(one[1] for one in self.window)
        bad = failures / count >= self.policy.failure_rate or slows / count >= self.policy.slow_rate
        if count >= self.policy.minimum and bad:
            self._enter(State.OPEN)

    def _enter(self, state: State) -> None:
        self.expected = state
        self.until = self.now + self.policy.open_for
        self.window = []
        self.stale += self.ours
        self.ours = []


def test_the_circuit_keeps_its_laws() -> None:
    run_state_machine_as_test(CircuitLaws, settings=settings(max_examples=50, stateful_step_count=40, deadline=None))


@pytest.mark.parametrize("fault", _FAULTS)
def test_every_fault_breaks_a_law(fault: str) -> None:
    broken = type("Broken", (CircuitLaws,), {"fault": fault})
    quick = settings(
        max_examples=400,
        stateful_step_count=40,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
    )

    with pytest.raises(AssertionError, match=_FAULTS[fault]):
        run_state_machine_as_test(broken, settings=quick)


def _closed(**policy: Any) -> Circuit:
    return Circuit(Policy(**policy), Faults())


def _run(circuit: Circuit, outcomes: str, *, now: float = 0.0) -> State:
    """Runs calls one after the other: `x` failed, `.` good, `s` slow."""
    for outcome in outcomes:
        later = now + circuit.policy.slow_after + 1 if outcome == "s" else now
        circuit.settle(circuit.admit(now), later, failed=outcome == "x")
    return circuit.state


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("xxxx.xxxx.", State.OPEN),
        ("x.x.x.x.x.", State.OPEN),
        ("x..x..x..x..x..", State.CLOSED),
        ("xxxxxxxxx", State.CLOSED),
        ("ssssssss..", State.OPEN),
        ("sssss.....", State.CLOSED),
        ("....................xxxxxxxxx.", State.CLOSED),
        ("....................xxxxxxxxxx", State.OPEN),
    ],
)
def test_shares_of_the_last_twenty_calls_decide(outcomes: str, state: State) -> None:
    assert _run(_closed(), outcomes) is state


def test_a_probe_that_is_given_up_leaves_its_place_to_the_next() -> None:
    circuit = _closed(minimum=1, window=1)
    _run(circuit, "x")
    probe = circuit.admit(20.0)
    with pytest.raises(CircuitOpenError):
        circuit.admit(20.0)

    circuit.release(probe, 20.0)

    circuit.settle(circuit.admit(20.0), 20.0, failed=False)
    assert circuit.state is State.CLOSED


def test_what_it_shows_are_counts() -> None:
    circuit = _closed()
    _run(circuit, "x.s")

    assert circuit.shown() == {"state": "closed", "calls": 3, "failures": 1, "slow": 1, "opened": 0, "rejected": 0}


def test_a_policy_that_could_never_decide_is_refused() -> None:
    with pytest.raises(ValueError, match="`minimum`"):
        Policy(window=5, minimum=6)
