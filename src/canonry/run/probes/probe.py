"""A probe seen from outside: which tests, in which order, and what became of each."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from canonry.model.errors import UserError
from canonry.model.outcome import Outcome

_PLUGIN = "canonry.run.probes.plugin"
_USAGE_ERROR = 4
_PATIENCE = 10.0
"""Seconds that a test waits for the others of its round."""


@dataclass(slots=True)
class Probe:
    """What the tests of a probe came to. ``left``: what a test changed and did not put back; ``touched``: what it
    wrote, deleted or listened on; both as ``kind name``. Outcomes are by node and how often it had run before.
    """

    outcomes: dict[tuple[str, int], Outcome] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    left: dict[str, tuple[str, ...]] = field(default_factory=dict)
    touched: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def is_bad(self, node: str, time: int = 0) -> bool:
        """Whether a test did not pass, at this time of several; where it never started, the process was down."""
        return self.outcomes.get((node, time), Outcome.CRASHED).is_bad


@dataclass(slots=True, frozen=True)
class Prober:
    """Runs probes below a root, all with the same arguments for pytest and the same variables."""

    root: Path
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 600.0

    def run(self, nodes: Sequence[str], *, states: Sequence[str] = (), watch: bool = False) -> Probe:
        """These tests in this order, in one process; a test may come several times.

        ``states``: the tests around which the state is compared.
        """
        with tempfile.TemporaryDirectory(prefix="canonry-probe-") as place:
            started = _start(self, Path(place), "0", nodes, states=states, watch=watch)
            return _finish(started, nodes, self.timeout)

    def run_together(self, columns: Sequence[Sequence[str]], *, watch: bool = False) -> Probe:
        """Each column in a process of its own; the first tests of all columns start together, then the second ones."""
        with tempfile.TemporaryDirectory(prefix="canonry-probe-") as place:
            depth = max(map(len, columns), default=0)
            meeting = {
                "folder": f"{place}/meeting",
                "parties": [sum(len(column) > number for column in columns) for number in range(depth)],
                "patience": _PATIENCE,
            }
            running = [
                _start(self, Path(place), str(number), column, watch=watch, meeting={**meeting, "me": str(number)})
                for number, column in enumerate(columns)
            ]
            whole = Probe()
            for started, column in zip(running, columns, strict=True):
                part = _finish(started, column, self.timeout)
                whole.outcomes |= part.outcomes
                whole.reasons |= part.reasons
                whole.touched |= part.touched
            return whole


def _start(
    prober: Prober,
    place: Path,
    name: str,
    nodes: Sequence[str],
    *,
    states: Sequence[str] = (),
    watch: bool = False,
    meeting: Mapping[str, object] | None = None,
) -> tuple["subprocess.Popen[bytes]", Path]:
    answers = place / f"answers-{name}"
    orders = place / f"orders-{name}"
    said = {
        "nodes": list(nodes),
        "answers": str(answers),
        "root": str(prober.root),
        "states": list(states),
        "watch": watch,
        "meeting": meeting,
    }
    orders.write_text(json.dumps(said), encoding="utf-8")
    files = dict.fromkeys(node.partition("::")[0] for node in nodes)
    command = [sys.executable, "-m", "pytest", "-q", "-p", _PLUGIN, "--rootdir", str(prober.root), *prober.arguments]
    process = subprocess.Popen(
        [*command, "--", *files] if files else command,
        cwd=prober.root,
        env={**os.environ, **prober.variables, "CANONRY_PROBE": str(orders)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return process, answers


def _finish(started: tuple["subprocess.Popen[bytes]", Path], nodes: Sequence[str], timeout: float) -> Probe:
    process, answers = started
    try:
        status = process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        status = -9
    except BaseException:
        process.kill()
        process.wait()
        raise
    if status == _USAGE_ERROR and not answers.exists():
        raise UserError("pytest refuses to start with these arguments; see what `canonry run --collect` says")
    probe = Probe()
    lines = answers.read_bytes().splitlines() if answers.exists() else []
    for line in lines:
        with suppress(ValueError):  # the last line of a process that was killed while it wrote
            _take(json.loads(line), probe)
    return probe


def _take(answer: dict[str, object], probe: Probe) -> None:
    node = str(answer["node"])
    for key, into in (("left", probe.left), ("touched", probe.touched)):
        listed = answer.get(key)
        if isinstance(listed, list):
            into[node] = tuple(map(str, listed))
    phase, outcome = answer.get("phase"), answer.get("outcome")
    if phase is None:
        return
    probe.seconds[node] = probe.seconds.get(node, 0.0) + float(str(answer.get("duration", 0)))
    place = node, int(str(answer.get("time", 0)))
    known = probe.outcomes.get(place)
    if outcome == "failed":
        kinds = {"setup": Outcome.SETUP_ERROR, "teardown": Outcome.TEARDOWN_ERROR}
        if known is None or not known.is_bad:
            probe.outcomes[place] = kinds.get(str(phase), Outcome.FAILED)
            probe.reasons.setdefault(node, str(answer.get("reason", "")))
    elif outcome == "skipped":
        probe.outcomes.setdefault(place, Outcome.SKIPPED)
    elif phase == "call":
        probe.outcomes.setdefault(place, Outcome.PASSED)
