"""How many runs the search for who a test depends on takes, on suites whose behaviour is a rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.model.outcome import Outcome
from canonry.run.probes.order import OrderReport, check_order
from canonry.run.probes.probe import Probe, Prober

Rule = Callable[[str, Sequence[str]], bool]
"""Whether a test fails that runs now, after these."""
_TESTS = [f"t{number}" for number in range(1000)]
_TWO = st.lists(st.sampled_from(_TESTS), min_size=2, max_size=2, unique=True)


@dataclass(slots=True, frozen=True, kw_only=True)
class RuleProber(Prober):
    """Runs nothing: a rule says what each test comes to."""

    rule: Rule
    slow: str = ""
    """A test that takes long; the others take a hundredth of a second."""

    def run(self, nodes: Sequence[str], *, states: Sequence[str] = (), watch: bool = False) -> Probe:
        """What a process would say that runs these."""
        probe, ran, times = Probe(), list[str](), dict[str, int]()
        for node in nodes:
            time = times[node] = times.get(node, -1) + 1
            probe.outcomes[node, time] = Outcome.FAILED if self.rule(node, ran) else Outcome.PASSED
            probe.seconds[node] = 100.0 if node == self.slow else 0.01
            ran.append(node)
        return probe


def _check(rule: Rule, *, slow: str = "") -> OrderReport:
    return check_order(RuleProber(root=Path(), rule=rule, slow=slow), _TESTS)


@settings(max_examples=25, deadline=None)
@given(_TWO)
def test_a_polluter_anywhere_among_1000_takes_six_runs_at_most(two: list[str]) -> None:
    polluter, victim = two
    report = _check(lambda node, ran: node == victim and polluter in ran)

    assert [(each.node, each.kind, each.others) for each in report.findings] == [(victim, "polluted", (polluter,))]
    assert report.probes <= 6


@settings(max_examples=25, deadline=None)
@given(_TWO)
def test_a_missing_setter_takes_six_runs_at_most(two: list[str]) -> None:
    setter, needy = two
    report = _check(lambda node, ran: node == needy and setter not in ran)

    assert [(each.node, each.kind, each.others) for each in report.findings] == [(needy, "needs-setter", (setter,))]
    assert report.probes <= 6


def test_a_slow_test_is_looked_at_less_often_in_a_run_and_in_more_of_them() -> None:
    report = _check(lambda node, ran: node == "t900" and "t451" in ran, slow="t900")

    assert [each.others for each in report.findings] == [("t451",)]
    assert report.probes == 2 + 5 + 1


def _heals(node: str, ran: Sequence[str]) -> bool:
    """The victim passes from its second time on, as one does that fills a cache."""
    return node == "t900" and "t451" in ran and "t900" not in ran


def _needs_both(node: str, ran: Sequence[str]) -> bool:
    return node == "t900" and "t12" in ran and "t451" in ran


@pytest.mark.parametrize(
    ("rule", "others", "most"), [(_heals, ("t451",), 15), (_needs_both, ("t12", "t451"), 27)], ids=["heals", "both"]
)
def test_who_is_not_found_by_looking_in_between_is_found_by_halving(
    rule: Rule, others: tuple[str, ...], most: int
) -> None:
    report = _check(rule)

    assert [(each.node, each.others) for each in report.findings] == [("t900", others)]
    assert report.probes <= most


def test_one_that_changes_by_itself_is_told_so_in_four_runs() -> None:
    looks = iter([True, *[False] * 200])
    report = _check(lambda node, _ran: node == "t900" and next(looks))

    assert [(each.node, each.kind) for each in report.findings] == [("t900", "unstable")]
    assert report.probes == 4
