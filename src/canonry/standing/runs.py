"""The newest run as a report shows it: every test, failures in clusters, each new or known, and who ran what when."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from canonry.canon.options import Canon
from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, RunEvent
from canonry.model.standing import CategoryLine, Cluster, Failure, Origin, Run, Span, Test
from canonry.run.naming import of_tree
from canonry.run.recording import find_recording, read_recording
from canonry.run.summary import RunSummary, TestResult
from canonry.standing.gates import PRIORITIES
from canonry.standing.past import Earlier, Past

_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?=\s*(?::|$))")
_TEXT = 20_000
"""The characters that are kept of one failure's report."""


def run_of(root: Path, name: str, canon: Canon, past: Past, known: frozenset[str]) -> tuple[Run, RunSummary]:
    """A recorded run and what was counted of it. ``known``: the commits that the present one descends from."""
    summary, attempts = RunSummary(), []
    for event in _events(find_recording(root, name)):
        summary.add(event)
        if isinstance(event, AttemptEnded):
            attempts.append(event)
    started, ended = summary.started, summary.ended
    results = list(summary.results.values())
    numbers = {result.node: number for number, result in enumerate(results)}
    failing = {of_tree(each.node, started.place) for each in results if each.outcome.is_bad}
    earlier = Earlier(past, name, started.at, known, failing)
    failures = tuple(_failures(results, numbers, started.place, started.at, earlier))
    outcomes = {outcome.value: count for outcome, count in sorted(summary.outcomes.items()) if count}
    return (
        Run(
            origin=Origin(
                command=f"canonry run --replay {name}",
                population=f"{len(results):,} tests of run {name}",
                commit=started.commit,
                dirty=started.dirty,
                at=started.at,
            ),
            id=name,
            profile=started.profile,
            status=summary.status() if ended is None else ended.status,
            seconds=ended.duration if ended else max((each.at - started.at for each in attempts), default=0.0),
            tests=tuple(_test(result, started.place, forgiven=summary.is_forgiven(result)) for result in results),
            outcomes=outcomes,
            failures=failures,
            clusters=clusters(failures),
            spans=tuple(_spans(attempts, numbers, started.at)),
            categories=tuple(_categories(summary, canon)),
            uncollectable=tuple(
                (of_tree(path, started.place), event.reason) for path, event in summary.uncollectable.items()
            ),
            cut=ended is None,
            reason=ended.reason if ended else "",
            compared=earlier.newest,
        ),
        summary,
    )


def clusters(failures: Sequence[Failure]) -> tuple[Cluster, ...]:
    """The failures by exception and place, the largest cluster first."""
    found: dict[tuple[str, str, int], list[int]] = {}
    for number, failure in enumerate(failures):
        found.setdefault((exception_of(failure.reason), failure.path, failure.line), []).append(number)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Cluster(exception=key[0], path=key[1], line=key[2], failures=tuple(each)) for key, each in ordered)


def exception_of(reason: str) -> str:
    """The exception that a reason begins with, or the reason itself where it names none, without its numbers."""
    match = _EXCEPTION.match(reason)
    return match[0] if match else re.sub(r"\d+", "N", reason)[:200]


def _events(path: Path) -> Iterable[RunEvent]:
    return read_recording(path)


def _test(result: TestResult, place: str, *, forgiven: bool) -> Test:
    return Test(
        node=of_tree(result.node, place),
        outcome=result.outcome,
        category=result.category,
        duration=result.duration,
        attempts=len(result.attempts),
        flaky=result.is_flaky,
        quarantined=forgiven,
    )


def _failures(
    results: Sequence[TestResult],
    numbers: Mapping[str, int],
    place: str,
    at: float,
    earlier: Earlier,
) -> Iterable[Failure]:
    for result in results:
        if not (result.outcome.is_bad or result.is_flaky):
            continue
        attempt = next(each for each in reversed(result.attempts) if each.outcome.is_bad)
        node = of_tree(result.node, place)
        new, since, runs = earlier.since(node, at) if result.outcome.is_bad else (None, at, 1)
        yield Failure(
            test=numbers[result.node],
            reason=attempt.reason or attempt.outcome.value,
            path=of_tree(attempt.path, place) if attempt.path else "",
            line=attempt.line,
            text=_cut(_whole_text(attempt)),
            new=new,
            since=since,
            runs=runs,
        )


def _whole_text(attempt: AttemptEnded) -> str:
    printed = "".join(f"\n---- {each.title} ----\n{each.text}" for each in attempt.captured if each.text.strip())
    return attempt.text + printed


def _cut(text: str) -> str:
    if len(text) <= _TEXT:
        return text
    half = _TEXT // 2
    return f"{text[:half]}\n... {len(text) - _TEXT:,} characters left out ...\n{text[-half:]}"


def _spans(attempts: Iterable[AttemptEnded], numbers: Mapping[str, int], began: float) -> Iterable[Span]:
    for each in attempts:
        if each.worker and each.duration > 0:
            start = max(0.0, each.at - each.duration - began)
            yield Span(each.worker, start, each.duration, numbers[each.node], each.outcome.is_bad)


def _categories(summary: RunSummary, canon: Canon) -> Iterable[CategoryLine]:
    seconds: dict[str, float] = {}
    bad: dict[str, int] = {}
    for result in summary.results.values():
        seconds[result.category] = seconds.get(result.category, 0.0) + result.duration
    for result in summary.bad():
        bad[result.category] = bad.get(result.category, 0) + 1
    for name, category in summary.categories.items():
        declared = canon.categories.get(name)
        yield CategoryLine(
            name=name,
            tests=category.tests,
            bad=bad.get(name, 0),
            skipped=category.outcomes.get(Outcome.SKIPPED, 0),
            flaky=category.flaky,
            seconds=seconds.get(name, 0.0),
            state=category.state,
            priority=PRIORITIES[declared.priority] if declared else 2,
            share=declared.share if declared else None,
        )
