"""JSON: the summary of a run with every test, its attempts and what it left behind."""

import json
from typing import IO, Any

from canonry import __version__
from canonry.model.run_event import AttemptEnded, FlowCovered, InQuarantine, Leaked
from canonry.report.run.claims import document
from canonry.report.run.flows import measures_of
from canonry.report.run.formats import ReportOptions
from canonry.report.run.whole import WholeReport
from canonry.report.run.words import again, legal
from canonry.run.summary import RunSummary, TestResult

VERSION = 1


def open_report(out: IO[str], options: ReportOptions) -> WholeReport:
    """The summary, written when the run is over."""
    return WholeReport(out, options, write)


def write(summary: RunSummary, out: IO[str], options: ReportOptions) -> None:
    """Writes one object."""
    started, ended = summary.started, summary.ended
    whole = {
        "version": VERSION,
        "canonry": __version__,
        "run": started.run,
        "place": started.place,
        "at": started.at,
        "commit": started.commit,
        "dirty": started.dirty,
        "profile": started.profile,
        "arguments": list(started.arguments),
        "status": ended.status if ended is not None else summary.status(),
        "complete": ended is not None and not ended.reason,
        "reason": ended.reason if ended is not None else "cut off",
        "duration": ended.duration if ended is not None else None,
        "counts": {outcome.value: count for outcome, count in sorted(summary.outcomes.items())},
        "flaky": len(summary.flaky()),
        "deselected": summary.deselected,
        "categories": {
            name: {
                "state": each.state,
                "detail": each.detail,
                "duration": each.duration,
                "counts": {outcome.value: count for outcome, count in sorted(each.outcomes.items())},
                "flaky": each.flaky,
            }
            for name, each in summary.categories.items()
        },
        "tests": [_test(result, summary, options) for result in summary.results.values()],
        "uncollectable": [
            {"path": each.path, "line": each.line, "reason": each.reason, "text": each.text}
            for each in summary.uncollectable.values()
        ],
        "leaks": [_leak(each) for each in summary.leaks],
        "slow": summary.slow,
        "services": {name: {"state": each.state, "detail": each.detail} for name, each in summary.services.items()},
        "flows": {name: _flow(each) for name, each in summary.flows.items()},
        "claims": {name: document(each) for name, each in summary.claims.items()},
        "quarantine": [_quarantined(each, summary) for each in summary.quarantine.values()],
        "notes": summary.notes,
        "plugins": [{"plugin": each.plugin, "text": each.text, "failed": each.failed} for each in summary.plugins],
        "fingerprint": started.fingerprint,
    }
    out.write(legal(json.dumps(whole, indent=2, ensure_ascii=False)) + "\n")


def _quarantined(entry: InQuarantine, summary: RunSummary) -> dict[str, Any]:
    """An entry of the quarantine, with the tests of the run whose failures it forgives."""
    forgiven = [each.node for each in summary.forgiven() if summary.quarantine_of(each) is entry]
    return {
        "test": entry.test,
        "reason": entry.reason,
        "owner": entry.owner,
        "issue": entry.issue,
        "expires": entry.expires,
        "days": entry.days,
        "forgives": forgiven,
    }


def _test(result: TestResult, summary: RunSummary, options: ReportOptions) -> dict[str, Any]:
    return {
        "node": result.node,
        "category": result.category,
        "outcome": result.outcome.value,
        "flaky": result.is_flaky,
        "quarantined": summary.is_forgiven(result),
        "duration": result.duration,
        "again": again(result.node, summary.started, options),
        "attempts": [_attempt(each) for each in result.attempts],
    }


def _attempt(event: AttemptEnded) -> dict[str, Any]:
    return {
        "attempt": event.attempt,
        "outcome": event.outcome.value,
        "duration": event.duration,
        "worker": event.worker,
        "at": event.at,
        "reason": event.reason,
        "text": event.text,
        "path": event.path,
        "line": event.line,
        "captured": [{"title": each.title, "text": each.text} for each in event.captured],
        "properties": dict(event.properties),
    }


def _flow(flow: FlowCovered) -> dict[str, Any]:
    return {
        "contract": flow.contract,
        "coverage": flow.headline,
        "tests": flow.tests,
        **{
            name: {
                "share": measure.share,
                "part": measure.part,
                "whole": measure.whole,
                "missing": list(measure.missing),
                "note": measure.note,
            }
            for name, measure in measures_of(flow)
        },
    }


def _leak(leak: Leaked) -> dict[str, Any]:
    return {"node": leak.node, "kind": leak.kind, "name": leak.name, "detail": leak.detail, "restored": leak.restored}
