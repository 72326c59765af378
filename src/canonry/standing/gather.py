"""Gathers where a suite stands: audit, gate, recordings, flows, quarantine, changes and waves into one value."""

import re
import time
from pathlib import Path

import msgspec

from canonry import __version__
from canonry.audit.engine import audit_session
from canonry.audit.listing import Listing, list_files
from canonry.audit.request import Request
from canonry.audit.result import Result
from canonry.audit.session import Progress, Session, open_session, place
from canonry.canon.quarantine import read_entries
from canonry.gate.baseline import NAME
from canonry.gate.files import judge_against_file
from canonry.gate.proofs import proofs_in
from canonry.gate.terms import Terms
from canonry.history.store import HistoryDamagedError, HistoryRefusedError
from canonry.model.errors import UserError
from canonry.model.finding import Severity
from canonry.model.gate import Judgement, Proof
from canonry.model.quarantine import FILE
from canonry.model.readiness import Readiness
from canonry.model.standing import Absent, Compliance, Migration, Quarantined, Run, Standing
from canonry.run.project import Project
from canonry.run.recording import find_recording, recordings
from canonry.run.summary import RunSummary
from canonry.source.trees.tree import is_project, open_reading_tree
from canonry.standing.actions import actions_of
from canonry.standing.audited import basis, compliance_of, keep_audit, summary_of
from canonry.standing.costs import flaky_of, slow_of
from canonry.standing.flows import flow_lines
from canonry.standing.gates import gates_of, quarantine_lines, verdict_of
from canonry.standing.past import Past, ancestors, chosen, open_past
from canonry.standing.progress import changes_of, migration_of, repair_of
from canonry.standing.readiness import readiness_of, refusals_of
from canonry.standing.runs import run_of
from canonry.standing.trends import trends_of
from canonry.standing.unproven import unproven_of

_NO_RUN = Absent("no run is recorded here", "canonry run")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is to hold. ``run`` is a recording's id, empty for the newest of the suite."""

    run: str = ""
    audit: bool = True
    command: str = "canonry report"


def gather(request: Request, wanted: Wanted, *, progress: Progress | None = None) -> tuple[Path, Standing]:
    """The root of the tree that a request names, and where its suite stands.

    What lacks is `Absent`, with the command that makes it. Raises `UserError` for what the user can mend.
    """
    known = _is_known(request)
    session, notes = _opened(request, wanted, known=known), list[str]()
    past = Past()
    try:
        past = open_past(session, notes) if known else past
        try:
            return session.tree.root, _gather(session, request, wanted, past, notes, progress)
        except (HistoryDamagedError, HistoryRefusedError) as error:  # the rest of the report is worth having
            notes.append(f"nothing is known of earlier runs: {error}")
            return session.tree.root, _gather(session, request, wanted, Past(), notes, progress)
    finally:
        past.close()
        session.close()


def _is_known(request: Request) -> bool:
    """Whether a request names a project, or a folder in which something ran."""
    named = place(request)
    return bool(request.revision or request.staged or not named.is_dir() or is_project(named) or recordings(named))


def _opened(request: Request, wanted: Wanted, *, known: bool) -> Session:
    """The session of a request. A folder that is no project keeps no cache, and nothing of it is listed in vain."""
    if known:
        return open_session(request)
    tree = None if wanted.audit else open_reading_tree(place(request))
    return open_session(msgspec.structs.replace(request, cache=False), tree=tree)


