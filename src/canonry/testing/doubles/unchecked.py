"""`SSotMockFactory.unchecked`: the mocks of `unittest.mock` as they are, by a name that says what they lack."""

from typing import Any, NoReturn
from unittest import mock

from canonry.testing.doubles.errors import DoubleError
from canonry.testing.doubles.real import nearest
from canonry.testing.doubles.record import note

_NAMES = frozenset(
    "Mock MagicMock AsyncMock NonCallableMock NonCallableMagicMock PropertyMock ThreadingMock create_autospec "
    "mock_open patch".split()
)


class Unchecked:
    """`Mock`, `MagicMock`, `patch` and their kin themselves, not copies: whatever they do, they do here.

    Each use is recorded with its place (kind ``unchecked``), and the policy of a category holds for it as for any mock.
    The factory holds none of them against anything real.
    """

    def __getattr__(self, name: str) -> Any:
        if name not in _NAMES or not hasattr(mock, name):
            raise AttributeError(f"`SSotMockFactory.unchecked` has no `{name}`{nearest(name, _NAMES)}")
        note("unchecked", f"unittest.mock:{name}")
        return getattr(mock, name)

    def __dir__(self) -> list[str]:
        return sorted(name for name in _NAMES if hasattr(mock, name))


class OfTheClass:
    """Gives `Unchecked` to who asks the class: there the audit sees what nothing constrains."""

    _given = Unchecked()

    def __get__(self, factory: object, _owner: type) -> Unchecked:
        if factory is not None:
            _refuse()
        return self._given


def _refuse() -> NoReturn:
    raise DoubleError("`unchecked` is asked of the class, where the audit sees it: `SSotMockFactory.unchecked`")
