"""Runs that were before: they are shown again, resumed, and run again in part; and runs that are cut off."""

import json
import os
import signal
import threading
import time

import pytest

from canonry.run.recording import read_recording, recordings, runs_folder
from canonry.run.summary import RunSummary
from tests.run.surface.calls import FAILING, report, start, summary, wait_for
from tests.workbench import SOUND, Folder, small_disk


def test_replay_shows_a_run_again(folder: Folder) -> None:
    folder.write({"test_a.py": FAILING, "test_b.py": "def test_x(:\n"})
    first = folder.call("run", "--workers", "1")
    again = folder.call("run", "--replay", "last")

    assert (again.stdout, again.returncode) == (first.stdout, first.returncode)
    assert len(recordings(folder.root)) == 1


def test_failed_runs_what_failed_and_rerun_what_ran(folder: Folder) -> None:
    folder.write({"test_a.py": f"{SOUND}\ndef test_bad():\n    assert 0\n", "test_b.py": SOUND})
    report(folder)
    (first,) = recordings(folder.root)

    assert [each["node"] for each in report(folder, "--failed")["tests"]] == ["test_a.py::test_bad"]
    assert len(report(folder, "--rerun", first)["tests"]) == 3
    assert len(report(folder, "--rerun", first, "--failed")["tests"]) == 1
    folder.write({"test_a.py": f"{SOUND}\ndef test_bad():\n    assert 1\n"})
    assert report(folder, "--failed")["status"] == 0
    assert folder.call("run", "--failed").returncode == 5


def test_failed_forgets_a_file_that_is_healed_and_a_test_that_is_gone(folder: Folder) -> None:
    folder.write({"test_a.py": "def test_x(:\n", "test_b.py": f"{SOUND}\ndef test_bad():\n    assert 0\n"})
    report(folder)
    folder.write({"test_a.py": SOUND, "test_b.py": SOUND})

    found = {each["node"]: each["outcome"] for each in report(folder, "--failed")["tests"]}
    assert found == {"test_a.py::test_total": "passed", "test_b.py::test_bad": "uncollectable"}
    assert folder.call("run", "--failed").returncode == 5


def test_the_fingerprint_has_names_and_no_values_of_variables(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", "hunter2")
    folder.write({"test_a.py": SOUND})
    folder.call("run", "--workers", "1")
    started = summary(folder).started

    assert "SHOP_SECRET" in started.fingerprint["variables"].split()
    assert {"python", "platform", "package:pytest"} <= set(started.fingerprint)
    assert "hunter2" not in (runs_folder(folder.root) / f"{started.run}.jsonl").read_text()


def test_durations_order_the_plan(folder: Folder) -> None:
    folder.write({"test_a.py": SOUND, "test_b.py": "import time\n\ndef test_slow():\n    time.sleep(0.2)\n"})
    report(folder)
    shown = json.loads(folder.call("run", "--plan", "--output-format", "json").stdout)

    assert 0.2 <= shown["expected"] < 1


SLOW = """
import pathlib, pytest, time

def test_first():
    assert 1

def test_slow():
    pathlib.Path('begun').touch()
    time.sleep(1)

@pytest.mark.parametrize('n', range(20))
def test_last(n):
    time.sleep(0.1)
"""


def test_ctrl_c_finishes_what_runs_and_resume_goes_on(folder: Folder) -> None:
    folder.write({"test_a.py": SLOW})
    process = start(folder, "--workers", "1")
    wait_for(folder.root / "begun")
    process.send_signal(signal.SIGINT)
    said, narrated = process.communicate(timeout=60)
    ended = summary(folder)

    assert process.returncode == 130
    assert "finishes what runs" in narrated
    assert "INTERRUPTED" in said
    assert ended.results["test_a.py::test_slow"].outcome == "passed"
    left = [node for node, result in ended.results.items() if result.outcome == "not-run"]
    assert "test_a.py::test_last[19]" in left
    assert ended.ended is not None

    again = report(folder, "--resume")
    assert sorted(each["node"] for each in again["tests"]) == sorted(left)
    assert again["status"] == 0
    assert "came to its own end" in folder.call("run", "--resume").stderr


def test_ctrl_c_twice_stops_now(folder: Folder) -> None:
    folder.write({"test_a.py": SLOW.replace("sleep(1)", "sleep(60)")})
    process = start(folder, "--workers", "1")
    wait_for(folder.root / "begun")
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)

    assert process.returncode == 130
    assert summary(folder).ended is not None


def test_a_killed_run_leaves_a_recording_that_can_be_read_and_resumed(folder: Folder) -> None:
    folder.write({"test_a.py": SLOW.replace("sleep(1)", "sleep(60)")})
    process = start(folder, "--workers", "1", start_new_session=True)
    wait_for(folder.root / "begun")
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    shown = folder.call("run", "--replay", "last")

    assert "CUT OFF" in shown.stdout
    folder.write({"test_a.py": SLOW.replace("sleep(1)", "sleep(0)")})
    nodes = {each["node"] for each in report(folder, "--resume")["tests"]}
    assert {"test_a.py::test_slow", "test_a.py::test_last[19]"} <= nodes


def test_two_runs_at_once_do_not_collide(folder: Folder) -> None:
    folder.write({f"test_{number}.py": SOUND for number in range(4)})
    statuses: list[int] = []

    def run() -> None:
        statuses.append(folder.run("run", "--workers", "1").returncode)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [0, 0]
    assert len(recordings(folder.root)) == 2
    assert all(
        len(RunSummary().add_all(read_recording(runs_folder(folder.root) / f"{run}.jsonl")).results) == 4
        for run in recordings(folder.root)
    )


@pytest.mark.requires("tmpfs")
def test_a_full_disk_costs_the_recording_and_not_the_run(folder: Folder) -> None:
    loud = "import pytest\n\n@pytest.mark.parametrize('n', range(40))\ndef test_loud(n):\n    print('x' * 50_000)\n    assert n != 3\n    assert n < 0\n"
    folder.write({"test_a.py": loud})
    (folder.root / ".canonry").mkdir()
    with small_disk(folder.root / ".canonry"):
        done = folder.run("run", "--workers", "1")

    assert done.returncode == 1
    assert "40 tests run: 40 failed" in done.stdout
    assert done.stdout.count("the run is not recorded") == 1
    assert "Traceback" not in done.stderr
