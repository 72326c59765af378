"""The context of one run: who asked, where, on which connection; made once, never changed."""

import time
from dataclasses import dataclass
from typing import Protocol

from reference_chat.ids import new_id


@dataclass(frozen=True, slots=True)
class UserExecutionContext:
    """What a run belongs to; `deadline` is a moment of `time.monotonic`."""

    user_id: str
    thread_id: str
    run_id: str
    connection_id: str
    deadline: float


class Emit(Protocol):
    """Numbers an event of the run, stores it, then sends it; returns before it is stored."""

    async def __call__(
        self, type: str, payload: dict[str, object], *, agent_name: str | None = None, step_id: str | None = None
    ) -> None:
        """Raises `RunOverError` after the terminal event, and when the run's events cannot be stored any more."""


class RunOverError(Exception):
    """The run has ended; nothing can be said in its name."""


def new_context(*, user_id: str, thread_id: str, connection_id: str, timeout: float) -> UserExecutionContext:
    """The context of a new run; `timeout` in seconds."""
    return UserExecutionContext(user_id, thread_id, new_id("run"), connection_id, time.monotonic() + timeout)
