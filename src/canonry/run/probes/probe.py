"""A probe seen from outside: which tests, in which order, and what became of each."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.run.processes import MARK, identify, kill_tree

_PLUGIN = "canonry.run.probes.plugin"
_USAGE_ERROR = 4
_MEETING = 10.0
"""Seconds that a test waits for the others of its round."""
_LOOK = 0.01
"""Seconds between two looks at what a process has said."""


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
        """Whether a test did not pass, at this time of several; one that never started cannot be collected, or is not
        there.
        """
        return self.outcomes.get((node, time), Outcome.UNCOLLECTABLE).is_bad

    def has_failed(self, node: str) -> bool:
        """Whether a test started and did not pass."""
        return (node, 0) in self.outcomes and self.outcomes[node, 0].is_bad

    def add(self, other: "Probe") -> None:
        """Takes what other tests came to."""
        self.outcomes |= other.outcomes
        self.reasons = other.reasons | self.reasons
        for node, seconds in other.seconds.items():
            self.seconds[node] = self.seconds.get(node, 0.0) + seconds
        self.left |= other.left
        self.touched |= other.touched


@dataclass(slots=True, frozen=True)
class Prober:
    """Runs probes below a root, all with the same arguments for pytest and the same variables.

    ``limits``: path -> seconds after which a test of it is ended with its processes; ``limit`` is for all other tests,
    and for what is no test, such as imports.
    """

    root: Path
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    limit: float = 600.0

    def run(self, nodes: Sequence[str], *, states: Sequence[str] = (), watch: bool = False) -> Probe:
        """These tests in this order, in one process; a test may come several times.

        ``states``: the tests around which the state is compared. Behind a test that ends its process, or never ends,
        the others run in another process.
        """
        whole, left = Probe(), list(nodes)
        before: Counter[str] = Counter()
        while left:
            with tempfile.TemporaryDirectory(prefix="canonry-probe-") as place:
                party = _Party(self, Path(place), "0", left, states=states, watch=watch, before=before)
                _follow([party])
            whole.add(party.probe)
            if party.running is None:
                break
            done = _places(left, party.running[0])[party.running[1]] + 1
            before.update(left[:done])
            left = left[done:]
        return whole

    def run_together(self, columns: Sequence[Sequence[str]], *, watch: bool = False) -> Probe:
        """Each column in a process of its own; the first tests of all columns start together, then the second ones.

        What stands in a column behind a test that ends its process, or never ends, does not run.
        """
        whole = Probe()
        with tempfile.TemporaryDirectory(prefix="canonry-probe-") as place:
            depth = max(map(len, columns), default=0)
            meeting = {
                "folder": f"{place}/meeting",
                "parties": [sum(len(column) > number for column in columns) for number in range(depth)],
                "patience": _MEETING,
            }
            parties = [
                _Party(self, Path(place), str(number), column, watch=watch, meeting={**meeting, "me": str(number)})
                for number, column in enumerate(columns)
            ]
            _follow(parties)
            for party in parties:
                whole.add(party.probe)
        return whole


class _Party:
    """One process of a probe. ``running`` is the test that it is at and how often it ran before in this process; in the
    end the one with which it ended. ``before``: how often tests had run in the processes before it.
    """

    def __init__(
        self,
        prober: Prober,
        place: Path,
        name: str,
        nodes: Sequence[str],
        *,
        states: Sequence[str] = (),
        watch: bool = False,
        meeting: Mapping[str, object] | None = None,
        before: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.probe = Probe()
        self.running: tuple[str, int] | None = None
        self._before = dict(before)
        self.is_over = False
        self._prober, self._nodes, self._meeting = prober, nodes, meeting
        self._answers = place / f"answers-{name}"
        self._read = 0
        self._since = time.monotonic()
        orders = {
            "nodes": list(nodes),
            "answers": str(self._answers),
            "root": str(prober.root),
            "states": list(states),
            "watch": watch,
            "meeting": meeting,
        }
        (place / f"orders-{name}").write_text(json.dumps(orders), encoding="utf-8")
        files = dict.fromkeys(node.partition("::")[0] for node in nodes)
        command = [sys.executable, "-m", "pytest", "-q", "-p", _PLUGIN, "--rootdir", str(prober.root)]
        command += prober.arguments
        self._mark = f"{place.name}-{name}"
        told = {"CANONRY_PROBE": str(place / f"orders-{name}"), MARK: self._mark}
        self._process = subprocess.Popen(
            [*command, "--", *files] if files else command,
            cwd=prober.root,
            env={**os.environ, **prober.variables, **told},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._identity = identify(self._process.pid)

    def look(self) -> None:
        """Takes what it has said, and ends it where the test that runs is past its limit."""
        status = self._process.poll()
        self._take_answers()
        if status is not None:
            self._end(Outcome.CRASHED, "its process ended while it ran")
            if status == _USAGE_ERROR and not self._answers.exists():
                raise UserError("pytest refuses to start with these arguments; see what `canonry run --collect` says")
            return
        path = self.running[0].partition("::")[0] if self.running else ""
        limit = self._prober.limits.get(path, self._prober.limit)
        if time.monotonic() - self._since > limit:
            self.kill()
            self._end(Outcome.TIMEOUT, f"it ran longer than {limit:g} s")

    def kill(self) -> None:
        """It and what it started are ended."""
        if self._identity is not None:
            kill_tree(self._identity, self._mark)
        self._process.kill()
        self._process.wait()

    def _end(self, outcome: Outcome, reason: str) -> None:
        self.is_over = True
        if self.running is None:
            return
        node, time = self.running
        self.probe.outcomes[node, time + self._before.get(node, 0)] = outcome
        self.probe.reasons[node] = reason
        if self._meeting is not None:  # nobody is to wait for it
            for number in range(len(self._nodes)):
                folder = Path(str(self._meeting["folder"]), str(number))
                folder.mkdir(parents=True, exist_ok=True)
                (folder / str(self._meeting["me"])).touch()

    def _take_answers(self) -> None:
        if not self._answers.exists():
            return
        with self._answers.open("rb") as file:
            file.seek(self._read)
            said = file.read()
        whole = said[: said.rfind(b"\n") + 1]  # the last line of a process that was killed may have no end
        self._read += len(whole)
        for line in whole.splitlines():
            with suppress(ValueError):
                self._take(json.loads(line))

    def _take(self, answer: dict[str, object]) -> None:
        node = str(answer["node"])
        if "runs" in answer:
            self.running = (node, int(str(answer["time"]))) if answer["runs"] else None
        self._since = time.monotonic()
        _take(answer, self.probe, self._before.get(node, 0))


def _follow(parties: Sequence[_Party]) -> None:
    """All of them are over; none is left behind, whatever happens."""
    try:
        while not all(party.is_over for party in parties):
            for party in parties:
                if not party.is_over:
                    party.look()
            time.sleep(_LOOK)
    finally:
        for party in parties:
            if not party.is_over:
                party.kill()


def _places(nodes: Sequence[str], node: str) -> list[int]:
    return [number for number, each in enumerate(nodes) if each == node]


def _take(answer: dict[str, object], probe: Probe, before: int) -> None:
    node = str(answer["node"])
    for key, into in (("left", probe.left), ("touched", probe.touched)):
        listed = answer.get(key)
        if isinstance(listed, list):
            into[node] = tuple(map(str, listed))
    phase, outcome = answer.get("phase"), answer.get("outcome")
    if phase is None:
        return
    probe.seconds[node] = probe.seconds.get(node, 0.0) + float(str(answer.get("duration", 0)))
    place = node, before + int(str(answer.get("time", 0)))
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
