"""Runs the selected tests: reports that grow with the run, Ctrl-C, and running again when a file changes."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from canonry.cli._run_call import Call, prepared_for
from canonry.cli._run_circumstances import circumstances_of, interruptible
from canonry.cli._run_reports import Reports
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import FlowClaimed, FlowCovered, Note, RunEvent
from canonry.run.changed import reached
from canonry.run.execute import StopSignal
from canonry.run.plan import require_work
from canonry.run.prepare import Prepared, prepare
from canonry.run.project import open_project
from canonry.run.quarantine import unknown
from canonry.run.select import Narrowed
from canonry.run.session import run_plan
from canonry.run.summary import RunSummary
from canonry.run.watch import changed_between, snapshot, wait_for_change


def run_tests(prepared: Prepared, call: Call) -> int:
    """Runs a plan and tells it; the exit status."""
    plan, project = prepared.plan, prepared.project
    again = _again(call)
    known = sum(len(work.nodes) or 1 for category in plan.categories for work in category.work)
    stop = StopSignal()

    measured = _Measured(prepared) if call.values.cover else None
    usual = circumstances_of(prepared, stop, arguments=call.arguments)
    circumstances = msgspec.structs.replace(
        usual,
        notes=(*usual.notes, *_notes(prepared)),
        resumes=call.resumed[0] if call.resumed is not None else "",
        measure=lambda summary: _at_the_end(prepared, measured, summary),
    )
    with (
        measured or contextlib.nullcontext(),
        Reports(call.values, again=again, here=project.here, expected=known) as reports,
        interruptible(stop),
    ):
        summary = run_plan(project, plan, circumstances, listeners=(reports.add,))
    return summary.status()


def _at_the_end(prepared: Prepared, measured: "_Measured | None", summary: RunSummary) -> Iterator[RunEvent]:
    """What is told of the whole run before it ends."""
    for said in unknown(prepared.project, prepared.plan, summary):
        yield Note(text=said, at=time.time())
    if measured is not None:
        yield from measured.events(summary)
    if prepared.request.flows:
        from canonry.run.flow_claims import claims  # few runs are of a flow

        notes: list[str] = []
        for claim in claims(prepared, summary, notes):
            yield FlowClaimed(claim=claim, at=time.time())
        for note in notes:
            yield Note(text=note, at=time.time())


class _Measured:
    """The flows that a run is to cover; workers that start in the block measure their components."""

    def __init__(self, prepared: Prepared) -> None:
        from canonry.history.flow_coverage import components_of, require_contract

        project = prepared.project
        self._project = project
        declared = project.canon.flows
        if not declared:
            raise UserError(
                "`--cover` measures flows, and the canon declares none; declare one as `[tool.canonry.flows.NAME]` "
                "with `tests`, `components` and `contract`"
            )
        names = prepared.request.flows or tuple(declared)
        self._flows = {name: declared[name] for name in names}
        for flow in self._flows.values():
            require_contract(flow, project.root)
        self._components = {name: components_of(flow, project.listing.live) for name, flow in self._flows.items()}
        self._folder = Path()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> None:
        from canonry.run.covering import covering

        files = sorted({path for paths in self._components.values() for path in paths})
        if files:  # coverage.py would take none for all
            self._folder = self._stack.enter_context(covering([self._project.root / path for path in files]))

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def events(self, summary: RunSummary) -> Iterator[FlowCovered]:
        """What the run covered, flow by flow."""
        from canonry.canon.selection import matches
        from canonry.history.flow_coverage import cover_flow, without_mocks
        from canonry.run.naming import of_tree

        real = without_mocks(self._project.canon)
        place = summary.started.place
        for name, flow in self._flows.items():
            passed = {
                node: result.category
                for node, result in summary.results.items()
                if result.outcome is Outcome.PASSED and matches(of_tree(result.path, place), flow.tests)
            }
            yield cover_flow(
                name,
                flow,
                root=self._project.root,
                folder=self._folder,
                components=self._components[name],
                nodes=[node for node, category in passed.items() if category in real],
                judged=[each for each in summary.contracts if each.node in passed],
            )


def watch(call: Call) -> int:
    """Runs the tests, and whatever a change reaches whenever there is one, until it is interrupted."""
    status = 0
    seen = snapshot()
    narrowed: tuple[Narrowed, ...] = ()
    while True:
        try:
            with open_project(config=call.request.config) as project:
                prepared = (
                    prepare(project, call.request, narrowed=narrowed) if narrowed else prepared_for(call, project)
                )
                require_work(prepared.plan, prepared.selection)
                status = run_tests(prepared, call)
        except NothingValidatedError as error:
            click.echo(f"canonry: {error}", err=True)
        if status == _INTERRUPTED:
            return status
        try:
            if not call.values.quiet:
                click.echo("canonry: waits for a change; Ctrl-C ends it", err=True)
            now = wait_for_change(seen)
        except KeyboardInterrupt:
            return status
        paths = changed_between(seen, now)
        seen = now
        with open_project(config=call.request.config) as project:
            reach = reached(project, paths, project.test_files())
        reason = "a change reaches it (--watch)"
        narrowed = (Narrowed(files=dict.fromkeys(reach.tests, ()), reason=reason),)


_INTERRUPTED = 130


def _again(call: Call) -> tuple[str, ...]:
    """The options without which a test would not run again as it did."""
    request = call.request
    found: list[str] = []
    if request.profile is not None:
        found += ["--profile", request.profile]
    if request.config is not None:
        found += ["--config", str(request.config)]
    return tuple(found)


def _notes(prepared: Prepared) -> Iterator[str]:
    if prepared.plan.shuffle is not None:
        yield f"shuffled with seed {prepared.plan.shuffle}; `--shuffle {prepared.plan.shuffle}` repeats the order"
    if prepared.request.shard is not None:
        shard = prepared.request.shard
        files = sum(len(category.work) for category in prepared.plan.categories)
        yield f"shard {shard.number} of {shard.count}: {files:,} files"
