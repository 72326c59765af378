"""One PostgreSQL for all tests of this folder, and in it a database for each test that asks for one."""

from collections.abc import Iterator

import pytest

from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import start


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A PostgreSQL without setup."""
    with start(Service(name="postgres", kind="postgres"), root=tmp_path_factory.mktemp("postgres")) as running:
        yield running


@pytest.fixture
def url(postgres: Running) -> Iterator[str]:
    """An empty database."""
    with postgres.isolated("history") as lease:
        yield lease.url
