"""The event loop of a run: starts workers, gives them bundles, reads what they say, answers for what they do not."""

import os
import selectors
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from canonry.model.outcome import Outcome
from canonry.model.run_event import RunEvent, WorkerEnded, WorkerStarted
from canonry.model.run_plan import RunPlan
from canonry.model.worker_message import RunBundle
from canonry.run.controller.bundles import take
from canonry.run.controller.hiring import Hiring
from canonry.run.controller.jobs import Category
from canonry.run.controller.ledger import Ledger
from canonry.run.controller.limits import Limits
from canonry.run.controller.plugin_reports import coverage_report
from canonry.run.controller.seat import Seat
from canonry.run.controller.stacks import LOOK
from canonry.run.controller.terms import Services, StopSignal
from canonry.run.controller.warden import Warden

_TICK, _SOON = 0.05, 0.005
"""Seconds between two looks at clocks and processes that say nothing, and while a worker is about to come."""
_STARTS = 3
"""Workers whose pytest may break, one after the other, before the run is given up."""


class Controller:
    """One run."""

    def __init__(
        self,
        plan: RunPlan,
        *,
        emit: Callable[[RunEvent], None],
        services: Services | None,
        stop: StopSignal,
        collect_only: bool,
    ) -> None:
        self._plan = plan
        self._emit = emit
        self._services = services
        self._stop = stop
        self._collect_only = collect_only
        self._ledger = Ledger(plan, emit, services)
        self._limits = Limits(self._ledger, emit)
        self._selector = selectors.DefaultSelector()
        self._seats: dict[int, Seat] = {}
        self._bundles = 0
        self._failed_starts = 0
        self._finishing = False
        self._waits = False
        """Whether there is work for a worker that cannot begin yet."""
        self.reason = ""
        self.usage_error = ""

    def run(self) -> "Controller":
        """Runs until everything has an outcome."""
        with tempfile.TemporaryDirectory(prefix="canonry-", dir=_private_place()) as place:
            self._place = Path(place)
            warden = Warden(self._place)
            self._hiring = Hiring(self._plan, self._place, emit=self._emit, services=self._services, warden=warden)
            try:
                while self._turn():
                    pass
                report = coverage_report(self._place, self._plan)
                if report is not None:
                    self._emit(report)
            finally:
                for seat in list(self._seats.values()):
                    self._leave(seat)
                self._hiring.close()
                warden.close()
                self._ledger.close(self.reason or "the run ended before its turn")
        return self

    def _turn(self) -> bool:
        """One round of the loop; whether there is more to do."""
        self._ledger.advance()
        self._heed_stop()
        if self._ledger.is_over and not self._seats:
            return False
        self._staff()
        for key, _ in self._selector.select(self._pause()):
            number, what = key.data
            seat = self._seats.get(number)
            if seat is not None:
                self._hear(seat, what)
        self._limits.expire()
        for seat in list(self._seats.values()):
            if seat.host.poll():
                self._bury(seat)
            elif seat.doomed is None:
                self._watch(seat)
        if not self._finishing:
            for seat in self._seats.values():
                self._hiring.rehearse(seat.place)
        return True

    def _pause(self) -> float:
        """Seconds for which nothing is due, unless somebody says something."""
        if any(seat.stacks is not None for seat in self._seats.values()):
            return LOOK
        return min((_SOON if self._waits else _TICK, *map(self._limits.due, self._seats.values())))

    def _watch(self, seat: Seat) -> None:
        """What takes long is told, and ended where it takes too long; both with its stacks."""
        if seat.host.since[1] > _TICK:  # at one thing for a while: what it said before must not wait for its end
            self._listen(seat, seat.host.peek())
        if not self._limits.overdue(seat) and not self._limits.is_slow(seat):
            seat.stacks = None
            return
        if seat.stacks is None or seat.stacks.number != seat.host.since[0]:
            seat.stacks = seat.host.ask_stacks()
        text = seat.stacks.answer()
        if text is None:
            return
        seat.stacks = None
        if self._limits.overdue(seat):
            self._end(seat, text)
        else:
            self._limits.tell_slow(seat, text)

    def _end(self, seat: Seat, stacks: str) -> None:
        """The process tree is ended, unless what was too long has come to its end meanwhile."""
        host = seat.host
        number = host.since[0]
        if not host.halt():
            return
        self._listen(seat, host.drain())
        reason = self._limits.overdue(seat)
        if not reason or host.since[0] != number:
            host.resume()
            return
        is_expired = seat.category is not None and bool(seat.category.expired)
        seat.doom(Outcome.NOT_RUN if is_expired and seat.current is None else Outcome.TIMEOUT, reason, stacks)
        host.kill()

    def _staff(self) -> None:
        """Every worker has work; new ones come where there is more of it than workers."""
        if self._finishing or self._ledger.stop_reason or self._stop.level:
            return
        for seat in list(self._seats.values()):
            if seat.wants_work and not seat.is_finishing:
                self._give(seat)
        self._waits = False
        while len(self._seats) < self._plan.workers:
            category = self._ledger.next_category(None)
            if category is None or not self._more_hands_help():
                break
            self._waits = not self._hire(category)
            if self._waits:
                break

    def _more_hands_help(self) -> bool:
        return not any(not seat.bundles and not seat.is_finishing for seat in self._seats.values())

    def _hire(self, category: Category) -> bool:
        """Whether there is one worker more, and not one to wait for."""
        place = min(set(range(self._plan.workers)) - {seat.place for seat in self._seats.values()})
        host = self._hiring.worker(place, category.plan.policy.memory)
        if host is None:
            return False
        seat = Seat(host, place)
        self._seats[host.number] = seat
        self._selector.register(host.events, selectors.EVENT_READ, (host.number, "events"))
        self._selector.register(host.printed, selectors.EVENT_READ, (host.number, "output"))
        if host.pidfd >= 0:
            self._selector.register(host.pidfd, selectors.EVENT_READ, (host.number, "death"))
        self._emit(WorkerStarted(pid=host.pid, forked=host.forked, at=time.time(), worker=host.number))
        self._give(seat)
        return True

    def _give(self, seat: Seat) -> None:
        """The worker gets its next bundle, or is sent home where it will never get one."""
        category = self._ledger.next_category(seat)
        if category is None:
            if not seat.bundles and not self._ledger.may_have_more(seat):
                seat.finish(now=False)
            return
        if seat.bundles and not self._ledger.has_plenty(category):
            return
        if category.plan.policy.memory != seat.host.memory_limit:
            if not seat.bundles:
                seat.finish(now=False)
            return
        jobs = take(category, workers=self._plan.workers)
        policy = category.plan.policy
        self._bundles += 1
        self._ledger.start(category, jobs, seat)
        bundle = RunBundle(
            number=self._bundles,
            tasks=tuple(job.task for job in jobs),
            category=category.plan.name,
            leaks=policy.leaks,
            global_leaks=policy.global_leaks,
            mocks=policy.mocks,
            shuffle=self._plan.shuffle,
            collect_only=self._collect_only,
            failures=0 if policy.retries else self._ledger.max_failures,
            quarantined=self._plan.quarantined if self._ledger.max_failures else (),
        )
        seat.take(bundle, category, jobs)
        if not self._ledger.may_have_more(seat):
            seat.finish(now=False)

    def _hear(self, seat: Seat, what: str) -> None:
        if what == "events":
            self._listen(seat, seat.host.read())
        elif what == "output":
            seat.host.read_output()
        elif seat.host.poll():
            self._bury(seat)

    def _listen(self, seat: Seat, lines: list[bytes]) -> None:
        self._ledger.listen(seat, lines)
        if seat.has_finished_a_file:
            self._failed_starts = 0
        if seat.max_failures:
            self._ledger.limit_failures(seat.max_failures)

    def _bury(self, seat: Seat) -> None:
        """A worker is dead: all that it said is heard, and what it owes goes to others."""
        host = seat.host
        self._listen(seat, host.drain())
        while host.read_output():
            pass
        status = host.status or 0
        if seat.jobs or not seat.is_finishing:
            self._hiring.note_death(seat.place)
        self._ledger.bury(seat)
        if not seat.is_ready or seat.failure:
            self._failed_starts += 1
            self._judge_failed_start(seat)
        self._dismiss(seat)
        self._emit(
            WorkerEnded(
                pid=host.pid,
                status=max(status, 0),
                signal=max(-status, 0),
                detail=seat.verdict,
                at=time.time(),
                worker=host.number,
            )
        )
        self._staff()  # who takes its place begins while what is left of it is looked for
        self._hiring.dismiss(host)

    def _judge_failed_start(self, seat: Seat) -> None:
        printed = bytes(seat.host.output).decode("utf-8", "replace").strip()
        text = (printed or seat.failure) if seat.is_unusable else (seat.failure or printed)
        if seat.is_unusable or self._failed_starts >= _STARTS:
            self.usage_error = text
            self.reason = "pytest breaks each time" if seat.is_ready else "pytest does not start"
            self._ledger.stop_reason = self._ledger.stop_reason or self.reason
            self._ledger.abandon(Outcome.NOT_RUN, self.reason, text)
            self._finishing = True

    def _leave(self, seat: Seat) -> None:
        self._dismiss(seat)
        seat.host.close()

    def _dismiss(self, seat: Seat) -> None:
        """Its place is free."""
        host = seat.host
        self._seats.pop(host.number, None)
        for descriptor in (host.events, host.printed, host.pidfd):
            if descriptor >= 0 and descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)

    def _heed_stop(self) -> None:
        ledger = self._ledger
        reason = self._stop.reason if self._stop.level else ledger.stop_reason
        if reason and not self._finishing:
            self._finishing = True
            self.reason = reason
            ledger.abandon(Outcome.NOT_RUN, reason)
            for seat in self._seats.values():
                seat.finish(now=True)
        if self._stop.level > 1:
            for seat in list(self._seats.values()):
                if seat.doomed is None:
                    self._listen(seat, seat.host.peek())
                    seat.doom(Outcome.NOT_RUN, f"{self.reason}, and ended while it ran")
                    seat.host.kill()
        if self._finishing and ledger.is_over:
            self._note_stragglers()

    def _note_stragglers(self) -> None:
        for seat in self._seats.values():
            if not seat.is_finishing:
                seat.finish(now=True)


def _private_place() -> str | None:
    """A folder in memory, where there is one: a full disk must not end a run."""
    shared = "/dev/shm"
    return shared if Path(shared).is_dir() and os.access(shared, os.W_OK) else None
