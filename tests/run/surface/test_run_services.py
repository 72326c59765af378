"""The services of categories, as a user of `canonry run` has them: real processes, told when they are not there."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from canonry.model.outcome import Outcome
from canonry.run.summary import RunSummary
from canonry.testing.services.identity import marked
from canonry.testing.services.place import MARK
from tests.run.surface.calls import report, summary
from tests.testing.services.servers import HTTP, soon
from tests.workbench import SOUND, Folder, canonry_command, environment

SERVER = """
[services.backend]
kind = "command"
command = "python server.py"
ready = "/health"
url-env = ["BACKEND"]
"""
CATEGORIES = """
[categories.served]
paths = ["served"]
services = ["{0}"]

[categories.alone]
paths = ["alone"]
"""
ASKS = """
import os, urllib.request

def test_backend():
    with urllib.request.urlopen(os.environ["BACKEND"] + "/health") as answer:
        assert answer.status == 200
"""
KILLS = """
import os, signal, time, urllib.request
from pathlib import Path

def test_well_and_wrong():
    assert 1 == 2

def test_backend_dies():
    time.sleep(.5)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
                if b"server.py" in line and (entry / "cwd").readlink() == Path.cwd() and b"supervisor" not in line:
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue
    time.sleep(.7)
    urllib.request.urlopen(os.environ["BACKEND"] + "/health").close()
"""


def outcomes(found: RunSummary) -> dict[str, Outcome]:
    return {node.partition("::")[2] or node: result.outcome for node, result in found.results.items()}


def directories(found: RunSummary) -> list[str]:
    return [event.detail for event in found.services.values()]


def nothing_runs(root: Path) -> bool:
    """Whether no process has the folder, or one below it, as its working directory, and no service is left of it."""
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdigit()
                and int(entry.name) != os.getpid()
                and (entry / "cwd").readlink().is_relative_to(root)
            ):
                return False
        except OSError:
            continue
    return True


def test_a_command_serves_the_tests_of_its_category_and_is_gone_with_the_run(folder: Folder) -> None:
    canon = SERVER + CATEGORIES.format("backend")
    folder.write({"canonry.toml": canon, "server.py": HTTP, "served/test_a.py": ASKS, "alone/test_b.py": SOUND})

    assert report(folder)["status"] == 0
    assert soon(lambda: nothing_runs(folder.root))


def test_a_service_that_does_not_start_costs_the_tests_that_need_it(folder: Folder) -> None:
    canon = SERVER + CATEGORIES.format("backend")
    folder.write({"canonry.toml": canon, "server.py": "raise SystemExit('no')\n", "served/test_a.py": ASKS})
    folder.write({"alone/test_b.py": SOUND})

    assert report(folder)["status"] == 1
    found = outcomes(summary(folder))
    assert sorted(found.values()) == [Outcome.PASSED, Outcome.SERVICE_UNAVAILABLE]
    assert found["test_total"] is Outcome.PASSED
    assert soon(lambda: nothing_runs(folder.root))


def test_only_the_probe_makes_a_failure_the_services(folder: Folder) -> None:
    canon = SERVER + CATEGORIES.format("backend")
    folder.write({"canonry.toml": canon, "server.py": HTTP, "served/test_a.py": KILLS, "alone/test_b.py": SOUND})

    assert report(folder)["status"] == 1
    assert outcomes(summary(folder)) == {
        "test_well_and_wrong": Outcome.FAILED,
        "test_backend_dies": Outcome.SERVICE_UNAVAILABLE,
        "test_total": Outcome.PASSED,
    }


AWAY = """
import pytest

def test_away(canonry_service):
    canonry_service("away")

def test_own(canonry_service):
    with pytest.raises(pytest.fail.Exception):
        canonry_service("away")
    assert 0
