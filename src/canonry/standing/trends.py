"""How figures moved: from the runs that are recorded."""

from collections.abc import Sequence

from canonry.model.standing import Absent, Origin, Point, Series
from canonry.standing.past import PastRun


def trends_of(past: Sequence[PastRun], *, at: float) -> tuple[Series, ...] | Absent:
    """Numbers over the whole runs of ``past`` (the newest first); at least two are needed for one."""
    most = max((len(each.outcomes) for each in past), default=0)
    runs = [each for each in reversed(past) if not each.cut and 2 * len(each.outcomes) >= most]
    if len(runs) < 2:
        return Absent("fewer than two whole runs are recorded, so nothing moved yet", "canonry run")
    origin = Origin(command="canonry run --replay last", population=f"{len(runs):,} whole runs", at=at)

    def series(name: str, values: Sequence[float], *, unit: str = "", good: bool = True) -> Series:
        points = zip(runs, values, strict=True)
        return Series(
            name=name,
            points=tuple(Point(run.at, value, run.kept[0].commit) for run, value in points),
            unit=unit,
            good=good,
            origin=origin,
        )

    return (
        series("tests", [float(len(each.outcomes)) for each in runs]),
        series("tests that fail", [float(each.bad) for each in runs], good=False),
        series("tests that passed only in the end", [float(len(each.extra)) for each in runs], good=False),
        series("seconds of a run", [each.kept[0].duration for each in runs], unit="s", good=False),
    )
