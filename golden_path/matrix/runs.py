"""The runs that the matrix stands on: `canonry run`, once on the healthy service and once with the faults planted."""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from golden_path.matrix.cases import ENGINE, FAULTS, ONLY, QUICK, SQLITE
from golden_path.matrix.verdicts import Seen, seen_in

ROOT = Path(__file__).parents[2]
FLOW = "golden_path"
_BUILD = ("src/canonry", "reference_chat/src", "golden_path", "pyproject.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: its status, what it saw, how long it took in seconds, and what it printed."""

    status: int
    seen: dict[str, Seen]
    seconds: float
    output: str


def run_suite(engine: str, *, faults: bool, quick: bool, only: Sequence[str] = ()) -> Run:
    """Runs the flow on an engine. With ``faults`` every test runs once for each of its own, and is meant to be red."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        recording = Path(folder, "run.jsonl")
        command = [
            sys.executable,
            "-m",
            "canonry",
            "run",
            "--flow",
            FLOW,
            "--color",
            "never",
            "--leaks",
            "off",
            "--max-workers",
            "1",
        ]
        command += ["--profile", engine] if engine != SQLITE else []
        command += ["--report", f"jsonl={recording}"]
        environment = {
            **os.environ,
            ENGINE: engine,
            FAULTS: "1" if faults else "",
            QUICK: "1" if quick else "",
            ONLY: ",".join(only),
        }
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        seen = seen_in(recording) if recording.is_file() else {}
    return Run(status=done.returncode, seen=seen, seconds=time.monotonic() - begun, output=done.stdout)


def build_digest() -> str:
    """What tells this build from every other: the contents of the service, the suite and canonry."""
    digest = hashlib.sha256()
    for place in _BUILD:
        path = ROOT / place
        files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if _counts(each))
        for each in files:
            digest.update(f"{each.relative_to(ROOT)}\0".encode())
            digest.update(each.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _counts(path: Path) -> bool:
    return path.suffix in (".py", ".yaml") and path.is_file()
