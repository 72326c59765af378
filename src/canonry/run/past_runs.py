"""What earlier runs say about which tests to run: failed ones, those of a recording, those that are left of one."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from canonry.history.store import TestRow
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import RunStarted
from canonry.run.recording import find_recording, is_running, last_outcomes, left_to_run, recordings
from canonry.run.select import Narrowed

_DONE = frozenset(Outcome) - {Outcome.NOT_RUN, Outcome.BLOCKED, Outcome.LOST}


def failed(past: Mapping[str, TestRow]) -> Narrowed:
    """The tests whose last outcome was bad. Raises `NothingValidatedError` where there is none."""
    nodes = [node for node, row in past.items() if row.outcome.is_bad]
    if not nodes:
        said = "no test failed when it last ran" if past else "no run is known here yet, so none has failed"
        raise NothingValidatedError(f"{said}; leave `--failed` out to run all tests")
    return Narrowed(files=_by_path(nodes), reason="it failed when it last ran (--failed)")


def of_recording(root: Path, name: str, *, only_failed: bool) -> Narrowed:
    """The tests of a recorded run, or those of them that failed. Raises `UserError` for an unknown run."""
    path = find_recording(root, name)
    outcomes = last_outcomes(path)
    nodes = [node for node, outcome in outcomes.items() if outcome.is_bad or not only_failed]
    if not nodes:
        what = "no test of it failed" if outcomes else "it holds no test"
        raise NothingValidatedError(f"run `{path.stem}`: {what}, so there is nothing to run again")
    return Narrowed(files=_by_path(nodes), reason=f"run `{path.stem}` had it (--rerun)")


def place_of(root: Path, name: str) -> str:
    """Where pytest had its root in a recorded run, as seen from the tree's. Raises `UserError` for an unknown run."""
    return left_to_run(find_recording(root, name))[0].place


def interrupted(root: Path) -> tuple[RunStarted, set[str]]:
    """The newest run that did not come to its own end: how it started, and the tests that it has done, with those that
    the runs which it resumed had done.

    Raises `UserError` where there is none.
    """
    for run in reversed(recordings(root)):
        path = find_recording(root, run)
        if is_running(path):
            continue
        started, outcomes, ended = left_to_run(path)
        if ended:
            break
        done = {node for node, outcome in outcomes.items() if outcome in _DONE}
        known, earlier = set(recordings(root)), started.resumes
        while earlier in known:
            known.discard(earlier)
            before, outcomes, _ = left_to_run(find_recording(root, earlier))
            done |= {node for node, outcome in outcomes.items() if outcome in _DONE}
            earlier = before.resumes
        return started, done
    raise UserError("the newest run came to its own end, so there is nothing to resume; `--failed` runs what failed")


def without(files: Mapping[str, Iterable[str]], done: set[str], run: str) -> Narrowed:
    """What is left of the tests of some files (path -> node ids) when those that are done are taken away."""
    left = {path: tuple(node for node in nodes if node not in done) for path, nodes in files.items()}
    return Narrowed(
        files={path: nodes for path, nodes in left.items() if nodes}, reason=f"run `{run}` did not get to it (--resume)"
    )


def _by_path(nodes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Node ids by file; a node that is a file (it could not be collected) stands for all of its tests."""
    found: dict[str, list[str]] = {}
    whole: set[str] = set()
    for node in nodes:
        path, separator, _ = node.partition("::")
        found.setdefault(path, [])
        if separator:
            found[path].append(node)
        else:
            whole.add(path)
    return {path: () if path in whole else tuple(listed) for path, listed in found.items()}
