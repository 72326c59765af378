"""pytest fixtures for test functions: environment, doubles, metrics, services and users; see `collection` for classes.

What a fixture takes is imported when a test asks for it.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

import pytest

if TYPE_CHECKING:
    from canonry.testing.context import TestContext
    from canonry.testing.contracts.fixture import AttachedContracts
    from canonry.testing.doubles import SSotMockFactory
    from canonry.testing.environment import IsolatedEnvironment
    from canonry.testing.services.errors import ServiceError
    from canonry.testing.services.lease import Lease
    from canonry.testing.services.running import Running
    from canonry.testing.services.session import ServiceSession
    from canonry.testing.users import User, UserSource

_T = TypeVar("_T")
RecordMetric = Callable[..., None]
_sessions: list["ServiceSession"] = []
"""The sessions of services that are open."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """A service that crashed during a test is told by that test, not only by the next that asks for it."""
    crashes = [error for session in _sessions for error in session.crashes()] if _sessions else []
    yield
    if crashes:
        _or_unavailable(partial(_raise, crashes[0]))


@pytest.fixture
def isolated_environment(request: pytest.FixtureRequest) -> Iterator["IsolatedEnvironment"]:
    """The environment with a scope of this test's own: what is written to it ends with the test."""
    from canonry.testing.environment import IsolatedEnvironment

    with IsolatedEnvironment(name=request.node.nodeid) as env:
        yield env


@pytest.fixture
def test_context(request: pytest.FixtureRequest) -> "TestContext":
    """Node id, category, attempt and worker of this test."""
    from canonry.testing import context

    return context.current(request.node.nodeid)


@pytest.fixture
def record_metric(request: pytest.FixtureRequest) -> RecordMetric:
    """Records a number about this test: ``record_metric(name, value, unit="")``."""
    node: str = request.node.nodeid

    def record(name: str, value: float, unit: str = "") -> None:
        from canonry.testing import events

        events.metric(node, name, value, unit)

    return record


@pytest.fixture
def mock_factory() -> Iterator["SSotMockFactory"]:
    """A factory of doubles of this test's own; what it patched is undone when the test ends."""
    from canonry.testing.doubles import fixture

    yield from fixture.mock_factory()


@pytest.fixture
def event_contract(request: pytest.FixtureRequest) -> Iterator["AttachedContracts"]:
    """``event_contract()``: the contract of the flow that this test walks, ``event_contract("agent-events")`` another.

    What it gives is a `canonry.testing.EventContract`, which is checked when the test's body is through.
    """
    from canonry.testing.contracts.fixture import AttachedContracts

    attached = AttachedContracts(request.node.nodeid, request.node)
    yield attached
    attached.release()


@pytest.fixture(scope="session")
def canonry_services(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["ServiceSession"]:
    """The services of this session; tests rather ask for the fixtures below."""
    from canonry.testing.services.session import ServiceSession

    worker = os.environ.get("PYTEST_XDIST_WORKER")
    # The parent of a worker's base folder is the run's own, as pytest-xdist documents it.
    together = tmp_path_factory.getbasetemp().parent / "canonry-services" if worker else None
    session = ServiceSession(request.config.rootpath, together=together, worker=worker or "main")
    _sessions.append(session)
    yield session
    _sessions.remove(session)
    session.close()


@pytest.fixture(scope="session")
def canonry_service(canonry_services: "ServiceSession") -> Callable[[str], "Running"]:
    """``canonry_service("backend")``: a declared service, started, and asked whether it answers."""

    def service(name: str) -> "Running":
        return _or_unavailable(lambda: canonry_services.running(name))

    return service


@pytest.fixture
def canonry_lease(
    canonry_services: "ServiceSession", monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], "Lease"]]:
    """``canonry_lease("postgres")``: a part of a service for this test alone, its address in the environment."""
    leases = []

    def lease(name: str) -> "Lease":
        leases.append(_or_unavailable(lambda: canonry_services.fresh(name)))
        return _in_environment(leases[-1], monkeypatch)

    yield lease
    for each in reversed(leases):
        each.release()


@pytest.fixture
def canonry_worker_lease(
    canonry_services: "ServiceSession", monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], "Lease"]:
    """``canonry_worker_lease("postgres")``: the part of a service that all tests of this process share."""

    def lease(name: str) -> "Lease":
        return _in_environment(_or_unavailable(lambda: canonry_services.of_worker(name)), monkeypatch)

    return lease


@pytest.fixture
def fresh_postgres(canonry_services: "ServiceSession", canonry_lease: Callable[[str], "Lease"]) -> "Lease":
    """A database for this test alone, a copy of what the setup made, on the one declared PostgreSQL."""
    return canonry_lease(_of_kind(canonry_services, "postgres", "canonry_lease"))


@pytest.fixture
def worker_postgres(canonry_services: "ServiceSession", canonry_worker_lease: Callable[[str], "Lease"]) -> "Lease":
    """The database that the tests of this process share, on the one declared PostgreSQL."""
    return canonry_worker_lease(_of_kind(canonry_services, "postgres", "canonry_worker_lease"))


@pytest.fixture
def fresh_redis(canonry_services: "ServiceSession", canonry_lease: Callable[[str], "Lease"]) -> "Lease":
    """An empty database for this test alone, on the one declared Redis."""
    return canonry_lease(_of_kind(canonry_services, "redis", "canonry_lease"))


@pytest.fixture
def worker_redis(canonry_services: "ServiceSession", canonry_worker_lease: Callable[[str], "Lease"]) -> "Lease":
    """The database that the tests of this process share, on the one declared Redis."""
    return canonry_worker_lease(_of_kind(canonry_services, "redis", "canonry_worker_lease"))


@pytest.fixture(scope="session")
def canonry_user_source() -> "UserSource":
    """How a user logs in; a project overrides this in its conftest.py."""
    pytest.fail(
        "no source of users is registered; define a session fixture `canonry_user_source` in conftest.py that returns "
        "an object with `login(url, name)` (canonry.testing.users.UserSource)",
        pytrace=False,
    )


@pytest.fixture
def canonry_users(
    canonry_service: Callable[[str], "Running"], canonry_user_source: "UserSource"
) -> Iterator[Callable[..., list["User"]]]:
    """``canonry_users("backend", 2)``: so many users who logged in there, each with clients of his own."""
    from canonry.testing.users import Users

    made = Users(canonry_user_source)

    def users(service: str, count: int = 1) -> list["User"]:
        return made.log_in(canonry_service(service).url, count)

    yield users
    if left := made.close():
        pytest.fail(f"left open: {', '.join(left)}; close each connection, or open it with `async with`", pytrace=False)


def _of_kind(session: "ServiceSession", kind: str, instead: str) -> str:
    return _or_unavailable(lambda: session.name_of_kind(kind, instead=instead))


def _in_environment(lease: "Lease", monkeypatch: pytest.MonkeyPatch) -> "Lease":
    for name, value in lease.variables.items():
        monkeypatch.setenv(name, value)
    return lease


def _or_unavailable(get: Callable[[], _T]) -> _T:
    from canonry.testing.services.errors import ServiceError

    try:
        return get()
    except ServiceError as error:
        _unavailable(error)


def _raise(error: "ServiceError") -> None:
    raise error


def _unavailable(error: "ServiceError") -> NoReturn:
    """Fails with the sentence alone; the exception is its ``__context__``, typed evidence for who reports."""
    raise pytest.fail.Exception(str(error), pytrace=False) from None
