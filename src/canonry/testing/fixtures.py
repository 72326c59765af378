"""What test functions get that derive from no base case, as pytest fixtures. A pytest plugin; see `collection`."""

from collections.abc import Callable, Iterator

import pytest

from canonry.testing import context, events
from canonry.testing.environment import IsolatedEnvironment

RecordMetric = Callable[..., None]


@pytest.fixture
def isolated_environment(request: pytest.FixtureRequest) -> Iterator[IsolatedEnvironment]:
    """The environment with a scope of this test's own: what is written to it ends with the test."""
    with IsolatedEnvironment(name=request.node.nodeid) as env:
        yield env


@pytest.fixture
def test_context(request: pytest.FixtureRequest) -> context.TestContext:
    """Node id, category, attempt and worker of this test."""
    return context.current(request.node.nodeid)


@pytest.fixture
def record_metric(request: pytest.FixtureRequest) -> RecordMetric:
    """Records a number about this test: ``record_metric(name, value, unit="")``."""
    node: str = request.node.nodeid

    def record(name: str, value: float, unit: str = "") -> None:
        events.metric(node, name, value, unit)

    return record
