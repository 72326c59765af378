"""Redis from the program of the machine: a server of its own per service, a database number of its own per lease."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from canonry.testing.services.description import Description
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.place import Place
from canonry.testing.services.programs import REDIS_FOLDERS, newest
from canonry.testing.services.redis_wire import command
from canonry.testing.services.service import Service
from canonry.testing.services.setup import run_setup
from canonry.testing.services.supervise import Launch

isolates = True
DATABASES = 1024
"""How many leases there can be at once, and one more for everybody."""


def refuses_root() -> bool:
    """Redis runs as anybody."""
    return False


def launch(service: Service, place: Place, port: int, *, root: Path, environment: Mapping[str, str]) -> Launch:
    """The server with a configuration of its own, and a password: other users of the machine reach the port, too."""
    folder = newest("redis-server", folders=REDIS_FOLDERS, only=service.programs)
    program = "redis-server"
    if folder is None:
        program = "valkey-server"
        folder = newest(program, folders=REDIS_FOLDERS, only=service.programs)
    if folder is None:
        where = f"`{service.programs}` holds" if service.programs else "this machine has"
        raise ServiceError(
            f"{where} no `redis-server` and no `valkey-server`; install Redis (Debian and Ubuntu `apt-get install "
            'redis-server`, macOS `brew install redis`), or declare where one runs with `kind = "url"`'
        )
    password = secrets.token_urlsafe(18)
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "requirepass": password,
        "databases": str(DATABASES),
        "dir": _quoted(str(place.data)),
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        **service.settings,
    }
    file = place.directory / "redis.conf"
    file.touch(0o600)
    file.write_text("".join(f"{name} {value or _quoted('')}\n" for name, value in settings.items()), encoding="utf-8")
    return Launch(
        server=[str(folder / program), str(file)],
        url=f"redis://:{password}@127.0.0.1:{port}/0",
        folder=place.data,
        env={**os.environ, **service.env},
    )


def fill(description: Description, *, log: int, limit: float) -> Description:
    """Runs the setup, on database 0."""
    run_setup(description, url=description.url, log=log, limit=limit)
    return description


def lease(description: Description, worker: str) -> tuple[str, Callable[[], None]]:
    """An empty database that nobody else has, and what empties it again.

    Which numbers are taken stands in files of the service's directory: a test may flush all databases.
    """
    taken, number = Path(description.directory, "leases"), 0
    listed = {entry.name for entry in os.scandir(taken)}
    for number in (each for each in range(1, DATABASES) if str(each) not in listed):
        try:
            os.close(os.open(taken / str(number), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            break
        except FileExistsError:
            continue
    else:
        raise ServiceError(
            f"all of its {DATABASES - 1:,} databases are leased; release a lease when its test ends",
            service=description.service.name,
        )
    url = urlsplit(description.url)._replace(path=f"/{number}").geturl()

    def give_back() -> None:
        try:
            command(url, "FLUSHDB")
        finally:
            (taken / str(number)).unlink(missing_ok=True)

    try:
        command(url, "FLUSHDB")
    except BaseException:  # whatever ended it, the database is free again; it is raised again
        (taken / str(number)).unlink(missing_ok=True)
        raise
    return url, give_back


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
