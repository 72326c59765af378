"""How figures moved: from the runs of the history, and from the audits that it keeps."""

from collections.abc import Iterator, Sequence

from canonry.model.history import KeptRun, Measured, Source
from canonry.model.standing import Absent, Origin, Point, Series
from canonry.standing.past import Past

_AUDITS = 400


def trends_of(past: Past, *, at: float) -> tuple[Series, ...] | Absent:
    """Numbers over time, the oldest first; at least two measurements are needed for one."""
    found = (*_audits(past, at=at), *_runs(past, at=at))
    return found or Absent("fewer than two whole runs or audits are kept, so nothing moved yet", "canonry run")


def _runs(past: Past, *, at: float) -> Iterator[Series]:
    runs = past.whole
    if len(runs) < 2:
        return
    origin = Origin(command="canonry run --replay last", population=f"the newest {len(runs):,} whole runs", at=at)
    totals = [past.totals[run.id] for run in runs]
    yield _series("tests", runs, [float(each.tests) for each in totals], origin)
    yield _series("tests that fail", runs, [float(each.bad) for each in totals], origin, good=False)
    yield _series(
        "tests that passed only when run again", runs, [float(each.again) for each in totals], origin, good=False
    )
    yield _series("time of a run", runs, [run.duration for run in runs], origin, unit="s", good=False)


def _audits(past: Past, *, at: float) -> Iterator[Series]:
    audits = past.history.measured(Source.AUDIT, last=_AUDITS) if past.history is not None else []
    shares = [(each, 100 * each.values["compliant"] / each.values["test-files"]) for each in audits if _is_share(each)]
    origin = (
        Origin(command=audits[-1].command or "canonry audit", population=f"{len(audits):,} audits", at=at)
        if audits
        else None
    )
    if origin is None:
        return
    if len(shares) > 1:
        yield _series("compliance", [each for each, _ in shares], [share for _, share in shares], origin, unit="%")
    broken = [each for each in audits if "unparsable" in each.values]
    if len(broken) > 1:
        values = [each.values["unparsable"] for each in broken]
        yield _series("files that do not parse", broken, values, origin, good=False)


def _is_share(measured: Measured) -> bool:
    return "compliant" in measured.values and bool(measured.values.get("test-files"))


def _series(
    name: str,
    of: Sequence[KeptRun | Measured],
    values: Sequence[float],
    origin: Origin,
    *,
    unit: str = "",
    good: bool = True,
) -> Series:
    points = tuple(Point(each.at, value, each.commit) for each, value in zip(of, values, strict=True))
    return Series(name=name, points=points, unit=unit, good=good, origin=origin)
