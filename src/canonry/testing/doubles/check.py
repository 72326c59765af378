"""The check that a project's test calls."""

from collections.abc import Sequence

from canonry.testing.doubles.compare import compare, count
from canonry.testing.doubles.factory import SSotMockFactory


def check_doubles(*packages: str, pairs: Sequence[tuple[str, str]] = ()) -> int:
    """The number of doubles that were compared; raises `DriftError` with a sentence for each difference.

    Compared are the registered ones, the hand-written ones tied with `stands_in_for`, and in ``packages`` (imported
    with all their modules) the classes named like doubles that inherit from something else. ``pairs`` ties others:
    ``("tests.fakes:FakeBank", "shop.bank:Bank")``. Raises `DoubleError` where there is nothing to compare.
    """
    return count(compare(SSotMockFactory, *packages, pairs=pairs))