"""


def test_a_service_that_a_test_asks_for_itself_and_cannot_have_is_unavailable(folder: Folder) -> None:
    canon = "[services.away]\nkind = 'url'\nurl = 'http://127.0.0.1:1/'\n"
    folder.write({"canonry.toml": canon, "test_a.py": AWAY})
    done = folder.call("run", "--workers", "1", "--output-format", "json")
    found = {each["node"].partition("::")[2]: each["outcome"] for each in json.loads(done.stdout)["tests"]}

    assert found == {"test_away": "service-unavailable", "test_own": "failed"}


@pytest.mark.requires("postgres", "redis")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_databases_are_shared_by_no_two_workers(folder: Folder, workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    canon = (
        '[services.postgres]\nkind = "postgres"\nurl-env = ["DATABASE_URL"]\n\n'
        '[services.redis]\nkind = "redis"\nurl-env = ["REDIS_URL"]\n\n'
        '[categories.served]\npaths = ["served"]\nservices = ["postgres", "redis"]\n'
    )
    test = """
import os, time
import psycopg, redis

def test_mine():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("create table mine (n int)")
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.incr("only") == 1
    time.sleep(.5)
"""
    count = int(workers)
    folder.write({"canonry.toml": canon, **{f"served/test_{name}.py": test for name in "ab"[:count]}})

    done = folder.call("run", "--workers", workers)
    assert done.returncode == 0, done.stdout + done.stderr
    assert soon(lambda: nothing_runs(folder.root))
    assert summary(folder).services["postgres"].state == "stopped"


@pytest.mark.requires("redis")
def test_what_a_dead_worker_had_of_a_service_is_there_for_another_and_empty(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    canon = (
        '[services.redis]\nkind = "redis"\nurl-env = ["REDIS_URL"]\n\n'
        '[categories.served]\npaths = ["served"]\nservices = ["redis"]\n'
    )
    test = """
import os
import redis

def test_mine():
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.incr("only") == 1
    with open("databases", "a") as file:
        print(os.environ["REDIS_URL"].rpartition("/")[2], file=file)
    os.abort()
"""
    folder.write({"canonry.toml": canon, **{f"served/test_{name}.py": test for name in "abcdef"}})

    folder.call("run", "--workers", "1")
    crashes = [each.outcome for each in summary(folder).results.values()]
    assert crashes == [Outcome.CRASHED] * 6
    assert set((folder.root / "databases").read_text().split()) == {"1", "2"}  # one that works, one that stands ready


def test_ctrl_c_leaves_nothing_behind(folder: Folder) -> None:
    canon = SERVER + CATEGORIES.format("backend")
    slow = "import time\n\ndef test_slow():\n    open('began', 'w').close()\n    time.sleep(60)\n"
    folder.write({"canonry.toml": canon, "server.py": HTTP, "served/test_a.py": slow})
    command = [*canonry_command(), "run", "--workers", "1"]
    with subprocess.Popen(
        command, cwd=folder.root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert soon((folder.root / "began").exists)
        run.send_signal(signal.SIGINT)
        time.sleep(0.3)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=30)
        assert run.returncode == 130
    assert soon(lambda: nothing_runs(folder.root))
    assert not marked(MARK, str(folder.root))


MOCKING = """
import json
import os
from unittest import mock
import pytest
from canonry.testing import SSotMockFactory

class Shop:
    def buy(self, what): ...

def test_bare():
    mock.MagicMock().anything()

def test_specced():
    mock.MagicMock(spec=Shop).buy("tea")

def test_none():
    assert Shop().buy("tea") is None

@pytest.fixture
def bare():
    return mock.Mock()

def test_fixture(bare): pass
"""


@pytest.mark.parametrize(
    ("policy", "bad"),
    [
        ("allowed", set()),
        ("specced", {"test_bare", "test_fixture"}),
        ("forbidden", {"test_bare", "test_specced", "test_fixture"}),
    ],
)
def test_what_a_category_says_of_mocks_holds_while_its_tests_run(folder: Folder, policy: str, bad: set[str]) -> None:
    canon = f'[categories.strict]\npaths = ["strict"]\nmocks = "{policy}"\n'
    free = "from unittest import mock\n\ndef test_free():\n    mock.Mock().anything()\n"
    folder.write({"canonry.toml": canon, "strict/test_a.py": MOCKING, "free/test_b.py": free})

    report(folder)
    found = outcomes(summary(folder))
    assert {node for node, outcome in found.items() if outcome is not Outcome.PASSED} == bad
    assert all(found[node] in (Outcome.FAILED, Outcome.SETUP_ERROR) for node in bad)
