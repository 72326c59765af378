"""What a category's `mocks` says, kept while its tests run.

`enforce("forbidden")` refuses every double that test code makes: mocks and patches of `unittest.mock` and of the `mock`
package (so also those of pytest-mock), and doubles, patches and replacements of the factory; spies are let through,
since they call the real thing. `enforce("specced")` refuses those that nothing constrains. `enforce("allowed")` does
nothing and costs nothing.

Whose mock it is, the nearest frame outside the mock library says, or for a decorator the function that it stands on:
test code is a file named ``test_*.py``, ``*_test.py`` or ``conftest.py``, or below a folder ``tests`` or ``test``, that
lies neither in ``site-packages`` nor in the standard library. A library that uses mocks inside is left alone.
"""

import contextlib
import functools
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from canonry.testing.doubles.errors import MockPolicyError

FORBIDDEN, SPECCED, ALLOWED = "forbidden", "specced", "allowed"
_LIBRARIES = ("unittest.mock", "mock.mock", "pytest_mock")
_FACTORY = "canonry.testing."
_PASSED_THROUGH = ("contextlib", "canonry.testing.doubles.policy")


class Enforcement:
    """A policy in force. ``broken`` holds a sentence for each double that was refused."""

    __slots__ = ("_is_test_code", "broken", "policy", "where")

    def __init__(self, policy: str, is_test_code: Callable[[str], bool], where: str) -> None:
        self.policy, self.where, self._is_test_code = policy, where, is_test_code
        self.broken: list[str] = []

    def refuse(self, what: str, place: tuple[str, int] | None) -> None:
        """Raises `MockPolicyError` where the place is test code."""
        if place is None or not self._is_test_code(place[0]):
            return
        path, line = place
        remedy = "use the real service, or move the test to a category that may mock"
        if self.policy == SPECCED:
            remedy = "give it the real interface: the mock factory, `spec=` or `autospec=True`"
        sentence = f"`{what}` at {path}:{line} in {self.where}, whose `mocks` is {self.policy!r}; {remedy}"
        self.broken.append(sentence)
        raise MockPolicyError(sentence)


_IN_FORCE: list[Enforcement] = []


@contextlib.contextmanager
def enforce(
    policy: str, *, category: str = "", is_test_code: Callable[[str], bool] | None = None
) -> Iterator[Enforcement]:
    """Keeps a policy for the time of the block.

    A refusal that code under test swallowed is raised again at the end. Policies nest; the innermost counts.
    """
    if policy not in (FORBIDDEN, SPECCED, ALLOWED):
        raise ValueError(f"no policy of mocks: {policy!r}")
    where = f"a test of the category `{category}`" if category else "a test of a category"
    enforcement = Enforcement(policy, is_test_code or in_test_code, where)
    _IN_FORCE.append(enforcement)
    guards = [] if policy == ALLOWED else _install()
    try:
        yield enforcement
    finally:
        _IN_FORCE.remove(enforcement)
        if not any(each.policy != ALLOWED for each in _IN_FORCE):
            _remove()
        del guards
    if enforcement.broken:
        raise MockPolicyError("; ".join(enforcement.broken))


def check_factory(what: str) -> None:
    """Raises `MockPolicyError` where the factory makes something that the policy in force forbids."""
    if _IN_FORCE and _IN_FORCE[-1].policy == FORBIDDEN:
        frame: Any = sys._getframe(1)
        while frame is not None and _module(frame).startswith((_FACTORY, "contextlib")):
            frame = frame.f_back
        if frame is not None:
            _IN_FORCE[-1].refuse(what, (frame.f_code.co_filename, frame.f_lineno))


@functools.cache
def in_test_code(path: str) -> bool:
    """Whether a file is test code, by its place and name."""
    if path.startswith("<") or any(path.startswith(home) for home in _installed()):
        return False
    *folders, name = path.replace(os.sep, "/").split("/")
    if "site-packages" in folders or "dist-packages" in folders:
        return False
    return (
        name == "conftest.py"
        or name.startswith("test_")
        or name.endswith("_test.py")
        or not {"tests", "test"}.isdisjoint(folders)
    )


@functools.cache
def _installed() -> tuple[str, ...]:
    import sysconfig

    places = sysconfig.get_paths()
    return tuple(os.path.join(places[name], "") for name in ("stdlib", "platstdlib"))  # noqa: PTH118  a prefix


# the guards ---------------------------------------------------------------------------------------------------------

_GUARDED: dict[Any, tuple[str, Any]] = {}


def _install() -> list[Any]:
    """Guards the mock libraries that are there; `unittest.mock` is always."""
    modules = [importlib.import_module("unittest.mock")]
    if "mock.mock" in sys.modules:
        modules.append(sys.modules["mock.mock"])
    for module in modules:
        for owner, name, guard in (
            (module.NonCallableMock, "__new__", _guard_new),
            (module._patch, "__enter__", _guard_enter),
        ):
            if owner not in _GUARDED:
                old = owner.__dict__[name]
                _GUARDED[owner] = name, old
                setattr(owner, name, guard(old))
    return modules


def _remove() -> None:
    for owner, (name, old) in _GUARDED.items():
        setattr(owner, name, old)
    _GUARDED.clear()


def _guard_new(old: Any) -> Any:
    function = getattr(old, "__func__", old)

    @functools.wraps(function)
    def __new__(cls: Any, /, *arguments: Any, **named: Any) -> Any:  # noqa: N807
        policy = _IN_FORCE[-1].policy if _IN_FORCE else ALLOWED
        child = named.get("_new_parent") is not None or named.get("parent") is not None
        if policy != ALLOWED and not child and not (policy == SPECCED and _is_specced(cls, arguments, named)):
            _IN_FORCE[-1].refuse(f"{_public_name(cls)}()", _maker())
        return function(cls, *arguments, **named)

    return staticmethod(__new__)


def _guard_enter(old: Any) -> Any:
    @functools.wraps(old)
    def __enter__(self: Any) -> Any:  # noqa: N807
        if _IN_FORCE and _IN_FORCE[-1].policy == FORBIDDEN:
            _IN_FORCE[-1].refuse(f"patch({self.attribute!r})", _maker())
        return old(self)

    return __enter__


def _is_specced(cls: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    constrained = any(named.get(name) is not None for name in ("spec", "spec_set", "wraps"))
    return constrained or (bool(arguments) and arguments[0] is not None) or _public_name(cls) == "PropertyMock"


def _public_name(cls: Any) -> str:
    return str(cls.__name__)


def _maker() -> tuple[str, int] | None:
    """Who makes a mock: the file and line of the nearest frame outside the libraries; None where our factory does."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        module = _module(frame)
        if module in _PASSED_THROUGH:
            pass
        elif module.startswith(_FACTORY):
            return None
        elif not module.startswith(_LIBRARIES):
            return frame.f_code.co_filename, frame.f_lineno
        elif frame.f_code.co_name == "patched":
            code = getattr(frame.f_locals.get("func"), "__code__", None)
            if code is not None:
                return code.co_filename, code.co_firstlineno
        frame = frame.f_back
    return None


def _module(frame: Any) -> str:
    return str(frame.f_globals.get("__name__", ""))
