"""Recordings: complete, readable when cut off, refused when newer, pruned, and never in each other's way."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, Note, RunEnded, RunStarted, encode
from canonry.run.fingerprint import kept_packages, packages
from canonry.run.recording import (
    Recorder,
    find_recording,
    is_running,
    last_outcomes,
    new_run_id,
    prune,
    read_recording,
    recordings,
    runs_folder,
)

EVENTS = [
    RunStarted(run="r", at=1.0),
    AttemptEnded(node="test_a.py::test_a", outcome=Outcome.FAILED, reason="é"),
    AttemptEnded(node="test_a.py::test_a", outcome=Outcome.PASSED, attempt=2),
    RunEnded(status=0, duration=1.5),
]


def record(root: Path, run: str) -> Path:
    recorder = Recorder(runs_folder(root), run)
    for event in EVENTS:
        recorder.emit(event)
    recorder.close()
    assert recorder.trouble == ""
    return recorder.path


def test_what_was_recorded_is_read_again(tmp_path: Path) -> None:
    assert list(read_recording(record(tmp_path, "a"))) == EVENTS


@given(cut=st.integers(0, 10_000))
def test_a_recording_that_was_cut_off_is_read_up_to_there(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    whole = b"".join(map(encode, EVENTS))
    path = tmp_path_factory.mktemp("cut") / "r.jsonl"
    path.write_bytes(whole[: max(len(encode(EVENTS[0])), cut % (len(whole) + 1))])
    found = list(read_recording(path))

    assert found == EVENTS[: len(found)]
    assert len(found) == path.read_bytes().count(b"\n")


def test_a_killed_run_loses_no_failure(tmp_path: Path) -> None:
    recorder = Recorder(runs_folder(tmp_path), "a")
    for event in EVENTS[:2]:
        recorder.emit(event)

    assert list(read_recording(recorder.path)) == EVENTS[:2]  # nobody has closed it yet
    recorder.close()


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"event":"run-started","format":2}\n')
    with pytest.raises(UserError, match="recorded by a newer canonry"):
        list(read_recording(path))


def test_events_of_a_later_canonry_are_passed_over(tmp_path: Path) -> None:
    path = record(tmp_path, "a")
    path.write_bytes(
        path.read_bytes().replace(b'{"event":"run-ended"', b'{"event":"weather","sun":1}\n{"event":"run-ended"')
    )

    assert list(read_recording(path)) == EVENTS


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("hello\n")
    with pytest.raises(UserError, match="no recording"):
        list(read_recording(tmp_path / "r.jsonl"))


def test_a_recording_is_found_by_the_start_of_its_id(tmp_path: Path) -> None:
    for run in ("20260101-1", "20260102-1", "20260102-2"):
        record(tmp_path, run)

    assert find_recording(tmp_path, "20260101").stem == "20260101-1"
    assert find_recording(tmp_path, "last").stem == "20260102-2"
    with pytest.raises(UserError, match="may be `20260102-1`, `20260102-2`"):
        find_recording(tmp_path, "20260102")
    with pytest.raises(UserError, match="no run `x` is recorded"):
        find_recording(tmp_path, "x")


def test_the_newest_are_kept_and_those_that_go_on(tmp_path: Path) -> None:
    going_on = Recorder(runs_folder(tmp_path), "a")
    for run in "bcde":
        record(tmp_path, run)

    assert is_running(going_on.path)
    assert prune(tmp_path, keep=2) == ["b", "c"]
    assert recordings(tmp_path) == ["a", "d", "e"]
    going_on.close()
    assert prune(tmp_path, keep=2) == ["a"]


def test_ids_differ_and_sort_by_time() -> None:
    ids = [new_run_id(1_700_000_000 + number / 20) for number in range(100)]  # several in one second

    assert sorted(ids) == ids
    assert len({new_run_id(1_700_000_000) for _ in range(100)}) == 100


def test_the_last_attempt_decides(tmp_path: Path) -> None:
    assert last_outcomes(record(tmp_path, "a")) == {"test_a.py::test_a": Outcome.PASSED}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_full_disk_costs_the_recording_and_is_said_once(tmp_path: Path) -> None:
    folder = runs_folder(tmp_path)
    folder.mkdir(parents=True)
    recorder = Recorder(folder, "a")
    assert recorder._out is not None
    recorder._out.close()
    recorder._out = open("/dev/full", "wb")  # noqa: SIM115
    for _ in range(3):
        recorder.emit(RunStarted(run="a"))
        recorder.emit(Note(text="x" * 100_000))
    recorder.close()

    assert "the run is not recorded" in recorder.trouble
    assert "no space left" in recorder.trouble


def test_packages_are_looked_at_again_where_one_was_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, kept = tmp_path / "site-packages", tmp_path / ".canonry" / "packages.json"
    site.mkdir()
    os.utime(site, (1, 1))
    packed = [each for each in sys.path if each.endswith("-packages")]
    monkeypatch.setattr(sys, "path", [str(site), *packed])
    before = kept_packages(kept)
    assert kept_packages(kept) == before == packages()
    kept.write_text(kept.read_text().replace('"msgspec"', '"from-the-file"'))
    assert "from-the-file" in kept_packages(kept)

    (site / "shop-1.2.dist-info").mkdir()
    (site / "shop-1.2.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: shop\nVersion: 1.2\n")
    assert kept_packages(kept) == {**before, "shop": "1.2"}

    kept.write_text("[")
    assert kept_packages(kept)["shop"] == "1.2"
