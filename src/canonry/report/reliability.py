"""Flaky, broken and slow tests as tables: text, Markdown, JSON."""

import datetime as dt
import json
from collections.abc import Collection, Sequence
from typing import IO

import msgspec

from canonry.history.flaky import FailingTest
from canonry.history.slow import SlowTest
from canonry.history.statistics.flakiness import Condition
from canonry.model.quarantine import named_by
from canonry.report.markdown import code, plain
from canonry.report.style import plural, printable

_SHOWN = 50
_LONGEST = 100


class Population(msgspec.Struct, frozen=True, kw_only=True):
    """Of what a table is: so many runs, the first and the last of them (seconds since the epoch)."""

    runs: int
    first: float
    last: float
    quarantined: Collection[str] = ()


def render_flaky(tests: Sequence[FailingTest], of: Population, out: IO[str], *, verbose: bool = False) -> None:
    """Writes a row for each test that is flaky or broken; with ``verbose`` also those that failed once and are well."""
    shown = [each for each in tests if verbose or each.flakiness.condition is not Condition.STEADY]
    if shown:
        out.write("condition  likely (90 %)          trees  reruns      last failure  test\n")
    for each in shown if verbose else shown[:_SHOWN]:
        found = each.flakiness
        likely = f"{found.mean:6.1%} ({found.low:.1%} to {found.high:.1%})"
        kept = " [in quarantine]" if named_by(of.quarantined, each.node) else ""
        out.write(
            f"{found.condition.value:<9}  {likely:<22} {each.mixed:>2} of {each.trees:<3} {each.reruns:>6.1f}s"
            f"  {_day(each.failed_at):>12}  {printable(each.node)}{kept}\n"
        )
        if each.reason:
            out.write(f"{'':>64}  {_short(each.reason)}\n")
    _left(len(shown) - _SHOWN, out, verbose=verbose)
    out.write(f"{_flaky_counts(tests)}; {_of(of)}\n")


def render_flaky_markdown(tests: Sequence[FailingTest], of: Population, out: IO[str]) -> None:
    """Writes the same as a table for a page."""
    out.write(f"### Flaky and broken tests\n\n{_flaky_counts(tests)}; {_of(of)}.\n")
    shown = [each for each in tests if each.flakiness.condition is not Condition.STEADY]
    if shown:
        out.write("\n| test | condition | likely | 90 % interval | trees | reruns | last failure |\n")
        out.write("| :-- | :-- | --: | :-- | --: | --: | :-- |\n")
    for each in shown[:_SHOWN]:
        found, last = each.flakiness, f"{_day(each.failed_at)}: {plain(_short(each.reason))}"
        out.write(
            f"| {code(each.node)} | {found.condition.value} | {found.mean:.1%} | {found.low:.1%} to {found.high:.1%} | "
            f"{each.mixed} of {each.trees} | {each.reruns:.1f} s | {last} |\n"
        )


def flaky_json(tests: Sequence[FailingTest], of: Population, out: IO[str]) -> None:
    """Writes one object with every test that failed."""
    rows = [{**msgspec.to_builtins(each), "quarantined": bool(named_by(of.quarantined, each.node))} for each in tests]
    document = {"runs": of.runs, "first": of.first, "last": of.last, "tests": rows}
    out.write(json.dumps(document, indent=2) + "\n")


def render_slow(tests: Sequence[SlowTest], of: Population, out: IO[str], *, verbose: bool = False) -> None:
    """Writes a row for each of the dearest tests, and first those that changed."""
    changed = [each for each in tests if each.since is not None]
    for each in changed:
        assert each.since is not None
        where = each.since.commit[:10] if each.since.commit else f"run {each.since.run}"
        out.write(
            f"{'slower' if each.since.ratio > 1 else 'faster':<7} {each.since.ratio:5.2f} times since {where} "
            f"({_day(each.since.at)})  {printable(each.node)}\n"
        )
    if tests:
        out.write("  median    share   trend  runs  test\n")
    for each in tests if verbose else tests[:_SHOWN]:
        trend = f"x{each.trend:.2f}" if each.trend is not None else "-"
        out.write(f"{each.median:7.3f}s  {each.share:6.1%}  {trend:>6}  {each.runs:>4}  {printable(each.node)}\n")
    _left(len(tests) - _SHOWN, out, verbose=verbose)
    out.write(f"{_slow_counts(tests)}; {_of(of)}\n")


def render_slow_markdown(tests: Sequence[SlowTest], of: Population, out: IO[str]) -> None:
    """Writes the same as a table for a page."""
    out.write(f"### What tests take\n\n{_slow_counts(tests)}; {_of(of)}.\n")
    if tests:
        out.write("\n| test | median | share | trend | since |\n| :-- | --: | --: | --: | :-- |\n")
    for each in tests[:_SHOWN]:
        trend = f"{each.trend:.2f}" if each.trend is not None else "-"
        since = ""
        if each.since is not None:
            where = code(each.since.commit[:10]) if each.since.commit else plain(each.since.run)
            since = f"{each.since.ratio:.2f} times since {where}"
        out.write(f"| {code(each.node)} | {each.median:.3f} s | {each.share:.1%} | {trend} | {since} |\n")


def slow_json(tests: Sequence[SlowTest], of: Population, out: IO[str]) -> None:
    """Writes one object with every test that was looked at."""
    document = {"runs": of.runs, "first": of.first, "last": of.last, "tests": msgspec.to_builtins(tests)}
    out.write(json.dumps(document, indent=2) + "\n")


def _flaky_counts(tests: Sequence[FailingTest]) -> str:
    counts = [sum(each.flakiness.condition is one for each in tests) for one in Condition]
    steady, flaky, broken = counts
    reruns = sum(each.reruns for each in tests)
    said = f"{plural(flaky, 'flaky test')}, {broken:,} broken, {steady:,} that failed and no longer do"
    return f"{said}; reruns took {reruns:.1f} s"


def _slow_counts(tests: Sequence[SlowTest]) -> str:
    slower = sum(each.since is not None and each.since.ratio > 1 for each in tests)
    faster = sum(each.since is not None and each.since.ratio < 1 for each in tests)
    return f"{plural(len(tests), 'test')}: {slower:,} became slower and stayed so, {faster:,} faster"


def _of(of: Population) -> str:
    return f"of {plural(of.runs, 'run')} from {_day(of.first)} to {_day(of.last)}"


def _left(count: int, out: IO[str], *, verbose: bool) -> None:
    if count > 0 and not verbose:
        out.write(f"and {plural(count, 'test')} more (-v)\n")


def _day(at: float) -> str:
    """The day in UTC, whatever a clock said."""
    try:
        return dt.datetime.fromtimestamp(at, dt.UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return "no day"


def _short(text: str) -> str:
    line = printable(text.partition("\n")[0])
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
