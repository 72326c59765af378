"""What other plugins need to know to work in one of several workers, and what they must not do there."""

import contextlib
import os
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

_ASKS_XDIST = frozenset(("worker_id", "testrun_uid", "django_db_modify_db_settings_xdist_suffix"))
"""Fixtures that ask pytest-xdist which worker this is."""
COVERAGE = "coverage-"
"""The beginning of the names of folders beside a worker's that hold what it measured."""


def stay_single(option: object) -> None:
    """pytest-xdist starts no workers of its own, whatever the options say."""
    if hasattr(option, "numprocesses"):
        option.numprocesses = None
        option.dist, option.tx, option.distload = "no", [], False  # type: ignore[attr-defined]


def share_seed(option: object, folder: str) -> None:
    """pytest-randomly draws the same seed in all workers of a run."""
    if getattr(option, "randomly_seed", None) == "default":
        option.randomly_seed = zlib.crc32(Path(folder).parent.name.encode())  # type: ignore[attr-defined]


def notes(config: pytest.Config) -> list[str]:
    """What plugins print at the start of a session and a reader has to know."""
    if config.pluginmanager.hasplugin("randomly"):
        return [f"pytest-randomly: --randomly-seed={config.option.randomly_seed}"]
    return []


@contextlib.contextmanager
def own_coverage(folder: str) -> Iterator[None]:
    """While it lasts, coverage that begins is written to a folder of this worker's, not to where all workers write."""
    place = Path(folder).parent / f"{COVERAGE}{Path(folder).name}"
    before = os.environ.get("COVERAGE_FILE")
    os.environ["COVERAGE_FILE"] = str(place / ".coverage")
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("COVERAGE_FILE", None)
        else:
            os.environ["COVERAGE_FILE"] = before


def measures_coverage(config: pytest.Config) -> bool:
    """Whether pytest-cov is at work."""
    return getattr(config.pluginmanager.getplugin("_cov"), "cov_controller", None) is not None


def report_no_coverage(config: pytest.Config, folder: str) -> None:
    """What one worker measured is only saved: the report is made of what all of them measured."""
    plugin: Any = config.pluginmanager.getplugin("_cov")
    if measures_coverage(config):
        (Path(folder).parent / f"{COVERAGE}{Path(folder).name}").mkdir(exist_ok=True)
        plugin.options.cov_report = {}
        plugin.options.cov_fail_under = None


class AsWorker:
    """Tells fixtures that ask which of several workers this is; nothing else sees pytest-xdist's ``workerinput``.

    Plugins that find it expect in it what their own half in pytest-xdist's controller has put there.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: "pytest.FixtureDef[object]", request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """The fixture finds it."""
        if fixturedef.argname == "django_db_setup":
            with _all_databases(request.session):
                return (yield)
        worker = os.environ.get("PYTEST_XDIST_WORKER")
        config: Any = request.config
        if fixturedef.argname not in _ASKS_XDIST or worker is None or hasattr(config, "workerinput"):
            return (yield)
        config.workerinput = {
            "workerid": worker,
            "workercount": int(os.environ["PYTEST_XDIST_WORKER_COUNT"]),
            "testrunuid": os.environ["PYTEST_XDIST_TESTRUNUID"],
        }
        try:
            return (yield)
        finally:
            del config.workerinput


@contextlib.contextmanager
def _all_databases(session: pytest.Session) -> Iterator[None]:
    """pytest-django sets up the databases that the session's tests name; here nobody knows those of later files."""
    items: Any = session.items
    session.items = [*items, _NeedsAllDatabases()]  # type: ignore[list-item]
    try:
        yield
    finally:
        session.items = items


class _NeedsAllDatabases:
    """Answers what pytest-django asks a test."""

    cls = None
    fixturenames = ()

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        """Any database, as it was after the migrations."""
        return (
            pytest.mark.django_db(databases="__all__", serialized_rollback=True).mark if name == "django_db" else None
        )
