"""The one engine: starts a service, or finds one that runs elsewhere, and says what becomes of it."""

import contextlib
import os
import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from canonry.model.state import STATE, make_state_folder
from canonry.testing.services.answers import answer, shown
from canonry.testing.services.description import Description
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.identity import started
from canonry.testing.services.kinds import Kind, kind_of
from canonry.testing.services.place import Place, make_place, unprivileged
from canonry.testing.services.running import (
    Running,
    environment,
    how_it_ended,
    last_lines,
)
from canonry.testing.services.service import Service
from canonry.testing.services.supervise import Launch, Supervised

if TYPE_CHECKING:
    from canonry.model.run_event import ServiceChanged

Emit = Callable[["ServiceChanged"], None]
"""Is told of every change of a service's state."""

_KEPT_LOGS = 20
_TRIES = 4
"""How often a free port is taken anew, when somebody else took it first."""


def start(
    service: Service,
    *,
    root: Path,
    needed: Mapping[str, Running] | None = None,
    emit: Emit | None = None,
    containers: bool = True,
    shared: bool = False,
    logs: Path | None = None,
) -> Running:
    """The service, ready to be used; `Running.stop` ends it.

    ``root`` is the project's: commands run there. ``needed`` are the services that it needs, started. Without
    ``containers``, services of that kind are refused. A ``shared`` one runs until everybody who holds it let go,
    not only its starter. ``logs`` is where its log is kept (``.canonry/services`` below the root).

    Raises ServiceError, and leaves nothing behind, where it does not become ready. Never gives a substitute.
    """
    begun = time.monotonic()
    tell = _teller(service.name, emit)
    tell("starting", "", 0.0)
    try:
        _check(service)
        if kind := kind_of(service.kind):
            running = _started(service, kind, root.absolute(), needed or {}, shared, logs)
        elif service.kind == "url":
            running = _found(service, root)
        else:
            running = _contained(service, root, containers=containers)
    except ServiceError as error:
        if not error.service:
            error = ServiceError(error.message, service=service.name, state=error.state, log=error.log)
        tell("unavailable", str(error), time.monotonic() - begun)
        raise error from error.__cause__
    except BaseException as error:
        tell("unavailable", f"its start was broken off ({type(error).__name__})", time.monotonic() - begun)
        raise
    tell("ready", shown(running.url), time.monotonic() - begun)
    return _telling(running, tell)


def start_all(
    services: Mapping[str, Service],
    names: tuple[str, ...],
    *,
    root: Path,
    emit: Emit | None = None,
    containers: bool = True,
    logs: Path | None = None,
) -> dict[str, Running]:
    """The named services and what they need, in the order in which they were started.

    Where one fails, those before it are stopped again. Raises ServiceError.
    """
    running: dict[str, Running] = {}

    def add(name: str) -> None:
        if name not in running:
            service = services[name]
            for each in service.needs:
                add(each)
            needed = {each: running[each] for each in service.needs}
            running[name] = start(service, root=root, needed=needed, emit=emit, containers=containers, logs=logs)

    try:
        for name in names:
            add(name)
    except BaseException:  # also Ctrl-C while one starts: those that run already are stopped; raised again
        stop_all(running)
        raise
    return running


def stop_all(running: Mapping[str, Running]) -> None:
    """Stops services, those that need others first, all of them also where one resists."""
    with contextlib.ExitStack() as stack:
        for one in running.values():
            stack.callback(one.stop)


def _check(service: Service) -> None:
    """Raises ServiceError where a value that the canon takes as it is cannot be used."""
    if service.ready_log is not None:
        try:
            re.compile(service.ready_log)
        except re.error as error:
            raise ServiceError(f"its `ready-log` is no regular expression: {error}") from error


def _started(
    service: Service, kind: Kind, root: Path, needed: Mapping[str, Running], shared: bool, logs: Path | None
) -> Running:
    """A server of our own, on its port or a free one."""
    for attempt in range(_TRIES):
        port = service.port or _free_port()
        if service.port and _is_taken(port):
            raise ServiceError(
                f"port {port} is taken by another process; stop that, or leave `port` out of {service.table}, so that "
                "a free one is used"
            )
        try:
            return _on_port(_filled(service, port), kind, port, root, environment(needed), shared, logs)
        except ServiceError:
            if service.port or attempt == _TRIES - 1 or not _is_taken(port):
                raise
    raise AssertionError("unreachable")


def _filled(service: Service, port: int) -> Service:
    """The same, with the port in the address that answers once it is ready."""
    if service.ready is None:
        return service
    return replace(service, ready=service.ready.replace("{port}", str(port)))


