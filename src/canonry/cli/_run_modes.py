"""What `canonry run` may do with the selected tests: show them, collect them, probe them, run them."""

import os
from pathlib import Path

import click

from canonry.cli._run_call import Call, opened_output, prepared_for, resuming
from canonry.cli._run_options import Values
from canonry.model.errors import NothingValidatedError, UserError
from canonry.run.naming import as_pytest
from canonry.run.plan import require_work
from canonry.run.prepare import Prepared, why, why_not
from canonry.run.project import Project, open_project


def dispatch(call: Call) -> int:
    """Does what the call asks for; the exit status."""
    _check(call)
    if call.request.resume:
        call = resuming(call)
    values = call.values
    if values.replay is not None:
        return _replay(call, values.replay)
    if values.watch:
        from canonry.cli._run_tests import watch

        return watch(call)
    if values.warm is False:
        _end_warm(call)
    with open_project(config=call.request.config) as project:
        if values.as_script is not None:
            return _write_script(project, values.as_script)
        prepared = prepared_for(call, project)
        if values.explain is not None:
            return _explain(prepared, call)
        for note in () if values.quiet else (*project.notes, *prepared.notes):
            if shows_only(values) or runs_many(values):
                click.echo(f"canonry: {note}", err=True)
        require_work(prepared.plan, prepared.selection)
        if values.list_ or values.plan:
            return _show(prepared, call)
        if values.collect:
            return _collect(prepared, call)
        if values.order_check or values.parallel_check:
            return _probe(prepared, call)
        if values.prove is not None:
            from canonry.cli._run_prove import prove_flow

            return prove_flow(prepared, call)
        if values.compare is not None:
            from canonry.cli._run_compare import compare_trees

            return compare_trees(prepared, call, values.compare)
        from canonry.cli._run_tests import run_tests

        status = run_tests(prepared, call)
        _stay_warm(prepared, call)
        return status


def _stay_warm(prepared: Prepared, call: Call) -> None:
    """What this run would have liked to find waits for the next one, if that is wanted, or a warm process is there."""
    from canonry.run.waiting import WARM_VARIABLE, leave_wish, wish_of

    place = os.environ.get(WARM_VARIABLE)
    wish = wish_of(prepared.plan, prepared.profile.environment(os.environ))
    if place is not None and wish is not None:
        leave_wish(Path(place), wish)
    if not call.values.warm:
        return
    from canonry.run.warm import IDLE, Kept, keep_warm

    kept = keep_warm(prepared.project.root, wish)
    if kept is Kept.REFUSED:
        click.echo("canonry: no warm process could be started; `.canonry/warm/log` says why", err=True)
    elif kept is Kept.STARTED and not call.values.quiet:
        click.echo(
            f"canonry: a warm process waits for the next calls here; it ends after {IDLE / 60:.0f} minutes "
            "without one, or with `canonry run --cold`",
            err=True,
        )


def _end_warm(call: Call) -> None:
    from canonry.run.warm import end_warm

    with open_project(config=call.request.config) as project:
        root = project.root
    if end_warm(root) and not call.values.quiet:
        click.echo("canonry: the warm process was ended", err=True)


def shows_only(values: Values) -> bool:
    """Whether no test is to run."""
    return values.list_ or values.plan or values.collect or values.order_check or values.parallel_check


def runs_many(values: Values) -> bool:
    """Whether one call makes many runs."""
    return values.prove is not None or values.compare is not None


_TEXTS = ("full", "json")


def _check(call: Call) -> None:
    """Raises `UserError` for options that do not go together."""
    values, request = call.values, call.request
    modes = {
        "--list": values.list_,
        "--plan": values.plan,
        "--explain": values.explain is not None,
        "--collect": values.collect,
        "--order-check": values.order_check,
        "--parallel-check": values.parallel_check,
        "--watch": values.watch,
        "--replay": values.replay is not None,
        "--as-script": values.as_script is not None,
        "--prove": values.prove is not None,
        "--compare": values.compare is not None,
    }
    given = [name for name, wanted in modes.items() if wanted]
    if len(given) > 1:
        raise UserError(f"`{given[0]}` and `{given[1]}` ask for two things; give one of them")
    asks = shows_only(values) or values.explain is not None or runs_many(values)
    if asks and values.output_format not in _TEXTS:
        raise UserError(f"`{given[0]}` is shown as `full` or `json`, not as `{values.output_format}`")
    if runs_many(values) and values.reports:
        raise UserError(f"`{given[0]}` makes many runs, of which there is one report; leave `--report` out")
    if shows_only(values) and values.reports:
        raise UserError(f"`{given[0]}` runs no test, so there is nothing for `--report`; leave it out")
    if values.cover and given and given[0] != "--watch":
        raise UserError(
            f"`--cover` measures what runs, and `{given[0]}` runs nothing or another way; leave one of them out"
        )
    if request.resume and (request.paths or request.categories or request.failed or request.rerun):
        raise UserError("`--resume` takes the selection of the interrupted run; leave the rest of the selection out")


def _show(prepared: Prepared, call: Call) -> int:
    from canonry.report.run.planned import list_json, plan_json, render_list, render_plan
    from canonry.run.collect import known_tests

    as_json = call.values.output_format == "json"
    with opened_output(call.values) as out:
        if call.values.plan:
            (plan_json if as_json else render_plan)(prepared, out)
            return 0
        tests = known_tests(prepared.project, prepared.selection.files, prepared.request.pytest_arguments)
        (list_json if as_json else render_list)(prepared, tests, out)
    return 0


