"""What a session that nobody watches need not do: printing as it goes, and keeping output without bound."""

import os
from typing import Any

import pytest
from _pytest._code.code import Code
from _pytest.capture import FDCapture, SysCapture

from canonry.pytest_plugin.outcomes import LONGEST

_HALF = LONGEST // 4
"""Characters that are kept of each end."""
_PRINTING = (
    "pytest_sessionfinish",
    "pytest_runtest_logstart",
    "pytest_runtest_logreport",
    "pytest_runtest_logfinish",
    "pytest_collectreport",
    "pytest_collection_finish",
    "pytest_deselected",
)
"""Hooks in which the terminal reporter does nothing but print, count, and ask others for what they would print."""


def quieten(config: pytest.Config) -> None:
    """The terminal reporter is there for whoever asks for it, and is told of no test: nobody reads what it prints."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    for name in _PRINTING:
        caller = getattr(config.hook, name)
        if any(implementation.plugin is reporter for implementation in caller.get_hookimpls()):
            caller._remove_plugin(reporter)


def bound_output(config: pytest.Config) -> None:
    """Of what a test prints no more than both ends are ever read into memory; `capfd` and its like are not touched."""
    manager: Any = config.pluginmanager.get_plugin("capturemanager")
    capturing = getattr(manager, "_global_capturing", None)
    for stream in (getattr(capturing, "out", None), getattr(capturing, "err", None)):
        if type(stream) is FDCapture:
            stream.snap = _BoundedFile(stream)  # type: ignore[method-assign]
        elif type(stream) is SysCapture:
            stream.snap = _BoundedText(stream)  # type: ignore[method-assign]


class Files:
    """The files that pytest itself keeps open for what tests print; a test can close them."""

    def __init__(self, config: pytest.Config) -> None:
        manager: Any = config.pluginmanager.get_plugin("capturemanager")
        capturing = getattr(manager, "_global_capturing", None)
        streams = (getattr(capturing, "out", None), getattr(capturing, "err", None))
        self._files = [stream.tmpfile for stream in streams if type(stream) is FDCapture]
        self._are = self._identities()

    def are_damaged(self) -> bool:
        """Whether they are not what they were: nothing that runs here from now on can be believed."""
        return self._identities() != self._are

    def _identities(self) -> list[tuple[int, int]] | None:
        try:
            statuses = [os.fstat(file.fileno()) for file in self._files]
        except (OSError, ValueError):
            return None
        return [(status.st_dev, status.st_ino) for status in statuses]


class _BoundedFile:
    """`FDCapture.snap`, with the middle of a long file left out."""

    def __init__(self, capture: FDCapture) -> None:
        self._capture = capture

    def __call__(self) -> str:
        file: Any = self._capture.tmpfile
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size
        if size == 0:
            return ""
        if size <= 2 * LONGEST:
            return FDCapture.snap(self._capture)
        head = os.pread(descriptor, _HALF, 0).decode("utf-8", "replace")
        tail = os.pread(descriptor, _HALF, size - _HALF).decode("utf-8", "replace")
        file.seek(0)
        file.truncate()
        return f"{head}\n[... {size - 2 * _HALF:,} bytes cut ...]\n{tail}"


class _BoundedText:
    """`SysCapture.snap`, with the middle of a long text left out."""

    def __init__(self, capture: SysCapture) -> None:
        self._capture = capture

    def __call__(self) -> str:
        text = SysCapture.snap(self._capture)
        if len(text) <= 2 * LONGEST:
            return text
        return f"{text[:_HALF]}\n[... {len(text) - 2 * _HALF:,} characters cut ...]\n{text[-_HALF:]}"


class Places:
    """Fills in where tests stand, for the common case of a function in its own file, at a tenth of pytest's cost."""

    def __init__(self) -> None:
        self._file: object = None
        self._name = ""
        self._relative = ""

    def fill(self, items: list[pytest.Item]) -> None:
        """``item.location`` is known where it is certain; pytest finds the others when it asks."""
        for item in items:
            if type(item) is not pytest.Function or type(item).reportinfo is not _REPORTINFO:
                continue
            function = getattr(item.obj, "__func__", item.obj)
            code = getattr(function, "__code__", None)
            if code is None or hasattr(function, "__wrapped__") or hasattr(function, "place_as"):
                continue
            if item.path is not self._file:
                self._file = item.path
                self._name = str(item.path)
                self._relative = item.session._node_location_to_relpath(item.path)
            if code.co_filename == self._name:
                line = Code.from_function(function).firstlineno
                item.__dict__["location"] = (self._relative, line, item.getmodpath())


_REPORTINFO = pytest.Function.reportinfo
