"""Makes the workers of a run: processes, forks of a zygote once one has died, and forks that stand ready."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from canonry.model.run_event import Note, RunEvent
from canonry.model.run_plan import RunPlan
from canonry.run.controller.host import Host, write_start
from canonry.run.controller.terms import Services
from canonry.run.controller.warden import Warden
from canonry.run.waiting import WARM_VARIABLE, waiting
from canonry.run.zygote import Refused, Zygote, can_fork


class Hiring:
    """Whoever takes a worker from here closes it; `close` ends the others.

    Where a worker died, the next may die too: an understudy is forked while the worker works, so that its place is
    taken as soon as it is free. It is no worker yet: it has its pytest session, and runs nothing.
    """

    def __init__(
        self,
        plan: RunPlan,
        place: Path,
        *,
        emit: Callable[[RunEvent], None],
        services: Services | None,
        warden: Warden,
    ) -> None:
        self._plan = plan
        self._place = place
        self._emit = emit
        self._services = services
        self._warden = warden
        self._numbers = 0
        files = sum(len(category.work) for category in plan.categories)
        self._is_shared = plan.workers > 1 and (files > 1 or plan.repeat > 1)
        """Whether several workers have something to do; a single file is one session, as a warm one is."""
        self._forks = can_fork()
        self._zygote: Zygote | None = None
        self._deadly: set[int] = set()
        self._understudies: dict[int, Host] = {}

    def worker(self, seat: int, memory: int | None) -> Host | None:
        """A worker for the place with this number, from 0, that runs; None while it has to wait for a zygote."""
        understudy = self._understudies.pop(seat, None) if memory is None else None
        if understudy is not None:
            if not understudy.poll():
                return understudy
            self.dismiss(understudy)
        if memory is None and not self._is_settled():
            return None
        host = self._new(seat, memory)
        if memory is not None or not self._fork(host):
            host.spawn()
        self._warden.watch(host.process, host.mark)
        return host

    def note_death(self, seat: int) -> None:
        """The worker at this place died, and was not to."""
        self._deadly.add(seat)

    def rehearse(self, seat: int) -> None:
        """Somebody stands ready for this place, where a worker of it died before."""
        if seat not in self._deadly or seat in self._understudies or self._zygote is None:
            return
        host = self._new(seat, None)
        if self._fork(host):
            self._warden.watch(host.process, host.mark)
            self._understudies[seat] = host
        else:
            self.dismiss(host)

    def dismiss(self, host: Host) -> None:
        """Nothing of the worker is left, and its share of the services is free for another."""
        host.close()
        if self._services is not None:
            self._services.release(host.number)

    def close(self) -> None:
        """Nobody stands ready any more."""
        for host in self._understudies.values():
            host.close()
        self._understudies.clear()
        if self._zygote is not None:
            self._zygote.close()

    def _new(self, seat: int, memory: int | None) -> Host:
        self._numbers += 1
        host = Host(self._numbers, self._place)
        environment = dict(self._services.environment(host.number)) if self._services is not None else {}
        if self._is_shared:
            environment |= _as_xdist(seat, self._plan.workers, self._place.name)
        host.prepare(
            root=self._plan.root,
            paths=self._plan.paths,
            arguments=self._plan.pytest_arguments,
            workers=self._plan.workers,
            memory=memory,
            environment=environment,
        )
        return host

    def _is_settled(self) -> bool:
        """Whether it is known how workers begin. Where one has died its like are forked: that costs less."""
        if self._zygote is None and self._forks and self._deadly:
            self._zygote = self._new_zygote()
        if self._zygote is None:
            return True
        try:
            return self._zygote.is_ready()
        except Refused as refusal:
            self._give_up(refusal)
            return True

    def _fork(self, host: Host) -> bool:
        """The worker is a fork, where there is a zygote that does not refuse."""
        place = os.environ.get(WARM_VARIABLE)
        if self._zygote is None and self._forks and place:
            warm = waiting(Path(place), self._plan, host.environment)
            self._zygote = Zygote(warm, joins=True) if warm is not None else None
        if self._zygote is None:
            return False
        try:
            host.fork(self._zygote)
        except Refused as refusal:
            self._give_up(refusal)
            return False
        return True

    def _give_up(self, refusal: Refused) -> None:
        assert self._zygote is not None
        self._forks = False
        self._zygote.close()
        self._zygote = None
        self._emit(Note(text=f"workers are not forked: {refusal}", at=time.time()))

    def _new_zygote(self) -> Zygote:
        folder = self._place / "zygote"
        folder.mkdir(mode=0o700)
        write_start(
            folder,
            root=self._plan.root,
            paths=self._plan.paths,
            arguments=self._plan.pytest_arguments,
            workers=self._plan.workers,
            memory=None,
            environment={},
        )
        zygote = Zygote(folder)
        self._warden.watch(zygote.process, zygote.mark)
        return zygote


def _as_xdist(number: int, workers: int, run: str) -> dict[str, str]:
    """The variables by which conftest files know that they are in one of several workers, and in which (from 0)."""
    return {
        "PYTEST_XDIST_WORKER": f"gw{number}",
        "PYTEST_XDIST_WORKER_COUNT": str(workers),
        "PYTEST_XDIST_TESTRUNUID": run,
    }
