"""Where the programs of a service lie: on PATH, and in the folders that packages use for several versions."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from glob import glob
from pathlib import Path

POSTGRES_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PostgreSQL's own packages for Red Hat
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/opt/local/lib/postgresql*/bin",  # MacPorts
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/local/pgsql/bin",
)
REDIS_FOLDERS = ("/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin", "/usr/sbin")


def newest(program: str, *beside: str, folders: Sequence[str], only: str | None = None) -> Path | None:
    """The folder that holds a program and those beside it, in the newest version; ``only`` names the one to look in."""
    found: dict[Path, Path] = {}
    for folder in [only] if only else _folders(folders):
        place = Path(folder)
        if all(os.access(place / name, os.X_OK) for name in (program, *beside)):
            found.setdefault((place / program).resolve(), place)
    if len(found) < 2:
        return next(iter(found.values()), None)
    return max(found.values(), key=lambda place: version(place / program))


def beside_this_python(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which ``python`` is the one that runs the tests, also where nobody activated it."""
    path = environment.get("PATH", os.defpath)
    return {**environment, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{path}"}


def version(program: Path) -> tuple[int, ...]:
    """What a program says of its version; ``(15, 3)`` for ``postgres (PostgreSQL) 15.3``; empty where it says none."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    match = re.search(r"\d+(?:\.\d+)*", said)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _folders(patterns: Sequence[str]) -> list[str]:
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += [folder for pattern in patterns for folder in sorted(glob(pattern))]
    if asked := shutil.which("pg_config"):
        said = subprocess.run([asked, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        folders += [said] if said else []
    return folders
