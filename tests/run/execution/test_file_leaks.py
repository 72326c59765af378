"""What a file leaves behind is named, and a failure where its category says so."""

from pathlib import Path

import pytest

from canonry.model.outcome import Outcome
from canonry.model.run_event import Leaked
from canonry.model.run_plan import Policy
from tests.run.execution.bench import project, run

LEFT = {
    "thread": "threading.Thread(target=time.sleep, args=(30,), daemon=True, name='sleeper').start()",
    "process": "subprocess.Popen(['sleep', '30'])",
    "socket": "kept.append(socket.socket())",
    "temporary-file": "tempfile.mkstemp()",
    "task": "loop = asyncio.new_event_loop(); kept.extend((loop, loop.create_task(asyncio.sleep(30))))",
}
FILE = "import asyncio, socket, subprocess, tempfile, threading, time, pytest\nkept = []\n{}\n"


@pytest.mark.parametrize("kind", LEFT)
def test_what_a_file_leaves_behind_is_named(tmp_path: Path, kind: str) -> None:
    files = {"test_a.py": FILE.format(f"def test_a():\n    {LEFT[kind]}"), "test_b.py": "def test_b(): pass\n"}
    told = run(project(tmp_path, files))
    also = {"socket"} if kind == "task" else set()  # those of the loop that is still open
    assert {event.node for event in told.of(Leaked)} == {"test_a.py"}
    assert {event.kind for event in told.of(Leaked)} == {kind} | also
    assert set(told.outcomes.values()) == {Outcome.PASSED}


def test_a_category_can_forbid_it(tmp_path: Path) -> None:
    files = {"test_a.py": FILE.format(f"def test_a():\n    {LEFT['thread']}"), "test_b.py": "def test_b(): pass\n"}
    told = run(project(tmp_path, files), policy=Policy(leaks="fail"))
    assert told.ended("test_a.py").outcome is Outcome.FAILED
    assert told.ended("test_a.py").reason == "leaves behind: thread `sleeper`"
    assert told.ended("test_b").outcome is Outcome.PASSED


def test_what_a_session_fixture_starts_is_no_leak(tmp_path: Path) -> None:
    fixture = "@pytest.fixture(scope='session')\ndef server():\n    {}\n    yield\ndef test_a(server, tmp_path): pass"
    told = run(project(tmp_path, {"test_a.py": FILE.format(fixture.format(LEFT["thread"]))}))
    assert told.of(Leaked) == []


def test_what_an_async_base_case_keeps_for_its_next_loop_is_no_leak(tmp_path: Path) -> None:
    code = (
        "from canonry.testing import SSotAsyncTestCase\n\n"
        "class TestA(SSotAsyncTestCase):\n    async def test_a(self):\n        assert True\n"
    )
    told = run(project(tmp_path, {"test_a.py": code, "test_b.py": code.replace("TestA", "TestB")}))
    assert set(told.outcomes.values()) == {Outcome.PASSED}
    assert told.of(Leaked) == []


@pytest.mark.requires("redis")
def test_a_service_that_the_session_keeps_is_no_leak_of_the_file_that_asked_first(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[tool.canonry.services.cache]\nkind = "redis"\n',
        "test_a.py": "def test_a(fresh_redis): assert fresh_redis.url\n",
        "test_b.py": "def test_b(worker_redis): assert worker_redis.url\n",
    }
    told = run(project(tmp_path, files))
    assert set(told.outcomes.values()) == {Outcome.PASSED}
    assert told.of(Leaked) == []
