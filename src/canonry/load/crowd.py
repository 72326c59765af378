"""The users of one process on one event loop: they begin by a workload, are judged by one checker, and are counted."""

import asyncio
import contextlib
import gc
import math
import resource
import secrets
import ssl
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec

from canonry.contract.check.checker import Checker
from canonry.contract.load import load_contract
from canonry.load.chaos import RESTART, disturb
from canonry.load.connection import JudgedConnection, Kinds
from canonry.load.ending import end
from canonry.load.errors import classified
from canonry.load.find import find_scenario
from canonry.load.ids import forgotten_ids, seen_ids
from canonry.load.latency import Latencies
from canonry.load.pace import Pace
from canonry.load.spec import LoadSpec, Workload
from canonry.load.trace import Trace
from canonry.load.user import VirtualUser, canary_of
from canonry.load.witnesses import Witnesses
from canonry.model.load import Failure, Sample, Totals

WINDOW = 4
"""Frames that a session keeps for the witnesses of a violation; a crowd has no room for more."""
LEAVING = 5.0
"""Seconds in which connections close properly at the end; after them the lines are cut."""
TRIES = 3
"""How often a user tries to begin."""
LONGEST_WAIT = 2.0
"""Seconds that a user waits, at most, after one failed turn and another: a service that is down is not hammered."""
_OTHERS = "the crowd's"