def _on_port(
    service: Service, kind: Kind, port: int, root: Path, variables: Mapping[str, str], shared: bool, logs: Path | None
) -> Running:
    place = make_place(unprivileged() if kind.refuses_root() else None)
    supervised = Supervised(place)
    log, descriptor = None, -1
    deadline = time.monotonic() + service.limit
    try:
        log, descriptor = _open_log(service, place, root, logs)
        launch = kind.launch(service, place, port, root=root, environment=variables)
        supervised.start(launch, descriptor)
        _wait(service, supervised, launch, log, deadline)
        pid = supervised.state()["pid"]
        found = Description(
            service=service,
            url=launch.url,
            root=str(root),
            directory=str(place.directory),
            log=str(log),
            pid=pid,
            since=started(pid),
        )
        found = kind.fill(found, log=descriptor, limit=deadline - time.monotonic())
    except BaseException as error:
        tail = last_lines(log) if log else ""
        supervised.stop()
        if isinstance(error, ServiceError):
            told = ServiceError(error.message, service=service.name, state=error.state, log=log, tail=tail)
            raise told from error.__cause__
        if isinstance(error, Exception) and supervised.was_started:
            raise ServiceError(f"it cannot be filled: {error}", service=service.name, log=log, tail=tail) from error
        raise
    finally:
        if descriptor >= 0:
            os.close(descriptor)

    def again(pause: float) -> Description:
        before = supervised.state()
        supervised.again(pause)
        limit = time.monotonic() + pause + service.limit
        while supervised.state().get("phase") == "running" and supervised.state() == before:
            time.sleep(0.002)
        while supervised.state().get("phase") == "pausing" and time.monotonic() < limit:
            time.sleep(0.005)
        _wait(service, supervised, launch, log, limit)
        pid = supervised.state()["pid"]
        return replace(found, pid=pid, since=started(pid))

    return Running(found, end=supervised.release if shared else supervised.stop, again=again)


def _wait(service: Service, supervised: Supervised, launch: Launch, log: Path, deadline: float) -> None:
    """Returns once the server answers. Raises ServiceError where it ends, or needs more than its time."""
    url = launch.ready_url or launch.url
    own = bool(launch.ready_url) or service.kind == "redis"
    pause, said = 0.005, "it does not listen yet"
    while True:
        state = supervised.state()
        phase = state.get("phase")
        if phase == "failed":
            raise ServiceError(f"`{Path(state['program']).name}` {how_it_ended(state['code'])}")
        if phase == "ended":
            raise ServiceError(f"it {how_it_ended(state['code'])} before it was ready")
        if supervised.is_gone():
            raise ServiceError("its supervisor was ended from outside")
        if phase == "running":
            said = _unready(service, url, log, own=own)
            if not said and supervised.state().get("phase") == "running":
                return
        if time.monotonic() > deadline:
            raise ServiceError(
                f"it is not ready after {service.limit:g} s: {said}; raise `timeout` in {service.table}, or see its log"
            )
        time.sleep(pause)
        pause = min(pause * 1.2, 0.05)


def _unready(service: Service, url: str, log: Path, *, own: bool) -> str:
    """Why it is not ready yet, empty where it is."""
    if service.ready_log is not None:
        if re.search(service.ready_log, _whole(log), re.MULTILINE) is None:
            return f"no line of its log matches `{service.ready_log}`"
        if service.ready is None:
            return ""
    return answer(url, ready=None if own else service.ready, own=own, limit=1.0)


def _found(service: Service, root: Path) -> Running:
    """What somebody else runs; it is asked until its time is over, and never started nor stopped."""
    if not service.url:
        raise ServiceError(f"{service.table} names no `url`; add where it answers")
    deadline, pause = time.monotonic() + service.limit, 0.05
    while said := answer(service.url, ready=service.ready, limit=min(service.limit, 5.0)):
        if time.monotonic() + pause > deadline:
            raise ServiceError(
                f"`{shown(service.url)}` does not answer: {said}; start what runs there, or correct `url` in "
                f"{service.table}"
            )
        time.sleep(pause)
        pause = min(pause * 2, 1.0)
    return Running(Description(service=service, url=service.url, root=str(root)))


def _contained(service: Service, root: Path, *, containers: bool) -> Running:
    from canonry.testing.services.container import run_container

    if not containers:
        raise ServiceError(
            "it is of kind `container`, and containers are switched off (`--no-docker`); run without the switch, or "
            "declare another kind"
        )
    url, end = run_container(service)
    return Running(Description(service=service, url=url, root=str(root)), end=end)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection that is only being closed takes no port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return False
        except OSError:
            return True
        return False


def _open_log(service: Service, place: Place, root: Path, logs: Path | None) -> tuple[Path, int]:
    """A new log and a descriptor to write it; in the service's own directory where the project's cannot be written."""
    folder = logs or root / STATE / "services"
    name = re.sub(r"[^\w.-]", "_", service.name)
    log = folder / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        make_state_folder(folder)
        for old in sorted(folder.glob(f"{name}-[0-9]*.log"))[:-_KEPT_LOGS]:
            old.unlink(missing_ok=True)
        return log, os.open(log, flags, 0o600)
    except OSError:
        log = place.directory / "log"
        return log, os.open(log, flags, 0o600)


def _whole(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _teller(name: str, emit: Emit | None) -> Callable[[str, str, float], None]:
    def tell(state: str, detail: str, duration: float) -> None:
        if emit is not None:
            from canonry.model.run_event import ServiceChanged

            emit(ServiceChanged(at=time.time(), name=name, state=state, detail=detail, duration=duration))

    return tell


def _telling(running: Running, tell: Callable[[str, str, float], None]) -> Running:
    """The same service, which says when it was stopped, and that it had crashed before."""
    end = running.stop

    def stop() -> None:
        begun = time.monotonic()
        found = running.probe(limit=0.5) if running.description.pid else None
        if found is not None and found.state == "crashed":
            tell("crashed", found.detail, 0.0)
        end()
        tell("stopped", "", time.monotonic() - begun)

    def again(pause: float) -> Description:
        begun = time.monotonic()
        tell("stopped", f"to be restarted after {pause:g} s", 0.0)
        running.restart(pause=pause)
        tell("ready", shown(running.url), time.monotonic() - begun)
        return running.description

    return Running(running.description, end=stop, again=again if running.is_ours else None)


__all__ = ["Emit", "start", "start_all", "stop_all"]
