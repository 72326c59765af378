"""An old runner script against the wrapper that takes its place: both run, each in a copy of the tree of its own."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from canonry.audit.request import Request
from canonry.migrate.engine import Wanted, migrate
from canonry.model.errors import UserError
from canonry.run.observed import Compared, observe

_LEFT_OUT = (".git", ".canonry", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".pytest_cache", ".tox")
_RETIRED = b"canonry.run.retired"


def compare_script(script: Path, arguments: Sequence[str], *, limit: float) -> Compared:
    """Runs an old script and its wrapper with the same arguments. Each has ``limit`` seconds; nothing else is ended.

    Raises `UserError` where the script has no wrapper, with the reason.
    """
    if not script.is_file():
        raise UserError(f"`{script}` does not exist; name the old runner script")
    found = migrate(Request(paths=(str(script),), workers=1), Wanted(codemods=("runner-scripts",), review=True))
    root = found.root.resolve()
    path = script.resolve().relative_to(root).as_posix()
    items = [item for item in found.summary.items if item.path == path]
    if path in found.after():
        before, after = found.before[path], found.after()[path]
    elif _RETIRED in (content := script.read_bytes()):
        before, after = _before_retirement(root, path), content
    elif items:
        raise UserError(f"`{path}` gets no wrapper: {items[0].reason}")
    else:
        raise UserError(f"`{path}` starts no tests that RUN004 knows of; `canonry audit {path} --select RUN004` looks")
    observed = []
    for content in (before, after):
        with tempfile.TemporaryDirectory(prefix="canonry-compare-") as place:
            copy = Path(place, root.name)
            shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_OUT))
            subprocess.run(["git", "init", "-q"], cwd=copy, check=False, capture_output=True)
            (copy / path).write_bytes(content)
            observed.append(observe([sys.executable, path, *arguments], copy, limit=limit))
    reasons = tuple(dict.fromkeys(item.reason for item in items if item.reason))
    return Compared(path, tuple(arguments), observed[0], observed[1], reasons)


def _before_retirement(root: Path, path: str) -> bytes:
    """The newest committed version of a file that is no wrapper."""
    listed = subprocess.run(
        ["git", "log", "--format=%H", "--", path], cwd=root, check=False, capture_output=True, text=True
    )
    for commit in listed.stdout.split():
        shown = subprocess.run(["git", "show", f"{commit}:{path}"], cwd=root, check=False, capture_output=True)
        if shown.returncode == 0 and _RETIRED not in shown.stdout:
            return shown.stdout
    raise UserError(f"`{path}` is a wrapper, and no commit holds what it was before; compare before it is written")
