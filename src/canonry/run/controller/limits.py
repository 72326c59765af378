"""Time limits: a test past its soft limit is told as slow, one past its hard limit is ended."""

import time
from collections.abc import Callable

from canonry.model.run_event import RunEvent, Slow
from canonry.run.controller.ledger import Ledger
from canonry.run.controller.seat import Seat


class Limits:
    """Looks at the clocks of all workers and categories."""

    def __init__(self, ledger: Ledger, emit: Callable[[RunEvent], None]) -> None:
        self._ledger = ledger
        self._emit = emit

    def expire(self) -> None:
        """The categories that have taken longer than they may begin nothing more."""
        for category in self._ledger.running:
            most = category.plan.policy.timeout
            if most is not None and not category.expired and time.time() - category.started > most:
                self._ledger.expire(category, f"its category `{category.plan.name}` took longer than {most:g} s")

    def overdue(self, seat: Seat) -> str:
        """Why what the worker is at has to be ended: its time, or its category's, is up; empty where it is not."""
        if seat.category is not None and seat.category.expired:
            return seat.category.expired
        hard = seat.policy.hard_limit
        if hard is None or seat.host.since[1] <= hard:
            return ""
        what = "it" if seat.current else "its file's import" if seat.jobs else "the teardown of its session"
        return f"{what} ran longer than {hard:g} s"

    def is_slow(self, seat: Seat) -> bool:
        """Whether it is to be told as slow: at the limit, and each time that it has run twice as long as then."""
        soft = seat.policy.soft_limit
        if soft is None:
            return False
        number, seconds = seat.host.since
        if seat.told_slow != number:
            seat.told_slow, seat.told_times = number, 0
        return seconds > soft * float(2**seat.told_times)

    def tell_slow(self, seat: Seat, stacks: str) -> None:
        """Tells it, with what its threads did."""
        seat.told_times += 1
        node = seat.current.node if seat.current is not None else ""
        job = seat.collecting
        if not node and job is not None:
            node = job.task.path
        if node:
            seconds = seat.host.since[1]
            self._emit(Slow(node=node, seconds=seconds, stacks=stacks, at=time.time(), worker=seat.host.number))

    def due(self, seat: Seat) -> float:
        """Seconds until a limit of what it is at is reached, as far as it is known now."""
        policy = seat.policy
        seconds = seat.host.since[1]
        soft = [] if policy.soft_limit is None else [policy.soft_limit * 2**seat.told_times]
        limits = [*soft, *([] if policy.hard_limit is None else [policy.hard_limit])]
        return min((limit - seconds for limit in limits if seconds and limit > seconds), default=float("inf"))
