"""A command run with a limit on its time: which tests pytest selected anywhere below it, and what became of them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

_PLUGIN = "canonry.run.probes.seen"
_WORST = ("error", "failed", "xpassed", "xfailed", "skipped", "passed", "selected")
_SHOWN = 2_000


class Observed(msgspec.Struct, frozen=True):
    """Outcomes by node id from ``root``; ``selected`` alone where a test was to run and did not. ``status`` is None
    where the time was up. ``said`` is the end of what the command printed.
    """

    outcomes: dict[str, str]
    status: int | None
    said: str


class Compared(msgspec.Struct, frozen=True):
    """What both ran: outcomes by node id. ``reasons`` are those for which a reader is asked to look at the wrapper."""

    script: str
    arguments: tuple[str, ...]
    old: Observed
    new: Observed
    reasons: tuple[str, ...]

    @property
    def lost(self) -> list[str]:
        """Tests that only the old script runs."""
        return sorted(self.old.outcomes.keys() - self.new.outcomes.keys())

    @property
    def come(self) -> list[str]:
        """Tests that only the wrapper runs."""
        return sorted(self.new.outcomes.keys() - self.old.outcomes.keys())

    @property
    def changed(self) -> list[str]:
        """Tests that both run, with another outcome."""
        both = self.old.outcomes.keys() & self.new.outcomes.keys()
        return sorted(node for node in both if self.old.outcomes[node] != self.new.outcomes[node])

    @property
    def same(self) -> bool:
        """Whether both ran the same tests to the same outcomes, in time."""
        late = self.old.status is None or self.new.status is None
        return not (self.lost or self.come or self.changed or late)


def observe(
    command: Sequence[str], root: Path, *, folder: str = "", limit: float, variables: Mapping[str, str] | None = None
) -> Observed:
    """Runs a command in a folder below the root. At the limit its own session is ended, and no other process."""
    with tempfile.TemporaryDirectory(prefix="canonry-observed-") as place:
        answers = Path(place, "seen")
        with open(Path(place, "said"), "w+b") as said:
            process = subprocess.Popen(
                list(command),
                cwd=root / folder,
                env={**os.environ, **_variables(answers), **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            status = _wait(process, limit)
            said.seek(0)
            text = said.read().decode("utf-8", "replace")[-_SHOWN:]
        lines = answers.read_bytes().splitlines() if answers.exists() else []
    return Observed(_outcomes(lines, root), status, text)


def _variables(answers: Path) -> dict[str, str]:
    plugins = [os.environ.get("PYTEST_PLUGINS", ""), _PLUGIN]
    here = Path(sys.executable).parent  # a script that says `python` means the one that runs this
    return {
        "PYTEST_PLUGINS": ",".join(filter(None, plugins)),
        "CANONRY_SEEN": str(answers),
        "PATH": os.pathsep.join((str(here), os.environ.get("PATH", os.defpath))),
    }


def _wait(process: "subprocess.Popen[bytes]", limit: float) -> int | None:
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its session began with it: nobody else is in there
            process.wait()


def _outcomes(lines: Sequence[bytes], root: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        with suppress(ValueError, KeyError):
            said = json.loads(line)
            node, outcome = _from_root(said["node"], said["root"], root), said["outcome"]
            before = found.get(node, "selected")
            found[node] = min(before, outcome, key=_WORST.index)
    return found


def _from_root(node: str, below: str, root: Path) -> str:
    with suppress(ValueError):
        folder = Path(below).resolve().relative_to(root.resolve()).as_posix()
        return node if folder == "." else f"{folder}/{node}"
    return node
