"""`canonry run` called by tests: its report, its recording, and files to run."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from canonry.run.recording import read_recording, recordings, runs_folder
from canonry.run.summary import RunSummary
from tests.workbench import Folder, canonry_command, environment

FAILING = "def test_total():\n    assert sum([1, 2]) == 4\n"
SKIPPED = "import pytest\n\n@pytest.mark.skip(reason='later')\ndef test_later():\n    pass\n"


def summary(folder: Folder) -> RunSummary:
    """The newest recording."""
    return RunSummary().add_all(read_recording(runs_folder(folder.root) / f"{recordings(folder.root)[-1]}.jsonl"))


def report(folder: Folder, *arguments: str) -> dict[str, Any]:
    done = folder.call("run", "--workers", "1", "--output-format", "json", *arguments)
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["status"] == done.returncode
    return found


def start(folder: Folder, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        canonry_command("run", *arguments),
        cwd=folder.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_for(path: Path) -> None:
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.01)
