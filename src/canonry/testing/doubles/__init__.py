"""Doubles that are made from the real thing, or not at all.

Names are imported when they are asked for, so that this package costs a test nothing that has no doubles.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from canonry.testing.doubles.answers import dynamic, each, returns
    from canonry.testing.doubles.check import check_doubles
    from canonry.testing.doubles.drift import stands_in_for
    from canonry.testing.doubles.errors import DoubleError, DriftError, MockPolicyError
    from canonry.testing.doubles.factory import SSotMockFactory
    from canonry.testing.doubles.patches import active, undo_all
    from canonry.testing.doubles.policy import enforce

_HOMES = {
    "DoubleError": "errors",
    "DriftError": "errors",
    "MockPolicyError": "errors",
    "SSotMockFactory": "factory",
    "active": "patches",
    "check_doubles": "check",
    "dynamic": "answers",
    "each": "answers",
    "enforce": "policy",
    "returns": "answers",
    "stands_in_for": "drift",
    "undo_all": "patches",
}

__all__ = [
    "DoubleError",
    "DriftError",
    "MockPolicyError",
    "SSotMockFactory",
    "active",
    "check_doubles",
    "dynamic",
    "each",
    "enforce",
    "returns",
    "stands_in_for",
    "undo_all",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    from importlib import import_module

    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
