"""Which test file changed the environment or the working directory: told by the stack at the moment of the change.

Comparing before and after cannot tell a test from a fixture of a conftest file, or from a plugin. The interpreter
raises an audit event for each of these changes; whose code runs then is certain.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, NamedTuple

import _pytest.python
import _pytest.unittest
import pluggy

from canonry.testing.state import variables

_DEEPEST = 500
"""Frames that are looked at; deeper changes are nobody's."""
_CALLS_A_TEST = frozenset(
    (_pytest.python.pytest_pyfunc_call.__code__, _pytest.unittest.TestCaseFunction.runtest.__code__)
)
_CALLS_A_HOOK = pluggy._callers._multicall.__code__
_FOLDER = b""
"""Stands for the working directory among the names of variables: no variable is called so."""


class Written(NamedTuple):
    """One change that is still there. ``node`` is the test that ran; empty where the file was being imported."""

    kind: str
    name: str
    detail: str
    node: str


class Writers:
    """Remembers for each file what was there before its first change, and whose the last change was."""

    def __init__(self) -> None:
        self.path = ""
        """The absolute path of the file whose tests run, or that is imported; empty: nobody's."""
        self.node = ""
        self.is_foreign = False
        """Whether what happens now is meant to outlive the file: a fixture of the session's."""
        self._before: dict[str, dict[bytes, object]] = {}
        self._last: dict[bytes, tuple[str, str]] = {}

    @contextlib.contextmanager
    def importing(self, path: str) -> Iterator[None]:
        """While it lasts, the file's own statements at its top are the file's."""
        was = self.path, self.node
        self.path, self.node = path, ""
        try:
            yield
        finally:
            self.path, self.node = was

    def hear_variable(self, arguments: tuple[Any, ...]) -> None:
        """A variable is about to be set or removed."""
        name = arguments[0]
        if name != variables.PYTEST_OWN and isinstance(name, bytes):
            self._note(name)

    def hear_folder(self, _arguments: tuple[Any, ...]) -> None:
        """The working directory is about to change."""
        self._note(_FOLDER)

    def take(self, path: str) -> list[Written]:
        """What the file changed last and is not what it was; the file is forgotten."""
        found = []
        for name, old in sorted(self._before.pop(path, {}).items()):
            writer, node = self._last.get(name, ("", ""))
            if writer != path:
                continue
            del self._last[name]
            now = _now(name)
            if name == _FOLDER:
                if now != old:
                    found.append(Written("cwd", str(now or "a folder that is gone"), f"is not `{old}`", node))
            elif name in variables.put_past():
                found.append(Written("environment", os.fsdecode(name), "was put there past `os.environ`", node))
            elif now != old:
                what = "was added" if old is None else "was removed" if now is None else "was changed"
                found.append(Written("environment", os.fsdecode(name), what, node))
        return found

    def _note(self, name: bytes) -> None:
        path = self.path
        if not path or self.is_foreign or not _is_files_own(sys._getframe(2), path):
            self._last.pop(name, None)
            return
        before = self._before.get(path)
        if before is None:
            before = self._before[path] = {}
        if name not in before:
            before[name] = _now(name)
        self._last[name] = (path, self.node)


def _is_files_own(frame: FrameType | None, path: str) -> bool:
    """Whether code of the file is at work, or a test that it inherits.

    What a module does when it is imported is that module's, whoever imports it first; what a hook or a fixture from
    elsewhere does is no file's.
    """
    for _ in range(_DEEPEST):
        if frame is None:
            return False
        code = frame.f_code
        if code.co_filename == path or code in _CALLS_A_TEST:
            return True
        if code is _CALLS_A_HOOK or code.co_filename.startswith("<frozen importlib"):
            return False
        frame = frame.f_back
    return False


def _now(name: bytes) -> object:
    if name != _FOLDER:
        return variables.held().get(name)
    try:
        return os.getcwd()  # noqa: PTH109 - a text is compared
    except OSError:
        return None
