"""What a file leaves behind is named, and a failure where its category says so."""

from pathlib import Path

import pytest

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, Leaked
from canonry.model.run_plan import Policy
from tests.run.execution.bench import project, run

IMPORTS = "import asyncio, locale, logging, os, signal, socket, subprocess, tempfile, threading, time, pytest\n"
FILE = IMPORTS + "kept = []\n{}\n"
LEFT = {
    "thread": "threading.Thread(target=time.sleep, args=(30,), daemon=True, name='sleeper').start()",
    "process": "subprocess.Popen(['sleep', '30'])",
    "socket": "kept.append(socket.socket())",
    "temporary-file": "tempfile.mkstemp()",
    "task": "loop = asyncio.new_event_loop(); kept.extend((loop, loop.create_task(asyncio.sleep(30))))",
    "environment": "os.environ['LEFT'] = 'secret'",
    "cwd": "os.chdir('/')",
    "umask": "os.umask(0o123)",
    "locale": "locale.setlocale(locale.LC_ALL, 'C' if locale.setlocale(locale.LC_ALL) != 'C' else 'C.UTF-8')",
    "logging": "logging.getLogger('asyncio').setLevel(3)",
    "signal": "signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
}


def test_what_a_file_leaves_behind_is_named(tmp_path: Path) -> None:
    files = {f"test_{kind.replace('-', '_')}.py": f"def test_it():\n    {code}" for kind, code in LEFT.items()}
    told = run(project(tmp_path, {path: FILE.format(code) for path, code in files.items()}), workers=1)
    found = {(event.kind, event.node) for event in told.of(Leaked)}
    expected = {(kind, f"{path}::test_it") for kind, path in zip(LEFT, files, strict=True)}
    also = {("socket", "test_task.py::test_it")}  # those of the loop that is still open
    assert found == expected | also
    assert not any("secret" in f"{event.name} {event.detail}" for event in told.of(Leaked))
    assert not any(event.restored for event in told.of(Leaked))
    assert {event.outcome for event in told.of(AttemptEnded)} == {Outcome.PASSED}


WAYS = """
import atexit, contextlib, shop
from unittest import TestCase
from shared import Inherited

os.environ["AT_TOP"] = "1"

@pytest.fixture
def own():
    os.environ["BY_OWN_FIXTURE"] = "1"

def setup_module():
    os.environ["BY_SETUP_MODULE"] = "1"

def test_first(): pass
def test_fixture(own): pass
def test_deep(): shop.configure()
def test_removes(): del os.environ["PRESENT"]
def test_changes(): os.environ["CHANGED"] = "2"
def test_past(): os.putenv("PAST", "1")
def test_folder(tmp_path): os.chdir(tmp_path)
def test_thread(): threading.Thread(target=time.sleep, args=(30,), daemon=True, name="sleeper").start()
def test_file(): tempfile.mkdtemp(prefix="left")
def test_logs(): logging.getLogger("left").setLevel(5)
def test_last(): pass

class TestOld(TestCase):
    @classmethod
    def setUpClass(cls): os.environ["BY_CLASS"] = "1"
    def test_old(self): os.environ["BY_METHOD"] = "1"

class TestInherited(Inherited): pass
"""


def test_the_test_that_did_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESENT", "1")
    monkeypatch.setenv("CHANGED", "1")
    files = {
        "test_a.py": FILE.format(WAYS),
        "test_b.py": "def test_b(): pass\n",
        "shop.py": "import os\nos.environ['AT_IMPORT'] = '1'\ndef configure(): os.environ['BY_SHOP'] = '1'\n",
        "shared.py": "import os\nclass Inherited:\n    def test_base(self): os.environ['BY_BASE'] = '1'\n",
    }
    told = run(project(tmp_path, files), workers=1, policy=Policy(leaks="fail"))
    found = {
        (event.node.removeprefix("test_a.py").removeprefix("::"), event.kind, event.name, event.detail)
        for event in told.of(Leaked)
        if event.kind not in ("cwd", "temporary-file")
    }
    environment = {
        ("", "AT_TOP", "was added"),
        ("test_first", "BY_SETUP_MODULE", "was added"),
        ("test_fixture", "BY_OWN_FIXTURE", "was added"),
        ("test_deep", "BY_SHOP", "was added"),
        ("test_removes", "PRESENT", "was removed"),
        ("test_changes", "CHANGED", "was changed"),
        ("test_past", "PAST", "was put there past `os.environ`"),
        ("TestOld::test_old", "BY_CLASS", "was added"),
        ("TestOld::test_old", "BY_METHOD", "was added"),
        ("TestInherited::test_base", "BY_BASE", "was added"),
    }
    assert found == {(node, "environment", *rest) for node, *rest in environment} | {
        ("test_thread", "thread", "sleeper", ""),
        ("", "logging", "left", "has level Level 5, not NOTSET"),
    }
    assert {e.node for e in told.of(Leaked) if e.kind == "cwd"} == {"test_a.py::test_folder"}
    assert {e.node for e in told.of(Leaked) if e.kind == "temporary-file"} == {"test_a.py::test_file"}
    failed = told.ended("test_a.py")
    assert failed.outcome is Outcome.FAILED
    assert "environment `BY_SHOP`" in failed.reason
    assert "test_a.py::test_deep leaves environment `BY_SHOP` was added" in failed.text.splitlines()
    assert told.ended("test_b").outcome is Outcome.PASSED


