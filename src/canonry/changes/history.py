"""All changes that were ever made in a tree, and what became of each."""

import msgspec

from canonry.changes.folder import ChangesFolder
from canonry.changes.journal import Header, Journal, journals
from canonry.model.errors import UserError


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change. ``standing`` are the paths of its files that no rollback took back.

    ``state``: sealed · rolled back · partly rolled back · undone (it failed, and undid itself) · recovered (its process
    was killed, and a later one undid it) · unfinished (at work now, or killed). ``note`` says why it was undone.
    """

    header: Header
    state: str
    standing: frozenset[str]
    note: str = ""
    kept: tuple[str, ...] = ()
    """Files that undoing left alone because somebody had edited them."""
    undone_by: tuple[str, ...] = ()


def read_history(folder: ChangesFolder) -> list[Change]:
    """All changes, the oldest first."""
    found = list(journals(folder.journal)) if folder.exists() else []
    changes: dict[str, Change] = {}
    for journal in reversed(found):  # a rollback stands behind what it rolls back
        rollbacks = [
            change
            for change in changes.values()
            if change.header.undoes == journal.header.id and change.state in ("sealed", "partly rolled back")
        ]
        changes[journal.header.id] = _change(journal, rollbacks)
    return list(reversed(changes.values()))


def find_change(history: list[Change], wanted: str) -> Change:
    """The change of this number, leading zeros or not. Raises `UserError` where there is none."""
    for change in history:
        if change.header.id == wanted or (wanted.isdecimal() and int(change.header.id) == int(wanted)):
            return change
    raise UserError(f"`{wanted}` is no change; `canonry changes list` shows those that are")


def _change(journal: Journal, rollbacks: list[Change]) -> Change:
    header, end = journal.header, journal.end
    if end is None or end.kind != "sealed":
        state = "unfinished" if end is None else end.kind
        note, kept = ("", ()) if end is None else (end.note, end.kept)
        return Change(header=header, state=state, standing=frozenset(), note=note, kept=kept)
    paths = frozenset(record.path for record in header.files)
    standing = paths.difference(*(change.standing for change in rollbacks))
    state = "sealed" if standing == paths else "partly rolled back" if standing else "rolled back"
    undone_by = tuple(sorted(change.header.id for change in rollbacks))
    return Change(header=header, state=state, standing=standing, undone_by=undone_by)
