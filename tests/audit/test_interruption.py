"""Ctrl-C: one sentence, exit status 130, and what was read so far is kept."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from canonry.audit.engine import audit
from canonry.audit.request import Request
from tests.workbench import Folder, canonry_command, environment

FILES = 1_000
BODY = "".join(f"def helper_{number}(a, b):\n    return [a.x(b) for b in (a, {number})]\n" for number in range(30))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("large"))
    return folder.write({f"shop/m{number}.py": f"# {number}\n{BODY}" for number in range(FILES)})


@pytest.fixture
def large(files: Folder, only_git: None) -> Folder:
    """Many files that no cache knows."""
    shutil.rmtree(files.root / ".canonry", ignore_errors=True)
    return files


def kept(folder: Folder) -> int:
    """How many records the cache holds."""
    path = folder.root / ".canonry" / "cache.db"
    if not path.exists():
        return 0
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    except sqlite3.OperationalError:
        return 0
    try:
        return int(connection.execute("select count(*) from facts").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def interrupt(folder: Folder, number: int, *arguments: str) -> tuple[int, str, str, int]:
    """Starts an audit and sends the signal to its whole group once something was kept; also how much that was."""
    process = subprocess.Popen(
        canonry_command("audit", *arguments),
        cwd=folder.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while not (before := kept(folder)) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.1)  # some more are read, which nothing has kept yet
    assert process.poll() is None, "the audit was over before it could be interrupted"
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err, before


def files_read(folder: Folder) -> int:
    totals = [0]

    def progress(what: str, _done: int, total: int) -> None:
        totals.append(total if what == "reading" else 0)

    audit(Request(repository=folder.root, workers=2), progress=progress)
    return max(totals)


def still_running(folder: Folder) -> list[str]:
    """The processes that still work in the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder.root:
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return [command for command in found if command]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupted_audit_keeps_what_it_read(large: Folder, workers: str) -> None:
    status, out, err, before = interrupt(large, signal.SIGINT, "--workers", workers)
    so_far = kept(large)

    assert (status, out, err.strip()) == (130, "", "canonry: interrupted; what was read so far is kept")
    assert 0 < before < so_far < FILES
    assert files_read(large) == FILES - so_far
    assert len(list(large.audit(cache=True).files())) == FILES
    assert still_running(large) == []


def test_a_killed_audit_leaves_a_cache_that_can_be_used(large: Folder) -> None:
    status, *_ = interrupt(large, signal.SIGKILL, "--workers", "2")
    so_far = kept(large)

    assert status == -signal.SIGKILL
    assert files_read(large) == FILES - so_far < FILES
