"""Markdown for a comment on a pull request or a job summary; bounded, and what is left out is counted."""

from typing import IO

from canonry.model.outcome import Outcome
from canonry.report.markdown import code, plain
from canonry.report.run.claims import headline
from canonry.report.run.formats import ReportOptions
from canonry.report.run.quarantined import said_of, sentence
from canonry.report.run.whole import WholeReport
from canonry.report.run.words import again, counts_of, leak_words, reason_of, verdict, why_nothing
from canonry.report.style import plural
from canonry.run.summary import RunSummary, TestResult

_SHOWN = 20


def open_report(out: IO[str], options: ReportOptions) -> WholeReport:
    """The page, written when the run is over."""
    return WholeReport(out, options, write)


def write(summary: RunSummary, out: IO[str], options: ReportOptions) -> None:
    """Writes the verdict, the categories, the failures with their commands, what is flaky and what leaks."""
    status = summary.ended.status if summary.ended is not None else summary.status()
    out.write(f"## canonry run: {'passed' if status == 0 else 'not passed'}\n\n{plain(verdict(summary))}.\n")
    nothing = why_nothing(summary)
    if nothing:
        out.write(f"\n**{plain(nothing)}.**\n")
    if summary.ended is None:
        out.write("\n**The run was cut off.**\n")
    categories = [each for each in summary.categories.values() if each.name and (each.tests or each.state)]
    if categories:
        out.write("\n| category | tests | seconds |\n| :-- | :-- | --: |\n")
        for each in categories:
            out.write(f"| {plain(each.name)} | {plain(counts_of(each))} | {each.duration:.1f} |\n")
    _write_failures(summary, out, options)
    _write_others(summary, out)
    started = summary.started
    origin = f"run {plain(started.run)}, commit {plain(started.commit or 'none')}, profile {plain(started.profile)}"
    out.write(f"\n<sub>{origin}</sub>\n")


def _write_failures(summary: RunSummary, out: IO[str], options: ReportOptions) -> None:
    told = [each for each in summary.told_results() if each.outcome.is_bad and not summary.is_forgiven(each)]
    bad = [each for each in told if each.outcome not in (Outcome.BLOCKED, Outcome.NOT_RUN)]
    if not bad and not summary.uncollectable:
        return
    out.write("\n### Failures\n\n")
    for path, event in list(summary.uncollectable.items())[:_SHOWN]:
        place = f"{path}:{event.line}" if event.line else path
        out.write(f"- uncollectable: {code(place)}: {plain(event.reason)}\n")
    for result in bad[:_SHOWN]:
        out.write(f"- {result.outcome.value}: {code(result.node)}: {plain(reason_of(result.last))}\n")
        out.write(f"  again: {code(again(result.node, summary.started, options))}\n")
    _write_left(len(bad) - _SHOWN, "failure", out)
    _write_left(len(summary.uncollectable) - _SHOWN, "uncollectable file", out)


def _write_others(summary: RunSummary, out: IO[str]) -> None:
    if summary.claims:
        out.write("\n### Flows\n\n")
        for claim in summary.claims.values():
            out.write(f"- {plain(claim.flow)}: {plain(headline(claim))}\n")
    quarantine = list(said_of(summary))
    if quarantine:
        out.write("\n### Quarantine\n\n")
        for said in quarantine[:_SHOWN]:
            out.write(f"- {code(said.result.node)}: {plain(sentence(said))}\n")
        _write_left(len(quarantine) - _SHOWN, "test", out)
    flaky: list[TestResult] = summary.flaky()
    leaks = [leak for leak in summary.leaks if not leak.restored]
    if flaky:
        out.write("\n### Flaky\n\n")
        for result in flaky[:_SHOWN]:
            out.write(f"- {code(result.node)}: {', '.join(each.outcome.value for each in result.attempts)}\n")
        _write_left(len(flaky) - _SHOWN, "flaky test", out)
    if leaks:
        out.write("\n### Leaks\n\n")
        for leak in leaks[:_SHOWN]:
            out.write(f"- {code(leak.node)} leaves {plain(leak_words(leak))}\n")
        _write_left(len(leaks) - _SHOWN, "leak", out)


def _write_left(count: int, noun: str, out: IO[str]) -> None:
    if count > 0:
        out.write(f"- {plural(count, noun)} more\n")
