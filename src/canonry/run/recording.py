"""Recordings: every event of a run as a line of `.canonry/runs/ID.jsonl`, readable also when it was cut off."""

import contextlib
import datetime as dt
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from canonry.canon.keys import nearest
from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import FORMAT, AttemptEnded, AttemptStarted, RunEnded, RunEvent, RunStarted, decode, encode
from canonry.model.state import STATE, make_state_folder
from canonry.run.naming import of_tree

_SUFFIX = ".jsonl"
_FLUSH_AFTER = 0.25
"""Seconds after which what was not yet handed to the system is, so that a killed run loses no more than that."""
LAST = "last"
"""What names the newest recording, instead of its id."""


def runs_folder(root: Path) -> Path:
    """Where the recordings of a tree lie."""
    return root / STATE / "runs"


class Recorder:
    """Writes one recording. What the disk refuses costs the recording, never the run: ``trouble`` then says why."""

    def __init__(self, folder: Path, run: str) -> None:
        self.run = run
        self.path = folder / f"{run}{_SUFFIX}"
        self.trouble = ""
        self._out: IO[bytes] | None = None
        self._flushed = 0.0
        try:
            make_state_folder(folder)
            self._out = open(self.path, "xb")  # noqa: SIM115 - open as long as the run goes on
            fcntl.flock(self._out, fcntl.LOCK_EX | fcntl.LOCK_NB)  # says that the run goes on
        except OSError as error:
            self._give_up(error)

    def emit(self, event: RunEvent) -> None:
        """Adds an event."""
        if self._out is None:
            return
        try:
            self._out.write(encode(event))
            now = time.monotonic()
            bad = isinstance(event, AttemptEnded) and event.outcome.is_bad
            if bad or isinstance(event, RunStarted | AttemptStarted | RunEnded) or now - self._flushed > _FLUSH_AFTER:
                self._out.flush()
                self._flushed = now
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Ends the recording."""
        if self._out is not None:
            try:
                self._out.close()
            except OSError as error:
                self._give_up(error)
            self._out = None

    def _give_up(self, error: OSError) -> None:
        self.trouble = (
            f"the run is not recorded: `{self.path}` cannot be written ({(error.strerror or 'refused').lower()})"
        )
        out, self._out = self._out, None
        if out is not None:
            with contextlib.suppress(OSError):
                out.close()


def new_run_id(now: float | None = None) -> str:
    """An id that sorts by time (UTC, to a 4,096th of a second) and that no other run has."""
    now = time.time() if now is None else now
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    return f"{moment:%Y%m%d-%H%M%S}-{int(now % 1 * 4096):03x}{os.urandom(3).hex()}"


def recordings(root: Path) -> list[str]:
    """The ids of all recordings, the oldest first."""
    return sorted(path.stem for path in runs_folder(root).glob(f"*{_SUFFIX}"))


def find_recording(root: Path, name: str) -> Path:
    """The recording with this id, or with one that starts so; ``last`` is the newest. Raises `UserError`."""
    known = recordings(root)
    if not known:
        raise UserError("no run is recorded here; `canonry run` records each one")
    if name == LAST:
        return runs_folder(root) / f"{known[-1]}{_SUFFIX}"
    found = [each for each in known if each == name] or [each for each in known if each.startswith(name)]
    if len(found) == 1:
        return runs_folder(root) / f"{found[0]}{_SUFFIX}"
    if found:
        raise UserError(f"`{name}` may be {', '.join(f'`{each}`' for each in found[:5])}; give more of the id")
    near = nearest(name, known)
    raise UserError(
        f"no run `{name}` is recorded; " + (f"did you mean `{near}`?" if near else f"the newest is `{known[-1]}`")
    )


def read_recording(path: Path) -> Iterator[RunEvent]:
    """The events of a recording, up to where it was cut off; what a later canonry added is passed over.

    Raises `UserError` where it is none, or of a format that this canonry cannot read.
    """
    try:
        with open(path, "rb") as file:
            lines = iter(file)
            yield first_event(next(lines, b""), path)
            for line in lines:
                if not line.endswith(b"\n"):
                    return  # the run was killed while it wrote
                try:
                    yield decode(line)
                except msgspec.ValidationError:
                    continue  # an event of a later canonry
                except msgspec.DecodeError:
                    return
    except OSError as error:
        raise UserError(
            f"`{path}` cannot be read ({(error.strerror or 'refused').lower()}); name another run"
        ) from error


def first_event(line: bytes, path: Path) -> RunStarted:
    """The first event of a recording. Raises `UserError` where it is none, or of a format of a newer canonry."""
    try:
        head = json.loads(line)
        version = head.get("format", 1) if isinstance(head, dict) and head.get("event") == "run-started" else None
    except ValueError:
        version = None
    if not isinstance(version, int):
        raise UserError(f"`{path}` is no recording of a run; see `.canonry/runs` for those that there are")
    if version > FORMAT:
        raise UserError(
            f"`{path}` was recorded by a newer canonry (format {version}, this one knows {FORMAT}); update canonry"
        )
    event = decode(line)
    assert isinstance(event, RunStarted)
    return event


def prune(root: Path, *, keep: int) -> list[str]:
    """Deletes all recordings but the newest ``keep``; those of runs that go on stay. Returns the ids that went."""
    gone = []
    for run in recordings(root)[: -max(keep, 1)]:
        path = runs_folder(root) / f"{run}{_SUFFIX}"
        try:
            with open(path, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            gone.append(run)
        except OSError:  # it goes on, or somebody else was faster
            continue
    return gone


def is_running(path: Path) -> bool:
    """Whether the run that writes a recording still goes on."""
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def last_outcomes(path: Path) -> dict[str, Outcome]:
    """The last outcome of every test of a recording, by node id of the tree, in the order in which they first ran."""
    return left_to_run(path)[1]


def left_to_run(path: Path) -> tuple[RunStarted, dict[str, Outcome], bool]:
    """How a run started, what became of its tests (by node id of the tree), and whether it came to its own end."""
    started, ended = RunStarted(), False
    outcomes: dict[str, Outcome] = {}
    for event in read_recording(path):
        if isinstance(event, RunStarted):
            started = event
        elif isinstance(event, AttemptEnded):
            outcomes[of_tree(event.node, started.place)] = event.outcome
        elif isinstance(event, RunEnded):
            ended = not event.reason
    return started, outcomes, ended
