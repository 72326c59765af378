"""Checkpoints: what is measured at one, which earlier one it is compared with, and what became worse."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

import msgspec

from canonry.canon.options import Canon
from canonry.model.checkpoint import DAY, Checkpoint, Figure, Moved, Period
from canonry.model.history import KeptFlow, Measured, Source
from canonry.model.reliability import TARGET

GROUP = "checkpoint"
"""The group of parts that says of which period a measurement is a checkpoint."""
COVERAGE, SUCCESS, TRIALS = "flow-coverage", "flow-success", "flow-runs"
_AHEAD = 3600.0
"""Seconds past now from which on the time of a checkpoint is a mistake of another clock."""
_MISSED = 1.5
"""Periods after which the one before was missed."""
_LEAST_RUNS = 10
"""Runs of a flow from which on its success is called better or worse, not only told."""


class TreeFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What an audit counted. Shares are computed, never stored."""

    commit: str | None
    dirty: bool
    files: int
    test_files: int
    compliant: int
    unparsable: int
    errors: int


class FlowRuns(msgspec.Struct, frozen=True):
    """A flow's runs in the time of a checkpoint: how many counted, and how many succeeded at the first attempt."""

    trials: int
    successes: int


def measure(
    period: Period, at: float, figures: TreeFigures, coverage: Sequence[KeptFlow], runs: dict[str, FlowRuns]
) -> Measured:
    """What is kept of a checkpoint. ``coverage``: the oldest first, the newest measure of a flow counts."""
    parts: dict[tuple[str, str], float] = {(GROUP, period.value): 1.0}
    for each in coverage:
        headline = each.covered.headline
        if headline is not None:
            parts[COVERAGE, each.covered.flow] = headline
    for flow, found in runs.items():
        if found.trials:
            parts[SUCCESS, flow] = found.successes / found.trials
            parts[TRIALS, flow] = float(found.trials)
    return Measured(
        id=f"{GROUP}:{period.value}:{at:.6f}:{figures.commit or ''}",
        source=Source.AUDIT,
        at=at,
        commit=figures.commit,
        dirty=figures.dirty,
        command=f"canonry report checkpoint {period.value}",
        values={
            "files": float(figures.files),
            "test-files": float(figures.test_files),
            "compliant": float(figures.compliant),
            "unparsable": float(figures.unparsable),
            "errors": float(figures.errors),
        },
        parts=parts,
    )


def previous_of(period: Period, now: float, kept: Sequence[Measured]) -> Measured | None:
    """The checkpoint to compare with: the newest that is half a period old, else the oldest of those that are younger.

    So that a second look on the same day does not make what became worse the measure of the third. Those that lie in
    the future are passed over.
    """
    mine = sorted((each for each in kept if (GROUP, period.value) in each.parts), key=lambda each: each.at)
    past = [each for each in mine if each.at <= now + _AHEAD]
    old = [each for each in past if each.at <= now - period.seconds / 2]
    return old[-1] if old else past[0] if past else None


def compare(
    canon: Canon,
    period: Period,
    now: Measured,
    kept: Sequence[Measured],
    *,
    is_known: Callable[[str], bool],
) -> Checkpoint:
    """The checkpoint, compared with the one before. ``is_known``: whether the repository still has a commit."""
    before = previous_of(period, now.at, kept)
    return Checkpoint(
        period=period,
        at=now.at,
        commit=now.commit,
        dirty=now.dirty,
        before=before.at if before is not None else None,
        before_commit=before.commit if before is not None else None,
        figures=tuple(_figures(canon, before, now)),
        notes=tuple(_notes(period, now, before, kept, is_known)),
    )


def _figures(canon: Canon, before: Measured | None, now: Measured) -> Iterator[Figure]:
    yield _count("files that do not parse", "unparsable", before, now, "canonry audit --select SYN")
    old, new = _share(before), _share(now)
    said = f"{now.values.get('compliant', 0):,.0f} of {now.values.get('test-files', 0):,.0f} test files"
    yield Figure(
        name="compliance", before=old, now=new, unit="%", moved=_moved(before, old, new), said=said,
        command="canonry audit --statistics",
    )  # fmt: skip
    for flow in dict.fromkeys((*canon.flows, *_flows(before), *_flows(now))):
        if flow not in canon.flows:
            continue
        old, new = _part(before, COVERAGE, flow), _part(now, COVERAGE, flow)
        if (old, new) != (None, None):
            yield Figure(
                name=f"coverage of {flow}", before=old, now=new, unit="%", moved=_moved(before, old, new),
                command=f"canonry run --flow {flow} --cover",
            )  # fmt: skip
        yield from _success(canon, flow, before, now)


