"""The bars walk no flow of their own, so they name the contract."""

from collections.abc import Callable

import pytest

from canonry.testing import EventContract


@pytest.fixture
def contract(event_contract: Callable[..., EventContract]) -> EventContract:
    """The contract with the times that the service is set to."""
    return event_contract("agent-events", profile="scaled")
