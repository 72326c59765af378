"""What tests do, seen through the one runner: outcomes by node id, what was collected, what never really ran."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from canonry.migrate.equivalence.affected import Affected, affected
from canonry.model.outcome import Outcome
from canonry.model.run_event import Collected, NeverAwaited, RunEvent
from canonry.model.run_plan import RunPlan
from canonry.run.collect import collect
from canonry.run.execute import StopSignal
from canonry.run.naming import of_tree
from canonry.run.prepare import prepare
from canonry.run.project import open_project
from canonry.run.request import RunRequest
from canonry.run.select import Narrowed
from canonry.run.services import started
from canonry.run.session import Circumstances, run_plan
from canonry.run.summary import INTERRUPT, TestResult
from canonry.run.surroundings import refuse_containers, services_of
from canonry.run.tree_copy import standing_in

_EARS = ("-p", "canonry.pytest_plugin.never_awaited")
_REASON = "the wave reaches it"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one test in one run. ``awaited`` is false where its own coroutine was dropped."""

    outcome: Outcome
    reason: str = ""
    awaited: bool = True


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One run, or one collection (``tests`` is empty then). ``broken``: files that cannot be collected, and why.

    ``nodes`` are the node ids of each file that pytest collected; ``seconds`` the whole run's.
    """

    nodes: dict[str, tuple[str, ...]]
    tests: dict[str, Seen]
    broken: dict[str, str]
    seconds: float = 0.0


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How tests are run, the same before and after."""

    config: Path | None = None
    profile: str | None = None
    workers: int | None = None
    containers: bool | None = None
    pytest_arguments: tuple[str, ...] = ()


def affected_there(root: Path, changed: Iterable[str], conditions: Conditions) -> Affected:
    """The test files of the tree at ``root`` that changes of these files reach."""
    with standing_in(root, {}), open_project(config=conditions.config) as project:
        return affected(project, changed)


def run_there(
    root: Path,
    files: Iterable[str],
    conditions: Conditions,
    *,
    variables: Mapping[str, str],
    listener: Callable[[RunEvent], None],
) -> Observation:
    """Runs the tests of these files at ``root`` once.

    Raises `UserError` where pytest refuses to start, `KeyboardInterrupt` where the run was interrupted.
    """
    request = RunRequest(
        config=conditions.config,
        profile=conditions.profile,
        workers=conditions.workers,
        containers=conditions.containers,
        retries=0,
        pytest_arguments=(*_EARS, *conditions.pytest_arguments),
    )
    narrowed = Narrowed(files=dict.fromkeys(files, ()), reason=_REASON)
    nodes: dict[str, tuple[str, ...]] = {}
    dropped: set[str] = set()

    def hear(event: RunEvent) -> None:
        if isinstance(event, Collected):
            nodes[event.path] = event.nodes
        elif isinstance(event, NeverAwaited):
            dropped.add(event.node)
        listener(event)

    with standing_in(root, variables), open_project(config=conditions.config) as project:
        prepared = prepare(project, request, narrowed=(narrowed,))
        plan = _without_needs(prepared.plan)
        services = services_of(project.canon, plan)
        containers = conditions.containers is not False and prepared.profile.keys.containers is not False
        if not containers:
            refuse_containers(services, why="`--no-docker`")
        circumstances = Circumstances(
            profile=prepared.profile,
            services=services,
            start_services=lambda named, emit: started(
                named, project.canon, root=project.root, emit=emit, containers=containers
            ),
            stop=StopSignal(),
            recorded=False,
        )
        summary = run_plan(project, plan, circumstances, listeners=(hear,))
        place = project.place  # events name tests as pytest does, from its own root
    if summary.ended is None or summary.ended.reason == INTERRUPT:
        raise KeyboardInterrupt
    return Observation(
        nodes={of_tree(path, place): tuple(of_tree(node, place) for node in held) for path, held in nodes.items()},
        tests={of_tree(node, place): _seen(each, dropped) for node, each in summary.results.items() if "::" in node},
        broken={
            of_tree(path, place): event.reason or "it cannot be collected"
            for path, event in summary.uncollectable.items()
        },
        seconds=summary.ended.duration,
    )


def collect_there(
    root: Path, files: Iterable[str], conditions: Conditions, *, variables: Mapping[str, str]
) -> Observation:
    """Collects the tests of these files at ``root``, and runs none."""
    with standing_in(root, variables), open_project(config=conditions.config) as project:
        workers = conditions.workers or 1
        report = collect(project, files, arguments=conditions.pytest_arguments, workers=workers, fresh=True)
    return Observation(
        nodes={each.path: each.nodes for each in report.files if not each.reason},
        tests={},
        broken={each.path: each.reason for each in report.uncollectable},
    )


def _seen(result: TestResult, dropped: set[str]) -> Seen:
    return Seen(outcome=result.outcome, reason=result.last.reason, awaited=result.node not in dropped)


def _without_needs(plan: RunPlan) -> RunPlan:
    """The plan without what lets one category wait for another: each test's own outcome is wanted."""
    categories = tuple(msgspec.structs.replace(each, needs=()) for each in plan.categories)
    return msgspec.structs.replace(plan, categories=categories, max_failures=None, shuffle=None, repeat=1)
