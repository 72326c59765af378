"""Which double stands for which role of a project."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from canonry.testing.doubles.errors import DoubleError
from canonry.testing.doubles.real import nearest, resolve

Build = Callable[..., Any]
"""``build(factory, real, **options)`` gives the double."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """A role, the real thing or its name, who builds the double, and where it was registered.

    ``lasting``: the body of a module did it, which does not run again.
    """

    role: str
    real: Any
    build: Build | None = None
    path: str = ""
    line: int = 0
    lasting: bool = False

    def resolved(self) -> Any:
        """The real thing. Raises `DoubleError` where it is gone."""
        try:
            return resolve(self.real)
        except DoubleError as error:
            raise DoubleError(
                f"the double `{self.role}` ({self.path}:{self.line}) stands for nothing: {error}"
            ) from None


_ROLES: dict[str, Registration] = {}


def register(registration: Registration, *, taken: frozenset[str]) -> None:
    """Adds a role. Raises `DoubleError` for a name that is no name, is taken, or stands for something else already."""
    role = registration.role
    if not role.isidentifier() or role.startswith("_") or role in taken:
        raise DoubleError(f"`{role}` cannot be the name of a role; take a free identifier")
    kept = _ROLES.get(role)
    if kept is not None and (kept.path, kept.line) != (registration.path, registration.line):
        raise DoubleError(
            f"the role `{role}` is registered at {kept.path}:{kept.line} already; "
            f"`SSotMockFactory.unregister({role!r})` frees it"
        )
    _ROLES[role] = registration


def unregister(role: str) -> None:
    """Frees a role."""
    del _ROLES[registration_of(role).role]


def registration_of(role: str) -> Registration:
    """The registration of a role. Raises `DoubleError` with the names that come near."""
    found = _ROLES.get(role)
    if found is None:
        raise DoubleError(
            f"no double is registered as `{role}`{nearest(role, _ROLES)}; "
            f"`SSotMockFactory.register({role!r}, RealClass)` does it"
        )
    return found


def registrations() -> tuple[Registration, ...]:
    """All of them, in the order in which they came."""
    return tuple(_ROLES.values())


def snapshot() -> dict[str, Registration]:
    """The registry as it is, for `restore`."""
    return dict(_ROLES)


def restore(kept: dict[str, Registration]) -> tuple[str, ...]:
    """Puts a snapshot back and names the roles that were added, changed or freed since, but for lasting ones."""
    changed = changes(kept)
    for role in changed:
        if role in kept:
            _ROLES[role] = kept[role]
        else:
            del _ROLES[role]
    return changed


def changes(kept: dict[str, Registration]) -> tuple[str, ...]:
    """The roles that differ from a snapshot. What modules added when they were imported is there to stay."""
    return tuple(
        role
        for role in sorted({*kept, *_ROLES})
        if kept.get(role) is not (now := _ROLES.get(role))
        and not (role not in kept and now is not None and now.lasting)
    )
