"""Answers for every planned test: each attempt has one outcome, whatever becomes of its worker."""

import time
from collections.abc import Callable

import msgspec

from canonry.model.outcome import Outcome
from canonry.model.quarantine import forgives
from canonry.model.run_event import (
    AttemptEnded,
    AttemptStarted,
    CategoryEnded,
    CategoryStarted,
    Collected,
    Note,
    RunEvent,
    Uncollectable,
)
from canonry.model.run_plan import RunPlan
from canonry.model.worker_message import (
    BundleEnded,
    FileEnded,
    FileStarted,
    Ready,
    Reply,
    Retired,
    SessionFailed,
    Task,
    decode_message,
)
from canonry.run.controller.bundles import blocking, startable
from canonry.run.controller.deaths import death
from canonry.run.controller.jobs import Category, Job, categories
from canonry.run.controller.seat import Running, Seat
from canonry.run.controller.terms import Services

_BLAMES = 2
"""How often a worker may die between the tests of a job before the culprit among them is looked for."""
_WORTH_ASKING = frozenset((Outcome.FAILED, Outcome.SETUP_ERROR, Outcome.TEARDOWN_ERROR, Outcome.TIMEOUT))
"""Outcomes that a service which is down explains."""

_WELL_FOR, _DOWN_FOR = 0.02, 0.5
"""Seconds for which a service's answer counts: one that is well may be down when the next test fails."""


