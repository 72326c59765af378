"""Two recorded runs compared: their fingerprints, the tests that ended differently, and what could explain each."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from canonry.model.environments import ComparedRuns, Difference, Differing, Explanation, Layer, RunSide
from canonry.model.errors import UserError
from canonry.model.history import KeptFailure, KeptRun
from canonry.model.outcome import Outcome
from canonry.run.fingerprint import differences
from canonry.run.recorded import recorded_run
from canonry.run.recording import LAST, find_recording, is_running, recordings

if TYPE_CHECKING:
    from canonry.history.store import History

_PYTHON = frozenset(("python", "implementation"))
_SLOW = frozenset((Outcome.TIMEOUT, Outcome.LOST, Outcome.CRASHED))
_NEVER_NAMED = 3
"""Names shorter than that stand in too many texts by chance."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A run with the outcomes of its tests: the first and the last attempt of each, and what bad ones said."""

    run: KeptRun
    firsts: Mapping[str, Outcome]
    lasts: Mapping[str, Outcome]
    failures: Mapping[str, KeptFailure]


def recording_of(root: Path, name: str, history: "History | None") -> Recording:
    """The run of a file, of a recording's id (or how it begins, or ``last``), or one that the history keeps.

    Raises `UserError` where there is none, it is of a newer canonry, or it still goes on.
    """
    path = Path(name)
    if name.endswith(".jsonl") or path.is_file():
        if not path.is_file():
            raise UserError(
                f"there is no recording `{name}`; name a file, or the id of a run (`canonry run` prints it)"
            )
        return _of_file(path)
    if history is not None and name != LAST and not any(each.startswith(name) for each in recordings(root)):
        kept = history.run(name)
        if kept is not None:
            return _of_history(kept, history)
    return _of_file(find_recording(root, name))


def compare_runs(one: Recording, other: Recording) -> ComparedRuns:
    """What differs between two runs, and what could explain tests that ended differently."""
    found = tuple(_differences(one.run, other.run))
    both = [node for node in one.lasts if node in other.lasts]
    differing = tuple(
        _differing(node, one, other, found) for node in sorted(both) if one.lasts[node] is not other.lasts[node]
    )
    return ComparedRuns(
        one=_side(one),
        other=_side(other),
        differences=found,
        differing=differing,
        compared=len(both),
        only=(len(one.lasts) - len(both), len(other.lasts) - len(both)),
        notes=tuple(_notes(one, other)),
    )


def _of_file(path: Path) -> Recording:
    if is_running(path):
        raise UserError(f"run `{path.stem}` still goes on; wait for its end, or name another")
    found = recorded_run(path)
    return _recording(found.run, [(each.node, Outcome(each.outcome)) for each in found.attempts], found.failures)


def _of_history(run: KeptRun, history: "History") -> Recording:
    attempts = [(each.node, each.outcome) for each in history.attempts([run])]
    return _recording(run, attempts, history.failures(run.id))


def _recording(run: KeptRun, attempts: Sequence[tuple[str, Outcome]], failures: Sequence[KeptFailure]) -> Recording:
    firsts: dict[str, Outcome] = {}
    for node, outcome in attempts:
        firsts.setdefault(node, outcome)
    return Recording(run=run, firsts=firsts, lasts=dict(attempts), failures={each.node: each for each in failures})


def _side(side: Recording) -> RunSide:
    run = side.run
    return RunSide(
        id=run.id, at=run.at, commit=run.commit, dirty=run.dirty, profile=run.profile, machine=run.machine,
        tests=len(side.lasts), cut=not run.whole,
    )  # fmt: skip


