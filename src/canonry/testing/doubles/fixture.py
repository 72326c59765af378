"""The factory as a fixture, without pytest: whoever offers it makes a fixture of this function."""

from collections.abc import Iterator

from canonry.testing.doubles.factory import SSotMockFactory


def mock_factory() -> Iterator[SSotMockFactory]:
    """A factory of the test's own; what it patched is undone when the test ends."""
    with SSotMockFactory() as factory:
        yield factory
