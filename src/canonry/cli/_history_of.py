"""What commands of `canonry report` read: an audited tree, and the history that speaks for its commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from canonry.model.errors import UserError

if TYPE_CHECKING:
    from canonry.audit.result import Result
    from canonry.history.store import History
    from canonry.run.project import Project


@contextmanager
def audited(repo: Path, config: Path | None, workers: int | None, *, quiet: bool) -> "Iterator[tuple[Project, Result]]":
    """The working tree around a place, and what an audit finds in it. Raises `UserError`."""
    from canonry.audit.engine import audit_session
    from canonry.audit.request import Request
    from canonry.audit.session import open_session
    from canonry.report.progress import show_progress
    from canonry.run.project import Project

    session = open_session(Request(repository=repo, config=config, workers=workers or 0))
    try:
        if session.tree.by_blob:
            raise UserError(f"`{session.tree.root}` is a git directory, which holds no files; run in a working tree")
        from canonry.audit.listing import list_files

        listing = list_files(session)
        with show_progress(quiet=quiet) as progress:
            result = audit_session(session, listing, progress=progress)
        notes = [*session.loaded.notes, *session.cache.notes]
        yield Project(session, listing, session.tree.root, notes, session.settings), result
    finally:
        session.close()


@contextmanager
def history_of(project: "Project") -> "Iterator[History]":
    """The history that reports read; what is to be said of it joins the project's notes. Raises `UserError`."""
    from canonry.history.store import HistoryDamagedError, HistoryRefusedError
    from canonry.run.keeping import open_for_reports

    history = open_for_reports(project.root, project.canon.history, project.notes)
    try:
        yield history
    except (HistoryDamagedError, HistoryRefusedError) as error:
        raise UserError(f"the history cannot be used ({error}); see to it, and run this again") from error
    finally:
        history.close()
