"""The half of a comparison inside pytest: which tests a process was to run, and what became of each.

It is loaded by name (``PYTEST_PLUGINS=canonry.run.probes.seen``) in every pytest below a command, whoever starts it,
and appends JSON lines to the file that ``CANONRY_SEEN`` names. It imports nothing of ours: it lives in the process of a
user's tests.
"""

import json
import os

import pytest

_BAD = ("failed", "error")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Says which tests are selected; a controller of pytest-xdist has none of its own."""
    for item in session.items:
        _say(session.config, item.nodeid, "selected")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Says what became of one phase of a test."""
    outcome: str = "error" if report.failed and report.when != "call" else report.outcome
    if hasattr(report, "wasxfail"):
        outcome = "xfailed" if report.skipped else "xpassed"
    if report.when == "call" or outcome in ("skipped", "xfailed", *_BAD):
        _say(None, report.nodeid, outcome)


def _say(config: pytest.Config | None, node: str, outcome: str) -> None:
    place = os.environ.get("CANONRY_SEEN")
    if place is None:
        return
    if config is not None:
        _ROOT.append(str(config.rootpath))
    line = json.dumps({"node": node, "outcome": outcome, "root": _ROOT[-1] if _ROOT else ""}) + "\n"
    handle = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode("utf-8", "surrogateescape"))  # one write: several processes append
    finally:
        os.close(handle)


_ROOT: list[str] = []