def _gather(
    session: Session, request: Request, wanted: Wanted, past: Past, notes: list[str], progress: Progress | None
) -> Standing:
    at, root, canon = time.time(), session.tree.root, session.loaded.canon
    listing = list_files(session) if wanted.audit else None  # nothing else of a report needs it
    result = audit_session(session, listing, progress=progress) if listing is not None else None
    compliance: Compliance | Absent = Absent("no audit was made (`--no-audit`)", "canonry report")
    if result is not None:
        counted = summary_of(result)
        compliance = compliance_of(result, counted, at=at)
        if past.history is not None:
            keep_audit(session, result, counted, past.history)
    run, summary = _run(session, wanted, past, notes)
    quarantine = _quarantine(session, notes)
    commit, dirty = session.tree.commit, session.tree.dirty
    flows = flow_lines(canon, run if isinstance(run, Run) else None, past, commit=commit, dirty=dirty, at=at)
    proofs = _proofs(root, run, result)
    judgement = _judgement(session, request, wanted, notes)
    gates = gates_of(
        canon, compliance, judgement, run, flows, quarantine or (), proofs, commit=commit, dirty=bool(dirty)
    )
    readiness = _readiness(session, listing, result, judgement, past, notes)
    verdict, reasons = verdict_of(gates, compliance, run, () if isinstance(readiness, Absent) else readiness)
    changes = changes_of(root, notes)
    migration: Migration | Absent = migration_of(root, at=at, notes=notes)
    return Standing(
        name=root.name,
        at=at,
        version=__version__,
        command=wanted.command,
        verdict=verdict,
        reasons=reasons,
        commit=commit,
        dirty=dirty,
        gates=gates,
        actions=actions_of(gates, run, flows, migration),
        readiness=readiness,
        compliance=compliance,
        run=run,
        flows=flows or Absent("the canon declares no flow; `[tool.canonry.flows.NAME]` declares one"),
        trends=trends_of(past, basis=basis(session), at=at),
        flaky=flaky_of(past, now=at),
        slow=slow_of(run, past) if isinstance(run, Run) else _NO_RUN,
        quarantine=Absent("no test is in quarantine", "canonry report quarantine")
        if quarantine is None
        else quarantine,
        repair=repair_of(compliance, changes) if isinstance(compliance, Compliance) else compliance,
        migration=migration,
        unproven=unproven_of(proofs, flows, summary),
        notes=tuple(dict.fromkeys([*session.tree.notes, *(result.header.notes if result else ()), *notes])),
    )


def _run(session: Session, wanted: Wanted, past: Past, notes: list[str]) -> tuple[Run | Absent, RunSummary | None]:
    """The run to show: the named one, else the newest of the suite. Raises `UserError` for a name that is none."""
    root = session.tree.root
    name = find_recording(root, wanted.run).stem if wanted.run else chosen(root, past, notes)
    if not name:
        return _NO_RUN, None
    try:
        return run_of(root, name, session.loaded.canon, past, ancestors(session.tree.git))
    except UserError as error:
        if wanted.run:
            raise
        return Absent(str(error), "canonry run"), None


def _judgement(session: Session, request: Request, wanted: Wanted, notes: list[str]) -> Judgement | Absent:
    """What the gate says against the baseline that the tree holds."""
    if not wanted.audit:
        return Absent("no audit was made (`--no-audit`)", "canonry report")
    if session.tree.read(NAME) is None:
        return Absent(f"there is no `{NAME}` to compare with", "canonry gate baseline")
    try:
        return judge_against_file(request, terms=Terms(least=Severity.WARNING))
    except UserError as error:
        notes.append(str(error))
        return Absent(re.sub(r"\s+", " ", str(error)), "canonry gate baseline")


def _readiness(
    session: Session,
    listing: Listing | None,
    result: Result | None,
    judgement: Judgement | Absent,
    past: Past,
    notes: list[str],
) -> tuple[Readiness, ...] | Absent:
    """Whether the profiles are ready, as far as the tree and its runs say: nothing is asked over a network."""
    if listing is None or result is None or session.tree.by_blob or past.history is None:
        return Absent("whether a profile is ready to be deployed to was not judged", "canonry report readiness")
    project = Project(session, listing, session.tree.root, notes, session.settings)
    refused = None if isinstance(judgement, Absent) else refusals_of(judgement.reasons)
    return tuple(readiness_of(project, result, past.history, refused=refused, probe=False))


def _quarantine(session: Session, notes: list[str]) -> tuple[Quarantined, ...] | None:
    content = session.tree.read(FILE)
    if content is None:
        return None
    try:
        return quarantine_lines(read_entries(content), session.today)
    except UserError as error:
        notes.append(str(error))
        return ()


def _proofs(root: Path, run: Run | Absent, result: Result | None) -> list[Proof]:
    if isinstance(run, Absent) or result is None:
        return []
    return proofs_in(root, run.id, result.findings)
