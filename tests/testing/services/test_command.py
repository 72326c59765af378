"""Services of kind command: any server, ready when its probe says so, ended with all of its processes."""

import json
import os
import signal
import socket
import sys
import urllib.request
from pathlib import Path

import pytest

from canonry.model.run_event import ServiceChanged
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.identity import marked
from canonry.testing.services.place import MARK
from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import start, start_all, stop_all
from tests.testing.services.servers import HTTP, command, nothing_is_left, processes_in, soon


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize(
    "probe",
    [
        {},
        {"ready": "/health"},
        {"ready_log": r"^listening on port \d+$"},
        {"ready": "/health", "ready_log": "listening"},
        {"ready": "http://127.0.0.1:{port}/health"},
    ],
    ids=["port", "http", "log", "both", "address"],
)
def test_it_is_ready_when_its_probe_says_so(project: Path, probe: dict[str, str]) -> None:
    with start(command(project, HTTP, **probe), root=project) as running:
        assert get(running.url) == "well"
        assert running.probe().answers
        assert running.variables == {"BACKEND_URL": running.url}
    assert nothing_is_left(running.description.directory)


def test_its_environment_holds_the_port_what_is_declared_and_what_it_needs(project: Path) -> None:
    services = {
        "store": command(project, HTTP, name="store", url="shop://127.0.0.1:{port}/stock"),
        "backend": command(
            project, HTTP, needs=("store",), env={"MODE": "test", "BIND": "127.0.0.1:{port}", "DATA": "{folder}"}
        ),
    }
    running = start_all(services, ("backend",), root=project)
    try:
        assert list(running) == ["store", "backend"]
        seen = json.loads(get(running["backend"].url + "/environment"))
        assert list(Path(seen["DATA"]).iterdir()) == []
    finally:
        stop_all(running)

    assert seen["STORE_URL"] == running["store"].url
    assert seen["BIND"] == f"127.0.0.1:{seen['PORT']}"
    assert seen["MODE"] == "test"
    assert not Path(seen["DATA"]).exists()
    assert all(nothing_is_left(one.description.directory) for one in running.values())


def test_python_is_the_one_that_runs_the_tests(project: Path) -> None:
    code = HTTP.replace('print("listening', 'print(sys.executable, flush=True)\nprint("listening')
    with start(command(project, code), root=project) as running:
        assert running.last_lines().splitlines()[0] == sys.executable


def test_events_tell_what_becomes_of_it(project: Path) -> None:
    told: list[ServiceChanged] = []
    running = start(command(project, HTTP), root=project, emit=told.append)
    running.stop()
    running.stop()
    with pytest.raises(ServiceError):
        start(command(project, "raise SystemExit('no')"), root=project, emit=told.append)

    assert [event.state for event in told] == ["starting", "ready", "stopped", "starting", "unavailable"]
    assert told[1].duration > 0
    assert "before it was ready" in told[-1].detail


def test_a_crash_is_an_event_and_evidence(project: Path) -> None:
    told: list[ServiceChanged] = []
    running = start(command(project, HTTP), root=project, emit=told.append)
    attached = Running.attach(running.to_json())
    os.kill(running.description.pid, signal.SIGKILL)

    assert soon(lambda: attached.probe().state == "crashed")
    assert attached.probe().detail == "it was ended by SIGKILL while it was in use"
    running.stop()
    assert [event.state for event in told] == ["starting", "ready", "crashed", "stopped"]
    assert attached.probe().state == "stopped"


def test_a_server_that_dies_at_start_shows_the_end_of_its_log(project: Path) -> None:
    code = "import sys\nfor n in range(50): print('line', n)\nsys.exit('no database configured')"
    with pytest.raises(ServiceError) as caught:
        start(command(project, code), root=project)

    said = str(caught.value)
    assert "service `backend`: it ended with status 1 before it was ready" in said
    assert said.endswith("\n  no database configured")
    assert "line 20\n" not in said
    assert caught.value.log is not None
    assert "line 20\n" in caught.value.log.read_text()


