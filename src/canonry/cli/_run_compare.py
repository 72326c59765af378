"""`canonry run --compare REF`."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
import msgspec

from canonry.cli._run_call import Call, opened_output
from canonry.cli._run_circumstances import circumstances_of, interruptible
from canonry.history.statistics.paired import Verdict
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.quarantine import FILE
from canonry.model.run_plan import RunPlan
from canonry.report.run.compared import Question, render, render_json
from canonry.run.comparing import FIRST_PAIRS, Compared, Side, Timed, compare
from canonry.run.execute import StopSignal
from canonry.run.naming import of_tree
from canonry.run.prepare import Prepared, prepare
from canonry.run.project import Project, open_project
from canonry.run.request import RunRequest
from canonry.run.scratch import held_scratch, sweep
from canonry.run.select import Narrowed
from canonry.run.session import Circumstances, run_plan
from canonry.run.summary import INTERRUPT, RunSummary
from canonry.run.tree_copy import check_out, copy_tree, import_variables, standing_in
from canonry.source.trees.git import Git, find_repository

_PREFIX = "canonry-compare-"
_REASON = "it is compared"


def compare_trees(prepared: Prepared, call: Call, name: str) -> int:
    """Runs the selected tests here and at a commit in turn; 1 where one became slower, 5 where none can be compared.

    Raises `UserError` where there is no such commit.
    """
    project, values = prepared.project, call.values
    found = find_repository(project.root)
    if found is None or found[1] is None or found[1].resolve() != project.root.resolve():
        raise UserError(f"`{project.root}` is no git repository, so there is nothing to compare with")
    commit = Git(project.root).resolve(name)
    tree = project.session.tree
    question = Question(name=name, there=commit, here=tree.commit or "", dirty=tree.dirty)
    stop = StopSignal()

    def tell(said: str) -> None:
        if not values.quiet:
            click.echo(f"canonry: {said}", err=True)

    with _copies(project.root, commit) as copies, Sides(prepared, copies, stop) as measure, interruptible(stop):
        compared = compare(measure, pairs=prepared.request.repeat or FIRST_PAIRS, tell=tell)
    if not compared.tests and not compared.left_out:
        raise NothingValidatedError("no test ran on either side, so nothing was compared")
    with opened_output(values) as out:
        if values.output_format == "json":
            render_json(question, compared, out)
        else:
            render(question, compared, out, verbose=values.verbose)
    return status_of(compared)


def status_of(compared: Compared) -> int:
    """1 where a test became slower, else 0. Raises `NothingValidatedError` where of no test anything can be told."""
    if not compared.tests:
        raise NothingValidatedError("no test passed on both sides, so nothing was compared")
    if len(compared.of(Verdict.NOT_ENOUGH)) == len(compared.tests):
        raise NothingValidatedError(
            "of no test it can be told whether it is slower; use a quieter machine, or look longer (`--repeat 20`)"
        )
    return 1 if compared.of(Verdict.SLOWER) else 0


class Sides:
    """Runs tests of one of the two copies; the same files, the same policies, one worker where none is asked for.

    Each copy is opened once, and each selection planned once: dozens of runs follow.
    """

    def __init__(self, prepared: Prepared, copies: Mapping[Side, Path], stop: StopSignal) -> None:
        request, self._project = prepared.request, prepared.project
        self._copies, self._stop, self._here = copies, stop, prepared.project.here
        self._stack = ExitStack()
        self._projects: dict[Side, Project] = {}
        self._plans: dict[tuple[Side, frozenset[str]], tuple[RunPlan, Circumstances]] = {}
        by_selection = (
            request.paths
            or request.categories
            or prepared.profile.keys.categories
            or request.flows
            or request.changed is not None
            or request.failed
            or request.rerun is not None
            or request.shard is not None
        )
        self._files: dict[str, tuple[str, ...]] | None = None
        if by_selection:
            self._files = {}
            for category in prepared.selection.categories:
                for path, nodes in category.files.items():
                    before = self._files.get(path, nodes)
                    self._files[path] = (*before, *nodes) if before and nodes else ()
        self._request = RunRequest(
            config=request.config.absolute() if request.config is not None else None,
            profile=request.profile,
            keyword=request.keyword,
            marker=request.marker,
            workers=request.workers or 1,
            containers=request.containers,
            hard_limit=request.hard_limit,
            soft_limit=request.soft_limit,
            leaks="off",
            retries=0,
            pytest_arguments=request.pytest_arguments,
        )

    def __enter__(self) -> "Sides":
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def __call__(self, side: Side, nodes: Collection[str]) -> Timed:
        """One run. Raises `KeyboardInterrupt` where it was interrupted."""
        root = self._copies[side]
        here = root / self._here
        with standing_in(here if here.is_dir() else root, import_variables(self._project.root, root)):
            project, plan, circumstances = self._planned(side, frozenset(nodes))
            summary = run_plan(project, plan, circumstances)
        if summary.ended is None or summary.ended.reason == INTERRUPT:
            raise KeyboardInterrupt
        return _timed(summary, project.place)

    def _planned(self, side: Side, nodes: frozenset[str]) -> tuple[Project, RunPlan, Circumstances]:
        """The plan of a side for these tests, made where this process stands now."""
        if side not in self._projects:
            opened = self._stack.enter_context(open_project(config=self._request.config))
            if (opened.root / self._project.place).is_dir():
                opened.settle_at(self._project.place)
            self._projects[side] = opened
        project = self._projects[side]
        if (side, nodes) not in self._plans:
            files = self._wanted(nodes)
            narrowed = () if files is None else (Narrowed(files=files, reason=_REASON),)
            prepared = prepare(project, self._request, narrowed=narrowed)
            circumstances = msgspec.structs.replace(circumstances_of(prepared, self._stop), recorded=False)
            self._plans[side, nodes] = _apart(prepared.plan), circumstances
        return project, *self._plans[side, nodes]

    def _wanted(self, nodes: Collection[str]) -> dict[str, tuple[str, ...]] | None:
        """The tests by file, None for all."""
        if not nodes:
            return self._files
        found: dict[str, tuple[str, ...]] = {}
        for node in sorted(nodes):
            path = node.partition("::")[0]
            found[path] = (*found.get(path, ()), node)
        return found


@contextmanager
def _copies(root: Path, commit: str) -> Iterator[dict[Side, Path]]:
    """Two copies of a tree, side by side and alike but for the files of one commit; gone at the end."""
    sweep(root, _PREFIX)
    with held_scratch(root, _PREFIX) as place:
        yield from _copies_in(place, root, commit)


def _copies_in(place: Path, root: Path, commit: str) -> Iterator[dict[Side, Path]]:
    if place.resolve().is_relative_to(root.resolve()):
        raise UserError(
            f"the temporary folder `{place.parent}` lies in the tree that is to be copied; set TMPDIR elsewhere"
        )
    # names of one length, below one name: what tests take may depend on their paths
    copies = {side: place / side.value.ljust(5, "-") / root.name for side in Side}
    try:
        for copy in copies.values():
            copy_tree(root, copy)
        check_out(copies[Side.THERE], commit)
        for copy in copies.values():
            (copy / FILE).unlink(missing_ok=True)  # who is in quarantine changes no time, and may be of another canon
        yield copies
    except OSError as error:
        if error.filename is None or not str(error.filename).startswith(str(place)):
            raise
        raise UserError(
            f"`{root}` cannot be copied to `{place}` ({error.strerror or error}); make room there, or set TMPDIR"
        ) from error


def _apart(plan: RunPlan) -> RunPlan:
    """The plan without what lets one category wait for another: every test's own time is wanted."""
    categories = tuple(msgspec.structs.replace(each, needs=()) for each in plan.categories)
    return msgspec.structs.replace(plan, categories=categories, max_failures=None, shuffle=None, repeat=1)


def _timed(summary: RunSummary, place: str) -> Timed:
    first = {of_tree(node, place): each.attempts[0] for node, each in summary.results.items() if "::" in node}
    return Timed(
        {node: attempt.outcome for node, attempt in first.items()},
        {node: attempt.duration for node, attempt in first.items()},
    )
