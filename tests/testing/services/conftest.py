"""One PostgreSQL and one Redis for all tests of this folder, and projects to start others in."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import start


def _served(kind: str, root: Path) -> Iterator[Running]:
    with start(Service(name=kind, kind=kind), root=root) as running:
        yield running


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A PostgreSQL without setup."""
    yield from _served("postgres", tmp_path_factory.mktemp("postgres"))


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Redis."""
    yield from _served("redis", tmp_path_factory.mktemp("redis"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The root of a project that declares services; its name needs quoting."""
    root = tmp_path / "the shop's project"
    root.mkdir()
    return root


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder for temporary files that every user can enter."""
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="places "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def alone(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the directories of services, where no other test's start cleans up what a test left on purpose."""
    monkeypatch.setattr(tempfile, "tempdir", str(open_folder))
    return open_folder
