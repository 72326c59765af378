"""The file that a matrix leaves: what canonry computes the faults of a flow's coverage from."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from golden_path.matrix.runs import ROOT
from golden_path.matrix.verdicts import State, Verdict

FORMAT = 1
SERVICE = ROOT / "reference_chat" / "src"


def write_result(path: Path, verdicts: Iterable[Verdict], *, flow: str, build: Mapping[str, Any]) -> None:
    """Writes it, whole or not at all. ``build`` is what the runs stood on."""
    document = {
        "format": FORMAT,
        "flow": flow,
        **build,
        "files": {path.relative_to(ROOT).as_posix(): _digest(path) for path in sorted(SERVICE.rglob("*.py"))},
        "cells": [
            {
                "row": each.case.row,
                "fault": each.case.key,
                "under": each.case.under,
                "engine": each.engine,
                "check": each.case.check,
                "proven": each.state is State.PROVEN,
                "rules": [rule for rule in each.red_by if " " not in rule],
            }
            for each in verdicts
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
