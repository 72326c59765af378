"""What every test of the suite takes: the service, users, the contract, and the fault that is planted in this call."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from canonry.testing import EventContract
from golden_path.chat.people import People
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser
from golden_path.matrix.cases import ENGINE, FAULTS, HERE, ONLY, PAIR, Case, cases_of

Users = Callable[..., list[ChatUser]]
NOTHING = Case(row=0, key="", check="", expects=())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Where faults are to be planted, a test runs once for each of its own."""
    if os.environ.get(FAULTS) and (cases := cases_of(metafunc.definition.nodeid, engine())):
        metafunc.parametrize("planted", cases, indirect=True, ids=[case.key for case in cases])


def pytest_configure(config: pytest.Config) -> None:
    """The mark of the suite itself."""
    config.addinivalue_line("markers", "pair_only: needs servers of a database and of Redis that can be stopped")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where faults are to be planted, or some only are wanted, other tests are left out, and said to be."""
    possible = [item for item in items if engine() == PAIR or not item.get_closest_marker("pair_only")]
    if os.environ.get(FAULTS):
        mine = [item for item in possible if "planted" in getattr(getattr(item, "callspec", None), "params", {})]
    elif os.environ.get(ONLY):
        mine = [item for item in possible if cases_of(item.nodeid, engine())]
    else:
        mine = possible
    if len(mine) == len(items):
        return
    config.hook.pytest_deselected(items=[item for item in items if item not in mine])
    items[:] = mine


def engine() -> str:
    """Which store and bus the service has that this run tests."""
    return os.environ.get(ENGINE, "sqlite")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutines run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def chat(canonry_service: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The service that this run tests."""
    if os.environ.get(HERE):
        from golden_path.chat.in_process import served_here

        with served_here(tmp_path_factory.mktemp("service")) as target:
            yield target
        return
    running = canonry_service("chat")
    settings = running.description.service.env
    yield Target(
        url=running.url,
        test_secret=settings.get("CHAT_TEST_SECRET", ""),
        key=settings.get("CHAT_SECRET_KEY", ""),
        log=running.description.log,
    )


@pytest.fixture(autouse=True)
def planted(request: pytest.FixtureRequest) -> Iterator[Case]:
    """The fault that this call has to notice; `NOTHING` on the healthy service."""
    case: Case = getattr(request, "param", NOTHING)
    if not case.faults or case.own_process:
        yield case
        return
    chat: Target = request.getfixturevalue("chat")
    chat.switch(case.faults)
    yield case
    chat.heal()


@pytest.fixture
def users(chat: Target) -> Users:
    """``users(2)``: so many people who are logged in."""
    return People(chat.url)


@pytest.fixture
def user(users: Users) -> ChatUser:
    """Somebody who is logged in."""
    return users(1)[0]


@pytest.fixture
def contract(event_contract: Callable[..., EventContract], chat: Target) -> EventContract:
    """The contract of the flow, with the times that the service is set to."""
    return event_contract(profile="scaled") if chat.test_secret else event_contract()