CONFTEST = """
import logging, os, signal, sys, pytest
from pathlib import Path

os.environ["BY_CONFTEST"] = "1"

def pytest_runtest_setup(item): os.environ["BY_HOOK"] = item.name
def pytest_runtest_teardown(item): os.chdir(Path(__file__).parent)

@pytest.fixture(autouse=True)
def mode():
    os.environ["MODE"] = "test"
    logging.getLogger("asyncio").setLevel(5)
    yield
    os.environ["MODE"] = "after"

@pytest.fixture(scope="session", autouse=True)
def whole():
    os.environ["WHOLE"] = "1"
    os.umask(0o77)
    yield
    os.environ["WHOLE"] = "2"

@pytest.fixture(scope="package")
def part():
    os.environ["PART"] = "1"
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    import state
    state.PART = 1
    yield
    del os.environ["PART"]
    signal.signal(signal.SIGUSR2, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    del state.PART
"""
CLEAN = """
import unittest, warnings, state
from unittest import mock
import late

@pytest.fixture(scope="session", autouse=True)
def ours():
    os.environ["OURS"] = "1"
    logging.getLogger("concurrent.futures").setLevel(7)

@pytest.fixture
def put_back():
    os.environ["OWN"] = "1"
    yield
    del os.environ["OWN"]

@pytest.fixture(scope="module", autouse=True)
def module():
    os.environ["MODULE"] = "1"
    old = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGUSR1, old)
    del os.environ["MODULE"]

def test_monkeypatch(monkeypatch, tmp_path, put_back):
    monkeypatch.setenv("PATCHED", "1")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(state, "LIST", [5])

@mock.patch.dict(os.environ, {"PATCHED": "1"}, clear=True)
def test_patch_dict(): os.environ["MORE"] = "1"

def test_caplog(caplog):
    caplog.set_level(5)
    warnings.simplefilter("ignore")

def test_part(part): import lazy

class TestOld(unittest.TestCase):
    def setUp(self):
        self.enterContext(mock.patch.dict(os.environ, {"OLD": "1"}))
        state.LIST.append(1)
        self.addCleanup(state.LIST.clear)
    def test_old(self): os.environ["OLDER"] = "1"

def test_asyncio(): asyncio.run(asyncio.sleep(0))
"""


def test_what_is_put_back_and_what_others_change_is_no_leak(tmp_path: Path) -> None:
    setting = "import os, logging\nos.environ['{0}'] = '1'\nlogging.getLogger('{0}').setLevel(10)\n"
    files = {
        "p/__init__.py": "",
        "p/conftest.py": CONFTEST,
        "p/test_a.py": FILE.format(CLEAN),
        "p/test_b.py": FILE.format(CLEAN),
        "test_c.py": FILE.format(CLEAN.replace("(part)", "()")),
        "late.py": setting.format("late"),
        "lazy.py": setting.format("lazy"),
        "state.py": "LIST = []\n",
    }
    told = run(project(tmp_path, files), workers=1, policy=Policy(global_leaks=True))
    assert told.of(Leaked) == []
    assert [event.outcome for event in told.of(AttemptEnded)] == [Outcome.PASSED] * 18


STATE = """
import collections, functools, logging
LIST, DICT, SET, QUEUE = [], {"a": {"b": 1}}, set(), collections.deque()
NUMBER, NAME, GONE = 1, "name", 1
LOG = logging.getLogger("state")

class Settings:
    shared = []
    def __init__(self): self.debug = False

SETTINGS = Settings()

@functools.cache
def cached(number): return number
"""
CHANGES = """
def test_it():
    state.LIST.append(1); state.DICT["a"]["b"] = 2; state.SET.add(1); state.QUEUE.append(1)
    state.NUMBER = 2; state.NAME = "other"; del state.GONE; state.ADDED = 1
    state.Settings.shared.append(1); state.SETTINGS.debug = True
    state.cached(1); state.LOG.info("fills a cache")
    kept.append(1)
"""


def test_globals_of_the_project_are_looked_at_on_request(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/state.py": STATE,
        "test_a.py": FILE.format("from shop import state\n" + CHANGES),
        "test_b.py": "def test_b(): pass\n",
    }
    project(tmp_path, files)
    told = run(tmp_path, workers=1, policy=Policy(global_leaks=True, leaks="fail"))
    changed = {"LIST", "DICT", "SET", "QUEUE", "Settings.shared", "SETTINGS"}
    assert {(event.name, event.detail) for event in told.of(Leaked) if event.kind == "global"} == {
        *((f"shop.state.{name}", "was changed") for name in changed),
        *((f"shop.state.{name}", "was rebound") for name in ("NUMBER", "NAME")),
        ("shop.state.GONE", "was removed"),
        ("shop.state.ADDED", "was added"),
    }
    assert {event.node for event in told.of(Leaked)} == {"test_a.py::test_it"}
    assert told.ended("test_a.py").outcome is Outcome.FAILED
    assert told.ended("test_b").outcome is Outcome.PASSED
    assert run(tmp_path, workers=1).of(Leaked) == []


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


def test_a_file_that_fails_for_what_it_left_is_not_attempted_again(tmp_path: Path) -> None:
    content = FILE.format("tries = []\n\ndef test_flaky():\n    tries.append(1)\n    assert len(tries) > 1\n")
    leaks = "\ndef test_leak():\n    os.environ['LEFT'] = '1'\n"
    root = project(tmp_path, {"test_a.py": content + leaks})
    told = run(root, policy=Policy(leaks="fail", retries=1), workers=1)
    assert sorted(told.attempts) == [("test_a.py", 1), ("test_flaky", 1), ("test_flaky", 2), ("test_leak", 1)]
