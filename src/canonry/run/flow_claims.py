"""What a run adds to the claims of the flows that it was asked for."""

from collections.abc import Iterator
from pathlib import Path

from canonry.canon.options import Flow
from canonry.canon.selection import matches
from canonry.history.reliability import FlowRun, claim_flow, first_outcomes
from canonry.model.reliability import FlowClaim
from canonry.run.collect import collect
from canonry.run.kept_runs import Kept, kept_runs, of_summary
from canonry.run.prepare import Prepared
from canonry.run.project import Project
from canonry.run.request import RunRequest
from canonry.run.summary import RunSummary


def claims(prepared: Prepared, summary: RunSummary) -> Iterator[FlowClaim]:
    """The claim of each flow that a run was asked for: of this run and those kept, at its commit and environment."""
    flows = dict.fromkeys(prepared.request.flows)
    if not flows:
        return
    project = prepared.project
    own = of_summary(summary)
    earlier = _earlier(project.root, own)
    for name in flows:
        flow = project.canon.flows[name]
        tests = flow_tests(project, flow) if is_narrowed(prepared) else frozenset[str]()
        yield claim_flow(
            name,
            flow_runs(flow, [*earlier, own]),
            commit=own[0].commit,
            environment=own[0].environment,
            profile=own[0].profile,
            dirty=own[0].dirty,
            target=flow.reliability,
            tests=tests,
        )


def flow_runs(flow: Flow, kept: list[Kept]) -> list[FlowRun]:
    """Runs with the first outcomes of a flow's tests; those that ran none of them are left out."""
    found = [FlowRun(run, first_outcomes(attempts, lambda node: is_of_flow(flow, node))) for run, attempts in kept]
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


def _earlier(root: Path, own: Kept) -> list[Kept]:
    """What is kept of other runs at the same commit."""
    commit = own[0].commit
    return [each for each in kept_runs(root, commit=commit) if each[0].id != own[0].id] if commit is not None else []
