"""What plugins report of a whole run, made of what each worker left."""

import json
import subprocess
import sys
import time
from pathlib import Path

from canonry.model.run_event import PluginReport
from canonry.model.run_plan import RunPlan
from canonry.run.controller.host import write_start

_PATIENCE = 600.0
"""Seconds for a report."""


def coverage_report(place: Path, plan: RunPlan) -> PluginReport | None:
    """pytest-cov's report of all workers' data, written wherever its options say too; None where nobody measured."""
    if not any(place.glob("coverage-*/.coverage")):
        return None
    folder = place / "report"
    folder.mkdir(mode=0o700)
    write_start(
        folder,
        root=plan.root,
        paths=plan.paths,
        arguments=plan.pytest_arguments,
        workers=1,
        memory=None,
        environment={},
    )
    command = [sys.executable, "-m", "canonry.run.worker", str(folder), "report"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        said = str(error) if isinstance(error, subprocess.TimeoutExpired) else (done.stderr or done.stdout).strip()
        return PluginReport(plugin="pytest-cov", text=f"no report: {said}\n", failed=True, at=time.time())
    return PluginReport(plugin="pytest-cov", text=report["text"], failed=report["failed"], at=time.time())
