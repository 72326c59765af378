"""What tests take that start processes of the service."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

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