class Crowd:
    """Runs the users of one process. `run` returns what was seen; ``tell`` is handed a sample each second."""

    def __init__(self, spec: LoadSpec, tell: Callable[[Sample], None] = lambda _sample: None) -> None:
        self.spec = spec
        self.loop = asyncio.get_running_loop()
        self.word = secrets.token_hex(4)
        self.latencies = Latencies()
        self.scenario = find_scenario(spec.scenario, spec.options)
        contract = load_contract(spec.contract or self.scenario.contract, profile=spec.profile, policy=spec.policy)
        self.checker = Checker(contract.plan, keep=WINDOW)
        self.kinds = Kinds({kind.name: kind.index for kind in contract.plan.kinds})
        if spec.canaries:
            for index in range(spec.crowd or spec.users):
                self.checker.owners.canaries.add(canary_of(spec.seed, index), _OTHERS)
        self.users = [VirtualUser(self, spec.first + index) for index in range(spec.users)]
        self.totals = Totals()
        self.failures: Counter[str] = Counter()
        self.first_failures: dict[str, Failure] = {}
        self.rules: Counter[str] = Counter()
        self.samples: list[Sample] = []
        self.stopping = asyncio.Event()
        self.lag = 0.0
        self.disturbed: Counter[str] = Counter()
        self._flawed: set[int] = set()
        self._pending = spec.users
        self._all_ready = asyncio.Event()
        self._tell = tell
        self._begun = self.loop.time()
        self.witnesses = Witnesses(self._begun)
        self._ready = self._over = Sample(0.0, 0, 0, 0, 0, 0, 0)

    async def run(self) -> Trace:
        """Everything from the first user's begin to the last one's end; cancelled turns are counted as cut off."""
        wall, cpu = time.time(), time.process_time()
        connector = aiohttp.TCPConnector(limit=0, ssl=_tls(verify=self.spec.verify_tls), keepalive_timeout=30)
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=60),
            trust_env=False,
        ) as self.http:
            self._begun = self.loop.time()
            self.witnesses = Witnesses(self._begun)
            pace = Pace(self.spec, begun=self._begun)
            tasks = [asyncio.create_task(self._live(user, number, pace)) for number, user in enumerate(self.users)]
            watch = asyncio.create_task(self._watch())
            seed = f"{self.spec.seed}:{self.spec.first}"
            chaos = [
                asyncio.create_task(disturb(self._open, one, seed=seed, met=self._met))
                for one in self.spec.disturbances
                if one.kind != RESTART
            ]
            ended: asyncio.Future[Any] = asyncio.gather(*tasks, return_exceptions=True)
            stop: asyncio.Future[Any] = asyncio.create_task(self._until_stopped(pace))
            await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
            self._over = self._sample()
            self.totals.missed = pace.missed(self.loop.time())
            stop.cancel()
            for one in chaos:
                one.cancel()
            if not ended.done():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(ended), self.spec.grace)
                for task in tasks:
                    task.cancel()
            await asyncio.gather(ended, stop, *tasks, return_exceptions=True)
            watch.cancel()
            await asyncio.gather(watch, *chaos, return_exceptions=True)
            await asyncio.gather(*(user.leave(within=LEAVING) for user in self.users), return_exceptions=True)
        self._sample()
        self.totals.sound = self.totals.users - len(self._flawed)
        return Trace(
            spec=self.spec,
            started=wall,
            seconds=self.loop.time() - self._begun,
            cpu=time.process_time() - cpu,
            memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            lag=self.lag,
            totals=self.totals,
            latencies=self.latencies.encoded(),
            failures=dict(self.failures),
            first_failures=self.first_failures,
            rules=dict(self.rules),
            leaks=self.witnesses.leaks,
            samples=self.samples,
            steady=(self._ready, self._over),
            disturbed=dict(self.disturbed),
            ids=seen_ids(self.checker, self.spec),
            ids_forgotten=forgotten_ids(self.checker),
            reach=self.witnesses.reach,
            isolation=isolation_of(self.checker),
            stopped_early=self.stopping.is_set(),
        )

    def settle(self, user: VirtualUser, connection: JudgedConnection, *, is_last: bool) -> None:
        """Counts a connection that ended. What is open on one that the client broke off is nobody's fault."""
        self.totals.frames += connection.frames
        self.totals.received += connection.frames + connection.sent
        self.totals.connections += 1
        session = connection.session
        if not is_last:
            return
        before, at = dict(session.state.tally), self.loop.time()
        ended = end(session, at, connection.close_code, is_ours=connection.is_ours)
        told = {rule: count - before.get(rule, 0) for rule, count in ended.broken.items()}
        self.witnesses.take(session, user.name, at, only=told)
        self.witnesses.ended(ended.broken, at)
        self.totals.left_open += ended.left_open
        self.totals.judged += session.judged
        self.totals.streams += 1
        if ended.broken:
            self.totals.flawed += 1
            self._flawed.add(user.index)
        self.rules.update(ended.broken)

    def _met(self, kind: str) -> None:
        self.disturbed[kind] += 1

    def failed(self, error: BaseException, user: VirtualUser) -> None:
        """Counts what was raised in a turn, by class."""
        self.totals.failed += 1
        self._note(*classified(error), user)

    def _note(self, kind: str, message: str, user: VirtualUser) -> None:
        self.failures[kind] += 1
        if kind not in self.first_failures:
            self.first_failures[kind] = Failure(user.name, message, self.loop.time() - self._begun)

    async def _live(self, user: VirtualUser, number: int, pace: Pace) -> None:
        """One user's life: begin, turns until there are no more, end."""
        try:
            await _sleep_until(self.loop, pace.begin(number))
            user.intended = max(pace.begin(number), self._begun)
            has_begun = await self._begin(user)
            self._pending -= 1
            if not self._pending:
                pace.all_are_ready(self.loop.time())
                self._ready = self._sample()
                self._all_ready.set()
            if not has_begun:
                return
            if self.spec.workload is Workload.OPEN:
                await self._all_ready.wait()
            failed = 0
            while not self.stopping.is_set() and (due := pace.next(number, user, self.loop.time())) is not None:
                await _sleep_until(self.loop, due)
                if self.stopping.is_set():
                    break
                user.due = user.intended = due
                self.totals.turns += 1
                failed = 0 if await self._turn(user, due) else failed + 1
                if failed:  # the next turn comes, later where many fail
                    await asyncio.sleep(min(LONGEST_WAIT, 0.05 * 2**failed))
            try:
                await self.scenario.end(user)
            except Exception as error:  # noqa: BLE001  a scenario may raise anything: it is counted by class
                self.failed(error, user)
        except asyncio.CancelledError:
            pass  # the time is over

    async def _turn(self, user: VirtualUser, due: float) -> bool:
        """Whether a turn was done. One that is cut off at the end counts with the time that it waited."""
        try:
            await self.scenario.turn(user)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and not task.cancelling():
                self.failed(error, user)  # the scenario's own
                return False
            self.totals.cut_off += 1
            self.latencies.record("turn", self.loop.time() - due)
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001  a scenario may raise anything: it is counted by class
            self.failed(error, user)
            return False
        self.totals.done += 1
        self.latencies.record("turn", self.loop.time() - due)
        return True

    def _open(self) -> list[JudgedConnection]:
        return [one for user in self.users for one in user.connections if one.is_open]

    async def _begin(self, user: VirtualUser) -> bool:
        """Whether a user began, in one of a few tries. What the first raised is told, for others may follow from it."""
        told: tuple[str, str] | None = None
        for attempt in range(TRIES):
            if self.stopping.is_set():
                return False
            try:
                await self.scenario.begin(user)
            except (Exception, SystemExit) as error:  # noqa: BLE001  a scenario may raise anything: it is counted by class
                told = told or classified(error)  # not the error: its frames would wait with it
                if attempt == TRIES - 1:
                    self._note(*told, user)
                    if classified(error)[0] != told[0]:
                        self._note(*classified(error), user)
                    break
                await user.leave()
                await asyncio.sleep(0.25 * 2**attempt)
                user.intended = self.loop.time()
            else:
                self.totals.users += 1
                return True
        self.totals.refused += 1
        return False

    async def _until_stopped(self, pace: Pace) -> None:
        ends = asyncio.create_task(self._until_over(pace))
        frozen = asyncio.create_task(self._freeze())
        stopped = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait([ends, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (ends, stopped, frozen):
                one.cancel()

    async def _until_over(self, pace: Pace) -> None:
        await self._all_ready.wait()
        if pace.ends == math.inf:  # until all turns are done
            await asyncio.Event().wait()
        await _sleep_until(self.loop, pace.ends)

    async def _freeze(self) -> None:
        """Once all have begun nearly all objects live as long as the run: the collector need not walk them again."""
        await self._all_ready.wait()
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 100)

    async def _watch(self) -> None:
        while True:
            due = self.loop.time() + 1
            await asyncio.sleep(1)
            self.lag = max(self.lag, self.loop.time() - due)
            self._sample()
            self._tell(self.samples[-1])

    def _sample(self) -> Sample:
        live = [connection for user in self.users for connection in user.connections]
        self.samples.append(
            Sample(
                at=self.loop.time() - self._begun,
                users=self.totals.users,
                connections=sum(connection.is_open for connection in live),
                events=self.totals.frames + sum(connection.frames for connection in live),
                turns=self.totals.done,
                failed=self.totals.failed,
                violations=sum(self.rules.values())
                + sum(sum(one.values()) for one in {id(c.session): c.session.state.tally for c in live}.values()),
            )
        )
        return self.samples[-1]


def isolation_of(checker: Checker) -> tuple[str, ...]:
    """Return the isolation rules of a contract: what of one user is compared with all others."""
    plan = checker.plan.isolation
    rules = [rule for _, rule in plan.session] + [rule for _, _, rule in plan.owned]
    return tuple(dict.fromkeys(rule for rule in (*rules, plan.forbid, plan.canary) if rule))


def encoded(sample: Sample) -> bytes:
    """Return a sample as one line."""
    return msgspec.json.encode({"sample": sample}) + b"\n"


async def _sleep_until(loop: asyncio.AbstractEventLoop, when: float) -> None:
    delay = when - loop.time()
    if delay > 0:
        await asyncio.sleep(delay)


def _tls(*, verify: bool) -> Any:
    if verify:
        return True
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
