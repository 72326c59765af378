"""Services of kind url and container: never started by us, or not at all; a missing one is an error."""

import socket
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from canonry.testing.services.answers import answer, shown
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import start
from tests.testing.services.servers import HTTP, command


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def web(project: Path) -> Iterator[str]:
    """The address of a web server that somebody else started."""
    with start(command(project, HTTP), root=project) as running:
        yield running.url


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def babbling() -> Iterator[int]:
    """A port that says what no protocol of ours knows."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"hello there\r\n" * 5)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("ready", [None, "/health", "health"])
def test_what_runs_elsewhere_is_probed_and_never_stopped(web: str, ready: str | None) -> None:
    running = start(Service(name="staging", kind="url", url=web, ready=ready), root=Path("/"))
    assert (running.url, running.log) == (web, None)
    assert running.probe().answers
    running.stop()

    assert answer(web) == ""
    assert running.probe().state == "stopped"


@pytest.mark.parametrize("scheme", ["http", "ws", "postgresql", "postgresql+asyncpg", "redis", "amqp"])
def test_an_unreachable_one_is_an_error(scheme: str, closed_port: int) -> None:
    service = Service(name="staging", kind="url", url=f"{scheme}://me:secret@127.0.0.1:{closed_port}/x", timeout=0.1)
    with pytest.raises(ServiceError, match="does not answer: connection refused; start what runs there") as caught:
        start(service, root=Path("/"))

    assert caught.value.state == "unavailable"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "postgresql", "redis"])
def test_what_says_nothing_and_what_says_nonsense_does_not_answer(scheme: str, silent: int, babbling: int) -> None:
    assert answer(f"{scheme}://127.0.0.1:{silent}/", limit=0.2) == "no answer in time"
    assert answer(f"{scheme}://127.0.0.1:{babbling}/", limit=0.5) != ""


@pytest.mark.parametrize(
    "url", ["", "http://", "nonsense", "redis://:0", "http://host:port/", "http://127.0.0.1:99999/"]
)
def test_no_address_at_all_is_an_error(url: str) -> None:
    with pytest.raises(ServiceError, match="service `staging`: "):
        start(Service(name="staging", kind="url", url=url, timeout=0.1), root=Path("/"))


def test_a_page_that_is_absent_is_not_ready(web: str) -> None:
    with pytest.raises(ServiceError, match=r"/absent` answers 404"):
        start(Service(name="staging", kind="url", url=web, ready="/absent", timeout=0.1), root=Path("/"))


@pytest.mark.requires("postgres")
def test_a_database_of_somebody_else_answers_also_where_we_may_not_log_in(postgres: Running) -> None:
    theirs = postgres.url.replace(postgres.url.split("//")[1].split("@")[0], "stranger:guess")

    assert answer(theirs) == ""
    assert answer(theirs, own=True).startswith("password authentication failed")
    assert answer(postgres.url.replace("/main", "/absent")) == 'database "absent" does not exist'


@pytest.mark.requires("redis")
def test_a_redis_of_somebody_else_answers_also_where_we_may_not_log_in(redis: Running) -> None:
    theirs = redis.url.replace(redis.url.split("//")[1].split("@")[0] + "@", "")

    assert answer(theirs) == ""
    assert answer(theirs, own=True).startswith("NOAUTH")


def test_the_password_is_never_shown() -> None:
    assert shown("redis://:s3cret@host:1/0") == "redis://:***@host:1/0"
    assert shown("postgresql://a:b@host/x") == "postgresql://a:***@host/x"


# containers ---------------------------------------------------------------------------------------------------------

MAIL = Service(name="mailbox", kind="container", image="mailpit/mailpit:v1.21", port=8025)


def test_a_container_is_refused_by_the_switch() -> None:
    with pytest.raises(ServiceError, match=r"containers are switched off \(`--no-docker`\)"):
        start(MAIL, root=Path("/"), containers=False)


def test_without_testcontainers_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "testcontainers.core.container", None)

    with pytest.raises(ServiceError, match=r"pip install 'canonry\[services\]'"):
        start(MAIL, root=Path("/"))


def test_without_a_daemon_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoDaemon:
        def __init__(self, image: str) -> None:
            raise ConnectionError("the Docker daemon does not answer")

    module = types.ModuleType("testcontainers.core.container")
    module.DockerContainer = NoDaemon  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "testcontainers.core.container", module)

    with pytest.raises(
        ServiceError, match=r"no container of `mailpit/mailpit:v1\.21` can be started: the Docker daemon"
    ):
        start(MAIL, root=Path("/"))


@pytest.mark.parametrize(("absent", "said"), [("image", "names no `image`"), ("port", "names no `port`")])
def test_a_container_that_is_half_declared_is_said(absent: str, said: str) -> None:
    keys = {"image": "mailpit/mailpit:v1.21", "port": 8025, absent: None}
    with pytest.raises(ServiceError, match=said):
        start(Service(name="mailbox", kind="container", **keys), root=Path("/"))
