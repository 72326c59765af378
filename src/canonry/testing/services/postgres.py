"""PostgreSQL from the programs of the machine: a cluster of its own per service, a database of its own per lease."""

import itertools
import os
import re
import secrets
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from canonry.testing.services.description import Description
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.place import Place, unprivileged
from canonry.testing.services.postgres_wire import PostgresError, Session, quoted
from canonry.testing.services.programs import POSTGRES_FOLDERS, newest, version
from canonry.testing.services.service import Service
from canonry.testing.services.setup import run_setup
from canonry.testing.services.supervise import Launch

isolates = True
USER, MAIN, TEMPLATE = "canonry", "main", "canonry_template"

_SETTINGS = {
    # The cluster lives as long as the run: what only a crash of the machine would lose need not be on disk.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "log_checkpoints": "off",
    "max_connections": "200",
    "jit": "off",
    "max_wal_size": "256MB",
    "listen_addresses": "127.0.0.1",
    # No socket file: its path is limited to 107 bytes, and whom its folder lets in is another question.
    "unix_socket_directories": "",
    # In the data directory, and so deleted with it.
    "dynamic_shared_memory_type": "mmap",
}
_NUMBERS = itertools.count(1)


def refuses_root() -> bool:
    """PostgreSQL does not run as root."""
    return True


def launch(service: Service, place: Place, port: int, *, root: Path, environment: Mapping[str, str]) -> Launch:
    """`initdb`, then the server, as a user who may."""
    programs = newest("postgres", "initdb", folders=POSTGRES_FOLDERS, only=service.programs)
    if programs is None:
        where = f"`{service.programs}` holds" if service.programs else "this machine has"
        raise ServiceError(
            f"{where} no `initdb` and `postgres`; install PostgreSQL (Debian and Ubuntu `apt-get install postgresql`, "
            'macOS `brew install postgresql`), or declare where one runs with `kind = "url"`'
        )
    account = unprivileged()
    password = secrets.token_urlsafe(18)
    file = place.directory / "password"
    file.touch(0o600)
    file.write_text(password + "\n", encoding="ascii")
    if account is not None:
        os.chown(file, account.user, account.group)
    settings = {**_SETTINGS, **service.settings}
    return Launch(
        steps=[
            [
                *(str(programs / "initdb"), "-D", str(place.data), "-U", USER, "--pwfile", str(file)),
                *_quick_passwords(programs),
                *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
            ]
        ],
        server=[
            *(str(programs / "postgres"), "-D", str(place.data), "-p", str(port)),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ],
        url=f"postgresql://{USER}:{password}@127.0.0.1:{port}/{MAIN}",
        ready_url=f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres",
        folder=place.data,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))},
            "LC_ALL": "C",
            **service.env,
        },
        account=account,
        # Fast shutdown, then at once (postgres(1)); its backends follow it.
        signals=((signal.SIGINT, 5.0), (signal.SIGQUIT, 3.0)),
        death_signal=signal.SIGQUIT,
        shared_memory=str(place.data / "postmaster.pid"),
    )


def _quick_passwords(programs: Path) -> tuple[str, ...]:
    """How `initdb` is told to keep the password, so that checking it costs next to nothing.

    The usual 4,096 rounds are half of what each connection costs. They guard against guessing, and the password is
    random, for this run, and for this machine alone. Up to 15 the way of keeping it follows that of local sockets,
    of which there are none; from 16 on the rounds can be set (initdb(1), "scram_iterations").
    """
    if version(programs / "postgres") >= (16,):
        return "--auth=password", "-c", "scram_iterations=1"
    return "--auth-local=md5", "--auth-host=password"


def fill(description: Description, *, log: int, limit: float) -> Description:
    """Makes the template, which the setup fills, and the database ``main`` from it."""
    template = "template1"
    if description.service.setup:
        template = TEMPLATE
        with _session(description) as session:
            session.run(f"CREATE DATABASE {quoted(TEMPLATE)}")
        run_setup(description, url=_at(description.url, TEMPLATE), log=log, limit=limit)
    with _session(description) as session:
        if template == TEMPLATE:
            session.run(f"ALTER DATABASE {quoted(TEMPLATE)} WITH ALLOW_CONNECTIONS false")
            session.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{TEMPLATE}'")
        session.run(_create(session, MAIN, template))
    return replace(description, template=template)


def lease(description: Description, worker: str) -> tuple[str, Callable[[], None]]:
    """A database of its own, as the template is, and what drops it."""
    name = f"{re.sub(r'[^a-z0-9]+', '_', worker.lower())[:30]}_{os.getpid()}_{next(_NUMBERS)}"
    with _session(description) as session:
        session.run(_create(session, name, description.template))

    def drop() -> None:
        with _session(description) as session:
            session.run(f"ALTER DATABASE {quoted(name)} WITH ALLOW_CONNECTIONS false")
            session.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            session.run(f"DROP DATABASE IF EXISTS {quoted(name)}")

    return _at(description.url, name), drop


def _create(session: Session, name: str, template: str) -> str:
    """The statement that copies a database; as files, which from 15 on has to be said, and is the faster way here."""
    strategy = " STRATEGY file_copy" if int(session.parameters["server_version"].split(".")[0]) >= 15 else ""
    return f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)}{strategy}"


def _session(description: Description) -> Session:
    return Session(description.url, database="postgres")


def _at(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


__all__ = ["PostgresError", "fill", "isolates", "launch", "lease", "refuses_root"]
