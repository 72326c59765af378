"""The fixture `event_contract`: contracts of one test, checked when its body is through."""

from collections.abc import Callable
from typing import Any

import pytest

from canonry.testing.contracts.attached import EventContract
from canonry.testing.contracts.flows import flow_of, profile_of


class AttachedContracts:
    """``event_contract()`` attaches the contract of the flow that the test walks, ``event_contract(NAME)`` another."""

    def __init__(self, node: str, item: pytest.Item) -> None:
        self._node, self._item = node, item
        self._attached: list[EventContract] = []
        self._run: Callable[[], Any] = item.runtest
        item.runtest = self._checked  # type: ignore[method-assign]

    def __call__(self, contract: Any = None, **options: Any) -> EventContract:
        """A contract for the connections of this test. Options are those of `EventContract`.

        Where the run's profile has the name of one of the contract's, that is the profile.
        """
        flow = ""
        if contract is None:
            found = flow_of(self._item.path)
            contract, flow = found.contract, found.name
        options.setdefault("profile", profile_of(contract))
        attached = EventContract(contract, node=self._node, flow=flow, **options)
        self._attached.append(attached)
        return attached

    def release(self) -> None:
        """Gives the test its own way to run back, for another attempt."""
        del self._item.runtest

    def _checked(self) -> None:
        """The test's body, then what its contracts say; part of the call, so that a violation is a failure."""
        try:
            self._run()
        except Exception as error:
            for attached in self._attached:
                attached.__exit__(type(error), error, None)
            raise
        for attached in self._attached:
            attached.check()