class Ledger:
    """The state of all categories, and the only one who tells outcomes."""

    def __init__(self, plan: RunPlan, emit: Callable[[RunEvent], None], services: Services | None) -> None:
        self._plan = plan
        self._emit = emit
        self._services = services
        self._categories = categories(plan)
        self._max_failures = plan.max_failures
        self._failures = 0
        self._noted: set[str] = set()
        self._healthy: dict[str, tuple[float, bool]] = {}
        self.stop_reason = ""
        """Why no further test may begin; empty while they may."""

    @property
    def is_over(self) -> bool:
        """Whether every planned test has its outcome."""
        return all(category.is_over for category in self._categories)

    def next_category(self, seat: Seat | None) -> Category | None:
        """The first category of which a worker may take work now."""
        for category in self._categories:
            if not category.queue or category.is_over:
                continue
            if category.state == "waiting" and not startable(category, self._categories):
                continue
            width = category.width
            if width is not None:
                busy = {id(job.seat) for job in category.running}
                if seat is not None:
                    busy.discard(id(seat))
                if len(busy) >= width:
                    continue
            return category
        return None

    def has_plenty(self, category: Category) -> bool:
        """Whether there is so much left that handing out one bundle more takes it from nobody."""
        return len(category.queue) > 4 * self._plan.workers

    def may_have_more(self, seat: Seat) -> bool:
        """Whether this worker may get work later."""
        if self._plan.until_fail:
            return not self.is_over
        for category in self._categories:
            if category.is_over:
                continue
            if category.state == "waiting" or category.queue:
                return True
            if category.plan.policy.retries and category.running:
                return True
        return False

    def start(self, category: Category, jobs: list[Job], seat: Seat) -> None:
        """These jobs are a worker's now."""
        if category.state == "waiting":
            category.state = "running"
            category.started = time.time()
            tests = sum(len(work.nodes) for work in category.plan.work)
            self._emit(CategoryStarted(name=category.plan.name, tests=tests, at=category.started))
        for job in jobs:
            job.seat = seat
            category.running.add(job)

    def advance(self) -> None:
        """Categories whose last test has an outcome end; those that cannot begin any more are blocked."""
        for category in self._categories:
            if category.state == "waiting":
                self._advance_waiting(category)
            if category.state == "running" and not category.queue and not category.running:
                self._end(category, category.verdict, category.expired)

    def listen(self, seat: Seat, lines: list[bytes]) -> None:
        """Hears every line that a worker said."""
        for line in lines:
            self.hear(seat, decode_message(line))

    def hear(self, seat: Seat, message: RunEvent | Reply) -> None:
        """What a worker said changes the state, and goes on to whoever listens to the run."""
        match message:
            case AttemptStarted():
                seat.current = Running(message.node, message.attempt, message.at)
                self._emit(message)
            case AttemptEnded():
                self._ended(seat, message)
            case FileStarted():
                seat.collected += 1
                seat.is_collecting = True
            case Collected():
                self._collected(seat, message)
            case Uncollectable():
                self._uncollectable(seat, message)
            case FileEnded():
                self._file_ended(seat, message)
            case BundleEnded():
                seat.bundles.popleft()
            case Ready():
                seat.is_ready = True
                seat.max_failures = message.max_failures
            case Retired():
                seat.verdict = message.reason
                seat.has_retired = True
            case SessionFailed():
                seat.failure = "" if message.usage else message.text or message.reason
                seat.verdict = message.reason
                seat.is_unusable = message.usage
            case Note() if message.text in self._noted:
                pass
            case Note():
                self._noted.add(message.text)
                self._emit(message)
            case _:
                self._emit(message)

    @property
    def max_failures(self) -> int:
        """How many tests may fail before the run stops; 0 is no limit."""
        return self._max_failures or 0

    def limit_failures(self, most: int) -> None:
        """pytest's own options say when to stop."""
        if self._max_failures is None or most < self._max_failures:
            self._max_failures = most
            self._count_failure(0)

    def bury(self, seat: Seat) -> None:
        """A worker is dead: the test that it was at gets its outcome, and the rest goes to others."""
        host = seat.host
        outcome, reason, text = death(seat)
        for imported in list(seat.jobs)[1 : seat.collected]:
            imported.blames += seat.doomed is None  # it may have been its import: next time it is alone
        if seat.jobs:
            seat.verdict = seat.verdict or reason
        if seat.current is not None:
            running = seat.current
            now = time.time()
            category = seat.category
            if outcome is Outcome.LOST and category is not None and self._was_lost(category, running.node):
                outcome = Outcome.CRASHED
            ended = AttemptEnded(
                node=running.node,
                outcome=outcome,
                attempt=running.attempt,
                category=category.plan.name if category is not None else "",
                duration=max(0.0, now - running.at),
                reason=reason,
                text=text,
                at=now,
                worker=host.number,
            )
            self._ended(seat, ended)
        elif seat.collecting is not None:
            self._import_killed(seat, seat.collecting, outcome, reason, text)
        elif seat.collected and seat.jobs and not seat.failure and not seat.has_retired:
            seat.jobs[0].blames += 1
            seat.jobs[0].deaths.count += 1
        elif not seat.jobs and outcome is Outcome.TIMEOUT:
            self._emit(_of_session(seat, reason, text))
        self._requeue(seat, reason)

    def abandon(self, outcome: Outcome, reason: str, text: str = "") -> None:
        """Nothing that has not begun will run: all of it gets this outcome now."""
        self.stop_reason = self.stop_reason or reason
        for category in self._categories:
            self._abandon(category, outcome, reason, text)
            if category.state == "waiting":
                self._end(category, "blocked" if outcome is Outcome.BLOCKED else "failed", reason)

    def close(self, reason: str) -> None:
        """Whatever still has no outcome was not run."""
        for category in self._categories:
            self._abandon(category, Outcome.NOT_RUN, reason)
            for job in list(category.running):
                self._answer(job, Outcome.NOT_RUN, reason)
        self.advance()

    def expire(self, category: Category, reason: str) -> None:
        """The category's own time is up: nothing more of it begins, and it ends with what runs."""
        category.expired = reason
        self._abandon(category, Outcome.NOT_RUN, reason)

    @property
    def running(self) -> list[Category]:
        """The categories that have begun and not ended."""
        return [category for category in self._categories if category.state == "running"]

    def _abandon(self, category: Category, outcome: Outcome, reason: str, text: str = "") -> None:
        while category.queue:
            self._answer(category.queue.popleft(), outcome, reason, text)

    def _answer(self, job: Job, outcome: Outcome, reason: str, text: str = "") -> None:
        """Every test of the job that has no outcome gets this one."""
        for node in job.unanswered():
            self._tell(
                job.category,
                job,
                AttemptEnded(
                    node=node,
                    outcome=outcome,
                    attempt=job.task.attempt,
                    category=job.category.plan.name,
                    reason=reason,
                    text=text,
                    at=time.time(),
                ),
            )
        job.category.running.discard(job)

    def _advance_waiting(self, category: Category) -> None:
        blockers = blocking(category, self._categories)
        if blockers:
            names = ", ".join(f"`{name}`" for name in blockers)
            reason = f"{names} did not pass"
            self._abandon(category, Outcome.BLOCKED, reason)
            self._end(category, "blocked", reason)
        elif not category.queue and startable(category, self._categories):
            self._end(category, "empty")
        elif reason := self._lacks_service(category):
            self._abandon(category, Outcome.SERVICE_UNAVAILABLE, reason)
            self._end(category, "failed", reason)

    def _lacks_service(self, category: Category) -> str:
        """Why a service that the category needs is not there; empty where all are."""
        if self._services is None:
            return ""
        return next(filter(None, map(self._services.unavailable, category.plan.policy.services)), "")

    def _end(self, category: Category, state: str, detail: str = "") -> None:
        now = time.time()
        duration = now - category.started if category.started else 0.0
        category.state = state
        self._emit(CategoryEnded(name=category.plan.name, state=state, duration=duration, detail=detail, at=now))

    def _collected(self, seat: Seat, message: Collected) -> None:
        seat.is_collecting = False
        job = seat.jobs[seat.collected - 1]
        job.nodes = message.nodes
        if job.is_first:
            self._emit(message)

    def _uncollectable(self, seat: Seat, message: Uncollectable) -> None:
        seat.is_collecting = False
        job = seat.jobs[seat.collected - 1]
        self._emit(message)
        self._tell_uncollectable(job, message)

    def _tell_uncollectable(self, job: Job, message: Uncollectable) -> None:
        """The file stands for its tests; those that the plan names have the outcome each."""
        nodes = tuple(node for node in job.task.nodes if node not in job.task.skip) or (message.path,)
        job.nodes = nodes
        for node in nodes:
            ended = AttemptEnded(
                node=node,
                outcome=Outcome.UNCOLLECTABLE,
                attempt=job.task.attempt,
                category=job.category.plan.name,
                reason=message.reason,
                text=message.text,
                path=message.path,
                line=message.line,
                at=message.at,
                worker=message.worker,
            )
            self._tell(job.category, job, ended)

    def _import_killed(self, seat: Seat, job: Job, outcome: Outcome, reason: str, text: str) -> None:
        seat.is_collecting = False
        if outcome in (Outcome.NOT_RUN, Outcome.LOST) and not job.blames:
            job.blames += 1
            return
        message = Uncollectable(
            path=job.task.path,
            reason=f"while it was imported: {reason}",
            text=text,
            at=time.time(),
            worker=seat.host.number,
        )
        self._emit(message)
        self._tell_uncollectable(job, message)

    def _file_ended(self, seat: Seat, message: FileEnded) -> None:
        seat.has_finished_a_file = True
        job = seat.jobs.popleft()
        seat.last_path = job.task.path
        seat.collected -= 1
        category = job.category
        for node in message.missing:
            ended = AttemptEnded(
                node=node,
                outcome=Outcome.UNCOLLECTABLE,
                attempt=message.attempt,
                category=category.plan.name,
                reason="there is no such test in its file",
                path=message.path,
                at=time.time(),
                worker=seat.host.number,
            )
            self._tell(category, job, ended)
        category.running.discard(job)
        if job.nodes is not None and job.unanswered():  # it was told to stop in the middle
            self._answer(job, Outcome.NOT_RUN, self.stop_reason or "the run ended before its turn")
        elif self._plan.until_fail and not category.has_failed and not category.expired:
            self._again(category, job)

    def _again(self, category: Category, job: Job) -> None:
        task = job.task
        if self._plan.repeat <= 1 or task.attempt < self._plan.repeat:
            again = Task(path=task.path, nodes=job.nodes or task.nodes, attempt=task.attempt + 1)
            category.queue.append(Job(category, again, job.expected))

    def _requeue(self, seat: Seat, reason: str) -> None:
        """What a dead worker owes goes to the front of the queue, in its order."""
        for job in reversed(seat.jobs):
            category = job.category
            category.running.discard(job)
            rest = job.rest()
            if rest is None:
                continue
            if self.stop_reason or category.expired:
                self._answer(
                    rest,
                    Outcome.NOT_RUN,
                    category.expired or (seat.doomed.reason if seat.doomed is not None else self.stop_reason),
                )
            elif job.blames >= _BLAMES:
                self._bisect(rest, reason)
            else:
                category.queue.appendleft(rest)
        seat.jobs.clear()
        seat.bundles.clear()

    def _bisect(self, job: Job, reason: str) -> None:
        """Which of its tests ends workers is found by halves; it is told, and the others run."""
        tests = job.task.nodes
        if len(tests) == 1:
            self._answer(job, Outcome.CRASHED, f"each worker that has it ends beside it: {reason}")
        elif not tests or job.deaths.are_too_many(len(tests)):
            count = job.deaths.count
            self._answer(job, Outcome.CRASHED, f"its file has ended {count} workers beside its tests: {reason}")
        else:
            job.category.queue.extendleft(reversed(job.halves()))

    def _ended(self, seat: Seat, message: AttemptEnded) -> None:
        seat.current = None
        if not seat.jobs:  # the session's own teardown
            self._emit(message)
            return
        job = seat.jobs[0]
        category = job.category
        if message.outcome in _WORTH_ASKING:
            message = self._asked(category, message)
        self._tell(category, job, message)

    def _tell(self, category: Category, job: Job, message: AttemptEnded) -> None:
        """Tells an outcome, and sees to another attempt where it is due."""
        node, outcome = message.node, message.outcome
        job.ended.add(node)
        category.last[node] = outcome
        self._emit(message)
        if not outcome.is_bad or outcome in (Outcome.NOT_RUN, Outcome.BLOCKED, Outcome.UNCOLLECTABLE):
            return
        tried = category.retried.get(node, 0)
        allowed = max(category.plan.policy.retries, 1 if outcome is Outcome.LOST else 0)
        if outcome is Outcome.FAILED and node == job.task.path:  # for what it left behind: its tests have had theirs
            allowed = 0
        if tried < allowed and not self.stop_reason and not category.expired:
            category.retried[node] = tried + 1
            attempt = max(message.attempt, self._plan.repeat) + 1 if not tried else message.attempt + 1
            task = Task(path=job.task.path, nodes=(node,), attempt=attempt)
            category.queue.append(Job(category, task, message.duration))
            return
        if forgives(category.quarantined, node, outcome):
            return
        self._count_failure(1)
        if self._plan.until_fail:
            self.stop_reason = self.stop_reason or "a test failed"

    def _count_failure(self, more: int) -> None:
        self._failures += more
        if self._max_failures is not None and self._failures >= self._max_failures > 0:
            failures = "1 failure" if self._failures == 1 else f"{self._failures} failures"
            self.stop_reason = self.stop_reason or f"stopped after {failures}"

    def _was_lost(self, category: Category, node: str) -> bool:
        return category.last.get(node) is Outcome.LOST

    def _asked(self, category: Category, message: AttemptEnded) -> AttemptEnded:
        """The outcome after the services that the category needs were asked whether they are there."""
        if self._services is None:
            return message
        for name in category.plan.policy.services:
            if not self._is_healthy(name):
                reason = f"`{name}` does not answer its probe; the test: {message.reason}"
                return msgspec.structs.replace(message, outcome=Outcome.SERVICE_UNAVAILABLE, reason=reason)
        return message

    def _is_healthy(self, name: str) -> bool:
        assert self._services is not None
        asked, healthy = self._healthy.get(name, (0.0, True))
        if time.monotonic() - asked > (_WELL_FOR if healthy else _DOWN_FOR):
            healthy = self._services.probe(name)
            self._healthy[name] = (time.monotonic(), healthy)
        return healthy


def _of_session(seat: Seat, reason: str, text: str) -> AttemptEnded:
    """The teardown of a worker's session belongs to no test; the file that ran last stands for it."""
    node = seat.last_path
    return AttemptEnded(
        node=node, outcome=Outcome.TIMEOUT, reason=reason, text=text, path=node, at=time.time(), worker=seat.host.number
    )
