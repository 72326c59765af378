"""Numbers, times and commits in words, the same in every format of the report."""

import datetime as dt
from collections.abc import Iterator

from canonry.model.outcome import Outcome
from canonry.model.run_event import FlowCovered
from canonry.model.standing import FlowLine, Migration, Origin, Run, Series, Standing
from canonry.report.style import printable


def when(at: float) -> str:
    """A time in UTC."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def day(at: float) -> str:
    """A day in UTC."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d")


def lasted(seconds: float) -> str:
    """A duration: ``48 ms``, ``1.24 s``, ``12 s``, ``5.3 min``, ``2.1 h``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 90:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def percent(share: float | None) -> str:
    """A share (0..1) with one decimal; 100 only where nothing lacks, and no number where nothing was measured."""
    if share is None:
        return "not measured"
    shown = f"{100 * share:.1f}"
    return f"{'99.9' if shown == '100.0' and share < 1 else shown} %"


def percentage(value: float | None) -> str:
    """A percentage (0..100), as an audit counts it."""
    return percent(None if value is None else value / 100)


def commit_of(commit: str | None, *, dirty: bool) -> str:
    """A commit in words."""
    if not commit:
        return "no commit"
    return f"{commit[:10]}{' with uncommitted changes' if dirty else ''}"


def origin_of(origin: Origin) -> str:
    """What stands behind the command of an origin: population and commit."""
    parts = [origin.population, commit_of(origin.commit, dirty=origin.dirty) if origin.commit else ""]
    return "; ".join(part for part in parts if part)


def counted(run: Run) -> str:
    """How many tests ended how, in words."""
    outcomes = sorted(run.outcomes.items(), key=lambda pair: (not Outcome(pair[0]).is_bad, -pair[1]))
    return ", ".join(f"{count:,} {name}" for name, count in outcomes) or "no test"


def measures(covered: FlowCovered) -> Iterator[tuple[str, str]]:
    """Each measure of a flow's coverage and what it came to, with what it counts."""
    for name in ("code", "events", "transitions", "faults", "mutants"):
        measure = getattr(covered, name)
        share = measure.share
        said = f"{percent(share)} ({measure.part:,} of {measure.whole:,})" if share is not None else ""
        yield name, said or f"not measured{f': {measure.note}' if measure.note else ''}"


def claimed(flow: FlowLine) -> str:
    """What may be claimed of a flow's reliability, in words."""
    claim = flow.claim
    head = f"{percent(claim.target)}: {claim.state.value}"
    if not claim.trials:
        return f"{head}; {claim.reason}" if claim.reason and claim.reason != claim.state.value else head
    parts = [f"{claim.successes:,} of {claim.trials:,} runs", f"at least {percent(claim.lower)} whenever one looks"]
    if claim.excluded:
        parts.append(f"{claim.excluded:,} excluded as infrastructure ({percent(claim.excluded_share)})")
    if claim.needed and claim.state.value != "proven":
        parts.append(f"{claim.needed:,} clean runs would prove it")
    if claim.reason:
        parts.append(claim.reason)
    return f"{head}; {', '.join(parts)}"


def at_stake(flows: tuple[FlowLine, ...]) -> tuple[float, float]:
    """The weight of the flows that do not hold, and that of all."""
    return sum(each.weight for each in flows if each.state.value != "passed"), sum(each.weight for each in flows)


def effort(migration: Migration) -> str:
    """What the waves took, and what that says of those that are left."""
    pace = migration.files_per_hour
    if pace is None:
        return "nothing measured yet: no wave was tried"
    took = f"{migration.files_tried:,} files in {migration.waves_tried:,} waves took {lasted(migration.seconds)}"
    left = f"; {migration.files_left:,} are left, {lasted(migration.files_left * 3600 / pace)} at that pace"
    return f"{took}, {pace:,.0f} files an hour{left if migration.files_left else ''}"


def value_of(series: Series, value: float) -> str:
    """A value of a series, with its unit."""
    if series.unit == "s":
        return lasted(value)
    return f"{value:,.1f} {series.unit}" if series.unit else f"{value:,.0f}"


def title(standing: Standing) -> str:
    """What a report is called."""
    return f"{printable(standing.name)}: {standing.verdict.value}"
