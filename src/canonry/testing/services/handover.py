"""How services reach other processes: of a controller that started them, or of a run that has none."""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from canonry.testing.services.errors import ServiceError
from canonry.testing.services.running import Running
from canonry.testing.services.service import Service

SERVICES = "CANONRY_SERVICES"
"""The environment variable in which a controller tells its workers of services; it holds their passwords."""
NO_DOCKER = "CANONRY_NO_DOCKER"
"""The environment variable that refuses services of kind container where it is not empty."""


def hand_over(running: Mapping[str, Running], declared: Mapping[str, Service]) -> dict[str, str]:
    """The environment variables that give workers the services, and every declared one's description."""
    told = {
        "running": {name: one.to_json() for name, one in running.items()},
        "declared": {name: one.to_builtins() for name, one in declared.items()},
    }
    return {SERVICES: json.dumps(told)}


def handed_over(environment: Mapping[str, str]) -> tuple[dict[str, Running], dict[str, Service]] | None:
    """What a controller told; None where there is no controller."""
    text = environment.get(SERVICES)
    if not text:
        return None
    told = json.loads(text)
    return (
        {name: Running.attach(one) for name, one in told["running"].items()},
        {name: Service.from_builtins(one) for name, one in told["declared"].items()},
    )


def shared(name: str, folder: Path, start: Callable[[], Running]) -> Running:
    """The service that the processes of one run share without a controller; the first that asks starts it.

    ``folder`` is theirs alone. The service ends when the last of them lets go, or dies. Raises ServiceError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{name.encode().hex()}.json"
    with _locked(file.with_suffix(".lock")):
        if file.exists():
            with contextlib.suppress(ServiceError):
                running = Running.attach(file.read_text(encoding="utf-8"), hold=True)
                if running.probe().state != "stopped":
                    return running
                running.stop()
        running = start()
        file.touch(0o600)
        file.write_text(running.to_json(), encoding="utf-8")
        return running


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
