"""Environment variables of one test: an overlay over `os.environ` that no other thread, task or test sees.

The overlay lives in a context variable and is never changed in place, so it follows the rules of `contextvars`: a task
starts with what its maker had and keeps its own writes to itself, a thread starts with none, `asyncio.to_thread` and
`contextvars.copy_context().run` carry it along. Reads that the overlay does not answer go to `os.environ` as it is at
that moment, so what `patch.dict(os.environ)` and pytest's `monkeypatch` do is seen.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from contextvars import ContextVar
from enum import StrEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from canonry.testing.patched import Patched

RUNNERS_OWN = "CANONRY_"
"""Variables that begin with this belong to the runner; a test cannot write them."""


class ProtectedVariableError(Exception):
    """A write to a variable that is protected."""


class NoScopeError(Exception):
    """A write where no scope is open that would take it back."""


class EnvironmentSource(StrEnum):
    """Where the value of a variable comes from."""

    OVERLAY = "overlay"
    """A scope of this context set it, or hides it."""
    PROCESS = "process"
    """`os.environ` holds it."""
    UNSET = "unset"


class _Process:
    """The value of a variable that was written through: whatever `os.environ` holds."""


_THROUGH = _Process()


class _Layer:
    """What one scope wrote. Never changed: a write makes another. None hides a variable.

    One that ``exports`` writes to `os.environ` itself, and whoever opened it puts that back.
    """

    __slots__ = ("below", "exports", "name", "owner", "protected", "values")

    def __init__(
        self,
        values: dict[str, str | _Process | None],
        below: _Layer | None,
        owner: object,
        name: str,
        protected: frozenset[str],
        *,
        exports: bool = False,
    ) -> None:
        self.values = values
        self.below = below
        self.owner = owner
        self.name = name
        self.protected = protected
        self.exports = exports


_TOP: ContextVar[_Layer | None] = ContextVar("canonry_environment", default=None)
_NOTHING: frozenset[str] = frozenset()
_NO_VALUES: dict[str, str | _Process | None] = {}


def open_scope(owner: object, name: str) -> None:
    """Opens a scope in the running context, which ends with the context. For the base cases, which have one a test."""
    _TOP.set(_Layer(_NO_VALUES, _TOP.get(), owner, name, _NOTHING))


class IsolatedEnvironment(MutableMapping[str, str]):
    """The environment as this context sees it: a mapping, and a scope for writes as a context manager.

    Every instance shows the same environment. `with IsolatedEnvironment() as env` opens a scope and takes back at its
    end what was written within it in this context; scopes nest. A base case opens one for each test.
    """

    __slots__ = ("_name", "_protected")

    def __init__(self, *, protected: tuple[str, ...] = (), name: str = "") -> None:
        """``protected`` variables cannot be written in the scopes that this instance opens; ``name`` is for `scope`."""
        self._protected = frozenset(protected)
        self._name = name

    def __enter__(self) -> IsolatedEnvironment:
        _TOP.set(_Layer(_NO_VALUES, _TOP.get(), self, self._name, self._protected))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        layer = _TOP.get()
        while layer is not None:
            if layer.owner is self:
                _TOP.set(layer.below)
                return
            layer = layer.below
        # left in another context than it was entered in: what this one would take back it never had

    # reading ----------------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> str:
        layer = _TOP.get()
        while layer is not None:
            if name in layer.values:
                value = layer.values[name]
                if value is None:
                    raise KeyError(name)
                if isinstance(value, _Process):
                    break
                return value
            layer = layer.below
        return os.environ[name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name)[0] is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.copy())

    def __len__(self) -> int:
        return len(self.copy())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self._written())} written over {len(os.environ)}>"  # values may be secret

    def source(self, name: str) -> EnvironmentSource:
        """Where the value of a variable comes from."""
        _, layer = self._find(name)
        if layer is not None:
            return EnvironmentSource.OVERLAY
        return EnvironmentSource.PROCESS if name in os.environ else EnvironmentSource.UNSET

    def scope(self, name: str) -> str | None:
        """The name of the scope that wrote a variable; None where none did."""
        _, layer = self._find(name)
        return None if layer is None else layer.name

    def copy(self) -> dict[str, str]:
        """All variables as this context sees them."""
        seen = dict(os.environ)
        for name, value in self._written().items():
            if value is None:
                seen.pop(name, None)
            else:
                seen[name] = value
        return seen

    def subprocess_env(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """What to hand to ``subprocess.run(env=...)``: all variables as this context sees them, and ``extra``."""
        return {**self.copy(), **(extra or {})}

    # writing ----------------------------------------------------------------------------------------------------------

    def __setitem__(self, name: str, value: str) -> None:
        _check_name(name)
        if not isinstance(value, str):
            raise TypeError(f"the value of `{name}` has to be text, not `{type(value).__name__}`")
        if "\0" in value:
            raise ValueError(f"the value of `{name}` holds a null character, which no environment can hold")
        self._write(name, value)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._write(name, None)

    def set(self, name: str, value: str) -> None:
        """Sets a variable until the scope ends. Raises `ProtectedVariableError`, `NoScopeError`."""
        self[name] = value

    def unset(self, name: str) -> None:
        """Hides a variable until the scope ends; one that is not there stays so even if the process gets it."""
        _check_name(name)
        self._write(name, None)

    delete = unset

    def clear(self) -> None:
        """Hides everything that is there, except what is protected."""
        layer = _open_layer("the environment")
        names = [name for name in self.copy() if not _is_protected(name, layer)]
        _replace(layer, {**layer.values, **{name: _put(layer, name, None) for name in names}})

    def protect(self, *names: str) -> None:
        """No writes to these variables until the scope ends."""
        layer = _open_layer(names[0] if names else "")
        protected = layer.protected.union(names)
        _TOP.set(_Layer(layer.values, layer.below, layer.owner, layer.name, protected, exports=layer.exports))

    def exported(self) -> AbstractContextManager[None]:
        """While it is entered, `os.environ` holds what this context sees, for code that reads it directly.

        That is seen by the whole process, so only one context can export at a time: `RuntimeError` for a second.
        """
        from canonry.testing.export import exported

        return exported(self._written())

    def patched(
        self, values: Mapping[str, str] | Iterable[tuple[str, str]] = (), /, *, clear: bool = False, **more: str
    ) -> Patched:
        """A scope with these variables, exported: what `patch.dict(os.environ, ...)` is, and a decorator as that is.

        ``clear`` hides all others. What is written within it goes to `os.environ`, too, and what others write there is
        seen. For code under test that uses `os.environ` itself.
        """
        from canonry.testing.patched import Patched

        return Patched(type(self), values, more, clear=clear, export=_export_scope)

    def _find(self, name: str) -> tuple[str | None, _Layer | None]:
        layer = _TOP.get()
        while layer is not None:
            if name in layer.values:
                value = layer.values[name]
                if isinstance(value, _Process):
                    break
                return value, layer
            layer = layer.below
        return os.environ.get(name), None

    def _written(self) -> dict[str, str | None]:
        """What the scopes of this context wrote, the innermost winning."""
        layers = []
        layer = _TOP.get()
        while layer is not None:
            layers.append(layer.values)
            layer = layer.below
        written = {name: value for values in reversed(layers) for name, value in values.items()}
        return {name: value for name, value in written.items() if not isinstance(value, _Process)}

    def _write(self, name: str, value: str | None) -> None:
        layer = _open_layer(f"`{name}`")
        if _is_protected(name, layer):
            if self.get(name) == value:
                return  # as it is; `patch.dict` writes back everything it found
            owner = "belongs to the runner" if name.startswith(RUNNERS_OWN) else "is protected"
            raise ProtectedVariableError(f"`{name}` {owner} and cannot be written by a test")
        _replace(layer, {**layer.values, name: _put(layer, name, value)})


def _check_name(name: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"the name of a variable has to be text, not `{type(name).__name__}`")
    if not name or "=" in name or "\0" in name:
        raise ValueError(f"{name!r} cannot be the name of a variable: it is empty or holds `=` or a null character")


def _is_protected(name: str, layer: _Layer | None) -> bool:
    if name.startswith(RUNNERS_OWN):
        return True
    while layer is not None:
        if name in layer.protected:
            return True
        layer = layer.below
    return False


def _open_layer(what: str) -> _Layer:
    layer = _TOP.get()
    if layer is None:
        raise NoScopeError(
            f"{what} cannot be written here: no scope is open in this thread or task that would take it back; "
            "write within `with IsolatedEnvironment() as env`, or in a test of a base case"
        )
    return layer


def _replace(layer: _Layer, values: dict[str, str | _Process | None]) -> None:
    _TOP.set(_Layer(values, layer.below, layer.owner, layer.name, layer.protected, exports=layer.exports))


def _put(layer: _Layer, name: str, value: str | None) -> str | _Process | None:
    """What the overlay holds of a variable: its value, or where the scope exports, that `os.environ` has it."""
    if not layer.exports:
        return value
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
    return _THROUGH


def _export_scope() -> None:
    """From now on the innermost scope writes to `os.environ`, which holds what those around it wrote.

    Whoever asks for this has exported that, and puts all of it back.
    """
    layer = _open_layer("the environment")
    values: dict[str, str | _Process | None] = {}
    around: _Layer | None = layer
    while around is not None:
        values.update(dict.fromkeys(around.values, _THROUGH))
        around = around.below
    _TOP.set(_Layer(values, layer.below, layer.owner, layer.name, layer.protected, exports=True))
