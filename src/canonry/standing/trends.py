"""How figures moved: from the runs of the history, and from the audits that it keeps."""

from collections.abc import Iterator, Sequence

from canonry.model.history import KeptRun, Measured, Source
from canonry.model.standing import Absent, Origin, Point, Series
from canonry.standing.past import Past

_AUDITS = 400


def trends_of(past: Past, *, basis: str, at: float) -> tuple[Series, ...] | Absent:
    """Numbers over time, the oldest first; at least two measurements are needed for one."""
    found = (*_audits(past, basis, at=at), *_runs(past, at=at))
    return found or Absent(
        "fewer than two whole runs or audits are kept, so nothing moved yet", "canonry report history REV..HEAD"
    )


def _runs(past: Past, *, at: float) -> Iterator[Series]:
    runs = past.steady()
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


def _audits(past: Past, basis: str, *, at: float) -> Iterator[Series]:
    """Of audits by the rules and the canon of now alone: others count something else."""
    kept = past.history.measured(Source.AUDIT, last=_AUDITS) if past.history is not None else []
    audits = [each for each in kept if each.basis == basis and not each.dirty]
    if len(audits) < 2:
        return
    said = f"{len(audits):,} audits of commits, by the rules and the canon of now"
    origin = Origin(command="canonry report history REV..HEAD", population=said, at=at)
    judged = [each for each in audits if each.values.get("judged")]
    if len(judged) > 1:
        shares = [100 * each.values["compliant"] / each.values["judged"] for each in judged]
        yield _series("compliance", judged, shares, origin, unit="%")
    for name, key in (("files that do not parse", "unparsable"), ("errors", "errors")):
        yield _series(name, audits, [each.values.get(key, 0.0) for each in audits], origin, good=False)


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
