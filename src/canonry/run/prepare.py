"""From a request to a plan: profile, history, narrowings, selection, plan."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from canonry.canon.selection import matches
from canonry.history.store import TestRow
from canonry.model.quarantine import Entry
from canonry.model.run_plan import RunPlan
from canonry.run import past_runs
from canonry.run.collect import collect
from canonry.run.keeping import past
from canonry.run.plan import make_plan
from canonry.run.profiles import ResolvedProfile, resolve_profile
from canonry.run.project import Project
from canonry.run.quarantine import live_tests, quarantine_of
from canonry.run.request import RunRequest
from canonry.run.select import Narrowed, Selection, select


@dataclass(slots=True, frozen=True)
class Prepared:
    """Everything that is known before a test runs."""

    project: Project
    request: RunRequest
    profile: ResolvedProfile
    past: Mapping[str, TestRow]
    selection: Selection
    plan: RunPlan
    notes: tuple[str, ...]
    quarantine: tuple[Entry, ...] = ()


def prepare(
    project: Project,
    request: RunRequest,
    *,
    resumed: tuple[str, set[str]] | None = None,
    narrowed: tuple[Narrowed, ...] = (),
) -> Prepared:
    """The plan of a request. ``resumed``: an interrupted run and the tests that it has done.

    Raises `UserError` for what the user can mend, `NothingValidatedError` where the past leaves nothing to select.
    """
    notes: list[str] = []
    if request.paths:
        project.settle(request.paths)
    elif request.rerun is not None:
        project.settle_at(past_runs.place_of(project.root, request.rerun))
    profile = resolve_profile(project.canon, request.profile)
    known = past(project.root, notes)
    narrowings = list(narrowed)
    if request.rerun is not None:
        narrowings.append(past_runs.of_recording(project.root, request.rerun, only_failed=request.failed))
    elif request.failed:
        narrowings.append(past_runs.failed(known))
    categories = () if request.paths else tuple(profile.keys.categories)
    if request.flows and not request.categories and categories:
        notes += _not_here(project, request, profile, narrowings)
    selection = select(project, request, narrowings=narrowings, default_categories=categories)
    if resumed is not None:
        found = collect(project, selection.files, arguments=request.pytest_arguments)
        left = past_runs.without(
            {each.path: each.nodes or (each.path,) for each in found.files}, resumed[1], resumed[0]
        )
        selection = select(project, request, narrowings=[*narrowings, left], default_categories=categories)
    durations = {node: row.duration for node, row in known.items()}
    tests: dict[str, tuple[str, ...]] = {}
    if request.shard is not None and len(selection.files) < request.shard.count:
        found = collect(project, selection.files, arguments=request.pytest_arguments)
        tests = {each.path: each.nodes or (each.path,) for each in found.files}
    plan = make_plan(project, selection, request, profile, durations=durations, tests=tests)
    quarantine = quarantine_of(project)
    if quarantine:
        today = project.session.today
        plan = msgspec.structs.replace(plan, quarantined=live_tests(quarantine, today, project.place))
    return Prepared(project, request, profile, known, selection, plan, (*selection.notes, *notes), quarantine)


def _not_here(project: Project, request: RunRequest, profile: ResolvedProfile, narrowings: list[Narrowed]) -> list[str]:
    """The categories of the flows that are not among the profile's, each with its files: what is left out is said."""
    allowed = set(profile.keys.categories)
    everything = select(project, request, narrowings=narrowings)
    left = [each for each in everything.categories if each.name not in allowed]
    return [
        f"`{each.name or 'no category'}` ({len(each.files)} file{'' if len(each.files) == 1 else 's'}) does not run on "
        f"the profile `{profile.name}`, whose `categories` leave it out"
        for each in left
    ]


def why(prepared: Prepared, node: str) -> list[str]:
    """The reasons for which a test is selected, empty where it is not."""
    path = node.partition("::")[0]
    return list(prepared.selection.reasons.get(path, ()))


def why_not(project: Project, path: str) -> str:
    """Why a file is no test file of the project, as far as that can be told."""
    if path not in project.listing.live:
        if path in project.listing.known:
            return "it is left out: it lies in a shadow tree, or `exclude` names it"
        if (project.root / path).exists():
            return "git ignores it, or it is no Python file"
        return "there is no such file"
    settings = project.settings
    if not settings.is_test_path(path):
        return f"its name is none of {', '.join(f'`{each}`' for each in settings.files)} (`python_files`)"
    below = tuple(project.testpaths)
    if not project.is_within(path):
        return f"it lies outside `{project.place}`, where pytest has its root here"
    if below and not matches(path, below):
        return f"it lies outside {', '.join(f'`{each}`' for each in below)}"
    return "what narrows this run leaves it out"
