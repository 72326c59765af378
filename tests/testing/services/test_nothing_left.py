"""Whatever ends a run, no process, no directory and no memory of a service is left."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from canonry.testing.services.place import PREFIX, clean, make_place, remove
from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import start
from tests.testing.services.servers import (
    HTTP,
    command,
    kill,
    nothing_is_left,
    processes_in,
    soon,
    starter,
)

SLOW = "import time\nprint('thinking', flush=True)\ntime.sleep(600)\n"
POSTGRES = Service(name="db", kind="postgres")
REDIS = Service(name="cache", kind="redis")


@pytest.fixture
def temporary(tmp_path: Path) -> str:
    """A folder for temporary files of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return str(folder)


def services(project: Path) -> dict[str, Service]:
    return {"command": command(project, HTTP), "postgres": POSTGRES, "redis": REDIS}


@pytest.mark.parametrize(
    "kind",
    [
        "command",
        pytest.param("postgres", marks=pytest.mark.requires("postgres")),
        pytest.param("redis", marks=pytest.mark.requires("redis")),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_killed_leaves_nothing(project: Path, kind: str, number: int) -> None:
    owner = starter(services(project)[kind], project)
    assert owner.stdout is not None
    running = Running.attach(owner.stdout.readline())
    assert running.probe().answers
    kill(owner, number)

    assert nothing_is_left(running.description.directory)


@pytest.mark.requires("redis")
def test_a_run_that_ends_well_stops_what_it_started(project: Path) -> None:
    owner = starter(REDIS, project)
    assert owner.stdout is not None
    assert owner.stdin is not None
    running = Running.attach(owner.stdout.readline())
    owner.stdin.close()

    assert owner.wait(30) == 0
    assert not Path(running.description.directory).exists()
    owner.stdout.close()
    assert owner.stderr is not None
    assert owner.stderr.read() == ""
    owner.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_breaking_off_a_start_leaves_nothing(project: Path, temporary: str, number: int) -> None:
    owner = starter(command(project, SLOW), project, TMPDIR=temporary)
    assert soon(lambda: len(processes_in(project)) >= 1)
    _, said = kill(owner, number)

    assert ("KeyboardInterrupt" in said) == (number == signal.SIGINT)
    assert soon(lambda: not processes_in(project) and not list(Path(temporary).iterdir()))


@pytest.mark.requires("postgres")
@pytest.mark.parametrize("moment", [0.05, 0.15, 0.3, 0.6])
def test_breaking_off_the_making_of_a_database_leaves_nothing(project: Path, open_folder: Path, moment: float) -> None:
    owner = starter(POSTGRES, project, TMPDIR=str(open_folder))
    time.sleep(moment)
    kill(owner, signal.SIGKILL)

    def left() -> list[Path]:
        return list(open_folder.iterdir())

    # Killed before its supervisor knew, it leaves an empty directory, which the next start cleans away.
    assert soon(lambda: all(not (each / "state.json").exists() for each in left()))
    clean(open_folder)
    assert soon(lambda: not left())


@pytest.mark.requires("postgres")
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends the server on Linux alone")
def test_where_the_supervisor_is_killed_the_server_ends_and_the_next_start_cleans_up(
    project: Path, alone: Path
) -> None:
    running = start(POSTGRES, root=project)
    directory = Path(running.description.directory)
    (supervisor,) = [pid for pid in _children(os.getpid()) if _children(pid) == [running.description.pid]]
    os.kill(supervisor, signal.SIGKILL)

    assert soon(lambda: running.probe().state == "crashed")
    assert directory.exists()
    assert clean(directory.parent) == [directory]
    assert nothing_is_left(directory)
    running.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells whose a process is on Linux alone")
def test_what_outlives_its_supervisor_is_found_by_its_mark(project: Path, alone: Path) -> None:
    code = (
        "import os, subprocess, sys\nif os.fork() == 0:\n    os.setsid()\n    import time\n    time.sleep(600)\n" + HTTP
    )
    running = start(command(project, code), root=project)
    (supervisor,) = [pid for pid in _children(os.getpid()) if running.description.pid in _children(pid)]
    os.kill(supervisor, signal.SIGKILL)
    assert soon(lambda: running.probe().state == "crashed")
    assert processes_in(project) != []
    other = start(command(project, HTTP), root=project)
    other.stop()

    assert nothing_is_left(running.description.directory)
    assert soon(lambda: processes_in(project) == [])
    running.stop()


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.requires("postgres")
@pytest.mark.skipif(shutil.which("ipcs") is None, reason="ipcs lists shared memory")
def test_a_killed_postgres_leaves_no_shared_memory(project: Path) -> None:
    def segments() -> set[str]:
        listed = subprocess.run(["ipcs", "-m"], capture_output=True, text=True, check=True).stdout
        return {line.split()[1] for line in listed.splitlines() if line.startswith("0x")}

    running = start(POSTGRES, root=project)
    made = Path(running.description.directory, "data", "postmaster.pid").read_text().splitlines()[6].split()[1]
    assert made in segments()
    os.kill(running.description.pid, signal.SIGKILL)
    assert soon(lambda: running.probe().state == "crashed")
    running.stop()

    assert soon(lambda: made not in segments())


def test_a_directory_in_use_is_never_cleaned_and_a_foreign_one_neither(
    temporary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", temporary)
    place = make_place(None)
    young, link = Path(temporary, f"{PREFIX}young"), Path(temporary, f"{PREFIX}link")
    young.mkdir()
    link.symlink_to(place.directory)

    assert clean(Path(temporary)) == []
    remove(place)
    os.utime(young, (0, 0))
    assert clean(Path(temporary)) == [young]
    assert list(Path(temporary).iterdir()) == [link]


@pytest.mark.requires("redis")
def test_two_runs_at_once_do_not_touch_each_other(project: Path) -> None:
    with start(REDIS, root=project) as first:
        with start(REDIS, root=project) as second:
            assert first.url != second.url
        assert first.probe().answers


def test_a_forked_copy_of_the_owner_cannot_stop_the_service(project: Path) -> None:
    with start(command(project, HTTP), root=project) as running:
        child = os.fork()
        if child == 0:
            running.stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert running.probe().answers
    assert nothing_is_left(running.description.directory)
