"""The way back: a sealed change is undone by another one, journalled and sealed in its turn."""

from pathlib import Path

from canonry.changes.files import digest_on_disk
from canonry.changes.folder import ChangesFolder
from canonry.changes.git_state import head_of, names, refuse_conflicts, repository_of
from canonry.changes.history import Change, find_change, read_history
from canonry.changes.journal import FileRecord, Header, next_id, now
from canonry.changes.recover import recover_locked, told
from canonry.changes.store import ContentStore
from canonry.changes.targets import missing_folders, owner_of, read_target, resolve
from canonry.changes.transaction import Outcome, Step, no_step, replace_files
from canonry.model.errors import UserError


def roll_back(root: Path, change: str, *, skip_edited: bool = False, step: Step = no_step) -> Outcome:
    """Gives every file of a change the bytes that it had before; the outcome's notes name those that were left.

    Raises `UserError` where a file was edited since, and says which; with ``skip_edited`` those stay as they are and
    the others go back.
    """
    folder = ChangesFolder(root)
    if not folder.exists():
        raise UserError(f"`{change}` is no change; none was ever made in `{root}`")
    git = repository_of(root)
    with folder.locked(), told(recovered := recover_locked(folder)):
        notes = list(recovered)
        if git is not None:
            refuse_conflicts(git)
        history = read_history(folder)
        found = find_change(history, change)
        going = _going(found)
        edited = _edited(root, going)
        if edited and not skip_edited:
            raise UserError(_refusal(found, edited, history))
        if edited and len(edited) == len(going):
            left = f"nothing is left to roll back, because it was edited since: {names(edited)}"
            return Outcome(id="", files=(), notes=(*notes, left), left=tuple(edited))
        if edited:
            notes.append(
                f"left as they are, because they were edited since: {', '.join(f'`{path}`' for path in edited)}"
            )
        head = head_of(git)
        if head != found.header.head:
            notes.append(f"HEAD moved since the change ({_short(found.header.head)}, now {_short(head)})")
        records = [_reversed(root, record) for record in going if record.path not in edited]
        store = ContentStore(folder.store)
        wanted = {digest for record in records for digest in (record.before, record.after) if digest is not None}
        header = Header(
            id=next_id(folder.journal),
            made=now(),
            reason=f"rolls back {found.header.id}: {found.header.reason}",
            origin="changes rollback",
            verification="store",
            files=tuple(records),
            head=head,
            undoes=found.header.id,
        )
        replace_files(folder, header, {digest: store.get(digest) for digest in wanted}, step=step)
    return Outcome(id=header.id, files=tuple(record.path for record in records), notes=tuple(notes), left=tuple(edited))


def objection(root: Path, history: list[Change], change: Change) -> str:
    """Why a rollback of a change would be refused as the files are now, empty where it would not be."""
    edited = _edited(root, _going(change))
    return _refusal(change, edited, history, done="nothing would be rolled back") if edited else ""


def _edited(root: Path, going: list[FileRecord]) -> list[str]:
    return [record.path for record in going if digest_on_disk(root / record.path) != record.after]


def _going(change: Change) -> list[FileRecord]:
    """The files that are to go back. Raises `UserError` where there are none."""
    if change.state not in ("sealed", "partly rolled back"):
        raise UserError(f"change {change.header.id} is {change.state}, so there is nothing to roll back")
    return [record for record in change.header.files if record.path in change.standing]


def _refusal(change: Change, edited: list[str], history: list[Change], *, done: str = "nothing was rolled back") -> str:
    later = [
        other.header.id
        for other in history
        if int(other.header.id) > int(change.header.id) and other.standing & set(edited) and other.header.undoes is None
    ]
    what = f"{names(edited)} {'was' if len(edited) == 1 else 'were'} edited since change {change.header.id}"
    if later:
        return f"{what}, by {' and '.join(later)}; `canonry changes rollback {later[-1]}` first"
    shown = f"as `canonry changes show {change.header.id}` prints {'it' if len(edited) == 1 else 'them'}"
    rest = "" if len(edited) == len(change.standing) else ", or roll the others back with `--skip-edited`"
    return f"{what}; {done}. Put {'it' if len(edited) == 1 else 'them'} back first, {shown}{rest}"


def _reversed(root: Path, record: FileRecord) -> FileRecord:
    """The record of the way back. The permissions of a file that stands there stay what they are."""
    path = resolve(root, record.path)
    found = read_target(root, path)
    return FileRecord(
        path=path,
        before=record.after,
        after=record.before,
        mode=record.mode if found is None else found[1],
        owner=record.owner if found is None else owner_of(root / path),
        folders=missing_folders(root, path),
        emptied=record.folders,
        reason=record.reason,
        grade=record.grade,
        rules=record.rules,
    )


def _short(commit: str | None) -> str:
    return commit[:10] if commit else "no commit"
