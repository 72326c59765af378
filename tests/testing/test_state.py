"""Everything that a test can leave to the next is named and put back."""

# canonry: ignore-file[ENV002] plants leaks, which `restore` has to put back
import asyncio
import logging
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import canonry.testing.loops  # noqa: F401 - it registers its probe
from canonry.testing import SSotBaseTestCase
from canonry.testing.state import Leak, differences, moment, register, restore, snapshot
from canonry.testing.state.moment import Snapshot
from tests.testing.running import run_class
from tests.workbench import environment


class _Probe:
    """Doubles, say, as another part of the package registers them."""

    def __init__(self) -> None:
        self.doubles: list[str] = []

    def take(self) -> object:
        return list(self.doubles)

    def compare(self, before: Any) -> list[Leak]:
        return [Leak("double", name, "is still in place") for name in self.doubles if name not in before]

    def put_back(self, before: Any) -> None:
        self.doubles[:] = before


def handle(number: int, frame: object) -> None:
    """A signal handler."""


class _Record(logging.LogRecord):
    """A record of a test's own."""


class _Logger(logging.Logger):
    """A logger of a test's own."""


HANDLER = logging.StreamHandler()
PROBE = _Probe()
HELD: list[asyncio.AbstractEventLoop] = []


def chdir() -> None:
    os.chdir("/")


def set_locale() -> None:
    import locale

    locale.setlocale(locale.LC_ALL, "C" if locale.setlocale(locale.LC_ALL) != "C" else "C.UTF-8")


def replace_environ() -> None:
    os.environ = {"CANON_ONLY": "1"}  # type: ignore[assignment]  # noqa: B003


PLANTED: dict[str, tuple[Callable[[], object], str]] = {
    "a variable added": (lambda: os.environ.update(CANON_LEAK="secret"), "environment `CANON_LEAK` was added"),
    "a variable changed": (lambda: os.environ.update(PATH="/"), "environment `PATH` was changed"),
    "a variable removed": (lambda: os.environ.pop("PATH"), "environment `PATH` was removed"),
    "putenv": (lambda: os.putenv("CANON_PUT", "1"), "environment `CANON_PUT` was set by `os.putenv`"),
    "unsetenv": (lambda: os.unsetenv("PATH"), "environment `PATH` was removed by `os.unsetenv`"),
    "putenv of bytes": (lambda: os.putenv(b"PATH", b"/"), "environment `PATH` was set by `os.putenv`"),
    "another os.environ": (replace_environ, "environment `PATH` was removed"),
    "the folder": (chdir, "cwd `/` is not `"),
    "the umask": (lambda: os.umask(0o123), "umask `0o123` is not `0o"),
    "the locale": (set_locale, "locale `LC_CTYPE` is `"),
    "a filter": (lambda: warnings.simplefilter("ignore", BytesWarning), "warnings `ignore::BytesWarning` was added"),
    "a filter with patterns": (
        lambda: warnings.filterwarnings("error", "old", UserWarning, "shop", 3),
        "warnings `error:old:UserWarning:shop:3` was added",
    ),
    "no filters": (warnings.resetwarnings, "was removed"),
    "another list of filters": (lambda: setattr(warnings, "filters", []), "warnings `"),
    "the root's level": (lambda: logging.root.setLevel(3), "logging `root` has level Level 3, not "),
    "the root's handler": (lambda: logging.root.addHandler(HANDLER), "logging `root` has the handler `<StreamHandler"),
    "a logger's level": (lambda: logging.getLogger("canon.a").setLevel(10), "`canon.a` has level DEBUG, not NOTSET"),
    "a logger's handler": (lambda: logging.getLogger("canon.a").addHandler(HANDLER), "`canon.a` has the handler"),
    "a logger's filter": (lambda: logging.getLogger("canon.a").addFilter(len), "`canon.a` has the filter"),
    "a logger that is silent": (
        lambda: setattr(logging.getLogger("canon.a"), "disabled", True),
        "`canon.a` has disabled True, not False",
    ),
    "a logger that tells nobody": (
        lambda: setattr(logging.getLogger("canon.a"), "propagate", False),
        "`canon.a` has propagate False, not True",
    ),
    "a handler that says nothing": (
        lambda: logging.getLogger("canon.a").addHandler(logging.NullHandler()),
        "`canon.a` has the handler `<NullHandler",
    ),
    "a new logger's handler that says nothing": (
        lambda: logging.getLogger(f"canon.{os.urandom(4).hex()}").addHandler(logging.NullHandler()),
        "has the handler `<NullHandler",
    ),
    "the factory of log records": (
        lambda: logging.setLogRecordFactory(_Record),
        "logging `logging.setLogRecordFactory` is `_Record`, not `LogRecord`",
    ),
    "the class of loggers": (
        lambda: logging.setLoggerClass(_Logger),
        "logging `logging.setLoggerClass` is `_Logger`, not `Logger`",
    ),
    "the name of a level": (
        lambda: logging.addLevelName(10, "DETAIL"),
        "logging `logging.addLevelName` calls level 10 `DETAIL`, not `DEBUG`",
    ),
    "logging's own errors": (
        lambda: setattr(logging, "raiseExceptions", False),
        "logging `logging.raiseExceptions` is False, not True",
    ),
    "warnings that are logged": (lambda: logging.captureWarnings(True), "logging `logging.captureWarnings` is `"),
    "what shows warnings": (
        lambda: setattr(warnings, "showwarning", print),
        "warnings `warnings.showwarning` shows them by `print`, not by `",
    ),
    "warnings that are recorded for ever": (
        lambda: warnings.catch_warnings(record=True).__enter__(),
        "warnings `warnings.catch_warnings` shows them by `list.append`, not by `",
    ),
    "a new logger": (lambda: logging.getLogger(f"canon.{os.urandom(4).hex()}").setLevel(10), "has level DEBUG"),
    "logging.disable": (lambda: logging.disable(30), "logging `logging.disable` is 30, not 0"),
    "a signal handler": (lambda: signal.signal(signal.SIGUSR1, handle), "signal `SIGUSR1` is handled by `handle`"),
    "a signal ignored": (lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN), "`SIGTERM` is handled by `SIG_IGN`"),
    "a registered double": (lambda: PROBE.doubles.append("shop.Mailer"), "double `shop.Mailer` is still in place"),
    "a patch that was started": (
        lambda: mock.patch.object(_Probe, "take", None).start(),
        "patch `_Probe.take` was started and not stopped",
    ),
    "a patched variable": (
        lambda: mock.patch.dict(os.environ, {"CANON_LEAK": "secret"}).start(),
        "patch `_Environ` was started and not stopped",
    ),
    "an event loop": (
        lambda: HELD.append(asyncio.new_event_loop()),
        "event-loop `_UnixSelectorEventLoop` was left open",
    ),
    "the current event loop": (
        lambda: (HELD.append(asyncio.new_event_loop()), asyncio.set_event_loop(HELD[-1])),
        "event-loop `_UnixSelectorEventLoop` was left open",
    ),
}


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Snapshot]:
    """The state before, with a probe registered; put back at the end whatever the test does."""
    monkeypatch.setattr(moment, "_probes", list(moment._probes))
    monkeypatch.chdir(tmp_path)
    logging.getLogger("canon.a")
    register(PROBE)
    state = snapshot()
    yield state
    restore(state)


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_leak_is_named_and_put_back(before: Snapshot, name: str) -> None:
    state = snapshot()
    plant, told = PLANTED[name]
    plant()
    found = differences(state)

    assert any(told in str(leak) for leak in found), found
    assert not any("secret" in str(leak) for leak in found)
    assert differences(state) == found  # looking changes nothing
    assert restore(state) == ()
    assert differences(state) == ()


