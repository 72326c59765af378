"""What all tests share: folders and repositories to audit, and tests that need something the machine may lack.

A test marked ``@pytest.mark.requires("python3.12")`` runs where that is there. Elsewhere it is counted as `not run`, in
a line of its own at the end, or fails where the environment variable ``CANONRY_REQUIRE`` names what is missing.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from functools import cache
from pathlib import Path

import hypothesis
import pytest

from canonry.testing.services.programs import POSTGRES_FOLDERS, newest
from tests.workbench import Folder, can_mount

_PROGRAMS = {"redis": "redis-server"}
_LONG = (
    "reference_chat/",
    "tests/gate/",
    "tests/golden_path/",
    "tests/load/",
    "tests/migrate/",
    "tests/repair/",
    "tests/run/",
    "tests/testing/",
)
"""Rooms whose files take long: they come first, so that no worker is left alone with one at the end."""
_NOT_RUN = "not run"
"""Under which a test's report says what it would have needed; reports come here from workers, too."""


hypothesis.settings.register_profile("canonry", deadline=None)  # what takes long on a busy machine is not wrong
hypothesis.settings.load_profile("canonry")


@pytest.fixture
def only_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with git and nothing else, so that no other interpreter of the machine is asked."""
    programs = tmp_path_factory.getbasetemp() / "programs"
    if not programs.exists():
        programs.mkdir()
        (programs / "git").symlink_to(shutil.which("git") or "git")
    monkeypatch.setenv("PATH", str(programs))


@pytest.fixture
def folder(tmp_path: Path, only_git: None) -> Folder:
    """An empty folder outside git."""
    (tmp_path / "folder").mkdir()
    return Folder(tmp_path / "folder")


@pytest.fixture
def repository(tmp_path: Path, only_git: None) -> Folder:
    """A git repository without a commit."""
    return Folder(tmp_path / "repository").start()


@pytest.fixture(scope="session", autouse=True)
def _lean_pytest() -> Generator[None, None, None]:
    """A pytest that a test starts goes without two plugins that our dependencies bring: they are half of its start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_ADDOPTS", "-p no:anyio -p no:hypothesispytest")
        yield


@pytest.fixture(autouse=True)
def _own_caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "caches"))


@cache
def is_there(name: str) -> bool:
    """Whether a program that a test needs starts; a shim that finds nothing does not count.

    ``running python3.N`` asks for the interpreter that runs the tests, ``$NAME`` for a file that the variable names,
    ``tmpfs`` for the right to mount one, ``browser`` for Chromium and what drives it.
    """
    if name.startswith("$"):
        return Path(os.environ.get(name[1:], "")).is_file()
    if name == "browser":
        return is_there("chromium") and is_there("chromedriver")
    if name == "tmpfs":
        return can_mount()
    if name.startswith("running python3."):
        return sys.version_info >= (3, int(name.rpartition(".")[2]))
    program = _postgres() if name == "postgres" else shutil.which(_PROGRAMS.get(name, name))
    if program is None:
        return False
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _postgres() -> str | None:
    """The server's program; Debian keeps it in a folder per version, which is not on PATH."""
    folder = newest("postgres", "initdb", folders=POSTGRES_FOLDERS)
    return str(folder / "postgres") if folder else None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requires(*names): needs these programs; counted as `not run` without them")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    names = [name for mark in item.iter_markers("requires") for name in mark.args]
    missing = [name for name in names if not is_there(name)]
    if not missing:
        return
    wanted = {name.strip() for name in os.environ.get("CANONRY_REQUIRE", "").split(",")}
    if wanted & set(missing):
        pytest.fail(f"needs {', '.join(missing)}, which CANONRY_REQUIRE promises", pytrace=False)
    item.user_properties.append((_NOT_RUN, ", ".join(missing)))
    pytest.skip(f"needs {', '.join(missing)}")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, None, None]:
    yield  # so that this stands below everything else
    skipped = terminalreporter.stats.get("skipped", [])
    missing = Counter(name for report in skipped for kind, name in report.user_properties if kind == _NOT_RUN)
    for name, count in sorted(missing.items()):
        terminalreporter.write_line(f"not run: {count} (needs {name})")
