"""What doubles stand in the place of now, and the way back."""

from typing import Any

from canonry.testing.doubles.errors import DoubleError
from canonry.testing.doubles.real import label

_MISSING = object()


class Patch:
    """One attribute that holds something else until it is undone."""

    __slots__ = ("_old", "_own", "line", "name", "owner", "path")

    def __init__(self, owner: Any, name: str, *, path: str = "", line: int = 0) -> None:
        self.owner, self.name, self.path, self.line = owner, name, path, line
        space = getattr(owner, "__dict__", {})
        self._old = space.get(name, _MISSING)
        self._own = self._old is not _MISSING
        if not self._own and not isinstance(owner, type) and hasattr(getattr(type(owner), name, None), "__set__"):
            self._old, self._own = getattr(owner, name), True

    def put(self, new: Any) -> None:
        """Puts it there. Raises `DoubleError` where Python does not let anybody."""
        try:
            setattr(self.owner, self.name, new)
        except (AttributeError, TypeError) as error:
            raise DoubleError(
                f"`{label(self.owner)}.{self.name}` cannot be patched ({error}); "
                "patch the name in the module that uses it"
            ) from None
        _ACTIVE[id(self)] = self

    def undo(self) -> None:
        """Puts the old value back, once."""
        if _ACTIVE.pop(id(self), None) is None:
            return
        if self._own:
            setattr(self.owner, self.name, self._old)
        else:
            try:
                delattr(self.owner, self.name)
            except AttributeError:
                return  # somebody has put it back already

    @property
    def label(self) -> str:
        """What is patched."""
        return f"{label(self.owner)}.{self.name}"

    def __str__(self) -> str:
        return f"{self.label} (patched at {self.path}:{self.line})"


_ACTIVE: dict[int, Patch] = {}


def active() -> tuple[str, ...]:
    """What is patched now and where it was done, oldest first."""
    return tuple(map(str, _ACTIVE.values()))


def standing() -> tuple[Patch, ...]:
    """The patches that are there now, oldest first."""
    return tuple(_ACTIVE.values())


def undo_all() -> tuple[str, ...]:
    """Undoes every patch, latest first, and says which there were, oldest first. Raises after all were tried."""
    names = active()
    undo(list(standing()))
    return names


def undo(patches: list[Patch]) -> None:
    """Undoes these, latest first. Errors of setting an attribute are raised together after all were tried."""
    errors: list[Exception] = []
    for patch in reversed(patches):
        try:
            patch.undo()
        except Exception as error:  # noqa: BLE001  whatever a real `__setattr__` raises, the others are undone
            errors.append(error)
    if errors:
        raise ExceptionGroup("patches could not be undone", errors)
