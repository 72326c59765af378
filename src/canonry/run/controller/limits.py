"""Time limits: a test past its soft limit is told as slow, one past its hard limit is ended."""

import time
from collections.abc import Callable

from canonry.model.run_event import RunEvent, Slow
from canonry.model.run_plan import Policy
from canonry.run.controller.ledger import Ledger
from canonry.run.controller.seat import Seat


class Limits:
    """Looks at the clocks of all workers."""

    def __init__(self, ledger: Ledger, emit: Callable[[RunEvent], None]) -> None:
        self._ledger = ledger
        self._emit = emit

    def exceeded(self, seat: Seat) -> bool:
        """Whether what the worker is at is past its hard limit; what is past the soft one is told on the way."""
        category = seat.category
        if category is None or seat.doomed is not None:
            return False
        policy = category.plan.policy
        if policy.soft_limit is None and policy.hard_limit is None:
            return False
        number, seconds = seat.host.since
        if policy.hard_limit is not None and seconds > policy.hard_limit:
            return True
        if policy.soft_limit is not None and seconds > policy.soft_limit:
            self._tell_slow(seat, number, seconds, policy)
        return False

    def sentence(self, seat: Seat) -> str:
        """Why it is ended."""
        category = seat.category
        limit = category.plan.policy.hard_limit if category is not None else None
        what = "its file's import" if seat.current is None else "it"
        return f"{what} ran longer than {limit:g} s" if limit is not None else "it ran too long"

    def _tell_slow(self, seat: Seat, number: int, seconds: float, policy: Policy) -> None:
        """Once at the limit, and each time that it has run twice as long as when it was told last."""
        if seat.told_slow != number:
            seat.told_slow, seat.told_times = number, 0
        assert policy.soft_limit is not None
        if seconds < policy.soft_limit * 2**seat.told_times:
            return
        seat.told_times += 1
        self._ledger.listen(seat, seat.host.peek())
        node = seat.current.node if seat.current is not None else ""
        job = seat.collecting
        if not node and job is not None:
            node = job.task.path
        if node:
            stacks = seat.host.stacks()
            self._emit(Slow(node=node, seconds=seconds, stacks=stacks, at=time.time(), worker=seat.host.number))
