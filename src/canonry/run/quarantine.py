"""The quarantine of a tree as a run takes it: who is in it, for how long, and what it must not hold."""

import datetime as dt
from collections.abc import Iterable, Iterator

from canonry.canon.options import Canon
from canonry.canon.quarantine import QuarantineError, read_entries
from canonry.canon.selection import matches
from canonry.model.errors import UserError
from canonry.model.quarantine import FILE, LONGEST, Entry, named_by
from canonry.model.run_event import InQuarantine
from canonry.model.run_plan import RunPlan
from canonry.run.naming import as_pytest
from canonry.run.project import Project
from canonry.run.summary import RunSummary

SHARE = 100
"""One test of so many may be in quarantine, and one at least."""


def quarantine_of(project: Project) -> tuple[Entry, ...]:
    """The entries of the tree's quarantine, expired ones among them.

    Raises `UserError` where an entry is not what it has to be, is a flow's test, or where too many are live.
    """
    content = project.session.tree.read(FILE)
    return admitted(project, content) if content is not None else ()


def admitted(project: Project, content: bytes) -> tuple[Entry, ...]:
    """The entries of a content of that file. Raises as `quarantine_of`."""
    entries = read_entries(content)
    today = project.session.today
    mistakes = [*_of_flows(entries, project.canon), *_ahead(entries, today)]
    if mistakes:
        raise QuarantineError(mistakes)
    live = [each for each in entries if each.days_left(today) >= 0]
    if len(live) > 1:  # one is always allowed
        tests = count_tests(project)
        if len(live) > allowed(tests):
            raise UserError(
                f"`{FILE}` holds {len(live):,} tests of {tests:,}; at most 1 % ({allowed(tests):,}) may be in "
                "quarantine: mend or delete the oldest"
            )
    return entries


def allowed(tests: int) -> int:
    """How many of so many tests may be in quarantine: 1 %, and one at least."""
    return max(1, tests // SHARE)


def count_tests(project: Project) -> int:
    """The test functions that the tree's test files define; parameters are not counted."""
    files, _ = project.facts()
    is_test = project.settings.is_test_function
    return sum(
        sum(is_test(fact.name) and not (fact.nested and not fact.owner) for fact in facts.functions)
        for _, facts in files.stream(project.test_files())
    )


def told(entries: Iterable[Entry], today: dt.date, place: str) -> Iterator[InQuarantine]:
    """The entries as events of a run whose pytest has its root at a place of the tree."""
    for each in entries:
        yield InQuarantine(
            test=as_pytest(each.test, place),
            reason=each.reason,
            owner=each.owner,
            issue=each.issue,
            expires=each.expires.isoformat(),
            days=each.days_left(today),
        )


def live_tests(entries: Iterable[Entry], today: dt.date, place: str) -> tuple[str, ...]:
    """The tests whose failures are forgiven today, as pytest names them."""
    return tuple(as_pytest(each.test, place) for each in entries if each.days_left(today) >= 0)


def unknown(project: Project, plan: RunPlan, summary: RunSummary) -> Iterator[str]:
    """One sentence for each entry that names no test, as far as this run can tell."""
    whole = {work.path for category in plan.categories for work in category.work if not work.nodes}
    for test in summary.quarantine:
        path = test.partition("::")[0]
        if not (project.pytest_root / path).is_file():
            yield f"`{FILE}` names `{test}`, and there is no such file; take the entry out"
        elif (
            path in whole
            and path in summary.collected
            and not summary.deselected
            and not any(named_by((test,), node) for node in summary.results)
        ):
            yield f"`{FILE}` names `{test}`, and its file holds no such test; take the entry out"


def flow_of(test: str, canon: Canon) -> str | None:
    """The flow that a test walks, None where it walks none."""
    path = test.partition("::")[0]
    return next((name for name, flow in canon.flows.items() if flow.tests and matches(path, flow.tests)), None)


def _of_flows(entries: Iterable[Entry], canon: Canon) -> Iterator[tuple[int, str]]:
    for each in entries:
        flow = flow_of(each.test, canon)
        if flow is not None:
            yield each.line, f"`{each.test}` walks the flow `{flow}`, and a flow's test is never in quarantine; mend it"


def _ahead(entries: Iterable[Entry], today: dt.date) -> Iterator[tuple[int, str]]:
    for each in entries:
        if (each.created - today).days > 1:  # somewhere it is tomorrow already
            yield (
                each.line,
                f"it was created on {each.created}, a day to come; its {LONGEST} days count from the day of the entry",
            )
