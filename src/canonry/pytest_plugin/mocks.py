"""What a category says of mocks, kept while its tests run; a refusal is a failure of the phase that made the double."""

from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext

import pytest

ALLOWED = "allowed"


class Mocks:
    """A plugin of a worker. ``policy`` and ``category`` are those of the bundle that runs."""

    def __init__(self) -> None:
        self.policy, self.category = ALLOWED, ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None, None, None]:
        """Fixtures obey too."""
        with self._enforced():
            yield

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """The test itself."""
        with self._enforced():
            yield

    def _enforced(self) -> AbstractContextManager[object]:
        if self.policy == ALLOWED:
            return nullcontext()
        from canonry.testing.doubles.policy import enforce

        return enforce(self.policy, category=self.category)
