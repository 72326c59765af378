"""Tables of a project's canon, asked of canonry itself: tests do not import the canon, another process reads it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from canonry.model.errors import UserError


def canon_tables(root: Path, section: str) -> Mapping[str, Mapping[str, object]]:
    """The tables of a section (``services``, ``flows``) of the canon at ``root``, by name.

    Raises `UserError` where the canon is wrong.
    """
    command = [sys.executable, "-m", "canonry", "canon", "show", section, "--output-format", "json"]
    done = subprocess.run(
        [*command, "--repo", str(root)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip() or f"`canonry canon show` ends with status {done.returncode}"
        raise UserError(f"the {section} of the canon cannot be read: {said.removeprefix('canonry: ')}")
    tables: Mapping[str, Mapping[str, object]] = json.loads(done.stdout)["nested"]
    return tables
