"""Runs as a history keeps them, from a summary and from the recordings that are still there."""

import hashlib
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path

from canonry.model.errors import UserError
from canonry.model.history import KeptAttempt, KeptRun
from canonry.model.run_event import AttemptEnded, RunEnded, RunStarted
from canonry.run.naming import of_tree
from canonry.run.recording import find_recording, is_running, read_recording, recordings
from canonry.run.summary import RunSummary

Kept = tuple[KeptRun, tuple[KeptAttempt, ...]]
_PASSING = frozenset(("release", "cores", "timezone", "variables"))
"""What of a fingerprint changes from one terminal to the next and makes no other environment."""


def environment_of(fingerprint: Mapping[str, str]) -> str:
    """A fingerprint as one word: alike where Python, platform, packages and services are."""
    lines = sorted(f"{key}={value}" for key, value in fingerprint.items() if key not in _PASSING)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def of_summary(summary: RunSummary) -> Kept:
    """A run that this process has in hand."""
    attempts = [attempt for result in summary.results.values() for attempt in result.attempts]
    return _kept(summary.started, summary.ended, attempts)


def kept_runs(root: Path, *, commit: str | None = None) -> Iterator[Kept]:
    """The recorded runs of a tree that are over, the oldest first; with ``commit`` only those of it."""
    for name in recordings(root):
        try:
            path = find_recording(root, name)
            if is_running(path):
                continue
            found = _read(path, commit)
        except UserError:  # pruned by another process, or of a later canonry
            continue
        if found is not None:
            yield found


def _read(path: Path, commit: str | None) -> Kept | None:
    started, ended = RunStarted(), None
    attempts: list[AttemptEnded] = []
    for event in read_recording(path):
        if isinstance(event, AttemptEnded):
            attempts.append(event)
        elif isinstance(event, RunStarted):
            started = event
            if commit is not None and event.commit != commit:
                return None
        elif isinstance(event, RunEnded):
            ended = event
    return _kept(started, ended, attempts)


def _kept(started: RunStarted, ended: RunEnded | None, attempts: list[AttemptEnded]) -> Kept:
    run = KeptRun(
        id=started.run,
        at=started.at,
        commit=started.commit,
        dirty=started.dirty,
        profile=started.profile,
        status=ended.status if ended is not None else 0,
        duration=ended.duration if ended is not None else 0.0,
        machine=platform.node(),
        environment=environment_of(started.fingerprint),
        fingerprint=started.fingerprint,
    )
    return run, tuple(
        KeptAttempt(
            run=started.run,
            node=of_tree(each.node, started.place),
            outcome=each.outcome,
            attempt=each.attempt,
            category=each.category,
            at=each.at,
            duration=each.duration,
            worker=each.worker,
        )
        for each in attempts
    )
