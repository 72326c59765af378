"""Patches and registrations that outlive a test, for the state that is compared around each."""

from typing import Any

from canonry.testing.doubles import patches, registry
from canonry.testing.state.leak import Leak
from canonry.testing.state.moment import register

_State = tuple[tuple[patches.Patch, ...], dict[str, registry.Registration]]


class _Doubles:
    """What stands in the place of something, and what the registry holds."""

    def take(self) -> _State:
        """What there is now."""
        return patches.standing(), registry.snapshot()

    def compare(self, before: Any) -> list[Leak]:
        """What was added, changed or freed since then."""
        stood: tuple[patches.Patch, ...]
        roles: dict[str, registry.Registration]
        stood, roles = before
        leaks = [
            Leak("double", each.label, f"was patched at {each.path}:{each.line}")
            for each in patches.standing()
            if each not in stood
        ]
        return leaks + [Leak("double", role, _how(role, roles)) for role in registry.changes(roles)]

    def put_back(self, before: Any) -> None:
        """Undoes patches and puts the registry back."""
        stood, roles = before
        patches.undo([each for each in patches.standing() if each not in stood])
        registry.restore(roles)


def watch() -> None:
    """Has every base case and fixture look, the ones of a running test included."""
    register(_PROBE, untouched=((), {}))


def _how(role: str, before: dict[str, registry.Registration]) -> str:
    now = registry.snapshot()
    if role not in now:
        return "was freed"
    return "was registered anew" if role in before else "was registered"


_PROBE = _Doubles()
