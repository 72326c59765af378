"""Any server that a command starts: it listens on the port that it is given, and a probe says when it is ready."""

import os
import shlex
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from canonry.testing.services.description import Description
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.place import Place
from canonry.testing.services.programs import beside_this_python
from canonry.testing.services.service import Service
from canonry.testing.services.setup import run_setup
from canonry.testing.services.supervise import Launch

isolates = False


def refuses_root() -> bool:
    """It runs as who runs the tests."""
    return False


def launch(service: Service, place: Place, port: int, *, root: Path, environment: Mapping[str, str]) -> Launch:
    """The command in the project's root, with ``{port}`` and ``{folder}`` filled in and ``PORT`` in its environment.

    The folder is empty, and gone with the server.
    """
    if not service.command:
        raise ServiceError(f"{service.table} names no `command`; add the one that starts it")
    try:
        words = shlex.split(service.command)
    except ValueError as error:
        raise ServiceError(f"its command `{service.command}` cannot be read: {str(error).lower()}") from error
    own = place.data
    own.mkdir(exist_ok=True)
    filled = {name: _filled(value, port, own) for name, value in service.env.items()}
    return Launch(
        server=[_filled(word, port, own) for word in words],
        url=_filled(service.url or "http://127.0.0.1:{port}", port, own),
        folder=root,
        env={**beside_this_python(os.environ), **environment, "PORT": str(port), **filled},
        signals=((signal.SIGTERM, 5.0), (signal.SIGINT, 2.0)),
        whole_group=True,
    )


def fill(description: Description, *, log: int, limit: float) -> Description:
    """Runs the setup."""
    run_setup(description, url=description.url, log=log, limit=limit)
    return description


def lease(description: Description, worker: str) -> tuple[str, Callable[[], None]]:
    """Never called: what a command serves has no parts that we know."""
    raise NotImplementedError


def _filled(text: str, port: int, folder: Path) -> str:
    return text.replace("{port}", str(port)).replace("{folder}", str(folder))
