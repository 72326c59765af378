"""Where a service keeps its data: folders that are long, oddly named, full of spaces, or closed to its user."""

import os
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from canonry.testing.services import place
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.place import make_place, remove, unprivileged
from canonry.testing.services.programs import newest
from canonry.testing.services.service import Service
from canonry.testing.services.start import start
from tests.testing.services.servers import nothing_is_left

LONG = "a very long name for a folder of temporary files " * 4


def use(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


@pytest.mark.requires("postgres")
@pytest.mark.requires("redis")
@pytest.mark.parametrize("kind", ["postgres", "redis"])
@pytest.mark.parametrize("name", ["with spaces and 'quotes\" \\", LONG[:150]], ids=["odd", "long"])
def test_any_folder_will_do(
    open_folder: Path, project: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    folder = open_folder / name
    folder.mkdir()
    use(monkeypatch, folder)
    with start(Service(name=kind, kind=kind), root=project) as running:
        assert Path(running.description.directory).parent == folder
        assert running.probe().answers
        running.isolated("gw0").release()
    assert nothing_is_left(running.description.directory)
    folder.rmdir()


@pytest.mark.requires("postgres")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs a server as somebody else")
def test_a_folder_that_the_servers_user_cannot_enter_is_left_aside(
    open_folder: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = open_folder / "closed"
    closed.mkdir(0o700)
    use(monkeypatch, closed)
    with start(Service(name="db", kind="postgres"), root=project) as running:
        assert closed not in Path(running.description.directory).parents
        with psycopg.connect(running.url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    assert list(closed.iterdir()) == []
    closed.rmdir()


@pytest.mark.parametrize(
    ("variables", "room", "expected"),
    [({}, 0, ["/dev/shm"]), ({}, 1 << 60, []), ({"TMPDIR": "/tmp"}, 0, [])],
    ids=["nobody chose", "too small", "chosen"],
)
@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no folder in memory")
def test_memory_is_taken_where_there_is_room_and_nobody_chose(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], room: int, expected: list[str]
) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    monkeypatch.setattr(place, "_ROOM", room)

    assert place._fast() == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs a server as somebody else")
def test_where_every_folder_is_closed_it_is_said(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = open_folder / "closed"
    closed.mkdir(0o700)
    use(monkeypatch, closed)
    monkeypatch.setattr(place, "_ELSEWHERE", ())

    with pytest.raises(ServiceError, match=r"can enter none of `.*closed`; set TMPDIR to a folder that it can"):
        make_place(unprivileged())
    assert list(closed.iterdir()) == []
    closed.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs a server as somebody else")
def test_without_any_other_user_root_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_UNPRIVILEGED", ("nobody-of-this-name",))

    with pytest.raises(ServiceError, match="it refuses to run as root, and there is no user"):
        unprivileged()


def test_who_is_not_root_keeps_his_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert unprivileged() is None


def test_a_place_is_closed_to_others() -> None:
    made = make_place(None)
    mode = made.directory.stat().st_mode & 0o777
    remove(made)

    assert mode == 0o700
    assert not made.directory.exists()


def test_the_newest_version_wins_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, version in (("9.6", "9.6.24"), ("15", "15.3"), ("16", "16.1 (Debian)"), ("17", None)):
        (tmp_path / folder / "bin").mkdir(parents=True)
        for name in ("postgres", "initdb") if version else ("initdb",):
            program = tmp_path / folder / "bin" / name
            program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
            program.chmod(0o755)
    (tmp_path / "link").symlink_to(tmp_path / "16" / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / '15' / 'bin'}::{tmp_path / 'link'}")
    patterns = (str(tmp_path / "*" / "bin"),)

    assert newest("postgres", "initdb", folders=patterns) == tmp_path / "link"
    assert (
        newest("postgres", "initdb", folders=patterns, only=str(tmp_path / "9.6" / "bin")) == tmp_path / "9.6" / "bin"
    )
    assert newest("postgres", "initdb", folders=(), only=str(tmp_path)) is None


@pytest.mark.parametrize("mode", [0o644, None], ids=["closed", "gone"])
def test_a_python_that_cannot_be_started_is_told_and_leaves_nothing(
    open_folder: Path, project: Path, monkeypatch: pytest.MonkeyPatch, mode: int | None
) -> None:
    use(monkeypatch, open_folder)
    python = project / "python"
    if mode is not None:
        python.touch(mode)
    monkeypatch.setattr(sys, "executable", str(python))
    why = "permission denied" if mode is not None else "no such file or directory"

    with pytest.raises(ServiceError, match=f"`backend`: this Python, `.*python`, cannot start its supervisor: {why}"):
        start(Service(name="backend", kind="command", command="true"), root=project)
    assert list(open_folder.iterdir()) == []