@pytest.mark.parametrize("ready", [{}, {"ready": "/absent"}, {"ready_log": "never said"}])
def test_a_start_that_hangs_ends_at_its_limit(project: Path, ready: dict[str, str]) -> None:
    code = HTTP if ready else "import time\nprint('thinking', flush=True)\ntime.sleep(600)"
    seen: list[str] = []

    with pytest.raises(ServiceError, match=r"it is not ready after 0\.7 s: ") as caught:
        start(command(project, code, timeout=0.7, **ready), root=project, emit=lambda event: seen.append(event.state))

    expected = {"/absent": "answers 404", "never said": "no line of its log matches", "": "connection refused"}
    assert expected[next(iter(ready.values()), "")] in str(caught.value)
    assert seen[-1] == "unavailable"
    assert soon(lambda: processes_in(project) == [])


def test_a_declared_port_that_is_taken_is_said(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServiceError, match=rf"port {port} is taken by another process; stop that, or leave `port`"):
            start(command(project, HTTP, port=port), root=project)
    with start(command(project, HTTP, port=port), root=project) as running:
        assert running.url == f"http://127.0.0.1:{port}"


FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
kept = [subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=alone) for alone in (0, 1)]
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
""" + HTTP.replace("server = ", "signal.signal(signal.SIGINT, signal.SIG_DFL)\nserver = ")
"""A server that will not end for SIGTERM, with children in its group, outside of it, and orphans."""


@pytest.mark.skipif(sys.platform != "linux", reason="orphans can be found on Linux alone")
def test_nothing_of_its_family_is_left(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = start(command(project, FAMILY.replace("SIG_IGN", "SIG_DFL")), root=project)
    assert len(marked(MARK, running.description.directory)) >= 4
    running.stop()

    assert nothing_is_left(running.description.directory)


@pytest.mark.skipif(sys.platform != "linux", reason="orphans can be found on Linux alone")
def test_nothing_of_a_crashed_family_is_left(project: Path) -> None:
    running = start(command(project, FAMILY), root=project)
    os.kill(running.description.pid, signal.SIGKILL)
    assert soon(lambda: running.probe().state == "crashed")
    running.stop()

    assert nothing_is_left(running.description.directory)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"command": None}, r"\[tool\.canonry\.services\.backend\] names no `command`; add the one that starts it"),
        ({"command": "no-such-program {port}"}, r"it ended with status 127 before it was ready(.|\n)*No such file"),
        ({"command": "python 'open"}, "cannot be read: no closing quotation"),
        ({"ready_log": "("}, "its `ready-log` is no regular expression"),
    ],
)
def test_what_cannot_be_started_is_said(project: Path, keys: dict[str, str], said: str) -> None:
    with pytest.raises(ServiceError, match=said):
        start(command(project, HTTP, **keys), root=project)


def test_its_log_is_kept_in_the_project_and_old_ones_go(project: Path) -> None:
    folder = project / ".canonry" / "services"
    folder.mkdir(parents=True)
    for number in range(30):
        (folder / f"backend-20200101-0000{number:02}-1.log").touch()
    with start(command(project, HTTP), root=project) as running:
        pass

    assert running.log is not None
    assert running.log.parent == folder
    assert "listening on port" in running.log.read_text()
    assert len(list(folder.iterdir())) == 21
    assert (project / ".canonry" / ".gitignore").read_text() == "*\n"


def test_a_project_that_cannot_be_written_still_gets_its_services(project: Path) -> None:
    (project / ".canonry").write_text("a file where a folder is due")
    with start(command(project, HTTP), root=project) as running:
        assert "listening on port" in running.last_lines()
    assert nothing_is_left(running.description.directory)


def test_what_a_command_serves_is_leased_as_a_whole(project: Path) -> None:
    with start(command(project, HTTP), root=project) as running:
        lease = running.isolated("gw0")
        assert (lease.url, lease.isolated) == (running.url, False)
        lease.release()
        assert running.probe().answers


def test_setup_runs_with_the_address(project: Path) -> None:
    service = command(project, HTTP, setup=("python -c 'import os; print(os.environ[\"BACKEND_URL\"])'",))
    with start(service, root=project) as running:
        assert running.last_lines().splitlines()[-1] == running.url


def test_a_description_of_another_version_is_refused(project: Path) -> None:
    with start(command(project, HTTP), root=project) as running:
        newer = running.to_json().replace('"format": 1', '"format": 2')
        with pytest.raises(ServiceError, match="another version of canonry started it"):
            Running.attach(newer)


def test_a_service_survives_the_way_through_builtins() -> None:
    service = Service(name="a", kind="command", command="x", needs=("b",), env={"A": "1"}, timeout=2.5, setup=("y",))

    assert Service.from_builtins(json.loads(json.dumps(service.to_builtins()))) == service
