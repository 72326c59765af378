"""The plan of a run: categories with their work, policies, expected durations, and how it would be spread."""

import os
import random
from collections.abc import Iterable, Mapping

from canonry.canon.durations import seconds
from canonry.canon.options import Category, Flaky, Run
from canonry.model.errors import NothingValidatedError
from canonry.model.run_plan import CategoryPlan, Policy, RunPlan, Work
from canonry.run.naming import as_pytest
from canonry.run.profiles import ResolvedProfile
from canonry.run.project import Project
from canonry.run.request import RunRequest
from canonry.run.select import RANKS, Selected, Selection
from canonry.run.shard import ASSUMED, take_shard

_UNITS = {"MB": 10**6, "GB": 10**9}


def make_plan(
    project: Project,
    selection: Selection,
    request: RunRequest,
    profile: ResolvedProfile,
    *,
    durations: Mapping[str, float],
    tests: Mapping[str, tuple[str, ...]] | None = None,
) -> RunPlan:
    """The plan of a selection. ``durations``: node id -> seconds, from history. ``tests``: path -> node ids, where
    files have to be divided for a shard.

    Raises `UserError` for a shard that would be empty.
    """
    place = project.place
    if place:
        durations = {as_pytest(node, place): duration for node, duration in durations.items()}
        tests = {
            as_pytest(path, place): tuple(as_pytest(node, place) for node in nodes)
            for path, nodes in (tests or {}).items()
        }
    expected = _by_file(durations)
    categories = tuple(_category(project, each, request, profile, expected, durations) for each in selection.categories)
    if request.shard is not None:
        categories = take_shard(categories, request.shard, durations=durations, tests=tests or {})
    arguments = [*rooted(project), *request.pytest_arguments]
    for option, value in (("-k", request.keyword), ("-m", request.marker)):
        if value is not None:
            arguments += [option, value]
    keys = profile.keys
    shuffle = request.shuffle
    if shuffle is None and keys.shuffle:
        shuffle = random.SystemRandom().randrange(1, 2**31)
    return RunPlan(
        root=str(project.pytest_root),
        categories=categories,
        paths=tuple(
            dict.fromkeys(as_pytest(project.relative(path.partition("::")[0]), place) or "." for path in request.paths)
        ),
        pytest_arguments=tuple(arguments),
        workers=request.workers or keys.workers or project.canon.run.workers or default_workers(),
        max_failures=request.max_failures or keys.max_failures,
        repeat=request.repeat or keys.repeat or 1,
        until_fail=request.until_fail,
        shuffle=shuffle,
    )


def rooted(project: Project) -> tuple[str, ...]:
    """The options with which pytest has its root, and its configuration, where the project says."""
    root = (f"--rootdir={project.pytest_root}",)
    file = project.settings.source
    return (*root, "-c", str(project.pytest_root / file)) if project.place and file else root


def default_workers() -> int:
    """One worker for each core that this process may use."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:
        return os.cpu_count() or 1


def policy_of(category: Category | None, run: Run, request: RunRequest, profile: ResolvedProfile) -> Policy:
    """How a category's tests run: the command line first, then the profile, the category, `[tool.canonry.run]`."""
    keys = profile.keys

    def either(option: str, given: float | None) -> float | None:
        own = getattr(category, option, None) or getattr(run, option)
        return given if given is not None else seconds(own) if own else None

    own_leaks = category.leaks if category is not None else None
    leaks = request.leaks or (keys.leaks or own_leaks or run.leaks).value
    own_globals = category.global_leaks if category is not None else None
    global_leaks = next((each for each in (request.global_leaks, own_globals) if each is not None), run.global_leaks)
    retries = category.retries if category is not None else run.retries
    if keys.retries is not None:
        retries = keys.retries
    flaky = category.flaky if category is not None else run.flaky
    hard, soft = either("test_timeout", request.hard_limit), either("slow", request.soft_limit)
    return Policy(
        workers=category.workers if category is not None else None,
        serial=category.serial if category is not None else False,
        timeout=seconds(category.timeout) if category is not None and category.timeout else None,
        soft_limit=soft if hard is None or soft is None or soft < hard else None,
        hard_limit=hard,
        memory=_bytes(category.memory) if category is not None and category.memory else None,
        retries=request.retries if request.retries is not None else retries,
        flaky_fails=flaky is Flaky.FAIL,
        mocks=category.mocks.value if category is not None else "allowed",
        leaks=leaks,
        global_leaks=global_leaks,
        services=tuple(category.services) if category is not None else (),
    )


def expected_total(plan: RunPlan) -> float:
    """How long the plan's tests take together, in seconds of one worker."""
    return sum(work.expected or ASSUMED for category in plan.categories for work in category.work)


def require_work(plan: RunPlan, selection: Selection) -> None:
    """Raises `NothingValidatedError` where a plan would run nothing, or nothing of a category that was asked for."""
    if selection.empty:
        names = ", ".join(f"`{name}`" for name in selection.empty)
        which = "the category" if len(selection.empty) == 1 else "the categories"
        verb = "selects" if len(selection.empty) == 1 else "select"
        raise NothingValidatedError(
            f"{which} {names} {verb} no test here; correct `paths` and `markers` in the canon, or what narrows the run"
        )
    if not any(category.work for category in plan.categories):
        raise NothingValidatedError(
            "no test is selected, so nothing was validated; name other paths, or widen what narrows the run "
            "(`tests` of the canon, `testpaths` and `python_files` of pytest, the options of this call)"
        )


def _category(
    project: Project,
    selected: Selected,
    request: RunRequest,
    profile: ResolvedProfile,
    expected: Mapping[str, float],
    durations: Mapping[str, float],
) -> CategoryPlan:
    declared = project.canon.categories.get(selected.name)
    place = project.place
    work = []
    for tree_path, tree_nodes in selected.files.items():
        path, nodes = as_pytest(tree_path, place), tuple(as_pytest(node, place) for node in tree_nodes)
        seconds_of = sum(durations.get(node, 0.0) for node in nodes) if nodes else expected.get(path, 0.0)
        work.append(Work(path=path, nodes=nodes, expected=seconds_of))
    return CategoryPlan(
        name=selected.name,
        work=tuple(work),
        whole=frozenset(as_pytest(path, place) for path in selected.whole),
        markers=selected.markers if set(selected.files) - selected.whole else (),
        without=selected.without,
        policy=policy_of(declared, project.canon.run, request, profile),
        needs=tuple(declared.needs) if declared is not None else (),
        conflicts=tuple(declared.conflicts) if declared is not None else (),
        priority=RANKS[declared.priority] if declared is not None else 2,
    )


def _by_file(durations: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for node, duration in durations.items():
        path = node.partition("::")[0]
        found[path] = found.get(path, 0.0) + duration
    return found


def waves(categories: Iterable[CategoryPlan]) -> list[list[CategoryPlan]]:
    """The categories in groups that may run at the same time: after those that they need, apart from conflicts."""
    left = list(categories)
    names = {category.name for category in left}
    done: set[str] = set()
    found: list[list[CategoryPlan]] = []
    while left:
        wave: list[CategoryPlan] = []
        for category in left:
            conflict = any(each.name in category.conflicts or category.name in each.conflicts for each in wave)
            if not conflict and all(need in done or need not in names for need in category.needs):
                wave.append(category)
        left = [category for category in left if category not in wave]
        done.update(category.name for category in wave)
        found.append(wave)
    return found


def _bytes(size: str) -> int:
    return int(size[:-2]) * _UNITS[size[-2:]]
