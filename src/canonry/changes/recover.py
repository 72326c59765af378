"""What a killed process left behind is undone by the next one that writes or lists."""

from pathlib import Path

from canonry.changes.folder import ChangesFolder
from canonry.changes.journal import journals
from canonry.changes.transaction import Step, finish_undo, no_step


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
    said = []
    for journal in list(journals(folder.journal)):
        if journal.end is None:
            left = finish_undo(folder, journal, "recovered", note="its process was killed", step=step)
            rest = f"; {left}" if left else ""
            said.append(f"change {journal.header.id} ({journal.header.reason}) was cut off and has been undone{rest}")
    for place in folder.staging.glob("*"):  # of changes that ended, or never began
        folder.clear_stage(place.name)
    return tuple(said)


def _is_left_over(folder: ChangesFolder) -> bool:
    return any(folder.staging.glob("*")) or any(journal.end is None for journal in journals(folder.journal))
