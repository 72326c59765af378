"""What tests take that start processes of the service."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import start
from golden_path.chat.process import OwnService
from golden_path.conftest import engine
from golden_path.matrix.cases import SQLITE

Own = Callable[..., OwnService]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    """``own(CHAT_X="1")``: a service of this test alone, not started yet; ended when the test is."""
    made: list[OwnService] = []

    def service(limits: Any = None, **settings: str) -> OwnService:
        folder = tmp_path / f"own-{len(made)}"
        folder.mkdir()
        made.append(OwnService(folder, settings, limits))
        return made[-1]

    yield service
    for each in made:
        each.end()


@pytest.fixture
def own_engine(request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings that have a service of one's own stand on this run's engine."""
    if engine() == SQLITE:
        return {}
    lease = request.getfixturevalue("canonry_lease")
    return {
        "CHAT_DATABASE_URL": lease("chat_postgres").url,
        "CHAT_REDIS_URL": lease("chat_redis").url,
        "CHAT_WORKERS": "2",
    }


@pytest.fixture
def stoppable(tmp_path: Path) -> Iterator[tuple[dict[str, str], dict[str, Running]]]:
    """As `own_engine` on PostgreSQL and Redis, with servers of this test alone, which it may stop: by their kinds."""
    with (
        start(Service(name="own_postgres", kind="postgres"), root=tmp_path) as database,
        start(Service(name="own_redis", kind="redis"), root=tmp_path) as redis,
    ):
        settings = {"CHAT_DATABASE_URL": database.url, "CHAT_REDIS_URL": redis.url, "CHAT_WORKERS": "2"}
        yield settings, {"database": database, "redis": redis}
