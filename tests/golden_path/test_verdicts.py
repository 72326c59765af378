"""What the matrix makes of two runs: nothing is proven by a check that stays green, or is red for another reason."""

from pathlib import Path

import pytest

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, ContractJudged, encode
from golden_path.matrix.cases import BOTH, Case, cases_of
from golden_path.matrix.rows import CASES, DEFECTS
from golden_path.matrix.show import missing_rows, table
from golden_path.matrix.verdicts import Seen, State, Verdict, judge, seen_in
from tests.workbench import ROOT

CASE = Case(row=1, key="drop", check="anywhere/test_a.py::test_a", expects=("sequence.seq", "says: is lost"))
HEALTHY = {"golden_path/anywhere/test_a.py::test_a": Seen(outcome=Outcome.PASSED)}
FAULTY = "golden_path/anywhere/test_a.py::test_a[drop]"


def verdict(faulty: Seen | None, healthy: dict[str, Seen] = HEALTHY) -> Verdict:
    (found,) = judge([CASE], "sqlite", healthy=healthy, faulty={FAULTY: faulty} if faulty else {})
    return found


@pytest.mark.parametrize(
    ("faulty", "state", "why"),
    [
        (Seen(outcome=Outcome.FAILED, rules=("tool.closed", "sequence.seq")), State.PROVEN, ""),
        (Seen(outcome=Outcome.FAILED, reason="AssertionError: an event is lost"), State.PROVEN, ""),
        (Seen(outcome=Outcome.PASSED), State.UNPROVEN, "the check is passed under its fault"),
        (Seen(outcome=Outcome.PASSED, rules=("sequence.seq",)), State.UNPROVEN, "the check is passed under its fault"),
        (Seen(outcome=Outcome.FAILED, rules=("tool.closed",)), State.UNPROVEN, "red, and not by `sequence.seq`"),
        (Seen(outcome=Outcome.FAILED, reason="AssertionError: else"), State.UNPROVEN, "but: AssertionError: else"),
        (Seen(outcome=Outcome.SETUP_ERROR, rules=("sequence.seq",)), State.UNPROVEN, "is setup-error under its fault"),
        (Seen(outcome=Outcome.TIMEOUT, rules=("sequence.seq",)), State.UNPROVEN, "is timeout under its fault"),
        (None, State.UNPROVEN, "did not run under its fault"),
    ],
)
def test_a_case_is_proven_by_its_own_red_alone(faulty: Seen | None, state: State, why: str) -> None:
    found = verdict(faulty)

    assert found.state is state
    assert why in found.why


def test_a_check_that_is_red_or_absent_without_a_fault_proves_nothing() -> None:
    red = Seen(outcome=Outcome.FAILED, rules=("sequence.seq",))
    node = next(iter(HEALTHY))

    assert verdict(red, {node: Seen(outcome=Outcome.FAILED, reason="broken")}).state is State.RED
    assert verdict(red, {node: Seen(outcome=Outcome.SKIPPED)}).state is State.RED
    assert verdict(red, {}).state is State.UNPROVEN


def test_what_is_not_proven_is_said_with_its_row() -> None:
    lines = list(table([verdict(Seen(outcome=Outcome.PASSED))], whole=True))

    assert "unproven: row 1, drop, sqlite: the check is passed under its fault" in lines
    assert " 2  events are out of order  unproven: no fault ran" in lines
    assert missing_rows([verdict(Seen(outcome=Outcome.FAILED, rules=("sequence.seq",)))]) == list(DEFECTS)[1:]


def test_a_recording_is_read_by_the_last_attempt_of_each_test(tmp_path: Path) -> None:
    recording = tmp_path / "run.jsonl"
    events = [
        ContractJudged(node=FAULTY, contract="agent-events/1", violations=("sequence.seq",)),
        AttemptEnded(node=FAULTY, outcome=Outcome.FAILED, reason="AssertionError: x"),
        AttemptEnded(node=next(iter(HEALTHY)), outcome=Outcome.PASSED),
    ]
    recording.write_bytes(b"".join(map(encode, events)) + b"half a li")

    assert seen_in(recording) == {
        FAULTY: Seen(outcome=Outcome.FAILED, reason="AssertionError: x", rules=("sequence.seq",)),
        **HEALTHY,
    }


def test_every_row_has_faults_and_every_fault_a_test() -> None:
    assert {case.row for case in CASES} == set(DEFECTS) == set(range(1, 34))
    assert len({(case.key, case.check) for case in CASES}) == len(CASES)
    assert len({case.key for case in CASES}) == len(CASES)
    for case in CASES:
        file, _, name = case.check.partition("::")
        assert f"def {name}(" in (ROOT / "golden_path" / file).read_text(encoding="utf-8"), case.check
        assert case.expects
        assert case.engines


def test_every_row_that_one_process_can_show_is_there_on_both_engines() -> None:
    for engine in BOTH:
        rows = {case.row for case in CASES if engine in case.engines}
        assert set(DEFECTS) - rows <= {26}, engine


def test_faults_are_chosen_by_name_and_by_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    node = "golden_path/anywhere/test_isolation.py::test_two_users_see_their_own"
    monkeypatch.delenv("GOLDEN_ONLY", raising=False)
    monkeypatch.delenv("GOLDEN_QUICK", raising=False)
    everything = [case.key for case in cases_of(node, "sqlite")]
    monkeypatch.setenv("GOLDEN_QUICK", "1")
    quick = [case.key for case in cases_of(node, "sqlite")]
    monkeypatch.setenv("GOLDEN_ONLY", "misroute")

    assert {"misroute", "concurrent-swap"} <= set(everything)
    assert "misroute" in quick
    assert "concurrent-swap" not in quick
    assert [case.key for case in cases_of(node, "sqlite")] == ["misroute"]
