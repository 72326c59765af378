"""`canonry report readiness`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from canonry.cli._output import (
    color_option,
    config_option,
    output_file_option,
    painted,
    quiet_option,
    tell,
    workers_option,
    write_report,
)
from canonry.model.errors import UserError
from canonry.model.readiness import Readiness, ReadinessState
from canonry.report.readiness import FORMATS, render

if TYPE_CHECKING:
    from canonry.audit.result import Result
    from canonry.history.readiness import ProfileFacts, TreeFacts
    from canonry.history.store import History
    from canonry.model.history import KeptAttempt, KeptRun
    from canonry.run.project import Project

_FIRST = "ci"


@click.command("readiness")
@click.option(
    "--profile", "names", multiple=True, metavar="NAME", help="Judge this profile [default: all that matter]."
)
@click.option("--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The tree.")
@config_option
@click.option("--probe/--no-probe", default=True, show_default=True, help="Ask services whether they answer.")
@click.option("--output-format", type=click.Choice(FORMATS), default="full", show_default=True)
@output_file_option
@workers_option
@color_option
@quiet_option
def readiness(
    *,
    names: tuple[str, ...],
    repo: Path,
    config: Path | None,
    probe: bool,
    output_format: str,
    output_file: Path | None,
    workers: int | None,
    color: str,
    quiet: bool,
) -> int:
    """Say whether each profile is ready, not ready, or not known well enough, with its P0 blockers and what to do next.

    Judged are the commit that is checked out and the runs that are recorded of it, each in its own profile: the one
    that applies by default, `ci`, and those that the canon declares.

    Exits 0 where all of them are ready, 1 where one is not, 5 where data is lacking.
    """
    found, notes = readiness_of(names, repo=repo, config=config, workers=workers, probe=probe, quiet=quiet)
    tell(notes, quiet=quiet)
    coloured = painted(color, output_file)
    write_report(lambda out: render(found, out, output_format=output_format, color=coloured), output_file)
    states = {each.state for each in found}
    return 1 if ReadinessState.NOT_READY in states else 5 if ReadinessState.NOT_ENOUGH in states else 0


def readiness_of(
    names: tuple[str, ...], *, repo: Path, config: Path | None, workers: int | None, probe: bool, quiet: bool
) -> tuple[list[Readiness], list[str]]:
    """The readiness of these profiles (none named: of all that matter), and sentences for the user."""
    from canonry.cli._history_of import audited, history_of
    from canonry.history.readiness import judge_readiness

    with audited(repo, config, workers, quiet=quiet) as (project, result), history_of(project) as history:
        canon = project.canon
        wanted = names or tuple(dict.fromkeys((canon.run.profile, _FIRST, *canon.profiles)))
        tree = _tree(project, result, history, config)
        found = [
            judge_readiness(canon, tree, _profile(project, history, tree.commit, name, probe=probe))
            for name in dict.fromkeys(wanted)
        ]
        return found, list(project.notes)


def _tree(project: "Project", result: "Result", history: "History", config: Path | None) -> "TreeFacts":
    from canonry.canon.quarantine import read_entries
    from canonry.canon.selection import matches
    from canonry.history.readiness import TreeFacts
    from canonry.model.finding import Severity
    from canonry.model.quarantine import FILE

    session = project.session
    content = session.tree.read(FILE)
    entries = read_entries(content) if content is not None else ()
    flows = project.canon.flows
    errors: dict[str, list[str]] = {name: [] for name in flows}
    for finding in result.findings():
        if finding.severity is Severity.ERROR:
            for name, flow in flows.items():
                if flow.components and matches(finding.path, flow.components):
                    errors[name].append(f"{finding.path}:{finding.line} {finding.code}")
    return TreeFacts(
        commit=session.tree.commit,
        dirty=bool(session.tree.dirty),
        unparsable=tuple(sorted(each.path for chunk in result.numbers() for each in chunk.files if each.broken)),
        flow_errors={name: tuple(found) for name, found in errors.items()},
        expired=tuple(each.test for each in entries if each.days_left(session.today) < 0),
        forgiven=frozenset(each.test for each in entries if each.days_left(session.today) >= 0),
        refused=_refused(project, config),
        files=tuple(project.test_files()),
        tests=_seen(history, session.tree.commit),
    )


def _seen(history: "History", commit: str | None) -> dict[str, str]:
    """The tests that runs of a clean tree at this commit saw, with their categories."""
    runs = [each for each in history.runs(commits=[commit]) if not each.dirty] if commit is not None else []
    return {each.node: each.category for each in history.attempts(runs)}


def _refused(project: "Project", config: Path | None) -> tuple[tuple[str, str], ...] | None:
    """What the gate refuses, None where there is no baseline to compare with."""
    from canonry.audit.request import Request
    from canonry.gate.baseline import NAME
    from canonry.gate.files import judge_against_file
    from canonry.gate.terms import Terms
    from canonry.model.finding import Severity

    if project.session.tree.read(NAME) is None:
        return None
    try:
        found = judge_against_file(Request(repository=project.root, config=config), terms=Terms(least=Severity.WARNING))
    except UserError as error:
        return ((" ".join(str(error).split()), "canonry gate"),)
    return tuple((reason.said, reason.mend) for reason in found.reasons)


def _profile(project: "Project", history: "History", commit: str | None, name: str, *, probe: bool) -> "ProfileFacts":
    from canonry.history.readiness import ProfileFacts
    from canonry.history.reliability import claim_flow
    from canonry.run.flow_claims import flow_runs
    from canonry.run.profiles import resolve_profile

    resolved = resolve_profile(project.canon, name)
    runs = history.runs(commits=[commit], profile=name) if commit is not None else []
    runs = [each for each in runs if not each.dirty]
    kept: list[tuple[KeptRun, tuple[KeptAttempt, ...]]] = [(run, tuple(history.attempts([run]))) for run in runs]
    return ProfileFacts(
        name=name,
        categories=tuple(resolved.keys.categories),
        outcomes={each.node: each.outcome for _, attempts in kept for each in attempts},
        claims={
            flow: claim_flow(
                flow,
                flow_runs(history, runs, declared, ()),
                commit=commit,
                environment=runs[-1].environment if runs else "",
                profile=name,
                target=declared.reliability,
            )
            for flow, declared in project.canon.flows.items()
        },
        silent=tuple(_silent(project, name)) if probe else (),
    )


def _silent(project: "Project", name: str) -> Iterator[str]:
    """What of a profile does not answer, or cannot start here: its environment, and services of its categories."""
    from canonry.run.profiles import canon_under, require_ready, resolve_profile
    from canonry.run.service_examinations import examine_services

    canon, resolved = project.canon, resolve_profile(project.canon, name)
    try:
        require_ready(resolved, os.environ)
        canon = canon_under(canon, resolved)
    except UserError as error:
        yield " ".join(str(error).split())
        return
    chosen = resolved.keys.categories or list(canon.categories)
    used = {service for each in chosen if each in canon.categories for service in canon.categories[each].services}
    for said in examine_services(canon, project.root):
        if said.then and said.name in used:
            yield f"service `{said.name}`: {said.detail}; {said.then}"
