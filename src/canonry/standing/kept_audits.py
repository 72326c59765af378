"""An audit of a whole tree whose numbers are kept in the history."""

import time

from canonry.audit.compliance import summarise
from canonry.audit.engine import audit_session
from canonry.audit.listing import list_files
from canonry.audit.measured import basis_of, measured_audit
from canonry.audit.request import Request
from canonry.audit.result import Result
from canonry.audit.session import Progress, Session, open_session, place
from canonry.model.errors import UserError
from canonry.rules.registry import all_rules
from canonry.standing.place import open_for_repository


def audit_and_keep(request: Request, *, progress: Progress | None = None) -> tuple[Result, str]:
    """The audit of a whole tree, and what went wrong with keeping it, empty where nothing did.

    A commit, or a tree that is one, is kept as of the commit's time; a tree with changes as of now, as such.
    Raises `UserError` as an audit does, and where only a part of a tree is asked for.
    """
    session = open_session(request)
    try:
        if session.scope:
            raise UserError("`--keep` keeps audits of whole trees; leave it out, or the PATHs")
        result = audit_session(session, list_files(session), progress=progress)
        notes: list[str] = []
        try:
            _keep(session, request, result, notes)
        except UserError as error:
            notes.append(f"the audit is not kept: {error}")
        return result, "; ".join(notes)
    finally:
        session.close()


def _keep(session: Session, request: Request, result: Result, notes: list[str]) -> None:
    header = result.header
    names = {code: (rule.name, rule.severity) for code, rule in all_rules().items()}
    names |= {code: (rule.name, rule.severity) for code, rule in header.own_rules.items()}
    measured = measured_audit(
        result,
        summarise(result, names, selected=None),
        at=_time(session, header.commit, dirty=header.dirty),
        basis=basis_of(session.catalogue.ruleset, session.loaded.digest),
        command="canonry audit"
        if header.commit is None or header.dirty
        else f"canonry audit --rev {header.commit[:12]}",
    )
    with open_for_repository(place(request), request.config, notes) as history:
        history.add_measured(measured)


def _time(session: Session, commit: str | None, *, dirty: bool) -> float:
    if commit is not None and not dirty and session.tree.git is not None:
        told = session.tree.git.output("log", "-1", "--format=%ct", commit, check=False).strip()
        if told.isdigit():
            return float(told)
    return time.time()
