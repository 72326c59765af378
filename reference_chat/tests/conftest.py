"""A service for tests that leave it as it was, and the databases of the machine."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from serving import PATIENT, Chat

from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import start
from tests.conftest import is_there, pytest_configure, pytest_runtest_setup

__all__ = ["pytest_configure", "pytest_runtest_setup"]
"""What a test needs of the machine is said with the mark `requires`, as in the tests of canonry."""


def _started(kind: str, root: Path) -> Iterator[Running]:
    if not is_there(kind):
        promised = kind in os.environ.get("CANONRY_REQUIRE", "")
        (pytest.fail if promised else pytest.skip)(f"needs {kind}")
    with start(Service(name=kind, kind=kind), root=root) as running:
        yield running


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from _started("postgres", tmp_path_factory.mktemp("postgres"))


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from _started("redis", tmp_path_factory.mktemp("redis"))


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database: SQLite, or with the parameter `postgres` PostgreSQL; for tickets `redis`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path / 'chat.db'}"
        return
    if request.param == "redis":
        yield request.getfixturevalue("redis").url
        return
    running: Running = request.getfixturevalue("postgres")
    with running.isolated("chat") as lease:
        yield lease.url


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Chat]]:
    """Starts services with settings of their own; they end with the test."""
    with ExitStack() as stack:

        def started(**settings: object) -> Chat:
            folder = tmp_path / f"service {sum(1 for _ in tmp_path.iterdir())}"
            folder.mkdir()
            chat = Chat(folder, **settings)
            stack.callback(lambda: chat.process.poll() is not None or chat.stop(9))
            return chat

        yield started


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    chat = Chat(tmp_path_factory.mktemp("shared"), time_scale=0.05, **PATIENT)
    yield chat
    assert chat.stop() in (0, -15)


@pytest.fixture
def chat(_shared: Chat) -> Iterator[Chat]:
    """A healthy service, with times at a twentieth, whose faults are off again after the test."""
    yield _shared
    _shared.heal()
