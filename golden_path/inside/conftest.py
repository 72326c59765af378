"""What tests take that start processes of the service."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from golden_path.chat.process import OwnService

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
