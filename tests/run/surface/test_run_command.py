"""`canonry run` as a user sees it: statuses, what is said, and what is left for the next run."""

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from canonry.run.recording import read_recording, recordings, runs_folder
from canonry.run.summary import RunSummary
from tests.workbench import SOUND, Folder, canonry_command, environment, small_disk

FAILING = "def test_total():\n    assert sum([1, 2]) == 4\n"
SKIPPED = "import pytest\n\n@pytest.mark.skip(reason='later')\ndef test_later():\n    pass\n"
FAMOUS = """
import sys

def test_loud():
    print("1 failed, 3 errors in 0.1s")
    print("=================== FAILURES ===================")
    print("E   AssertionError: boom", file=sys.stderr)
    print("NameError: name 'x' is not defined")
    print("INTERNALERROR> Traceback (most recent call last):")
    print("Segmentation fault (core dumped)")
    print("ERROR collecting tests/test_a.py")
    print("KeyboardInterrupt")
    print("Timeout >1.0s")
"""
HOPEFUL = """
def test_hopeful():
    print("1 passed in 0.01s")
    print("===== test session starts =====")
    print("OK")
    raise AssertionError("1 passed")
"""


def summary(folder: Folder) -> RunSummary:
    """The newest recording."""
    return RunSummary().add_all(read_recording(runs_folder(folder.root) / f"{recordings(folder.root)[-1]}.jsonl"))


def report(folder: Folder, *arguments: str) -> dict[str, Any]:
    done = folder.call("run", "--workers", "1", "--output-format", "json", *arguments)
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["status"] == done.returncode
    return found


# verdicts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({"test_a.py": SOUND}, 0),
        ({"test_a.py": SOUND, "test_b.py": FAILING}, 1),
        ({"test_a.py": SOUND, "test_b.py": "def test_x(:\n"}, 1),
        ({"test_a.py": SKIPPED}, 5),
        ({"test_a.py": "x = 1\n"}, 5),
        ({"test_a.py": SOUND, "test_b.py": SKIPPED}, 0),
    ],
)
def test_the_status_says_what_the_run_came_to(folder: Folder, files: dict[str, str | bytes], status: int) -> None:
    folder.write(files)

    assert folder.call("run", "--workers", "1").returncode == status


def test_no_verdict_comes_from_text(folder: Folder) -> None:
    folder.write({"test_loud.py": FAMOUS, "test_hopeful.py": HOPEFUL})
    found = report(folder)

    assert {each["node"]: each["outcome"] for each in found["tests"]} == {
        "test_loud.py::test_loud": "passed",
        "test_hopeful.py::test_hopeful": "failed",
    }
    assert report(folder, "test_loud.py")["status"] == 0


def test_a_category_that_was_asked_for_and_ran_nothing_is_not_green(folder: Folder) -> None:
    canon = "[categories.a]\npaths = ['a']\n\n[categories.b]\npaths = ['b']\n"
    folder.write({"canonry.toml": canon, "a/test_a.py": SOUND, "b/test_b.py": SKIPPED})

    assert folder.call("run", "--workers", "1").returncode == 0
    done = folder.call("run", "--workers", "1", "-c", "a", "-c", "b")
    assert done.returncode == 5
    assert "no test of `b` ran to its end" in done.stdout


def test_a_category_by_marker_without_a_marked_test_is_empty(folder: Folder) -> None:
    canon = "[categories.slow]\nmarkers = ['slow']\n"
    folder.write({"canonry.toml": canon, "test_a.py": f"# not slow at all\n{SOUND}"})

    assert folder.call("run", "--workers", "1", "-c", "slow").returncode == 5


def test_a_test_of_two_categories_runs_once_in_the_gravest(folder: Folder) -> None:
    folder.write(
        {
            "canonry.toml": "[categories.unit]\npaths = ['unit']\n\n[categories.vital]\nmarkers = ['vital']\npriority = 'critical'\n",
            "pytest.ini": "[pytest]\nmarkers = vital\n",
            "unit/test_a.py": f"import pytest\n\n@pytest.mark.vital\ndef test_vital():\n    assert 1\n\n{SOUND}",
            "other/test_b.py": f"import pytest\n\n@pytest.mark.vital\ndef test_vital():\n    assert 1\n\n{SOUND}",
        }
    )
    found = report(folder)

    assert sorted((each["node"], each["category"]) for each in found["tests"]) == [
        ("other/test_b.py::test_total", ""),
        ("other/test_b.py::test_vital", "vital"),
        ("unit/test_a.py::test_total", "unit"),
        ("unit/test_a.py::test_vital", "vital"),
    ]


