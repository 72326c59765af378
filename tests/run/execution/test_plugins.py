"""The common plugins of pytest do beside the runner what they do without it."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from canonry.model.outcome import Outcome
from canonry.model.run_event import Note, PluginReport
from tests.run.execution.bench import PLUGINS, plain_pytest, project, run

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "d.sqlite3", "TEST": {"NAME": "shared.sqlite3"}}}
"""
DJANGO = """
import time
import pytest

@pytest.mark.django_db
@pytest.mark.parametrize("n", range(5))
def test_rows(n):
    from django.contrib.auth.models import Group
    Group.objects.create(name="a")
    time.sleep(.05)
    assert Group.objects.count() == 1

@pytest.mark.django_db
def test_unique():
    from django.contrib.auth.models import Group
    Group.objects.create(name="a")
    Group.objects.create(name="a")

def test_no_database():
    from django.contrib.auth.models import Group
    Group.objects.count()
"""
HYPOTHESIS = """
from hypothesis import given, strategies as st

@given(st.integers())
def test_good(n): assert n == n

@given(st.integers())
def test_bad(n): assert n < 100
"""
XDIST = """
def test_worker(worker_id, testrun_uid): assert worker_id and testrun_uid

def test_which(request):
    import xdist
    assert xdist.get_xdist_worker_id(request)
"""
MOCK = """
import os

def test_good(mocker):
    mocker.patch('os.getcwd', return_value='x')
    assert os.getcwd() == 'x'

def test_undone(): assert os.getcwd() != 'x'

def test_bad(mocker): mocker.Mock().assert_called()
"""
ANYIO = """
import anyio, pytest

@pytest.mark.anyio
async def test_good(): await anyio.sleep(0)

@pytest.mark.anyio
async def test_bad():
    await anyio.sleep(0)
    assert False
"""
ASYNCIO = """
import asyncio, pytest

async def test_good(): await asyncio.sleep(0)

async def test_bad():
    await asyncio.sleep(0)
    assert False

@pytest.fixture
async def value(): return 3

async def test_fixture(value): assert value == 3
"""
RANDOMLY = "".join(f"def test_{n}(): assert {n} % 3\n" for n in range(20))
# what asks for no configuration of its own runs in one project, a file for each plugin
CASES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "hypothesis, mock, randomly, anyio": (
        {"hypothesis": HYPOTHESIS, "mock": MOCK, "randomly": RANDOMLY, "anyio": ANYIO},
        {"conftest.py": "import pytest\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"},
    ),
    "xdist": ({"xdist": XDIST}, {"pytest.ini": "[pytest]\naddopts = -n 2 --dist loadscope\n"}),
    "timeout": (
        {"timeout": "import time\ndef test_long(): time.sleep(30)\ndef test_short(): pass\n"},
        {"pytest.ini": "[pytest]\ntimeout = 0.5\n"},
    ),
    "django": (
        {"django": DJANGO},
        {"pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = settings\npythonpath = .\n", "settings.py": SETTINGS},
    ),
    "asyncio": ({"asyncio": ASYNCIO}, {"pytest.ini": "[pytest]\nasyncio_mode = auto\n"}),
}
PLAIN = {Outcome.PASSED: "passed", Outcome.FAILED: "failure", Outcome.SETUP_ERROR: "error", Outcome.SKIPPED: "skipped"}


@pytest.fixture(autouse=True)
def _plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)


def plain(root: Path) -> dict[str, str]:
    """What each test came to in plain pytest."""
    plain_pytest(root, "--junitxml=plain.xml")
    found = {}
    for case in ET.parse(root / "plain.xml").iter("testcase"):
        states = {child.tag for child in case} & {"failure", "error", "skipped"}
        found[f"{case.get('classname')}.{case.get('name')}"] = states.pop() if states else "passed"
    return found


@pytest.mark.parametrize("case", CASES)
def test_outcomes_are_those_of_plain_pytest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    contents, files = CASES[case]
    if "anyio" in contents:  # these two are half of a pytest's start, and are beside all others here
        monkeypatch.delenv("PYTEST_ADDOPTS")
    tests = {f"test_{plugin}_{twin}.py": content for plugin, content in contents.items() for twin in "ab"}

    def outcomes(workers: int) -> dict[str, str]:
        told = run(project(tmp_path / str(workers), {**files, **tests}), workers=workers)
        return {node.replace(".py::", "."): PLAIN[each.outcome] for (node, _), each in told.attempts_by_file.items()}

    found = outcomes(1)
    assert len(found) > len(tests)
    assert {*found.values()} >= {"passed"}
    assert found == outcomes(2) == plain(project(tmp_path / "plain", {**files, **tests}))


@pytest.mark.parametrize("workers", [1, 2])
def test_coverage_of_all_workers_is_combined_and_reported(tmp_path: Path, workers: int) -> None:
    halves = "def left():\n    return 1\n\ndef right():\n    return 2\n\ndef never():\n    return 3\n"
    test = "import time\nfrom pkg import halves\ndef test_it():\n    time.sleep(.3)\n    assert halves.{}()\n"
    files = {"pkg/__init__.py": "", "pkg/halves.py": halves, "pytest.ini": "[pytest]\npythonpath = .\n"}
    files |= {"test_left.py": test.format("left"), "test_right.py": test.format("right")}
    arguments = ("--cov=pkg", "--cov-report=term-missing", "--cov-report=xml", "--cov-fail-under=90")
    told = run(project(tmp_path, files), workers=workers, pytest_arguments=arguments)

    (report,) = told.of(PluginReport)
    assert report.plugin == "pytest-cov"
    (line,) = [line.split() for line in report.text.splitlines() if "halves.py" in line]
    assert line[1:] == ["6", "1", "83%", "8"]
    assert report.failed
    assert "below 90 %" in report.text
    assert 'line-rate="0.8333"' in (tmp_path / "coverage.xml").read_text()
    assert (tmp_path / ".coverage").is_file()
    assert {ended.outcome for ended in told.attempts_by_file.values()} == {Outcome.PASSED}


def test_databases_of_several_workers_are_apart(tmp_path: Path) -> None:
    where = """
import pytest, time

@pytest.mark.django_db
def test_it():
    from django.db import connection
    time.sleep(.5)
    open(__name__, 'w').write(connection.settings_dict['NAME'])
"""
    files = {**CASES["django"][1], "test_a.py": where, "test_b.py": where}
    told = run(project(tmp_path, files), workers=2)

    assert {ended.outcome for ended in told.attempts_by_file.values()} == {Outcome.PASSED}
    names = {(tmp_path / name).read_text().rpartition("/")[2] for name in ("test_a", "test_b")}
    assert names == {"shared.sqlite3_gw0", "shared.sqlite3_gw1"}


def test_workers_share_a_random_seed_and_it_is_told(tmp_path: Path) -> None:
    test = """
import time

def test_it(request):
    time.sleep(.5)
    open(__name__, 'w').write(str(request.config.option.randomly_seed))
"""
    told = run(project(tmp_path, {"test_a.py": test, "test_b.py": test}), workers=2)

    (seed,) = {(tmp_path / name).read_text() for name in ("test_a", "test_b")}
    assert [note.text for note in told.of(Note)] == [f"pytest-randomly: --randomly-seed={seed}"]