def _success(canon: Canon, flow: str, before: Measured | None, now: Measured) -> Iterator[Figure]:
    """The share of a flow's runs that succeeded: lower is worse below what the canon demands, few runs are told."""
    old, new = _part(before, SUCCESS, flow), _part(now, SUCCESS, flow)
    if (old, new) == (None, None):
        return
    demanded = canon.flows[flow].reliability
    target = TARGET if demanded is None else demanded
    moved = _moved(before, old, new)
    trials, earlier = _part(now, TRIALS, flow) or 0, _part(before, TRIALS, flow) or 0
    if moved is Moved.WORSE and new is not None and (new >= target or trials < _LEAST_RUNS):
        moved = Moved.TOLD
    if moved is Moved.BETTER and min(trials, earlier) < _LEAST_RUNS:
        moved = Moved.TOLD
    yield Figure(
        name=f"success of {flow}", before=old, now=new, unit="%", moved=moved,
        said=f"{trials:,.0f} {'run' if trials == 1 else 'runs'}; {target:.0%} is demanded",
        command=f"canonry run --flow {flow}",
    )  # fmt: skip


def _count(name: str, key: str, before: Measured | None, now: Measured, command: str) -> Figure:
    old = before.values.get(key) if before is not None else None
    new = now.values.get(key)
    return Figure(name=name, before=old, now=new, moved=_moved(before, old, new, less=True), command=command)


def _moved(before: Measured | None, old: float | None, new: float | None, *, less: bool = False) -> Moved:
    """What became of a figure; ``less``: less of it is better."""
    if before is None or old is None:
        return Moved.NEW
    if new is None:
        return Moved.LOST
    if abs(new - old) < 1e-12:
        return Moved.SAME
    return Moved.BETTER if (new < old) is less else Moved.WORSE


def _share(measured: Measured | None) -> float | None:
    """The share of test files without an open error, None of none."""
    if measured is None or not measured.values.get("test-files"):
        return None
    return measured.values.get("compliant", 0.0) / measured.values["test-files"]


def _part(measured: Measured | None, group: str, name: str) -> float | None:
    return measured.parts.get((group, name)) if measured is not None else None


def _flows(measured: Measured | None) -> list[str]:
    return [name for group, name in (measured.parts if measured is not None else ()) if group in (COVERAGE, SUCCESS)]


def _notes(
    period: Period, now: Measured, before: Measured | None, kept: Sequence[Measured], is_known: Callable[[str], bool]
) -> Iterator[str]:
    ahead = [each for each in kept if (GROUP, period.value) in each.parts and each.at > now.at + _AHEAD]
    if ahead:
        many = "1 checkpoint says that it was" if len(ahead) == 1 else f"{len(ahead):,} checkpoints say that they were"
        yield (
            f"{many} made in the future (such as {day(ahead[-1].at)}): a clock was wrong, so that is not compared with"
        )
    if now.dirty:
        yield "the tree has uncommitted changes, which are counted here"
    if before is None:
        yield f"this is the first {period.value} checkpoint: nothing to compare with"
        return
    age = now.at - before.at
    if age > _MISSED * period.seconds:
        missed = round(age / period.seconds) - 1
        yield f"the one before is {age / DAY:.0f} days old: {missed:,} {'was' if missed == 1 else 'were'} missed"
    elif age < period.seconds / 2:
        yield f"the one before is younger than half of the period: made at {moment(before.at)}"
    if before.commit is not None and not is_known(before.commit):
        yield (
            f"commit {before.commit[:10]} of the one before is in this repository no longer (history was rewritten, or "
            "the clone is shallow); its numbers are compared all the same"
        )


def day(at: float) -> str:
    """A time as a day, in UTC; some word for one that no calendar has."""
    try:
        return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return "an impossible day"


def moment(at: float) -> str:
    """A time to the minute, in UTC."""
    try:
        return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return "an impossible time"