def test_a_flaky_test_is_named_and_fails_unless_its_category_says_otherwise(folder: Folder) -> None:
    flaky = (
        "import pathlib\n\ndef test_flaky():\n    mark = pathlib.Path('seen')\n    if not mark.exists():\n"
        "        mark.touch()\n        raise AssertionError('first time')\n"
    )
    folder.write({"test_a.py": flaky})
    done = folder.call("run", "--workers", "1", "--retries", "1")

    assert done.returncode == 1
    assert "FLAKY test_a.py::test_flaky: failed, passed" in done.stdout

    (folder.root / "seen").unlink()
    folder.write({"canonry.toml": "[categories.a]\npaths = ['test_a.py']\nretries = 1\nflaky = 'warn'\n"})
    assert folder.call("run", "--workers", "1").returncode == 0


def test_options_after_two_dashes_go_to_pytest(folder: Folder) -> None:
    folder.write({"test_a.py": "def test_it(request):\n    assert request.config.getoption('tbstyle') == 'line'\n"})

    assert folder.call("run", "--workers", "1", "--", "--tb=line").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--", "--no-such-option"), "--no-such-option"),
        (("-k", "a or"), "the expression of `-k` cannot be read: a or"),
        (("-m", "(slow"), "the expression of `-m` cannot be read: (slow"),
    ],
)
def test_an_option_that_pytest_does_not_know_is_a_mistake(
    folder: Folder, arguments: tuple[str, ...], message: str
) -> None:
    folder.write({"test_a.py": SOUND})
    done = folder.call("run", "--workers", "1", *arguments)

    assert done.returncode == 2
    assert message in done.stderr


def test_k_and_m_select_as_in_pytest(folder: Folder) -> None:
    folder.write(
        {
            "test_a.py": f"import pytest\n\n{SOUND}\n@pytest.mark.skipif(False, reason='')\ndef test_other():\n    assert 1\n"
        }
    )

    assert [each["node"] for each in report(folder, "-k", "other")["tests"]] == ["test_a.py::test_other"]
    assert [each["node"] for each in report(folder, "-m", "not skipif")["tests"]] == ["test_a.py::test_total"]
    assert folder.call("run", "-k", "nothing").returncode == 5


# what is said --------------------------------------------------------------------------------------------------------


def test_failures_are_repeated_with_the_command_that_runs_each_again(folder: Folder) -> None:
    folder.write({"test_a b.py": FAILING, "test_c.py": SOUND})
    said = folder.call("run", "--workers", "1").stdout

    assert said.count("FAIL") == 2
    assert "canonry run 'test_a b.py::test_total'\n" in said
    assert "PASS" not in said
    assert "2 tests run: 1 passed, 1 failed\n" in said


def test_verbose_has_a_line_for_every_test_and_quiet_only_the_summary(folder: Folder) -> None:
    folder.write({"test_a.py": SOUND})

    assert "PASS [" in folder.call("run", "--workers", "1", "-v").stdout
    assert folder.call("run", "--workers", "1", "-q").stdout.splitlines()[0] == "-" * 12


def test_several_reports_are_written_at_once(folder: Folder) -> None:
    folder.write({"test_a.py": SOUND})
    done = folder.call(
        "run",
        "--report",
        "junit=r.xml",
        "--report",
        "ctrf=r.json",
        "--output-file",
        "all.jsonl",
        "--output-format",
        "jsonl",
    )

    assert "1 passed" in done.stdout
    assert 'tests="1"' in (folder.root / "r.xml").read_text()
    assert json.loads((folder.root / "r.json").read_text())["results"]["summary"]["passed"] == 1
    assert (folder.root / "all.jsonl").read_bytes() == (
        runs_folder(folder.root) / f"{recordings(folder.root)[0]}.jsonl"
    ).read_bytes()


# earlier runs --------------------------------------------------------------------------------------------------------


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


# trouble -------------------------------------------------------------------------------------------------------------


def start(folder: Folder, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        canonry_command("run", *arguments),
        cwd=folder.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_for(path: Path) -> None:
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.01)


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


def test_an_unreachable_staging_host_is_an_error(folder: Folder) -> None:
    folder.write(
        {
            "canonry.toml": "[profiles.staging]\nurl = 'http://127.0.0.1:9'\nready = '/health'\nready-timeout = '300ms'\n",
            "test_a.py": SOUND,
        }
    )
    done = folder.call("run", "--profile", "staging")

    assert done.returncode == 2
    assert "`http://127.0.0.1:9/health` does not answer" in done.stderr
    assert recordings(folder.root) == []


def test_staging_without_a_url_is_an_error(folder: Folder) -> None:
    folder.write({"test_a.py": SOUND})
    done = folder.call("run", "--profile", "staging")

    assert done.returncode == 2
    assert "`profiles.staging`" in done.stderr or "[tool.canonry.profiles.staging]" in done.stderr


