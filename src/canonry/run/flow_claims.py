"""What a run adds to the claims of the flows that it was asked for."""

from collections.abc import Collection, Iterable, Iterator

from canonry.canon.options import Flow
from canonry.canon.selection import matches
from canonry.history.reliability import FlowRun, claim_flow, first_outcomes
from canonry.history.store import History
from canonry.history.store.records import Recorded
from canonry.model.errors import UserError
from canonry.model.history import KeptRun
from canonry.model.reliability import FlowClaim
from canonry.run.collect import collect
from canonry.run.keeping import open_for_reports
from canonry.run.prepare import Prepared
from canonry.run.project import Project
from canonry.run.recorded import recorded_summary
from canonry.run.request import RunRequest
from canonry.run.summary import RunSummary


def claims(prepared: Prepared, summary: RunSummary, notes: list[str]) -> Iterator[FlowClaim]:
    """The claim of each flow that a run was asked for: of this run and those kept, at its commit and environment.

    A history that cannot be read is noted, and costs the claim what it holds.
    """
    project = prepared.project
    own = recorded_summary(summary)
    for name in dict.fromkeys(prepared.request.flows):
        flow = project.canon.flows[name]
        firsts = first_outcomes(own.attempts, lambda node, flow=flow: is_of_flow(flow, node))  # type: ignore[misc]
        known = {node for node in firsts if "::" in node}
        tests = known | flow_tests(project, flow) if is_narrowed(prepared) else known
        earlier = _earlier(project, own, flow, tests, notes)
        yield claim_flow(
            name,
            [*earlier, *([FlowRun(own.run, firsts)] if firsts else [])],
            commit=own.run.commit,
            environment=own.run.environment,
            profile=own.run.profile,
            dirty=own.run.dirty,
            target=flow.reliability,
            tests=tests,
        )


def kept_claim(
    history: History, project: Project, name: str, *, commit: str, environment: str, profile: str
) -> FlowClaim:
    """The claim of a flow from what a history keeps of its runs at a commit in an environment."""
    flow = project.canon.flows[name]
    runs = history.runs(commits=[commit], environment=environment, profile=profile)
    tests = flow_tests(project, flow) if project.commit == commit else frozenset[str]()
    return claim_flow(
        name,
        flow_runs(history, runs, flow, tests),
        commit=commit,
        environment=environment,
        profile=profile,
        target=flow.reliability,
        tests=tests,
    )


def flow_runs(history: History, runs: Iterable[KeptRun], flow: Flow, tests: Collection[str]) -> list[FlowRun]:
    """Runs with the first outcomes of a flow's tests; those that ran none of them are left out.

    Only the tests that are named, and their files, are asked of the history; all attempts where none is.
    """
    nodes = {*tests, *(test.partition("::")[0] for test in tests)} or None
    by_run: dict[str, list[object]] = {}
    chosen = [each for each in runs if not each.dirty]
    for attempt in history.attempts(chosen, nodes=nodes, first_only=True):
        by_run.setdefault(attempt.run, []).append(attempt)
    found = [
        FlowRun(run, first_outcomes(by_run.get(run.id, ()), lambda node: is_of_flow(flow, node)))  # type: ignore[arg-type]
        for run in chosen
    ]
    return [each for each in found if each.firsts]


def is_of_flow(flow: Flow, node: str) -> bool:
    """Whether a node id of the tree is a test of a flow, or a file of its tests."""
    return bool(flow.tests) and matches(node.partition("::")[0], flow.tests)


def flow_tests(project: Project, flow: Flow) -> frozenset[str]:
    """The tests that a flow has here, as pytest collects them."""
    files = [path for path in project.test_files() if flow.tests and matches(path, flow.tests)]
    return frozenset(node for each in collect(project, files).files for node in each.nodes)


def is_narrowed(prepared: Prepared) -> bool:
    """Whether a run may leave tests of its flows out."""
    request: RunRequest = prepared.request
    return bool(
        request.paths
        or request.categories
        or prepared.profile.keys.categories
        or request.keyword
        or request.marker
        or request.changed
        or request.failed
        or request.rerun
        or request.resume
        or request.shard
        or request.pytest_arguments
    )


def _earlier(project: Project, own: Recorded, flow: Flow, tests: Collection[str], notes: list[str]) -> list[FlowRun]:
    """What is kept of other runs at the same commit in the same environment."""
    run = own.run
    if run.commit is None:
        return []
    try:
        with open_for_reports(project.root, project.canon.history, notes) as history:
            runs = history.runs(commits=[run.commit], environment=run.environment, profile=run.profile)
            return flow_runs(history, [each for each in runs if each.id != run.id], flow, tests)
    except UserError as error:
        notes.append(f"what is claimed counts this run alone: {error}")
        return []