@pytest.mark.parametrize("name", PLANTED)
def test_no_planted_leak_reaches_the_next_test(before: Snapshot, name: str) -> None:
    plant, told = PLANTED[name]
    first: list[Snapshot] = []
    seen: list[tuple[Leak, ...]] = []

    class Case(SSotBaseTestCase):
        leaks = "fail"

        def test_1_plants(self) -> None:
            first.append(snapshot())
            plant()

        def test_2_sees_nothing(self) -> None:
            seen.append(differences(first[0]))

    said = run_class(Case)

    assert said.outcomes == {"test_1_plants": "failed", "test_2_sees_nothing": "passed"}
    assert told in said.text
    assert seen == [()]


def test_what_putenv_did_is_undone_for_children() -> None:
    code = "import os; print(os.environ.get('CANON_PUT'), os.environ.get('CANON_KEPT'))"

    def child() -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    state = snapshot()
    os.environ["CANON_KEPT"] = "1"
    os.putenv("CANON_PUT", "1")
    os.unsetenv("CANON_KEPT")
    assert child() == "1 None\n"
    assert {leak.name for leak in differences(state)} == {"CANON_PUT", "CANON_KEPT"}
    assert restore(state) == ()
    assert child() == "None None\n"


def test_a_folder_that_is_gone_is_told(before: Snapshot, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    state = snapshot()
    os.chdir(tmp_path)
    gone.rmdir()

    assert [leak.kind for leak in restore(state)] == ["cwd"]


def test_standing_in_a_removed_folder_is_told(before: Snapshot, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()

    assert [str(leak) for leak in differences(before)] == [f"cwd `a folder that is gone` is not `{tmp_path}`"]
    assert restore(before) == ()


def test_a_library_that_is_loaded_in_a_test_leaves_nothing_that_counts(
    before: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"library{os.urandom(4).hex()}"
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    logging.getLogger(f"{name}.part").addHandler(logging.NullHandler())
    logging.addLevelName(7, "TRACE")

    assert differences(before) == ()


def test_pytests_own_variable_is_nobodys_leak(before: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("test (call)", "test (teardown)"):
        os.environ["PYTEST_CURRENT_TEST"] = value
        assert differences(before) == ()
        restore(before)
        assert os.environ["PYTEST_CURRENT_TEST"] == value


def test_logging_loaded_by_the_test_itself_is_judged_too() -> None:
    code = (
        "import sys\nfrom canonry.testing.state import differences, restore, snapshot\n"
        "assert 'logging' not in sys.modules\nbefore = snapshot()\n"
        "import logging\nassert differences(before) == ()\nlogging.basicConfig(level=10)\n"
        "assert {leak.name for leak in differences(before)} == {'root'}\nassert restore(before) == ()\n"
        "assert logging.root.handlers == [] and logging.root.level == logging.WARNING\n"
    )
    assert subprocess.run([sys.executable, "-c", code], env=environment(), check=True).returncode == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(list(PLANTED)), max_size=6))
def test_restoring_undoes_any_mixture(before: Snapshot, names: list[str]) -> None:
    state = snapshot()
    for name in names:
        if name in ("a variable removed", "another os.environ") and "PATH" not in os.environ:
            continue
        PLANTED[name][0]()

    assert restore(state) == ()
    assert differences(state) == ()
    assert restore(state) == ()  # twice is once
