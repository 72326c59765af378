"""What a killed process left behind is undone by the next one that writes or lists."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from canonry.changes.folder import ChangesFolder
from canonry.changes.journal import Journal, journals
from canonry.changes.transaction import Step, finish_undo, no_step, reason_of
from canonry.model.errors import UserError


def recover(root: Path, *, step: Step = no_step) -> tuple[str, ...]:
    """Undoes every change that is neither sealed nor undone; returns a sentence for each.

    Raises `UserError` where another process is at work, or where it cannot be undone now.
    """
    folder = ChangesFolder(root)
    if not folder.exists() or not _is_left_over(folder):
        return ()
    with folder.locked():
        return recover_locked(folder, step=step)


def recover_locked(folder: ChangesFolder, *, step: Step = no_step) -> tuple[str, ...]:
    """The same for one who holds the lock."""
    unfinished = [journal for journal in journals(folder.journal) if journal.end is None]
    said = tuple(_recovered(folder, journal, step) for journal in unfinished)
    for place in folder.staging.glob("*"):  # of changes that ended, or never began
        folder.clear_stage(place.name)
    return said


@contextlib.contextmanager
def told(notes: Sequence[str]) -> Iterator[None]:
    """Puts what was recovered before the message of whatever refuses what was to come next: it is never silent."""
    try:
        yield
    except UserError as error:
        error.args = ("\n".join((*notes, str(error))),)
        raise


def _recovered(folder: ChangesFolder, journal: Journal, step: Step) -> str:
    what = f"change {journal.header.id} ({journal.header.reason}) was cut off and"
    try:
        left = finish_undo(folder, journal, "recovered", note="its process was killed", step=step)
    except (OSError, UserError) as error:
        raise UserError(
            f"{what} cannot be undone yet ({reason_of(error)}); see to that and run `canonry changes list`"
        ) from error
    return f"{what} has been undone{f'; {left}' if left else ''}"


def _is_left_over(folder: ChangesFolder) -> bool:
    return any(folder.staging.glob("*")) or any(journal.end is None for journal in journals(folder.journal))
