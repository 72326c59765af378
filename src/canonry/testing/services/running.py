"""A service that runs: its address, what it says of itself, and the parts of it that tests lease."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from canonry.testing.services.answers import answer, shown
from canonry.testing.services.description import Description
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.identity import lives
from canonry.testing.services.kinds import Kind, kind_of
from canonry.testing.services.lease import Lease
from canonry.testing.services.service import Service
from canonry.testing.services.supervise import read_state

FORMAT = 1
"""The version of what `Running.to_json` writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a service's own probe said. ``state`` is ``ready``, ``unavailable``, ``crashed`` or ``stopped``."""

    service: str
    state: str
    detail: str = ""
    at: float = 0.0
    """Seconds since the epoch."""

    @property
    def answers(self) -> bool:
        """Whether the service could be used at that time."""
        return self.state == "ready"


class Running:
    """A service that was started or found. Only who started it can stop it; who attached may hold it.

    ``end`` stops it, and ``let_go`` gives up a hold; both are None where there is nothing to end or to give up.
    ``again`` ends it and starts it again after a pause in seconds, at the same address with the same data.
    """

    def __init__(
        self,
        description: Description,
        *,
        end: Callable[[], None] | None = None,
        let_go: Callable[[], None] | None = None,
        again: Callable[[float], Description] | None = None,
    ) -> None:
        self.description = description
        self._again = again
        self._end, self._let_go = end, let_go
        self._stopped = False

    @property
    def name(self) -> str:
        """Its name in the canon."""
        return self.description.service.name

    @property
    def url(self) -> str:
        """Where it answers, its database ``main`` where it has databases."""
        return self.description.url

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that tests get, by name."""
        return variables(self.description.service, self.url)

    @property
    def log(self) -> Path | None:
        """The file that holds all that it wrote; None where we did not start it."""
        return Path(self.description.log) if self.description.log else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def probe(self, *, limit: float = 2.0) -> Probe:
        """What it says of itself now: typed evidence, at most ``limit`` seconds late."""
        state, detail = ("stopped", "it was stopped") if self._stopped else self._looked(limit)
        return Probe(service=self.name, state=state, detail=detail, at=time.time())

    def require(self) -> None:
        """Returns where it can be used. Raises ServiceError, with the end of its log, where it cannot."""
        found = self.probe()
        if not found.answers:
            raise ServiceError(found.detail, service=self.name, state=found.state, log=self.log, tail=self.last_lines())

    def crash(self) -> ServiceError | None:
        """How it ended, where it ended by itself; it is not asked, only its process is looked for, which costs little.

        None also where it has no process of ours.
        """
        one = self.description
        if self._stopped or not one.pid or lives(one.pid, one.since):
            return None
        state, detail = _end_of(one)
        if state != "crashed":
            return None
        return ServiceError(detail, service=self.name, state=state, log=self.log, tail=self.last_lines())

    def isolated(self, worker: str) -> Lease:
        """A part of it that nobody else has, fresh. Raises ServiceError where it cannot be had."""
        if self.kind is None:
            return Lease(service=self.name, url=self.url, variables=self.variables, isolated=False)
        try:
            url, give_back = self.kind.lease(self.description, worker)
        except ServiceError:
            raise
        except Exception as error:  # what a broken server answers is open; its own probe says why
            self.require()
            raise ServiceError(f"nothing can be leased of it: {error}", service=self.name, log=self.log) from error

        def quietly() -> None:
            with contextlib.suppress(Exception):  # a service that is gone holds nothing any more
                give_back()

        return Lease(service=self.name, url=url, variables=variables(self.description.service, url), give_back=quietly)

    @property
    def kind(self) -> Kind | None:
        """How its kind isolates; None where it does not, or where the service is somebody else's."""
        found = kind_of(self.description.service.kind)
        return found if found is not None and found.isolates and self.description.directory else None

    def last_lines(self, count: int = 12) -> str:
        """The end of its log, empty where there is none."""
        return "" if self.log is None else last_lines(self.log, count)

    def stop(self) -> None:
        """Ends what this process started, and lets go of what it attached to. A second call does nothing."""
        end, self._end = self._end or self._let_go, None
        self._let_go = None
        self._stopped = True
        if end is not None:
            end()

    @property
    def is_ours(self) -> bool:
        """Whether this process started it, so that it may restart it."""
        return self._again is not None

    def restart(self, *, pause: float = 0.0) -> None:
        """Stops it for so many seconds, and starts it again, as an operator would.

        Returns once it answers; its data and its address stay. Raises ServiceError where it is not ours.
        """
        if self._again is None or self._stopped:
            raise ServiceError("it was not started here, so it is not restarted", service=self.name)
        self.description = self._again(pause)

    def to_json(self) -> str:
        """What `attach` takes in another process; it holds the password of the service."""
        one = self.description
        values: dict[str, Any] = {name: getattr(one, name) for name in one.__slots__}
        return json.dumps({**values, "service": one.service.to_builtins(), "format": FORMAT})

    @classmethod
    def attach(cls, text: str, *, hold: bool = False) -> Self:
        """The service that another process started.

        With ``hold`` it runs until this process lets go, too. Raises ServiceError where it is gone, or newer than us.
        """
        values = json.loads(text)
        if values.pop("format") != FORMAT:
            raise ServiceError("another version of canonry started it; use one version in all processes of a run")
        service = Service.from_builtins(values.pop("service"))
        description = Description(service=service, **values)
        if not hold or not description.directory:
            return cls(description)
        try:
            held = os.open(Path(description.directory, "held"), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise ServiceError(
                "it was stopped before it could be used", service=service.name, state="stopped"
            ) from error
        return cls(description, let_go=lambda: os.close(held))

    def _looked(self, limit: float) -> tuple[str, str]:
        one = self.description
        if one.pid and not lives(one.pid, one.since):
            return _end_of(one)
        # A server may still listen while what it serves is broken, so it is asked in any case.
        own = self.kind is not None
        said = answer(one.url, ready=None if own else one.service.ready, own=own, limit=limit)
        if not said:
            return "ready", ""
        if one.pid and not lives(one.pid, one.since):
            return _end_of(one)
        return "unavailable", f"`{shown(one.url)}` does not answer: {said}"


def variables(service: Service, url: str) -> dict[str, str]:
    """The environment variables that tell tests where a service is."""
    return dict.fromkeys(service.variables, url)


def environment(needed: Mapping[str, Running]) -> dict[str, str]:
    """The variables of several services."""
    return {name: value for one in needed.values() for name, value in one.variables.items()}


def last_lines(log: Path, count: int = 12) -> str:
    """The last lines of a file; at most the last 64 KiB are looked at."""
    try:
        with log.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - 65536, 0))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def how_it_ended(code: int) -> str:
    """A status in words: it ended with a status, or by a signal."""
    import signal

    if code >= 0:
        return f"ended with status {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _end_of(one: Description) -> tuple[str, str]:
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:  # the supervisor writes down the end a moment after it
        state = read_state(Path(one.directory))
        if not state:
            return "stopped", "it was stopped"
        if state.get("phase") == "ended":
            return "crashed", f"it {how_it_ended(state['code'])} while it was in use"
        time.sleep(0.01)
    return "crashed", "its process is gone"