def _explain(prepared: Prepared, call: Call) -> int:
    from canonry.report.run.planned import explained_json, render_explained

    node = call.values.explain or ""
    place, _, rest = node.partition("::")
    path = prepared.project.relative(place)
    full = f"{path}::{rest}" if rest else path
    reasons = why(prepared, full)
    place = prepared.project.place
    full = as_pytest(full, place)
    places = [
        category
        for category in prepared.plan.categories
        for work in category.work
        if work.path == as_pytest(path, place)
        and (not rest or not work.nodes or any(full == each or full.startswith(f"{each}::") for each in work.nodes))
    ]
    if not places:
        reasons = [f"not selected: {why_not(prepared.project, path)}"]
    elif rest and not _is_held(prepared, path, f"{path}::{rest}"):
        places, reasons = [], ["not selected: its file holds no such test; `canonry run --list` shows those it holds"]
    with opened_output(call.values) as out:
        render = explained_json if call.values.output_format == "json" else render_explained
        render(full, reasons, places, prepared.plan, out)
    return 0 if places else 1


def _is_held(prepared: Prepared, path: str, node: str) -> bool:
    """Whether a file holds a test, or a class of tests; what nobody has collected yet may hold anything."""
    from canonry.run.collect import known_tests

    known = known_tests(prepared.project, [path], prepared.request.pytest_arguments).get(path)
    return known is None or any(_is_within(each, node) for each in known)


def _collect(prepared: Prepared, call: Call) -> int:
    from canonry.report.run.collected import render, render_json
    from canonry.run.collect import collect, collect_plan, narrows

    project, variables = prepared.project, prepared.profile.environment(os.environ)
    if narrows(prepared.plan):
        report = collect_plan(project, prepared.plan, variables=variables)
    else:
        report = collect(
            project,
            prepared.selection.files,
            arguments=prepared.request.pytest_arguments,
            variables=variables,
            workers=prepared.plan.workers,
            fresh=True,
        )
    report = report.as_pytest(project.place)
    with opened_output(call.values) as out:
        if call.values.output_format == "json":
            render_json(report, out)
        else:
            render(report, out, verbose=call.values.verbose)
    if not report.tests and not report.uncollectable:
        why = "what narrows the run leaves out all tests" if report.deselected else "no file holds a test"
        raise NothingValidatedError(f"{why}, so nothing was validated")
    return 1 if report.uncollectable else 0


def _probe(prepared: Prepared, call: Call) -> int:
    from canonry.report.run.probed import render_json, render_order, render_together
    from canonry.run.collect import collect
    from canonry.run.probes.order import check_order
    from canonry.run.probes.probe import Prober
    from canonry.run.probes.together import check_together

    request, values = prepared.request, call.values
    project = prepared.project
    found = collect(project, prepared.selection.files, arguments=request.pytest_arguments).as_pytest(project.place)
    chosen = {work.path: work.nodes for category in prepared.plan.categories for work in category.work}
    nodes = [
        node
        for each in found.files
        for node in each.nodes
        if not chosen.get(each.path) or any(_is_within(node, wanted) for wanted in chosen[each.path])
    ]
    if not nodes:
        raise NothingValidatedError("no test is selected, so nothing was validated")
    arguments = tuple(each for each in prepared.plan.pytest_arguments if not each.startswith("--rootdir="))
    limits = {
        work.path: category.policy.hard_limit
        for category in prepared.plan.categories
        for work in category.work
        if category.policy.hard_limit is not None
    }
    prober = Prober(project.pytest_root, arguments, prepared.profile.environment(os.environ), limits)

    def progress(said: str) -> None:
        if not values.quiet:
            click.echo(f"canonry: {said}", err=True)

    if values.order_check:
        order = check_order(prober, nodes, progress=progress)
        with opened_output(values) as out:
            (render_json if values.output_format == "json" else render_order)(order, out)
        return 1 if order.findings or order.broken else 0
    together = check_together(
        prober,
        nodes,
        processes=request.workers or 4,
        rounds=request.repeat or 2,
        seed=request.shuffle or 0,
        progress=progress,
    )
    with opened_output(values) as out:
        (render_json if values.output_format == "json" else render_together)(together, out)
    return 1 if together.findings or together.broken else 0


def _is_within(node: str, wanted: str) -> bool:
    return node == wanted or node.startswith((f"{wanted}::", f"{wanted}["))


def _replay(call: Call, name: str) -> int:
    from canonry.cli._run_reports import Reports
    from canonry.run.recording import find_recording, read_recording
    from canonry.run.summary import RunSummary

    with open_project(config=call.request.config) as project:
        path, here = find_recording(project.root, name), project.here
    summary = RunSummary()
    with Reports(call.values, again=(), here=here, replayed=True) as reports:
        for event in read_recording(path):
            summary.add(event)
            reports.add(event)
    return summary.ended.status if summary.ended is not None else summary.status()


def _write_script(project: Project, path: str) -> int:
    from canonry.run.script import write_script

    outcome = write_script(project, path)
    if outcome is None:
        click.echo(f"canonry: `{path}` is as it should be", err=True)
    else:
        for note in outcome.notes:
            click.echo(f"canonry: {note}", err=True)
        click.echo(f"canonry: wrote `{path}`; `canonry changes rollback` takes it back", err=True)
    return 0
