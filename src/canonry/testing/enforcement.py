"""What generated enforcement tests ask: what the gate holds against the tree in which they stand.

The gate is another process, asked once for each tree: it compares with `canonry-baseline.jsonl` where there is one, and
with nothing where there is none, so that every open finding counts and a test fails until it is mended.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from canonry.model.errors import UserError

_BASELINE = "canonry-baseline.jsonl"
_ROOTS = (_BASELINE, "canonry.toml", "pyproject.toml", ".git")


def violations(rule: str, near: str) -> list[str]:
    """The violations of a rule that the baseline does not hold, a line each. ``near`` is a file of the tree."""
    return [
        _line(change)
        for change in _changes(root_of(near))
        if change["kind"] == "violations" and change["direction"] == "worse" and change["rule"] == rule
    ]


def worse(kind: str, near: str) -> list[str]:
    """What is worse than the baseline of this kind (`parsing`, `tests`, `assertions`, ...), a line each."""
    return [
        _line(change) for change in _changes(root_of(near)) if change["kind"] == kind and change["direction"] == "worse"
    ]


def root_of(near: str) -> Path:
    """The top of the tree that holds a file: where the baseline or the canon is, else the project or the repository."""
    folders = [*Path(near).resolve().parents]
    for name in _ROOTS:
        for folder in folders:
            if (folder / name).exists():
                return folder
    return folders[0]


@cache
def _changes(root: Path) -> list[dict[str, Any]]:
    against = () if (root / _BASELINE).is_file() else ("--absolute",)
    command = [
        sys.executable,
        "-m",
        "canonry",
        "gate",
        "check",
        *against,
        "--repo",
        str(root),
        "-q",
        "--output-format",
        "json",
    ]
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTEST_"))}
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, env=variables, cwd=root)
    if done.returncode not in (0, 1):
        raise UserError(f"the gate did not judge `{root}`: {done.stderr.decode('utf-8', 'replace').strip()}")
    changes: list[dict[str, Any]] = json.loads(done.stdout)["changes"]
    return changes


def _line(change: dict[str, Any]) -> str:
    place = f"{change['path']}:{change['line']}: " if change["path"] else ""
    return f"{place}{change['message']}"
