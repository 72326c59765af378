"""The words for outcomes, and the commands that run a test again; shared by all formats of a run."""

import re
import shlex
import signal as signals
from collections import Counter

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, Leaked, RunStarted
from canonry.report.run.formats import ReportOptions
from canonry.report.style import plural, printable
from canonry.run.naming import as_pytest, of_tree
from canonry.run.summary import CategoryResult, RunSummary

LABELS = {
    Outcome.PASSED: "PASS",
    Outcome.FAILED: "FAIL",
    Outcome.SETUP_ERROR: "SETUP ERROR",
    Outcome.TEARDOWN_ERROR: "TEARDOWN ERR",
    Outcome.TIMEOUT: "TIMEOUT",
    Outcome.CRASHED: "CRASH",
    Outcome.LOST: "LOST",
    Outcome.SERVICE_UNAVAILABLE: "NO SERVICE",
    Outcome.UNCOLLECTABLE: "UNCOLLECTABLE",
    Outcome.SKIPPED: "SKIP",
    Outcome.EXPECTED_FAILURE: "XFAIL",
    Outcome.UNEXPECTED_PASS: "XPASS",
    Outcome.BLOCKED: "BLOCKED",
    Outcome.NOT_RUN: "NOT RUN",
}
NOUNS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.SETUP_ERROR: "failed in setup",
    Outcome.TEARDOWN_ERROR: "failed in teardown",
    Outcome.TIMEOUT: "timed out",
    Outcome.CRASHED: "crashed",
    Outcome.LOST: "lost with their worker",
    Outcome.SERVICE_UNAVAILABLE: "without their service",
    Outcome.UNCOLLECTABLE: "uncollectable",
    Outcome.SKIPPED: "skipped",
    Outcome.EXPECTED_FAILURE: "failed as expected",
    Outcome.UNEXPECTED_PASS: "passed unexpectedly",
    Outcome.BLOCKED: "blocked",
    Outcome.NOT_RUN: "not run",
}
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What is not legal: the complement of what is takes ten times as long to compile."""
_LONGEST = 300


def style_of(outcome: Outcome) -> str:
    """The colour of an outcome."""
    if outcome.is_bad:
        return "red"
    return "green" if outcome is Outcome.PASSED else "yellow"


def one_line(text: str) -> str:
    """The first line of a text, cut where it is long, safe for a terminal."""
    line = printable(text.strip().partition("\n")[0].strip())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def reason_of(attempt: AttemptEnded) -> str:
    """Why an attempt ended as it did, in one line."""
    return one_line(attempt.reason) or NOUNS[attempt.outcome]


def counts(outcomes: Counter[Outcome], *, flaky: int = 0) -> str:
    """How many tests ended how, in words; the flaky ones stand beside those that passed."""
    parts = []
    for outcome in Outcome:
        count = outcomes.get(outcome, 0)
        if count:
            also = f" ({flaky:,} flaky)" if flaky and outcome is Outcome.PASSED else ""
            parts.append(f"{count:,} {NOUNS[outcome]}{also}")
    return ", ".join(parts) or "no test"


def counts_of(category: CategoryResult) -> str:
    """The same for a category, with how it ended where that says more."""
    said = counts(category.outcomes, flaky=category.flaky)
    if category.state in ("blocked", "timeout", "empty"):
        return f"{category.state}: {said}"
    return said


def verdict(summary: RunSummary) -> str:
    """What the run came to, in one sentence without its subject."""
    outcomes = Counter(result.outcome for result in summary.told_results())
    ran = sum(count for outcome, count in outcomes.items() if outcome not in (Outcome.BLOCKED, Outcome.NOT_RUN))
    said = f"{plural(ran, 'test')} run: {counts(outcomes, flaky=len(summary.flaky()))}"
    if summary.uncollectable:
        said += f"; {plural(len(summary.uncollectable), 'file')} uncollectable"
    forgiven = len(summary.forgiven())
    if forgiven:
        said += f"; {plural(forgiven, 'failure')} in quarantine {'does' if forgiven == 1 else 'do'} not count"
    return said


def again(node: str, started: RunStarted, options: ReportOptions, *more: str) -> str:
    """The command that runs a test, or a file, again, where the reader stands."""
    named = as_pytest(of_tree(node, started.place), options.here)
    return " ".join(("canonry run", *map(shlex.quote, (*more, *options.again)), shlex.quote(legal(named))))


def place_of(path: str, started: RunStarted) -> str:
    """A path of an event as seen from the root of the tree, where servers look for it."""
    return of_tree(path, started.place)


def leak_words(leak: Leaked) -> str:
    """What leaked: kind, name, detail."""
    detail = f" ({one_line(leak.detail)})" if leak.detail else ""
    put_back = ", put back" if leak.restored else ""
    return f"{leak.kind} `{printable(leak.name)}`{detail}{put_back}"


def signal_name(number: int) -> str:
    """The name of a signal."""
    try:
        return signals.Signals(number).name
    except ValueError:
        return f"signal {number}"


def legal(text: str) -> str:
    """The text with what XML 1.0 cannot hold, and no file can as UTF-8, written as an escape of Python's."""
    return _ILLEGAL.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def why_nothing(summary: RunSummary) -> str:
    """Why a run without failures is not green, empty where it is."""
    if summary.is_failed():
        return ""
    if not summary.evidence:
        if summary.forgiven():
            return "only tests in quarantine ran to their end, and what they say does not count: nothing was validated"
        if summary.tests:
            return "no test ran to its end, and a skipped test is no evidence: nothing was validated"
        if summary.deselected:
            return f"all {summary.deselected:,} tests were deselected: nothing was validated"
        return "no test ran: nothing was validated"
    without = summary.without_evidence()
    if without:
        names = ", ".join(f"`{name}`" for name in without)
        return f"no test of {names} ran to its end, so nothing was validated there"
    return ""
