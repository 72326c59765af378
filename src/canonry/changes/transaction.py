"""Many files replaced as one: journalled, staged, put in place, proved, sealed; or undone as if nothing had been.

The order is the whole point. Until ``staged`` no file of the user's is touched, so a full disk is found out before;
after it only renames follow, which need no room. Until ``sealed`` is on the disk, whoever finds the journal undoes it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from canonry.changes.files import (
    digest_on_disk,
    keep_original,
    make_folders,
    put_in_place,
    remove_empty,
    sync_files,
    sync_folders,
    take_away,
    write_new,
)
from canonry.changes.folder import ChangesFolder
from canonry.changes.journal import FileRecord, Header, Journal, begin, mend_tail
from canonry.changes.store import ContentStore
from canonry.model.errors import UserError

Step = Callable[[str], None]
"""Is told of every step once it is done. Tests end the process in it."""
Prove = Callable[[], str | None]
"""Judges the tree while the change stands in it and is not sealed; a sentence rolls everything back."""


class UndoneError(UserError):
    """The change was not made, and the files are as before (but for those it names). Exit status 2."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was made. ``notes`` are sentences for the user: what was found unfinished, what to know.

    ``left`` are files that a rollback left as they are because they were edited since.
    """

    id: str
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def no_step(_name: str) -> None:
    """Takes no notice."""


def no_proof() -> str | None:
    """Has nothing against it."""
    return None


def replace_files(
    folder: ChangesFolder,
    header: Header,
    contents: Mapping[str, bytes],
    *,
    prove: Prove = no_proof,
    step: Step = no_step,
) -> None:
    """Makes the change that the header tells of; ``contents`` holds the bytes of all its digests.

    Raises `UndoneError` where it failed for a reason of the user's or the machine's and was undone; whatever else
    happens, Ctrl-C too, is undone as well and raised on. The lock must be held.
    """
    step("locked")
    try:
        stage = folder.stage(header.id)
        journal = begin(folder.journal, stage, header)
    except OSError as error:
        folder.clear_stage(header.id)
        raise UndoneError(f"{reason_of(error)}; nothing was changed") from error
    try:
        step("begun")
        ContentStore(folder.store).put(contents.values())
        step("stored")
        _stage(stage, header, contents, step)
        journal.add("staged")
        step("staged")
        for number, record in enumerate(header.files):
            _put(folder.root, stage, header.id, number, record)
            step("replaced")
        sync_folders((folder.root / record.path).parent for record in header.files if record.after)
        journal.add("written")
        step("written")
        _compare(folder.root, header)
        refusal = prove()
        if refusal is not None:
            raise UndoneError(refusal)
        step("proved")
        journal.add("sealed")
    except BaseException as error:
        _give_up(folder, journal, error)
        raise
    step("sealed")
    folder.clear_stage(header.id)
    step("cleaned")


def undo(folder: ChangesFolder, journal: Journal, *, step: Step = no_step) -> tuple[str, ...]:
    """Puts the files of an unsealed change back; returns those that hold neither content and were left alone.

    It may be ended and started again at any point.
    """
    header, root = journal.header, folder.root
    stage = folder.stage(header.id)
    kept = []
    if journal.has("staged"):
        store = ContentStore(folder.store)
        for number, record in enumerate(header.files):
            if not _put_back(root, stage, header.id, number, record, store):
                kept.append(record.path)
            step("put back")
        sync_folders((root / record.path).parent for record in header.files)
    for record in header.files:
        take_away((root / record.path).with_name(_aside(header.id)))
    return tuple(kept)


def finish_undo(folder: ChangesFolder, journal: Journal, kind: str, *, note: str = "", step: Step = no_step) -> str:
    """Undoes an unsealed change, says so in its journal, and clears up; returns a sentence about what was left alone.

    ``kind`` is the event that ends the journal: ``undone`` by the process itself, ``recovered`` by a later one.
    """
    kept = undo(folder, journal, step=step)
    mend_tail(journal)
    journal.add(kind, note=note, kept=kept)
    step("noted")
    folder.clear_stage(journal.header.id)
    step("cleared")
    return _left_alone(kept)


def reason_of(error: BaseException) -> str:
    """An error in a few words, with the path where the system names one."""
    if not isinstance(error, OSError):
        return str(error) or type(error).__name__
    place = f"`{error.filename}`: " if error.filename else ""
    return f"{place}{(error.strerror or str(error)).lower()}"


def _stage(stage: Path, header: Header, contents: Mapping[str, bytes], step: Step) -> None:
    staged = []
    for number, record in enumerate(header.files):
        if record.after is not None:
            staged.append(_new(stage, number))
            write_new(staged[-1], contents[record.after], mode=record.mode, owner=record.owner)
            step("staging")
    sync_files(staged)
    sync_folders([stage])


def _put(root: Path, stage: Path, change: str, number: int, record: FileRecord) -> None:
    """Puts one file in place, if what stands there is still what was read."""
    target = root / record.path
    keep_original(target, _old(stage, number))
    if digest_on_disk(target) != record.before:
        raise UndoneError(f"`{record.path}` changed meanwhile; run the command again")
    if record.after is None:
        take_away(target)
        remove_empty(root, record.emptied)
    else:
        make_folders(root, record.folders)
        put_in_place(_new(stage, number), target, aside=_aside(change))


def _put_back(root: Path, stage: Path, change: str, number: int, record: FileRecord, store: ContentStore) -> bool:
    """Whether the file is as before now; it is left alone where it holds neither what was there nor what we put."""
    target, old = root / record.path, _old(stage, number)
    found = digest_on_disk(target)
    if found == record.before:
        pass
    elif found != record.after:
        return False
    elif record.before is None:
        take_away(target)
    elif digest_on_disk(old) == record.before:
        make_folders(root, record.emptied)
        put_in_place(old, target, aside=_aside(change))
    else:
        fresh = stage / f"{number}.back"
        write_new(fresh, store.get(record.before), mode=record.mode, owner=record.owner)
        sync_files([fresh])
        make_folders(root, record.emptied)
        put_in_place(fresh, target, aside=_aside(change))
    remove_empty(root, record.folders)
    return True


def _compare(root: Path, header: Header) -> None:
    for record in header.files:
        if digest_on_disk(root / record.path) != record.after:
            raise UndoneError(f"`{record.path}` does not hold what was written to it; look for what else writes there")


def _give_up(folder: ChangesFolder, journal: Journal, error: BaseException) -> None:
    """Undoes, and raises the error as the user's where it is one that a user can mend."""
    why = reason_of(error)
    try:
        left = finish_undo(folder, journal, "undone", note=why)
    except (OSError, UserError) as second:
        raise UndoneError(
            f"{why}; undoing it failed too ({reason_of(second)}); see to that, then `canonry changes list` puts the "
            "files back"
        ) from error
    if isinstance(error, OSError | UserError):
        raise UndoneError(f"{why}; {left or 'every file is as it was before'}") from error


def _left_alone(kept: tuple[str, ...]) -> str:
    if not kept:
        return ""
    names = ", ".join(f"`{path}`" for path in kept)
    one = len(kept) == 1
    return f"{names} {'was' if one else 'were'} edited meanwhile and {'was' if one else 'were'} left alone"


def _new(stage: Path, number: int) -> Path:
    return stage / f"{number}.new"


def _old(stage: Path, number: int) -> Path:
    return stage / f"{number}.old"


def _aside(change: str) -> str:
    return f".canonry-{change}.tmp"
