"""The service with the times that it has outside of tests."""

from collections.abc import Callable
from typing import Any

import pytest

from canonry.testing import EventContract
from golden_path.chat.target import Target


@pytest.fixture(scope="session")
def chat(canonry_service: Callable[[str], Any]) -> Target:
    """The service whose times are not scaled."""
    running = canonry_service("chat_slow")
    settings = running.description.service.env
    return Target(url=running.url, test_secret=settings["CHAT_TEST_SECRET"], key=settings["CHAT_SECRET_KEY"])


@pytest.fixture
def contract(event_contract: Callable[..., EventContract]) -> EventContract:
    """The contract with its own times."""
    return event_contract("agent-events")
