"""The terminal: a line per test that did not pass, as it happens; live progress; a summary that repeats failures.

The manner is nextest's: a label, the seconds, the category, the test.
"""

from typing import IO

from canonry.model.outcome import Outcome
from canonry.model.run_event import (
    AttemptEnded,
    AttemptStarted,
    CategoryEnded,
    FlowClaimed,
    FlowCovered,
    Leaked,
    Note,
    PluginReport,
    RunEvent,
    RunStarted,
    ServiceChanged,
    Slow,
    Uncollectable,
    WorkerEnded,
)
from canonry.report.run.claims import headline, table
from canonry.report.run.flows import flow_table
from canonry.report.run.formats import ReportOptions
from canonry.report.run.live import Live, no_live
from canonry.report.run.quarantined import said_of, sentence
from canonry.report.run.words import (
    LABELS,
    again,
    counts_of,
    leak_words,
    one_line,
    reason_of,
    signal_name,
    style_of,
    verdict,
    why_nothing,
)
from canonry.report.style import paint, plural, printable
from canonry.run.summary import INTERRUPT, RunSummary, TestResult

_LABEL = 13
_REPEATED = 200
"""The failures that the summary repeats; the others are counted."""
_SLOWEST = 10
_QUARANTINE = {"forgiven": ("QUARANTINED", "yellow"), "expired": ("EXPIRED", "red"), "well": ("IN QUARANTINE", "dim")}


def open_report(out: IO[str], options: ReportOptions) -> "TerminalReport":
    """The report of a run on a terminal or in a log."""
    return TerminalReport(out, options)


