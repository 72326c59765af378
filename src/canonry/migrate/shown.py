"""Before and after from a tree's own files: one place for each codemod, of what was changed and of what is planned."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from canonry.changes.folder import ChangesFolder
from canonry.changes.history import read_history
from canonry.changes.lines import changed_runs
from canonry.changes.splice import line_of
from canonry.changes.store import ContentStore
from canonry.migrate.engine import Migrated
from canonry.model.errors import UserError
from canonry.model.migration import Done, Shown

_LONGEST = 40
_CONTEXT = 1


def planned_places(found: Migrated) -> dict[str, Shown]:
    """The shortest place of each codemod in what a migration plans."""
    after = found.after()
    places: list[Shown] = []
    for change in found.plan.files:
        if change.path not in after:
            continue
        before = found.before[change.path]
        rules = [(line_of(before, edit.start), edit.rule) for edit in change.edits if edit.rule != "imports"]
        for place in _places("", change.path, before, after[change.path]):
            last = place.line + len(place.before)
            names = {rule for line, rule in rules if place.line <= line <= last}
            places += [msgspec.structs.replace(place, codemod=names.pop())] if len(names) == 1 else []
    return _shortest(places)


def done_places(root: ChangesFolder) -> Done:
    """What migrations of a tree did and no rollback took back. Contents that are gone are passed over."""
    store = ContentStore(root.store)
    files: dict[str, set[str]] = {}
    places: list[Shown] = []
    for change in read_history(root):
        if not change.header.origin.startswith(("migrate", "audit --fix")) or change.header.undoes is not None:
            continue
        for record in change.header.files:
            names = set(record.rules) - {"imports"}
            if record.path not in change.standing or record.before is None or record.after is None:
                continue
            for name in names:
                files.setdefault(name, set()).add(record.path)
            if len(names) == 1:
                try:
                    before, after = store.get(record.before), store.get(record.after)
                except (OSError, UserError):
                    continue
                places += _places(names.pop(), record.path, before, after)
    return Done({name: len(paths) for name, paths in files.items()}, _shortest(places))


def _shortest(places: Iterable[Shown]) -> dict[str, Shown]:
    """The shortest place of each codemod; one where something stood before and after goes first."""
    found: dict[str, Shown] = {}
    for each in sorted(places, key=lambda place: place.size):
        known = found.get(each.codemod)
        if known is None or (each.before and each.after and not (known.before and known.after)):
            found[each.codemod] = each
    return found


def _places(codemod: str, path: str, before: bytes, after: bytes) -> Iterator[Shown]:
    old, new = before.splitlines(), after.splitlines()
    for start, end, to, until in changed_runs(old, new):
        if end - start + until - to <= _LONGEST:
            yield Shown(
                codemod,
                path,
                start + 1,
                _texts(old[max(start - _CONTEXT, 0) : start]),
                _texts(old[start:end]),
                _texts(new[to:until]),
                _texts(old[end : end + _CONTEXT]),
            )


def _texts(lines: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(line.decode("utf-8", "replace") for line in lines)
