"""Recordings as runs of the history: whole, cut off at any byte, with what a later canonry adds."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonry.history.store import open_history
from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import (
    AttemptEnded,
    Collected,
    ContractJudged,
    FlowCovered,
    PhaseEnded,
    RunEnded,
    RunEvent,
    RunStarted,
    Uncollectable,
    encode,
)
from canonry.run.recorded import environment_of, recorded_run, recorded_summary
from canonry.run.summary import RunSummary

EVENTS: tuple[RunEvent, ...] = (
    RunStarted(
        run="r", at=100.0, root="/p", place="sub", commit="c", fingerprint={"python": "3.11", "platform": "Linux"}
    ),
    Collected(path="test_a.py", nodes=("test_a.py::test_a",)),
    Uncollectable(path="test_b.py", reason="it does not parse", line=3),
    AttemptEnded(node="test_a.py::test_a", outcome=Outcome.FAILED, reason="4 is not 3", text="trace", line=7, at=101.0),
    PhaseEnded(node="test_a.py::test_a", phase="call", outcome=Outcome.PASSED),
    AttemptEnded(node="test_a.py::test_a", outcome=Outcome.PASSED, attempt=2, duration=0.5, at=102.0, category="unit"),
    AttemptEnded(node="test_b.py", outcome=Outcome.UNCOLLECTABLE, at=103.0),
    AttemptEnded(node="test_a.py::gone", outcome=Outcome.UNCOLLECTABLE, at=103.5),
    ContractJudged(node="test_a.py::test_a", contract="c", flow="golden"),
    FlowCovered(flow="golden", tests=1),
    RunEnded(status=1, duration=4.0),
)
WHOLE = b"".join(map(encode, EVENTS))


def test_a_recording_and_a_run_that_has_just_ended_are_kept_alike(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(WHOLE)
    one, other = recorded_run(path), recorded_summary(RunSummary().add_all(EVENTS))

    assert one.run == other.run
    assert sorted(one.attempts, key=repr) == sorted(other.attempts, key=repr)
    assert (sorted(one.failures, key=repr), one.flows) == (sorted(other.failures, key=repr), other.flows)
    assert set(one.gone) == set(other.gone) == {"sub/test_a.py", "sub/test_a.py::gone"}
    assert one.flows[0].tests == ("sub/test_a.py::test_a",)
    assert [(each.node, each.reason, each.text) for each in one.failures] == [
        ("sub/test_a.py::test_a", "4 is not 3", "trace")
    ]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(cut=st.integers(0, len(WHOLE)))
def test_a_recording_that_is_cut_off_at_any_byte_is_what_it_told_until_then(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(WHOLE[:cut])
    told = WHOLE[:cut].count(b"\n")
    ends = [event for event in EVENTS[:told] if isinstance(event, AttemptEnded)]
    if not told and cut < WHOLE.index(b"\n"):
        with pytest.raises(UserError, match="is no recording of a run"):
            recorded_run(path)
        return
    found = recorded_run(path)

    assert len(found.attempts) == len(ends)
    assert found.run.whole is (told == len(EVENTS))
    assert found.run.status == 1
    assert bool(found.run.reason) is not found.run.whole


def test_what_a_later_canonry_adds_is_passed_over(tmp_path: Path) -> None:
    lines = WHOLE.splitlines(keepends=True)
    lines.insert(3, b'{"event":"attempt-ended","node":"x","outcome":"vanished"}\n')
    lines.insert(3, b'{"event":"dreamt","of":"sheep"}\n')
    lines.insert(3, b'{"event":"collected","path":7}\n')
    lines.insert(3, b'{"event":"attempt-ended","node":"x","outcome":"passed","attempt":"second"}\n')
    lines.insert(3, b"\xff\xfe\n")
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"".join(lines))

    assert len(recorded_run(path).attempts) == 4
    assert recorded_run(path).run.whole


@pytest.mark.parametrize(
    "field", ['"at":1e300', '"duration":-1e300', '"attempt":99999999999999999999', '"attempt":-1', '"line":1e30']
)
def test_numbers_that_cannot_be_are_passed_over(tmp_path: Path, field: str) -> None:
    lines = WHOLE.splitlines(keepends=True)
    lines.insert(3, b'{"event":"attempt-ended","node":"x","outcome":"failed",%s}\n' % field.encode())
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"".join(lines))
    with open_history(tmp_path / "history.db") as history:
        history.add(recorded_run(path))
        assert len(list(history.attempts())) == 4


def test_a_run_at_an_impossible_time_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(WHOLE.replace(b'"at":100.0', b'"at":1e300').replace(b'"duration":4.0', b'"duration":1e300'))
    with open_history(tmp_path / "history.db") as history:
        history.add(recorded_run(path))
        (run,) = history.runs()
        attempts = list(history.attempts())

    assert (run.at, run.whole, run.status) == (0.0, False, 1)
    assert [each.at for each in attempts] == [101.0, 102.0, 103.0, 103.5]


def test_a_cut_recording_is_completed_by_the_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with open_history(tmp_path / "history.db") as history:
        for content in (WHOLE[:700], WHOLE, WHOLE[:700]):
            path.write_bytes(content)
            history.add(recorded_run(path))
        (run,) = history.runs()
        attempts = list(history.attempts())

    assert (run.whole, run.reason, run.duration) == (True, "", 4.0)
    assert len(attempts) == 4


def test_an_environment_is_alike_where_what_counts_is() -> None:
    base = {"python": "3.11.7", "platform": "Linux", "package:pytest": "9.0", "variables": "HOME", "release": "6.1"}

    assert environment_of(base) == environment_of(base | {"variables": "HOME PWD", "release": "6.2", "cores": "4"})
    assert environment_of(base) != environment_of(base | {"package:pytest": "9.1"})
    assert environment_of(base) != environment_of(base | {"service:db": "postgres"})
    assert environment_of(base).startswith("linux-3.11.7-")
    assert environment_of({}) == ""
