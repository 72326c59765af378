"""The services of one test session: started when the first test asks, shared where the run has several processes."""

import atexit
import contextlib
import os
from pathlib import Path
from typing import Any

from canonry.testing.context import START
from canonry.testing.events import project_root
from canonry.testing.services.declared import declared, one_of, one_of_kind
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.handover import NO_DOCKER, handed_over, shared
from canonry.testing.services.lease import Lease
from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import Emit, start

_own: "ServiceSession | None" = None
"""The session of a process that has no fixtures: plain unittest."""


def current(item: Any = None) -> "ServiceSession":
    """The session of the process: pytest's fixture where it runs the test (``item``), else one that ends with us."""
    global _own
    if item is not None:
        from _pytest.fixtures import FixtureLookupError

        with contextlib.suppress(FixtureLookupError):
            session: ServiceSession = item._request.getfixturevalue("canonry_services")
            return session
    if _own is None:
        _own = ServiceSession(Path(project_root(START)))
        atexit.register(_own.close)
    return _own


class ServiceSession:
    """What the fixtures ask. ``together`` is a folder that the processes of the run share; None where it has one."""

    def __init__(
        self, root: Path, *, together: Path | None = None, worker: str = "main", emit: Emit | None = None
    ) -> None:
        self.worker = worker
        self._root, self._together, self._emit = root, together, emit
        self._running: dict[str, Running] = {}
        self._leases: dict[str, Lease] = {}
        self._declared: dict[str, Service] | None = None
        self._crashed: set[str] = set()
        if told := handed_over(os.environ):
            self._running, self._declared = told

    @property
    def services(self) -> dict[str, Service]:
        """What the canon declares, by name. Raises ServiceError where it is wrong."""
        if self._declared is None:
            self._declared = declared(self._root)
        return self._declared

    def running(self, name: str) -> Running:
        """A service that answers at this moment. Raises ServiceError where it does not, or is not declared."""
        known = name in self._running
        running = self._get(name)
        if known:  # a service that was started now was asked a moment ago
            running.require()
        return running

    def fresh(self, name: str) -> Lease:
        """A part of a service for one test. Raises ServiceError."""
        return self._get(name).isolated(self.worker)

    def of_worker(self, name: str) -> Lease:
        """The part of a service that this process has for all of its tests. Raises ServiceError."""
        if name not in self._leases:
            self._leases[name] = self._get(name).isolated(self.worker)
        return self._leases[name]

    def crashes(self) -> list[ServiceError]:
        """How services ended that ran when this was last asked; each is told once."""
        found = []
        for name, running in self._running.items():
            if name not in self._crashed and (error := running.crash()) is not None:
                self._crashed.add(name)
                found.append(error)
        return found

    def name_of_kind(self, kind: str, *, instead: str) -> str:
        """The name of the one service of a kind. Raises ServiceError; ``instead`` is the fixture that takes a name."""
        return one_of_kind(self.services, kind, instead=instead).name

    def close(self) -> None:
        """Gives back all leases, and ends what this session started."""
        with contextlib.ExitStack() as stack:
            for running in self._running.values():
                stack.callback(running.stop)
            for lease in self._leases.values():
                stack.callback(lease.release)
        self._running, self._leases = {}, {}

    def _get(self, name: str) -> Running:
        if name not in self._running:
            service = one_of(self.services, name)
            needed = {each: self._get(each) for each in service.needs}

            def begin(*, together: bool) -> Running:
                containers = not os.environ.get(NO_DOCKER)
                return start(
                    service, root=self._root, needed=needed, emit=self._emit, containers=containers, shared=together
                )

            # A container ends with the process that started it, so each process has its own.
            if self._together is None or service.kind in ("url", "container"):
                self._running[name] = begin(together=False)
            else:
                self._running[name] = shared(name, self._together, lambda: begin(together=True))
        return self._running[name]
