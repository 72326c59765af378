"""The circuit breaker around the model: one per process, for the model's health is nobody's own."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from reference_chat.agents.circuit import Circuit, CircuitOpenError, Policy
from reference_chat.faults import Faults
from reference_chat.model.client import ModelError

_T = TypeVar("_T")


class Breaker:
    """Lets calls pass as long as the model is well, ends those that take too long, and counts both."""

    def __init__(self, policy: Policy, faults: Faults, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.circuit = Circuit(policy, faults)
        self._faults = faults
        self._clock = clock

    async def call(self, function: Callable[[], Awaitable[_T]]) -> _T:
        """What `function` returns. Raises `ModelError`: its own, `model_timeout`, or `circuit_open` without a call."""
        try:
            permit = self.circuit.admit(self._clock())
        except CircuitOpenError as error:
            raise ModelError("circuit_open", str(error), retryable=True) from None
        unlimited = self._faults.on("breaker_no_timeout") is not None
        limit = asyncio.timeout(None if unlimited else self.circuit.policy.call_timeout)
        try:
            async with limit:
                result = await function()
        except ModelError as error:
            self.circuit.settle(permit, self._clock(), failed=error.is_outage)
            raise
        except TimeoutError:
            if not limit.expired():
                self.circuit.release(permit, self._clock())
                raise
            self.circuit.settle(permit, self._clock(), failed=True)
            raise ModelError("model_timeout", "the model took too long", retryable=True) from None
        except BaseException:  # raised again
            # given up by the caller, or failed at something that is not the model's: the place of a probe is free again
            self.circuit.release(permit, self._clock())
            raise
        self.circuit.settle(permit, self._clock(), failed=False)
        return result
