"""Whether each declared service could start now, looked at with the code that starts it, and nothing started."""

import importlib.util
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from canonry.canon.options import Canon, Service, ServiceKind
from canonry.testing.services.answers import answer, shown
from canonry.testing.services.programs import POSTGRES_FOLDERS, REDIS_FOLDERS, beside_this_python, newest

_DAEMON_WITHIN = 10.0
"""Seconds in which the container daemon has to answer."""
_RECONSIDER = 'or declare where one runs with `kind = "url"`'


class Said(NamedTuple):
    """What was found of a service; ``then`` is what to do about it, empty where it could start."""

    name: str
    detail: str
    then: str = ""


def examine_services(canon: Canon, root: Path) -> Iterator[Said]:
    """Looks at every service of the canon; commands start at the root."""
    for name, service in canon.services.items():
        detail, then = _LOOKS[service.kind](name, service, root)
        yield Said(name, detail, then)


def _postgres(_name: str, service: Service, _root: Path) -> tuple[str, str]:
    folder = newest("postgres", "initdb", folders=POSTGRES_FOLDERS, only=service.programs)
    if folder is None:
        return "`initdb` and `postgres` are not found", f"install it (Debian: `apt install postgresql`), {_RECONSIDER}"
    return f"`{folder / 'postgres'}` is there", ""


def _redis(_name: str, service: Service, _root: Path) -> tuple[str, str]:
    for program in ("redis-server", "valkey-server"):
        folder = newest(program, folders=REDIS_FOLDERS, only=service.programs)
        if folder is not None:
            return f"`{folder / program}` is there", ""
    return "`redis-server` is not found", f"install it (Debian: `apt install redis-server`), {_RECONSIDER}"


def _command(name: str, service: Service, root: Path) -> tuple[str, str]:
    correct = f"correct `services.{name}.command`"
    try:
        words = shlex.split(service.command or "")
    except ValueError as error:
        return f"`{service.command}` cannot be read: {str(error).lower()}", correct
    if not words:
        return "it has no `command`", f"set `services.{name}.command`"
    path = beside_this_python(os.environ)["PATH"]
    if shutil.which(words[0], path=path) is None and not os.access(root / words[0], os.X_OK):
        return f"`{words[0]}` is not found", f"install it, or {correct}"
    script = next((word for word in words[1:] if word.endswith(".py")), None)
    if script is not None and not (root / script).is_file():
        return f"`{words[0]}` is there, and `{script}` is not", correct
    return f"`{words[0]}` is there", ""


def _url(name: str, service: Service, _root: Path) -> tuple[str, str]:
    if service.url is None:
        return "it has no `url`", f"set `services.{name}.url`"
    said = answer(service.url, ready=service.ready)
    address = f"`{shown(service.url)}`"
    return (f"{address}: {said}", "start it, or correct its `url`") if said else (f"{address} answers", "")


def _container(_name: str, _service: Service, _root: Path) -> tuple[str, str]:
    if importlib.util.find_spec("testcontainers") is None:
        return "containers take the package `testcontainers`", "install it with `pip install 'canonry[services]'`"
    program = shutil.which("docker") or shutil.which("podman")
    if program is None:
        return "neither `docker` nor `podman` is found", "install one, or declare another kind"
    try:
        done = subprocess.run([program, "info"], capture_output=True, timeout=_DAEMON_WITHIN, check=False)
        is_there = done.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        is_there = False
    if is_there:
        return f"`{program}` is there, and its daemon answers", ""
    return f"`{program}` is there, and its daemon does not answer", "start the daemon, or declare another kind"


_LOOKS = {
    ServiceKind.POSTGRES: _postgres,
    ServiceKind.REDIS: _redis,
    ServiceKind.COMMAND: _command,
    ServiceKind.URL: _url,
    ServiceKind.CONTAINER: _container,
}
