"""Patches and registrations that outlive a test, for the state that is compared around each."""

from typing import Any

from canonry.testing.doubles import patches, registry
from canonry.testing.state.leak import Leak
from canonry.testing.state.moment import register

_State = tuple[tuple[patches.Patch, ...], registry.Snapshot]


class _Doubles:
    """What stands in the place of something, and what the registry holds."""

    def take(self) -> _State:
        """What there is now."""
        return patches.standing(), registry.snapshot()

    def compare(self, before: Any) -> list[Leak]:
        """What was added, changed or freed since then."""
        stood: tuple[patches.Patch, ...]
        roles: registry.Snapshot
        stood, roles = before
        leaks = [
            Leak("double", each.label, f"was patched at {each.path}:{each.line}")
            for each in patches.standing()
            if each not in stood
        ]
        return leaks + [Leak("double", role, how) for role, how in registry.changes(roles).items()]

    def put_back(self, before: Any) -> None:
        """Undoes patches and puts the registry back."""
        stood, roles = before
        patches.undo([each for each in patches.standing() if each not in stood])
        registry.restore(roles)


def watch() -> None:
    """Has every base case and fixture look, the ones of a running test included."""
    register(_PROBE, untouched=((), ({}, 0)))


_PROBE = _Doubles()
