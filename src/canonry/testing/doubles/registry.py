"""Which double stands for which role of a project."""

from collections.abc import Callable
from typing import Any, NamedTuple

from canonry.testing.doubles.errors import DoubleError
from canonry.testing.doubles.real import nearest, resolve

Build = Callable[..., Any]
"""``build(factory, real, **options)`` gives the double."""


class Registration(NamedTuple):
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


Snapshot = tuple[dict[str, Registration], int]
_ROLES: dict[str, Registration] = {}
_LASTING: list[Registration] = []
"""Those that the body of a module made, in the order in which they came."""


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
    if registration.lasting:
        _LASTING.append(registration)


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


def snapshot() -> Snapshot:
    """The registry as it is, for `changes` and `restore`."""
    return dict(_ROLES), len(_LASTING)


def changes(before: Snapshot) -> dict[str, str]:
    """The roles that differ from a snapshot and what became of each. What modules add at import is there to stay."""
    expected = _expected(before)
    found = {}
    for role in sorted({*expected, *_ROLES}):
        was, now = expected.get(role), _ROLES.get(role)
        if was is not now:
            found[role] = "was freed" if now is None else "was registered" if was is None else "was registered anew"
    return found


def restore(before: Snapshot) -> dict[str, str]:
    """Puts a snapshot back and gives the `changes` since."""
    found = changes(before)
    if found:
        expected = _expected(before)
        _ROLES.clear()
        _ROLES.update(expected)
    return found


def _expected(before: Snapshot) -> dict[str, Registration]:
    roles, lasting = before
    return roles | {each.role: each for each in _LASTING[lasting:]}
