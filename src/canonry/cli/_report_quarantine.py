"""`canonry report quarantine`."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from canonry.cli._output import config_option, output_file_option, quiet_option, write_report
from canonry.model.errors import UserError
from canonry.model.quarantine import FILE, LONGEST, Entry, named_by
from canonry.run.project import Project

_FORMATS = ("full", "markdown", "json")


@click.command("quarantine")
@click.option("--add", metavar="NODE", help="Put this test into quarantine.")
@click.option("--reason", help="Why it fails now and then (with --add).")
@click.option("--owner", help="Who mends it (with --add).")
@click.option("--issue", help="Where that is followed (with --add).")
@click.option(
    "--days", type=click.IntRange(1, LONGEST), default=LONGEST, show_default=True, help="How long (with --add)."
)
@click.option("--remove", metavar="NODE", help="Take this test out of quarantine.")
@config_option
@click.option("--output-format", type=click.Choice(_FORMATS), default="full", show_default=True)
@output_file_option
@quiet_option
def quarantine(
    *,
    add: str | None,
    reason: str | None,
    owner: str | None,
    issue: str | None,
    days: int,
    remove: str | None,
    config: Path | None,
    output_format: str,
    output_file: Path | None,
    quiet: bool,
) -> int:
    """Show the tests in quarantine with the days that are left, or change `canonry-quarantine.toml`.

    A test in quarantine still runs, and does not fail the run. At most 1 % of the tests may be in it (one always may),
    for 30 days at most, and never a test of a flow. `canonry changes rollback` takes a change of the file back.

    Exits 0; 1 when an entry has expired; 2 for a mistake of the user's.
    """
    from canonry.run.project import open_project

    said = {"--reason": reason, "--owner": owner, "--issue": issue}
    _check(add, remove, said)
    with open_project(config=config) as project:
        if add is not None:
            today = project.session.today
            entry = Entry(
                test=_node(project, add),
                reason=reason or "",
                owner=owner or "",
                issue=issue or "",
                created=today,
                expires=today + dt.timedelta(days=days),
            )
            _add(project, entry)
            done = f"`{entry.test}` is in quarantine until {entry.expires}"
        elif remove is not None:
            done = f"`{_remove(project, _named(project, remove))}` is in quarantine no longer"
        else:
            return _show(project, output_format, output_file)
    if not quiet:
        click.echo(f"canonry: {done}; `canonry changes rollback` takes that back", err=True)
    return 0


def _check(add: str | None, remove: str | None, said: Mapping[str, str | None]) -> None:
    """Raises `UserError` for options that do not go together."""
    missing = [name for name, value in said.items() if not value]
    if add is not None and remove is not None:
        raise UserError("`--add` and `--remove` ask for two things; give one of them")
    if add is not None and missing:
        raise UserError(f"an entry says why, whose and where it is followed; give {', '.join(missing)}, too")
    if add is None and len(missing) < len(said):
        raise UserError("`--reason`, `--owner` and `--issue` are said of a test; name it with `--add`")


def _show(project: Project, output_format: str, output_file: Path | None) -> int:
    from canonry.report.quarantine import Shelf, render, render_json, render_markdown
    from canonry.run.keeping import past
    from canonry.run.quarantine import allowed, count_tests, quarantine_of

    today, tests = project.session.today, count_tests(project)
    shelf = Shelf(
        entries=[(each, each.days_left(today)) for each in quarantine_of(project)],
        allowed=allowed(tests),
        tests=tests,
        last={node: row.outcome for node, row in past(project.root, []).items()},
    )
    renders = {"full": render, "markdown": render_markdown, "json": render_json}
    write_report(lambda out: renders[output_format](shelf, out), output_file, terminal=output_format == "full")
    return 1 if shelf.live < len(shelf.entries) else 0


def _named(project: Project, node: str) -> str:
    """A node id as the user gives it, from the root of the tree; where its file is gone, as it is written."""
    path, separator, rest = node.partition("::")
    if not (Path(path).exists() or Path(project.root, path).exists()):
        return node
    relative = project.relative(path) if Path(path).exists() else path
    return f"{relative}{separator}{rest}"


def _node(project: Project, node: str) -> str:
    """The test that a node id names. Raises `UserError` where there is none."""
    from canonry.run.collect import collect

    named = _named(project, node)
    path, separator, _ = named.partition("::")
    if not separator:
        raise UserError(f"`{node}` names no test; give its node id, such as `tests/test_a.py::test_b`")
    if not (project.root / path).is_file():
        raise UserError(f"`{path}` is no file of `{project.root}`; give the node id of a test that is there")
    project.settle([str(project.root / path)])
    found = collect(project, [path]).files[0]
    if found.reason:
        raise UserError(f"`{path}` cannot be collected ({found.reason}); mend it, for quarantine is for tests that run")
    if not any(named_by((named,), each) for each in found.nodes):
        raise UserError(f"`{path}` holds no test `{named}`; `canonry run --list {path}` shows those that it holds")
    return named


def _add(project: Project, entry: Entry) -> None:
    from canonry.canon.quarantine import with_entry
    from canonry.run.quarantine import flow_of

    flow = flow_of(entry.test, project.canon)
    if flow is not None:
        raise UserError(
            f"`--add {entry.test}` walks the flow `{flow}`, and a flow's test is never in quarantine; mend the test"
        )
    _write(project, lambda content: with_entry(content, entry), f"puts `{entry.test}` into quarantine")


def _remove(project: Project, test: str) -> str:
    from canonry.canon.quarantine import said_entries, without_entry

    known = said_entries(project.session.tree.read(FILE) or b"")
    if test not in known:
        raise UserError(f"`{test}` is in no quarantine; `canonry report quarantine` shows what is")
    _write(project, lambda content: without_entry(content, test), f"takes `{test}` out of quarantine")
    return test


def _write(project: Project, change: Callable[[bytes], bytes], reason: str) -> None:
    """Writes the file as a change. Raises `UserError` where it would say what it may not say."""
    from canonry.changes.apply import apply_plan
    from canonry.changes.splice import replace_file
    from canonry.model.change_plan import ChangePlan, Verification
    from canonry.run.quarantine import admitted

    before = project.session.tree.read(FILE)
    after = change(before or b"")
    admitted(project, after)
    plan = ChangePlan(
        files=(replace_file(FILE, before, after, rule="quarantine", reason=reason),),
        reason=reason,
        origin="report quarantine",
        verification=Verification.OWN,
    )
    apply_plan(project.root, plan, verify=lambda _path, _before, _after: None)
