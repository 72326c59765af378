"""What a run says of tests in quarantine: how they ended, and how many days are left."""

from collections.abc import Iterator

import msgspec

from canonry.model.run_event import InQuarantine
from canonry.report.run.words import NOUNS, one_line, reason_of
from canonry.report.style import plural, printable
from canonry.run.summary import RunSummary, TestResult


class Said(msgspec.Struct, frozen=True):
    """A test of the run that the quarantine names. ``state``: ``forgiven``, ``expired`` (and bad), ``well``."""

    state: str
    result: TestResult
    entry: InQuarantine


def said_of(summary: RunSummary) -> Iterator[Said]:
    """Every test of the run that stands in the quarantine; expired ones only where they fail."""
    for result in summary.results.values() if summary.quarantine else ():
        entry = summary.quarantine_of(result)
        if entry is None:
            continue
        if summary.is_forgiven(result):
            yield Said("forgiven", result, entry)
        elif entry.days < 0 and result.outcome.is_bad:
            yield Said("expired", result, entry)
        elif entry.days >= 0:
            yield Said("well", result, entry)


def sentence(said: Said) -> str:
    """How the test ended and what that is worth, without its name."""
    entry, result = said.entry, said.result
    who = ", ".join(printable(each) for each in (entry.owner, entry.issue) if each)
    if said.state == "expired":
        return f"its quarantine ended on {entry.expires}, so it fails the run again ({who})"
    ended = reason_of(result.last) if said.state == "forgiven" else NOUNS[result.outcome]
    return f"{ended}; {days(entry)} ({who}: {one_line(entry.reason)})"


def days(entry: InQuarantine) -> str:
    """How long an entry still counts."""
    if entry.days < 0:
        return f"expired on {entry.expires}"
    return "its last day" if entry.days == 0 else f"{plural(entry.days, 'day')} left"
