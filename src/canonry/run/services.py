"""The services of a run: those that its categories name, started once, shared by workers, stopped with the run."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from canonry.canon.options import Canon, Service
from canonry.model.run_event import RunEvent
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.handover import NO_DOCKER, hand_over
from canonry.testing.services.lease import Lease
from canonry.testing.services.running import Running
from canonry.testing.services.service import Service as Declared
from canonry.testing.services.start import start, stop_all

Emit = Callable[[RunEvent], None]


class RunServices:
    """The services of one run. One that does not start costs the tests that need it, and never becomes a fake."""

    def __init__(self, declared: Mapping[str, Declared], *, root: Path, emit: Emit, containers: bool = True) -> None:
        self._declared = declared
        self._root, self._emit, self._containers = root, emit, containers
        self._running: dict[str, Running] = {}
        self._failed: dict[str, str] = {}
        self._leases: dict[tuple[str, int], Lease] = {}

    def start(self, names: tuple[str, ...]) -> None:
        """Starts these and what they need, each once. What does not start is told by `unavailable`."""
        for name in names:
            self._start(name)

    def unavailable(self, name: str) -> str:
        """Why a service did not start; empty where it did."""
        return self._failed.get(name, "")

    def probe(self, name: str) -> bool:
        """Whether the service answers now."""
        return name in self._running and self._running[name].probe().answers

    def address(self, name: str) -> str | None:
        """Where a service that was started answers; None where it was not."""
        return self._running[name].url if name in self._running else None

    def restart(self, name: str, pause: float) -> None:
        """Stops a service for so many seconds, and starts it again. Raises ServiceError where it is not ours."""
        self._running[name].restart(pause=pause)

    def environment(self, worker: int) -> Mapping[str, str]:
        """What the fixtures of `canonry.testing` read, and the address of the worker's own share of each service."""
        found = hand_over(self._running, self._declared)
        if not self._containers:
            found[NO_DOCKER] = "1"
        for name, running in self._running.items():
            with contextlib.suppress(ServiceError):  # it crashed: who needs it learns so from the probe
                if (name, worker) not in self._leases:
                    self._leases[name, worker] = running.isolated(f"worker{worker}")
                found |= self._leases[name, worker].variables
        return found

    def release(self, worker: int) -> None:
        """A worker's share of each service is given back: its databases are gone, or empty and free for others."""
        for name in self._running:
            lease = self._leases.pop((name, worker), None)
            if lease is not None:
                lease.release()

    def stop(self) -> None:
        """Ends what was started, and nothing else."""
        stop_all(self._running)

    def _start(self, name: str) -> None:
        if name in self._running or name in self._failed:
            return
        service = self._declared[name]
        for each in service.needs:
            self._start(each)
        lacking = [each for each in service.needs if each in self._failed]
        if lacking:
            self._failed[name] = f"`{name}` needs `{lacking[0]}`: {self._failed[lacking[0]]}"
            return
        needed = {each: self._running[each] for each in service.needs}
        try:
            self._running[name] = start(
                service, root=self._root, needed=needed, emit=self._emit, containers=self._containers
            )
        except ServiceError as error:
            self._failed[name] = str(error)


@contextlib.contextmanager
def started(
    services: Mapping[str, Service], canon: Canon, *, root: Path, emit: Emit, containers: bool = True
) -> Iterator[RunServices]:
    """The services, started at the root of the project, until the end of the block."""
    declared = {name: Declared.from_table(name, msgspec.to_builtins(each)) for name, each in canon.services.items()}
    running = RunServices(declared, root=root, emit=emit, containers=containers)
    try:
        running.start(tuple(services))
        yield running
    finally:
        running.stop()
