"""What fills a service before tests use it: a command of the project's, or a file of SQL."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from canonry.testing.services.description import Description
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.programs import POSTGRES_FOLDERS, beside_this_python, newest


def run_setup(description: Description, *, url: str, log: int, limit: float) -> None:
    """Runs each entry of ``setup`` with the service's variables naming ``url``; what it says goes into the log.

    Raises ServiceError where one fails, or where all together take longer than ``limit`` seconds.
    """
    service, deadline = description.service, time.monotonic() + limit
    environment = {**beside_this_python(os.environ), **dict.fromkeys(service.variables, url)}
    for entry in service.setup:
        argv = _argv(description, entry, url)
        code = _run(argv, environment, description.root, log, deadline)
        if code is None:
            raise ServiceError(
                f"its setup `{entry}` is not done after {service.limit:g} s; raise `timeout`, or shorten it"
            )
        if code:
            raise ServiceError(f"its setup `{entry}` ends with status {code}")


def _argv(description: Description, entry: str, url: str) -> Sequence[str]:
    file = Path(description.root, entry)
    if not entry.endswith(".sql") or description.service.kind != "postgres":
        try:
            return shlex.split(entry)
        except ValueError as error:
            raise ServiceError(f"its setup `{entry}` cannot be read: {str(error).lower()}") from error
    if not file.is_file():
        raise ServiceError(f"its setup `{entry}` is no file below `{description.root}`")
    folder = newest("psql", folders=POSTGRES_FOLDERS, only=description.service.programs)
    if folder is None:
        raise ServiceError(
            f"its setup `{entry}` takes `psql`; install PostgreSQL's client (`apt-get install postgresql-client`)"
        )
    return [str(folder / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(file), url]


def _run(argv: Sequence[str], environment: Mapping[str, str], root: str, log: int, deadline: float) -> int | None:
    """Its status, None where it was ended at the deadline."""
    try:
        process = subprocess.Popen(
            argv, env=environment, cwd=root, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    except OSError as error:
        raise ServiceError(f"its setup `{argv[0]}` does not start: {(error.strerror or str(error)).lower()}") from error
    try:
        return process.wait(max(deadline - time.monotonic(), 0.01))
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