def test_no_docker_refuses_containers_and_nothing_else(folder: Folder) -> None:
    canon = (
        "[services.mailbox]\nkind = 'container'\nimage = 'mailpit/mailpit:v1.21'\n\n"
        "[categories.mail]\npaths = ['mail']\nservices = ['mailbox']\n\n[categories.unit]\npaths = ['unit']\n"
    )
    folder.write({"canonry.toml": canon, "mail/test_a.py": SOUND, "unit/test_b.py": SOUND})
    done = folder.call("run", "--no-docker")

    assert done.returncode == 2
    assert "`--no-docker` refuses containers, and `mailbox` is one" in done.stderr
    assert folder.call("run", "--no-docker", "-c", "unit", "--workers", "1").returncode == 0


# collecting ----------------------------------------------------------------------------------------------------------


def test_collect_counts_every_file_and_runs_nothing(folder: Folder) -> None:
    folder.write(
        {
            "test_a.py": f"import pathlib\n\ndef test_ran():\n    pathlib.Path('ran').touch()\n\n{SOUND}",
            "test_b.py": "x = 1\ndef test_x(:\n",
            "test_c.py": "import no_such_module\n",
            "test_d.py": "x = 1\n",
        }
    )
    done = folder.call("run", "--collect", "--workers", "1")
    found = json.loads(folder.call("run", "--collect", "--workers", "1", "--output-format", "json").stdout)

    assert done.returncode == 1
    assert "uncollectable test_b.py:2: SyntaxError" in done.stdout
    assert "uncollectable test_c.py:1: ModuleNotFoundError: No module named 'no_such_module'" in done.stdout
    assert "no test in    test_d.py" in done.stdout
    assert "50.0 % of 4 files can be collected" in done.stdout
    assert not (folder.root / "ran").exists()
    assert (found["tests"], found["without-tests"], len(found["uncollectable"])) == (2, ["test_d.py"], 2)


def test_collect_lists_what_the_same_call_would_run(folder: Folder) -> None:
    folder.write(
        {
            "test_a.py": "import pytest\n\n@pytest.mark.slow\ndef test_one():\n    pass\n\ndef test_b():\n    pass\n",
            "test_c.py": "def test_c():\n    pass\n",
            "pytest.ini": "[pytest]\nmarkers = slow\n",
        }
    )
    for arguments, nodes, left_out in (
        (("-k", "one"), {"test_a.py": ["test_a.py::test_one"]}, 2),
        (("-m", "slow"), {"test_a.py": ["test_a.py::test_one"]}, 2),
        (
            ("test_a.py::test_b", "test_c.py"),
            {"test_a.py": ["test_a.py::test_b"], "test_c.py": ["test_c.py::test_c"]},
            0,
        ),
    ):
        called = ("run", "--collect", "--workers", "1", "--output-format", "json", *arguments)
        found = json.loads(folder.call(*called).stdout)
        assert (found["collected"], found["deselected"], found["without-tests"]) == (nodes, left_out, []), arguments
    gone = folder.call("run", "--collect", "--workers", "1", "test_a.py::test_nope")
    assert gone.returncode == 1
    assert "uncollectable test_a.py::test_nope: there is no such test in its file" in gone.stdout
    assert folder.call("run", "--collect", "--workers", "1", "-k", "nothing").returncode == 5


def test_collect_ends_well_at_100_percent(folder: Folder) -> None:
    folder.write({"test_a.py": SOUND})

    assert folder.call("run", "--collect").returncode == 0


def test_list_knows_the_tests_after_they_were_collected_until_something_changes(folder: Folder) -> None:
    folder.write(
        {
            "test_a.py": "from shop import x\n\ndef test_a():\n    assert x\n",
            "shop.py": "x = 1\n",
            "pytest.ini": "[pytest]\npythonpath = .\n",
        }
    )
    unknown = (
        "(no category)\n  test_a.py\n1 file whose tests are not known yet; `canonry run --collect` collects them\n"
    )
    assert folder.call("run", "--list").stdout == unknown
    folder.call("run", "--collect")
    assert "  test_a.py::test_a\n" in folder.call("run", "--list").stdout
    folder.write({"shop.py": "x = 2\n"})
    assert folder.call("run", "--list").stdout == unknown


def test_small_suites_are_sharded_by_tests(folder: Folder) -> None:
    folder.write({"test_a.py": "".join(f"def test_{number}():\n    assert 1\n\n" for number in range(3))})
    parts = [
        json.loads(folder.call("run", "--shard", f"{n}/3", "--list", "--output-format", "json").stdout)
        for n in (1, 2, 3)
    ]
    nodes = [part["categories"][0]["files"][0]["tests"] for part in parts]

    assert sorted(nodes) == [[f"test_a.py::test_{number}"] for number in range(3)]
    assert folder.call("run", "--shard", "1/4").returncode == 2