class TerminalReport:
    """Writes lines while the run goes on; what it writes follows from the events alone."""

    def __init__(self, out: IO[str], options: ReportOptions) -> None:
        self._out, self._options = out, options
        self._summary = RunSummary()
        self._live: Live = no_live()
        if options.live and not options.quiet:
            from canonry.report.run.bar import open_bar

            self._live = open_bar(out, options)

    def add(self, event: RunEvent) -> None:
        """Takes one event."""
        self._summary.add(event)
        if not self._options.quiet:
            self._tell(event)
        self._live.add(event, self._summary)

    def finish(self) -> None:
        """Writes the summary."""
        self._live.close()
        self._write_summary()
        self._out.flush()

    # while it runs ---------------------------------------------------------------------------------------------------

    def _tell(self, event: RunEvent) -> None:
        match event:
            case AttemptEnded():
                self._attempt(event)
            case Uncollectable():
                place = f"{event.path}:{event.line}" if event.line else event.path
                self._line("UNCOLLECTABLE", "red", f"{printable(place)}: {one_line(event.reason)}")
                self._block(event.text if self._options.verbose else _shortened(event))
            case Slow():
                self._line("SLOW", "yellow", f"[>{event.seconds:7.3f}s] {printable(event.node)}")
                if self._options.verbose or event.stacks:
                    self._block(event.stacks)
            case Leaked() if not event.restored or self._options.verbose:
                self._line("LEAK", "yellow", f"{printable(event.node)} leaves {leak_words(event)}")
            case ServiceChanged() if event.state in ("ready", "unavailable", "crashed") or self._options.verbose:
                bad = event.state in ("unavailable", "crashed")
                self._line("SERVICE", "red" if bad else "dim", self._service(event))
            case WorkerEnded() if self._options.verbose and (event.signal or event.detail):
                how = f"was ended by {signal_name(event.signal)}" if event.signal else f"left with {event.status}"
                self._line(
                    "WORKER",
                    "red",
                    f"worker {event.worker} (process {event.pid}) {how} {one_line(event.detail)}".rstrip(),
                )
            case CategoryEnded() if event.state in ("blocked", "timeout") or self._is_asked_and_empty(event):
                self._line(event.state.upper(), "red", f"category {event.name} {one_line(event.detail)}".rstrip())
            case Note():
                self._line("NOTE", "dim", printable(event.text))
            case FlowCovered():
                share = event.headline
                said = "not measured as a whole" if share is None else f"{share:.1%} covered"
                self._line("FLOW", "dim", f"{printable(event.flow)}: {said}")
                self._block(flow_table(event, verbose=self._options.verbose))
            case FlowClaimed():
                self._line("FLOW", "dim", f"{printable(event.claim.flow)}: {headline(event.claim)}")
                self._block(table(event.claim))
            case PluginReport():
                self._line("PLUGIN", "red" if event.failed else "dim", printable(event.plugin))
                self._block(event.text)
            case RunStarted():
                self._line("RUN", "dim", f"{event.run} (profile {event.profile})")
            case AttemptStarted() | _:
                pass

    def _is_asked_and_empty(self, event: CategoryEnded) -> bool:
        return event.state == "empty" and event.name in self._summary.started.asked

    def _attempt(self, event: AttemptEnded) -> None:
        outcome = event.outcome
        if outcome is Outcome.UNCOLLECTABLE and event.node.partition("::")[0] in self._summary.uncollectable:
            return
        quiet = outcome in (Outcome.BLOCKED, Outcome.NOT_RUN, Outcome.SKIPPED, Outcome.EXPECTED_FAILURE)
        flaky = self._summary.results[event.node].is_flaky
        if not self._options.verbose and (quiet or (outcome is Outcome.PASSED and not flaky)):
            return
        label = LABELS[outcome]
        if event.attempt > 1:
            label = f"TRY {event.attempt} {label}"
        style = style_of(outcome)
        if self._summary.is_forgiven(self._summary.results[event.node]):
            label, style = "QUARANTINED", "yellow"
        if flaky:
            label, style = "FLAKY", "yellow"
        said = f"[{event.duration:8.3f}s] {self._named(event.category, event.node)}"
        if outcome is not Outcome.PASSED:
            said += f": {reason_of(event)}"
        elif flaky:
            said += f": passed in attempt {event.attempt}, not before"
        self._line(label, style, said)
        if outcome.is_bad and not quiet:
            self._block(event.text)
            for section in event.captured:
                self._block(f"-- {section.title} --\n{section.text}")

    def _service(self, event: ServiceChanged) -> str:
        detail = f": {one_line(event.detail)}" if event.detail else ""
        took = f" after {event.duration:.1f}s" if event.duration else ""
        return f"`{printable(event.name)}` is {event.state}{took}{detail}"

    # the summary -----------------------------------------------------------------------------------------------------

    def _write_summary(self) -> None:
        summary = self._summary
        ended = summary.ended
        took = f"[{ended.duration:8.3f}s] " if ended is not None else ""
        self._out.write("-" * 12 + "\n")
        status = ended.status if ended is not None else summary.status()
        self._line("SUMMARY", "green" if status == 0 else "red", f"{took}{verdict(summary)}")
        self._categories()
        self._leaks()
        self._failures()
        for said in said_of(summary):
            label, style = _QUARANTINE[said.state]
            named = self._named(said.result.category, said.result.node)
            self._line(label, style, f"{named}: {sentence(said)}")
        flaky = summary.flaky()
        for result in flaky[:_REPEATED]:
            self._line("FLAKY", "yellow", f"{printable(result.node)}: {self._attempts(result)}")
        if self._options.durations:
            self._slowest()
        nothing = why_nothing(summary)
        if nothing:
            self._line("NOTHING", "red", nothing)
        if ended is None:
            self._line("CUT OFF", "red", "the run ended before it could say how; its recording stops here")
        elif ended.reason == INTERRUPT:
            self._line("INTERRUPTED", "red", "`canonry run --resume` goes on with what is left")
        elif ended.reason:
            self._line("ENDED EARLY", "red", printable(ended.reason))
        is_interrupted = ended is not None and ended.reason == INTERRUPT
        if len(summary.bad()) > 1 and not is_interrupted:
            self._line("AGAIN", "dim", " ".join(("canonry run --failed", *self._options.again)))

    def _categories(self) -> None:
        categories = [
            each for each in self._summary.categories.values() if each.tests or each.name in self._summary.started.asked
        ]
        if len(categories) < 2 and not any(each.name for each in categories):
            return
        width = max(len(each.name or "(none)") for each in categories)
        for each in categories:
            took = f"[{each.duration:8.3f}s] " if each.duration else " " * 12
            self._line("", "dim", f"{took}{printable(each.name or '(none)'):{width}}  {counts_of(each)}")

    def _leaks(self) -> None:
        leaks = [leak for leak in self._summary.leaks if not leak.restored]
        if leaks:
            kinds: dict[str, int] = {}
            for leak in leaks:
                kinds[leak.kind] = kinds.get(leak.kind, 0) + 1
            said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            self._line("LEAKS", "yellow", f"{plural(len(leaks), 'leak')}: {said}")

    def _failures(self) -> None:
        shown = 0
        hidden: dict[Outcome, int] = {}
        for path, event in self._summary.uncollectable.items():
            place = f"{path}:{event.line}" if event.line else path
            self._line("UNCOLLECTABLE", "red", f"{printable(place)}: {one_line(event.reason)}")
            self._line("", "dim", again(path, self._summary.started, self._options, "--collect"))
        for result in self._summary.bad():
            if result.outcome is Outcome.UNCOLLECTABLE and result.path in self._summary.uncollectable:
                continue
            if result.outcome in (Outcome.BLOCKED, Outcome.NOT_RUN) or shown >= _REPEATED:
                hidden[result.outcome] = hidden.get(result.outcome, 0) + 1
                continue
            shown += 1
            said = f"{self._named(result.category, result.node)}: {reason_of(result.last)}"
            self._line(LABELS[result.outcome], "red", said)
            self._line("", "dim", again(result.node, self._summary.started, self._options))
        for outcome, count in hidden.items():
            reasons = {reason_of(each.last) for each in self._summary.bad() if each.outcome is outcome}
            why = f": {min(reasons)}" if len(reasons) == 1 else ""
            self._line(
                LABELS[outcome],
                "red",
                f"{plural(count, 'test')} more{why}" if shown else f"{plural(count, 'test')}{why}",
            )

    def _slowest(self) -> None:
        results = sorted(self._summary.results.values(), key=lambda result: -result.duration)
        for result in results[:_SLOWEST]:
            self._line("SLOWEST", "dim", f"[{result.duration:8.3f}s] {printable(result.node)}")

    def _attempts(self, result: TestResult) -> str:
        return ", ".join(each.outcome.value for each in result.attempts)

    # lines -----------------------------------------------------------------------------------------------------------

    def _named(self, category: str, node: str) -> str:
        return f"{printable(category)} {printable(node)}" if category else printable(node)

    def _line(self, label: str, style: str, text: str) -> None:
        painted = paint(f"{label:>{_LABEL}}", style, "bold", color=self._options.color) if style != "dim" else label
        if style == "dim":
            painted = f"{label:>{_LABEL}}"
        self._write(f"{painted} {text}\n")

    def _block(self, text: str) -> None:
        if text.strip():
            self._write("".join(f"    {printable(line)}\n" for line in text.rstrip().split("\n")))

    def _write(self, text: str) -> None:
        self._live.hide()
        self._out.write(text)


def _shortened(event: Uncollectable) -> str:
    """pytest's report; of a file that does not parse only what Python says, for nothing of it has run."""
    if event.reason.startswith(("SyntaxError", "IndentationError", "TabError")):
        return "\n".join(line for line in event.text.splitlines() if line.startswith("E "))
    return event.text
