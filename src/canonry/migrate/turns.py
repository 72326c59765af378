"""One look at a file: the answers of the codemods to its findings, and what is told of them afterwards."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from canonry.migrate.answers import Change, Found, manual
from canonry.migrate.apart import Key
from canonry.migrate.codemod import Codemod
from canonry.model.edit import Edit, Grade
from canonry.model.migration import Item


@dataclass(slots=True)
class Turn:
    """One look at a content: answers to its findings, and the edits made together in this turn."""

    changes: list[tuple[Codemod, Change]]
    edits: list[Edit] = field(default_factory=list)
    waiting: list[tuple[Codemod, Change]] = field(default_factory=list)
    chosen: list[tuple[Codemod, Change]] = field(default_factory=list)
    settled: int = 0

    @property
    def renames(self) -> dict[str, str]:
        """The test ids that the turn renames."""
        return {old: new for _, change in self.changes for old, new in change.renames}


def unless_refused(answer: tuple[Codemod, Change], refused: Mapping[Key, str]) -> tuple[Codemod, Change]:
    """The answer, by hand where what it would make was objected to."""
    codemod, change = answer
    why = refused.get(key_of(answer)) if change.edits or change.removes or change.group else None
    if why is None or change.grade is Grade.MANUAL:
        return answer
    return codemod, manual(change.found, _reason(why))


def not_made(item: Item, why: str) -> Item:
    """The item, by hand because of what was objected to its edits."""
    return msgspec.structs.replace(item, grade=Grade.MANUAL, reason=_reason(why), planned=False)


def _reason(why: str) -> str:
    """What is said of an answer to which the checks of its result objected."""
    return f"not made: {why}; make this change by hand"


def answers_of(
    codemods: Sequence[Codemod], found: Sequence[Found], ask: Callable[[Codemod, list[Found]], Iterable[Change]]
) -> Iterator[tuple[Codemod, Change]]:
    """One change for each finding and codemod; the worst grade of a group for all of it."""
    for codemod in codemods:
        mine = [each for each in found if each.rule in codemod.rules]
        if not mine:
            continue
        changes = list(ask(codemod, mine))
        answered = {id(change.found) for change in changes}
        changes += [manual(each, "the codemod has no answer to this") for each in mine if id(each) not in answered]
        yield from ((codemod, change) for change in _levelled(changes))


def _levelled(changes: list[Change]) -> list[Change]:
    """Groups at the worst grade among them."""
    worst: dict[str, Change] = {}
    for change in changes:
        if change.group and (change.group not in worst or change.grade.rank > worst[change.group].grade.rank):
            worst[change.group] = change
    return [_with_grade_of(change, worst.get(change.group)) for change in changes]


def _with_grade_of(change: Change, other: Change | None) -> Change:
    if other is None or other.grade is change.grade:
        return change
    line = other.found.offence.site.line
    reason = f"goes together with line {line}, which is {other.grade.value}: {other.reason}"
    edits = () if other.grade is Grade.MANUAL else change.edits
    return msgspec.structs.replace(change, grade=other.grade, reason=reason, edits=edits)


def groups_of(changes: list[tuple[Codemod, Change]]) -> list[list[tuple[Codemod, Change]]]:
    """The answers that are made together or not at all, each group in a list of its own."""
    found: dict[object, list[tuple[Codemod, Change]]] = {}
    for codemod, change in changes:
        key = (codemod.name, change.group) if change.group else id(change)
        found.setdefault(key, []).append((codemod, change))
    return list(found.values())


def items_of(path: str, turn: Turn, grades: frozenset[Grade]) -> list[Item]:
    """An item for each answer, in the order of the text; those of ``grades`` are planned."""
    return [
        Item(
            path=path,
            line=change.found.offence.site.line,
            codemod=codemod.name,
            rule=change.found.rule,
            grade=change.grade,
            what=change.found.offence.message,
            reason=change.reason,
            edits=len(change.edits) + change.removes,
            planned=(bool(change.edits) or change.removes) and change.grade in grades,
            elsewhere=change.elsewhere,
            detail=change.detail,
        )
        for codemod, change in sorted(turn.changes, key=_order)
    ]


def _order(answer: tuple[Codemod, Change]) -> tuple[int, str, int]:
    codemod, change = answer
    return change.found.offence.site.line, codemod.name, change.found.offence.site.column


def keys_of(turn: Turn) -> list[Key]:
    """What names each item of a turn, in the order of the items, also once lines have moved."""
    return [key_of(answer) for answer in sorted(turn.changes, key=_order)]


def key_of(answer: tuple[Codemod, Change]) -> Key:
    """What names an answer, also once lines have moved."""
    codemod, change = answer
    site = change.found.offence.site
    return codemod.name, change.found.rule, site.symbol, site.snippet


def upgraded(items: list[Item], keys: list[Key], later: list[tuple[Codemod, Change]]) -> Iterator[Item]:
    """The items, those that were manual at first with what a later turn could do for them."""
    waiting: dict[Key, list[Change]] = {}
    for answer in later:
        waiting.setdefault(key_of(answer), []).append(answer[1])
    for item, key in zip(items, keys, strict=True):
        changes = waiting.get(key)
        if item.grade is Grade.MANUAL and changes:
            change = changes.pop(0)
            yield msgspec.structs.replace(
                item, grade=change.grade, reason=change.reason, edits=len(change.edits), planned=True
            )
        else:
            yield item
