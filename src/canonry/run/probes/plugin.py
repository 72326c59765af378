"""The half of a probe inside pytest: chosen tests in a chosen order, what each left behind, what each touched.

It is loaded by name (``-p canonry.run.probes.plugin``) and imports nothing of ours, because it lives in the process of
a user's tests. Its orders stand in the JSON file that ``CANONRY_PROBE`` names; its answers are JSON lines.
"""

import json
import os
import sys
import time
from collections.abc import Generator
from typing import Any

import pytest

_ORDERS: dict[str, Any] = {}
_OUT: list[Any] = []
_RUNNING: list[str] = []
_TIMES: dict[str, int] = {}
"""How often a test had run before it runs now, or ran last."""
_TOUCHED: dict[str, set[str]] = {}
_OPENERS = frozenset(("open", "os.open"))
_CHANGES = {
    "os.mkdir": "folder",
    "os.rmdir": "folder",
    "os.remove": "file",
    "os.rename": "file",
    "os.truncate": "file",
    "shutil.rmtree": "folder",
    "sqlite3.connect": "database",
}


def pytest_configure(config: pytest.Config) -> None:
    """Reads the orders."""
    place = os.environ.get("CANONRY_PROBE")
    if place is None:
        return
    with open(place, encoding="utf-8") as file:
        _ORDERS.update(json.load(file))
    _OUT.append(open(_ORDERS["answers"], "a", encoding="utf-8"))  # noqa: SIM115 - open as long as the process lives
    if _ORDERS.get("watch"):
        sys.addaudithook(_watch)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps the chosen tests, in the chosen order; who is chosen several times comes several times."""
    if not _ORDERS:
        return
    found: dict[str, list[pytest.Item]] = {}
    for item in items:
        found.setdefault(item.nodeid, []).append(item)
    chosen = set(_ORDERS["nodes"])
    left_out = [item for item in items if item.nodeid not in chosen]
    items[:] = [item for node in _ORDERS["nodes"] for item in found.get(node, ())]
    if left_out:
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Waits for the others where that is ordered, and compares the state around a test."""
    if not _ORDERS:
        return (yield)
    node = item.nodeid
    meeting = _ORDERS.get("meeting")
    if meeting is not None:
        _meet(meeting, _ORDERS["nodes"].index(node))
    asked = node in _ORDERS.get("states", ())
    if asked:
        from canonry.run.probes.state import take_state

        before = take_state(_ORDERS["root"])
    _RUNNING.append(node)
    _TIMES[node] = _TIMES.get(node, -1) + 1
    _say({"node": node, "runs": True, "time": _TIMES[node]})
    try:
        return (yield)
    finally:
        _RUNNING.clear()
        _say({"node": node, "runs": False})
        if asked:
            from canonry.run.probes.state import take_state

            after = take_state(_ORDERS["root"])
            changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
            _say({"node": node, "left": changed})
        if _TOUCHED.get(node):
            _say({"node": node, "touched": sorted(_TOUCHED[node])})


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Says what a phase came to."""
    if _ORDERS:
        crash = getattr(report.longrepr, "reprcrash", None)
        said = str(getattr(crash, "message", "") or report.longrepr or "").strip() if report.failed else ""
        reason = said.partition("\n")[0][:300]
        _say(
            {
                "node": report.nodeid,
                "time": _TIMES.get(report.nodeid, 0),
                "phase": report.when,
                "outcome": report.outcome,
                "duration": report.duration,
                "reason": reason,
            }
        )


def _say(answer: dict[str, Any]) -> None:
    _OUT[0].write(json.dumps(answer) + "\n")
    _OUT[0].flush()


def _meet(meeting: dict[str, Any], number: int) -> None:
    """Returns once all parties stand here, or when it has waited too long for one that will not come."""
    folder = f"{meeting['folder']}/{number}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{meeting['me']}", "w", encoding="utf-8"):
        pass
    end = time.monotonic() + meeting["patience"]
    while len(os.listdir(folder)) < meeting["parties"][number] and time.monotonic() < end:
        time.sleep(0.001)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Notes what a running test writes, makes, deletes, or listens on."""
    if not _RUNNING:
        return
    said = ""
    if event == "open":
        path, mode, flags = arguments
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if isinstance(path, str | bytes | os.PathLike) and (writes or (mode and set(mode) & set("wax+"))):
            said = f"file {os.path.abspath(os.fsdecode(path))}"
    elif event in _CHANGES:
        if isinstance(arguments[0], str | bytes | os.PathLike) and arguments[0] != ":memory:":
            said = f"{_CHANGES[event]} {os.path.abspath(os.fsdecode(arguments[0]))}"
    elif event in ("socket.bind", "socket.connect"):
        address = arguments[1]
        said = f"port {address[1]}" if isinstance(address, tuple) else f"socket {address!s}"
        if said == "port 0":
            said = ""
    if said and "__pycache__" not in said and "/.pytest_cache" not in said and said != "file /dev/null":
        _TOUCHED.setdefault(_RUNNING[0], set()).add(said)