def _differences(one: KeptRun, other: KeptRun) -> Iterator[Difference]:
    if one.commit != other.commit:
        yield Difference(Layer.CODE, "commit", one.commit or "none", other.commit or "none")
    if one.dirty or other.dirty:
        yield Difference(Layer.CODE, "uncommitted changes", _yes(one.dirty), _yes(other.dirty))
    if one.profile != other.profile:
        yield Difference(Layer.MACHINE, "profile", one.profile, other.profile)
    if one.machine != other.machine:
        yield Difference(Layer.MACHINE, "host", one.machine, other.machine)
    found = []
    for key, (first, second) in differences(one.fingerprint, other.fingerprint).items():
        if key == "variables":
            mine, yours = set(first.split()), set(second.split())
            found += [
                Difference(Layer.VARIABLES, name, _set(name in mine), _set(name in yours)) for name in mine ^ yours
            ]
            continue
        kind, _, name = key.partition(":")
        layer = {"package": Layer.PACKAGES, "service": Layer.SERVICES}.get(kind) if name else None
        layer = layer or (Layer.PYTHON if key in _PYTHON else Layer.MACHINE)
        found.append(Difference(layer, name or key, first, second))
    yield from sorted(found, key=lambda each: (list(Layer).index(each.layer), each.name))


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _set(value: bool) -> str:
    return "set" if value else ""


def _differing(node: str, one: Recording, other: Recording, found: Sequence[Difference]) -> Differing:
    outcomes = one.lasts[node], other.lasts[node]
    failure = next((side.failures[node] for side in (one, other) if node in side.failures), None)
    return Differing(
        node=node,
        one=outcomes[0],
        other=outcomes[1],
        reason=failure.reason if failure is not None else "",
        explanations=tuple(_explanations(node, one, other, found, failure)),
    )


def _explanations(
    node: str, one: Recording, other: Recording, found: Sequence[Difference], failure: KeptFailure | None
) -> Iterator[Explanation]:
    """What could be why: first what the test itself named, then what its outcome speaks for, then the code."""
    outcomes = {one.lasts[node], other.lasts[node]}
    text = f"{failure.reason}\n{failure.text}" if failure is not None else ""
    named = [each for each in found if each.layer is not Layer.CODE and _names(text, each)]
    yield from (Explanation(each, f"what it said names `{each.name}`", named=True) for each in named)
    left = [each for each in found if each not in named]
    if Outcome.SERVICE_UNAVAILABLE in outcomes:
        yield from _all(left, Layer.SERVICES, "a service did not answer")
        if not any(each.layer is Layer.SERVICES for each in found):
            yield Explanation(None, "a service did not answer in one of the runs (`canonry doctor`)")
    if Outcome.UNCOLLECTABLE in outcomes:
        yield from _all(left, Layer.PYTHON, "its file does not parse or import in one of them")
        packages = [each for each in left if each.layer is Layer.PACKAGES and not (each.one and each.other)]
        yield from (
            Explanation(each, "its file does not import, and the package is in one of them alone") for each in packages
        )
    if outcomes & _SLOW:
        yield from _all(left, Layer.MACHINE, "it ran out of time or its process died")
    for run, side in (("first", one), ("second", other)):
        if side.firsts.get(node) is not side.lasts.get(node):
            yield Explanation(None, f"in the {run} run its attempts differ among themselves: it may be flaky")
    yield from _all(left, Layer.CODE, "the code is not the same")


def _all(found: Sequence[Difference], layer: Layer, why: str) -> Iterator[Explanation]:
    yield from (Explanation(each, why) for each in found if each.layer is layer)


def _names(text: str, difference: Difference) -> bool:
    """Whether what a test said holds the name of what differs, as a word of its own (`-` and `_` are alike)."""
    name = difference.name
    if (
        not text
        or len(name) < _NEVER_NAMED
        or difference.layer not in (Layer.PACKAGES, Layer.SERVICES, Layer.VARIABLES)
    ):
        return False
    pattern = re.escape(name).replace("\\-", "[-_]").replace("_", "[-_]")
    return (
        re.search(rf"(?<![\w-]){pattern}(?![\w-])", text, 0 if difference.layer is Layer.VARIABLES else re.I)
        is not None
    )


def _notes(one: Recording, other: Recording) -> Iterator[str]:
    for side in (one, other):
        if not side.run.whole:
            yield f"the recording of run `{side.run.id}` ends before the run did: tests that it lacks are not compared"
        elif side.run.reason:
            yield f"run `{side.run.id}` ended early: {side.run.reason}"
        if not side.run.fingerprint:
            yield f"run `{side.run.id}` kept no fingerprint, so nothing is known of what it stood on"
