"""Which lines and branches of a flow's components each test of a worker reaches, by coverage.py."""

import json
import os
from collections.abc import Generator
from pathlib import Path

import pytest

REQUEST = "CANONRY_COVER"
"""The variable that names the file with what is to be measured: ``folder``, ``include``, ``core``."""


class Covering:
    """Measures from before pytest loads anything, under the node id of the test that runs; imports stand under none.

    The data lies in the folder of the request, one file for each process. A process that dies leaves none.
    """

    def __init__(self, request: str) -> None:
        asked = json.loads(Path(request).read_text(encoding="utf-8"))
        os.environ["COVERAGE_CORE"] = asked["core"]
        import coverage

        self._coverage = coverage.Coverage(
            data_file=str(Path(asked["folder"], "coverage")),
            data_suffix=True,
            branch=True,
            include=asked["include"],
            config_file=False,
            messages=False,
        )
        self._coverage.start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """What runs from here on is this test's."""
        self._coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._coverage.switch_context("")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Keeps what was measured."""
        self._coverage.stop()
        self._coverage.save()
