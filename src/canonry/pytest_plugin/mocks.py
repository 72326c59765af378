"""What a category says of mocks, kept while its tests run; a refusal is a failure of the phase that made the double."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

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

    @contextmanager
    def _enforced(self) -> Iterator[None]:
        """Keeps the policy. A refusal names its place, so the frames of the mock library would only hide it."""
        if self.policy == ALLOWED:
            yield
            return
        from canonry.testing.doubles.errors import MockPolicyError
        from canonry.testing.doubles.policy import enforce

        try:
            with enforce(self.policy, category=self.category):
                yield
        except MockPolicyError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
