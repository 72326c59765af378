"""Whether profiles are ready: gathers what is known of them, and has `history/readiness.py` judge it."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from canonry.audit.request import Request
from canonry.audit.result import Result
from canonry.canon.quarantine import read_entries
from canonry.canon.selection import matches
from canonry.gate.baseline import NAME
from canonry.gate.files import judge_against_file
from canonry.gate.terms import Terms
from canonry.history.readiness import ProfileFacts, TreeFacts, judge_readiness
from canonry.history.reliability import claim_flow
from canonry.history.store import History
from canonry.model.errors import UserError
from canonry.model.finding import Severity
from canonry.model.gate import Reason
from canonry.model.history import KeptAttempt, KeptRun
from canonry.model.outcome import Outcome
from canonry.model.quarantine import FILE
from canonry.model.readiness import Readiness
from canonry.model.reliability import FlowClaim
from canonry.run.flow_claims import flow_runs, is_of_flow
from canonry.run.profiles import canon_under, require_ready, resolve_profile
from canonry.run.project import Project
from canonry.run.service_examinations import examine_services

Refusals = tuple[tuple[str, str], ...]
"""What the gate refuses, each with the command that mends it."""
_CI = "ci"
_RUNS = 20
"""The newest runs of a commit whose outcomes are read; claims of flows read all of them."""


class _Runs(msgspec.Struct, frozen=True):
    """The runs of the commit on a clean tree, the oldest first, and the attempts of the newest of them by run."""

    runs: list[KeptRun]
    attempts: dict[str, list[KeptAttempt]]


def readiness_of(
    project: Project,
    result: Result,
    history: History,
    *,
    refused: Refusals | None,
    names: Sequence[str] = (),
    probe: bool = True,
) -> list[Readiness]:
    """The readiness of these profiles; where none is named of the default one, `ci`, and those of the canon.

    ``refused`` is None where there is no baseline. ``probe`` asks environments and services whether they answer.
    Raises `UserError` for a profile that nobody declares.
    """
    canon = project.canon
    runs = _runs(history, project.commit)
    tree = _tree(project, result, runs, refused)
    wanted = names or (canon.run.profile, _CI, *canon.profiles)
    return [
        judge_readiness(canon, tree, _profile(project, history, runs, name, probe=probe))
        for name in dict.fromkeys(wanted)
    ]


def refusals(project: Project, config: Path | None) -> Refusals | None:
    """What the gate refuses against the baseline of the tree, None where there is none."""
    if project.session.tree.read(NAME) is None:
        return None
    try:
        found = judge_against_file(Request(repository=project.root, config=config), terms=Terms(least=Severity.WARNING))
    except UserError as error:
        return ((" ".join(str(error).split()), "canonry gate"),)
    return refusals_of(found.reasons)


def refusals_of(reasons: Sequence[Reason]) -> Refusals:
    """The reasons of a gate as sentences with commands."""
    return tuple((reason.said, reason.mend) for reason in reasons)


def _runs(history: History, commit: str | None) -> _Runs:
    runs = [each for each in history.runs(commits=[commit]) if not each.dirty] if commit is not None else []
    return _Runs(runs, {run.id: list(history.attempts([run])) for run in runs[-_RUNS:]})


def _tree(project: Project, result: Result, runs: _Runs, refused: Refusals | None) -> TreeFacts:
    session, flows = project.session, project.canon.flows
    content = session.tree.read(FILE)
    try:
        entries = read_entries(content) if content is not None else ()
    except UserError as error:
        project.notes.append(str(error))
        entries = ()
    errors: dict[str, list[str]] = {name: [] for name in flows}
    for finding in result.findings() if flows else ():
        if finding.severity is Severity.ERROR:
            for name, flow in flows.items():
                if flow.components and matches(finding.path, flow.components):
                    errors[name].append(f"{finding.path}:{finding.line} {finding.code}")
    return TreeFacts(
        commit=project.commit,
        dirty=bool(session.tree.dirty),
        unparsable=tuple(sorted(each.path for chunk in result.numbers() for each in chunk.files if each.broken)),
        flow_errors={name: tuple(found) for name, found in errors.items()},
        expired=tuple(each.test for each in entries if each.days_left(session.today) < 0),
        forgiven=frozenset(each.test for each in entries if each.days_left(session.today) >= 0),
        refused=refused,
        files=tuple(project.test_files()),
        tests={each.node: each.category for attempts in runs.attempts.values() for each in attempts},
    )


def _profile(project: Project, history: History, runs: _Runs, name: str, *, probe: bool) -> ProfileFacts:
    resolved = resolve_profile(project.canon, name)
    mine = [run for run in runs.runs if run.profile == name]
    outcomes: dict[str, Outcome] = {}
    for run in mine:
        outcomes.update((each.node, each.outcome) for each in runs.attempts.get(run.id, ()))
    return ProfileFacts(
        name=name,
        categories=tuple(resolved.keys.categories),
        outcomes=outcomes,
        claims=_claims(project, history, mine, outcomes),
        silent=tuple(_silent(project, name)) if probe else (),
    )


def _claims(
    project: Project, history: History, runs: list[KeptRun], outcomes: dict[str, Outcome]
) -> dict[str, FlowClaim]:
    """What may be claimed of each flow whose reliability the canon demands, in the environment of the newest run."""
    found = {}
    for name, flow in project.canon.flows.items():
        nodes = [node for node in outcomes if is_of_flow(flow, node)]
        if flow.reliability is None or not nodes:
            continue
        found[name] = claim_flow(
            name,
            flow_runs(history, runs, flow, nodes),
            commit=runs[-1].commit,
            environment=runs[-1].environment,
            profile=runs[-1].profile,
            target=flow.reliability,
            tests=frozenset(node for node in nodes if "::" in node),
        )
    return found


def _silent(project: Project, name: str) -> Iterator[str]:
    """What of a profile does not answer, or cannot start here: its environment, and services of its categories."""
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