# what a newcomer meets -----------------------------------------------------------------------------------------------


def test_a_flow_where_none_is_declared_is_one_sentence(folder: Folder) -> None:
    folder.write({"test_a.py": SOUND})
    done = folder.call("run", "--flow", "golden")

    assert done.returncode == 2
    assert "the canon declares no flows, so `golden` is none; `[flows.golden]` would declare it" in done.stderr


def test_files_whose_tests_are_not_known_are_not_counted_as_tests(folder: Folder) -> None:
    folder.write({"test_a.py": f"{SOUND}\ndef test_b():\n    assert 1\n", "test_c.py": SOUND})
    first = folder.call("run", "--list").stdout
    folder.call("run", "--collect")

    assert first.splitlines()[-1].startswith("2 files whose tests are not known yet; `canonry run --collect`")
    assert folder.call("run", "--list").stdout.splitlines()[-1] == "3 tests in 2 files"


def test_a_test_that_its_file_does_not_have_is_a_mistake_where_nothing_else_ran(folder: Folder) -> None:
    folder.write({"test_a.py": SOUND})
    alone = folder.call("run", "--workers", "1", "test_a.py::test_absent")
    beside = folder.call("run", "--workers", "1", "test_a.py::test_absent", "test_a.py::test_total")

    assert (alone.returncode, beside.returncode) == (2, 1)
    assert "there is no such test in its file" in alone.stdout


NEWCOMER = """
def test_lacks(basket): pass

def test_wrong():
    total = sum([1, 2])
    assert total == 4
"""


def test_a_failure_keeps_its_indentation_and_a_missing_fixture_its_name(folder: Folder) -> None:
    folder.write({"test_a.py": NEWCOMER})
    tests = {each["node"].partition("::")[2]: each["attempts"][0] for each in report(folder)["tests"]}

    assert tests["test_lacks"]["reason"] == "fixture 'basket' not found"
    assert tests["test_wrong"]["text"].splitlines()[:2] == ["    def test_wrong():", "        total = sum([1, 2])"]


def test_failures_stop_a_run(folder: Folder) -> None:
    bad = "".join(f"def test_{number}():\n    assert 0\n\n" for number in range(6))
    folder.write({"test_a.py": bad})

    def failed(*options: str) -> int:
        found = report(folder, *options)
        assert found["status"] == 1
        return sum(each["outcome"] == "failed" for each in found["tests"])

    assert (failed("--fail-fast"), failed("--fast-fail"), failed("--max-failures", "3"), failed()) == (1, 1, 3, 6)


def test_a_nested_project_runs_with_its_own_options(repository: Folder) -> None:
    repository.write(
        {
            "pytest.ini": "[pytest]\naddopts = --strict-markers\n",
            "test_top.py": SOUND,
            "services/shop/pyproject.toml": '[tool.pytest.ini_options]\nmarkers = ["slow"]\npythonpath = ["src"]\n',
            "services/shop/src/till.py": "TOTAL = 3\n",
            "services/shop/tests/test_till.py": "import pytest, till\n\n@pytest.mark.slow\ndef test_it():\n    assert till.TOTAL == 3\n",
        }
    )
    repository.commit()

    assert [each["outcome"] for each in report(repository, "services/shop/tests")["tests"]] == ["passed"]
    assert repository.call("run", "--workers", "1", "--collect", "services/shop/tests/test_till.py").returncode == 0
    assert repository.call("run", "--workers", "1").returncode == 1  # as with plain pytest, which then reads the root's


def test_watch_runs_what_a_change_reaches_until_it_is_interrupted(folder: Folder) -> None:
    folder.write({"test_a.py": SOUND, "test_b.py": "from goods import PRICE\n\ndef test_b():\n    assert PRICE\n"})
    folder.write({"goods.py": "PRICE = 1\n"})
    process = start(folder, "--workers", "1", "--watch")
    assert process.stderr is not None
    narrated = ""

    def until_it_waits() -> None:
        nonlocal narrated
        while "waits for a change" not in (line := process.stderr.readline()):
            assert line, narrated
            narrated += line

    until_it_waits()
    folder.write({"goods.py": "PRICE = 0  # too cheap\n"})
    until_it_waits()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "2 tests run: 2 passed" in said
    assert "1 test run: 1 failed" in said


def test_one_file_is_one_session_however_many_workers_there_are(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    says = "import os\n\ndef test_it():\n    assert ('PYTEST_XDIST_WORKER' in os.environ) is {}\n"
    folder.write({"test_a.py": says.format(False)})
    assert folder.call("run", "--workers", "2").returncode == 0

    folder.write({"test_b.py": says.format(True), "test_a.py": f"{says.format(True)}\n# with others\n"})
    assert folder.call("run", "--workers", "2").returncode == 0
