"""`canonry run` as a user sees it: statuses, what is said, and what a newcomer meets."""

import json
import signal

import pytest

from canonry.run.recording import recordings, runs_folder
from tests.run.surface.calls import FAILING, SKIPPED, report, start
from tests.workbench import SOUND, Folder

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


# what is not there --------------------------------------------------------------------------------------------------


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
