"""One file from its findings to the edits that are planned for it: turn by turn, until nothing is left to do."""

import copy
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import msgspec

from canonry.audit.closing import Terms, close_findings
from canonry.audit.judge import findings_of
from canonry.changes.check import check_result
from canonry.changes.parsed import ParsedText
from canonry.changes.splice import digest_of, splice
from canonry.migrate.answers import Change, Found, manual
from canonry.migrate.apart import Key, guilty_among
from canonry.migrate.codemod import Codemod
from canonry.migrate.commands.surroundings import Surroundings
from canonry.migrate.document import Document
from canonry.migrate.edits import Taken, graded, joined, made_of, with_imports
from canonry.migrate.equivalence.static import object_to_tests
from canonry.migrate.module import Module
from canonry.migrate.turns import (
    Turn,
    answers_of,
    groups_of,
    items_of,
    key_of,
    keys_of,
    not_made,
    unless_refused,
    upgraded,
)
from canonry.model.change_plan import FileChange
from canonry.model.edit import Edit, Grade
from canonry.model.migration import Item
from canonry.rules.registry import all_rules
from canonry.rules.rule import Offence, implements
from canonry.rules.view import DocumentView, FileView, Project
from canonry.source.facts import Facts, Suppression
from canonry.source.python.extract import Parsed, extract
from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.text import EncodingError, decode_source
from canonry.source.syntax.versions import Version

_TURNS = 6
_NOT_UTF8 = "its encoding is not UTF-8, and only that is edited; convert the file first"
_KEPT = 3


class _ChangedError(Exception):
    """A content cannot be planned: it is none of those that facts were read of."""


class Planned(msgspec.Struct, frozen=True):
    """What is planned for one file: an item for each finding, and the edits of its bytes (of ``digest``)."""

    path: str
    digest: str
    items: tuple[Item, ...]
    edits: tuple[Edit, ...] = ()
    settled: int = 0
    removed: bool = False
    """Whether the file is to be taken away; there are no edits then."""
    renames: tuple[tuple[str, str], ...] = ()
    """The test ids (``Class::test``) that the edits rename, before and after."""

    @property
    def grade(self) -> Grade:
        """The worst grade among the edits."""
        return max((edit.grade for edit in self.edits), key=lambda grade: grade.rank, default=Grade.SAFE)


class Workshop:
    """Plans files one by one. ``grades`` are those whose edits are made; ``of_tree`` are findings of the whole tree."""

    def __init__(
        self,
        project: Project,
        codemods: Sequence[Codemod],
        *,
        grades: frozenset[Grade],
        target: Version,
        terms: Terms,
        of_tree: Mapping[str, list[Found]] | None = None,
        checked: bool = True,
        surroundings: Surroundings | None = None,
    ) -> None:
        self.project = project
        self.surroundings = surroundings or Surroundings()
        self.codemods = codemods
        self.grades = grades
        self.target = target
        self._terms = terms
        self._of_tree = of_tree or {}
        self.checked = checked
        self._texts: dict[bytes, tuple[Parsed, ParsedText | None]] = {}
        self._last: tuple[FileView, bool, tuple[list[Found], int]] | None = None
        known = all_rules()
        self._rules = {code: known[code] for codemod in codemods for code in codemod.rules if code in known}

    def plan(self, path: str, facts: Facts, content: bytes) -> Planned | None:
        """What is planned for a Python file; None where no codemod has anything to say of it."""
        if facts.broken is not None:
            return None
        if not self.concerns(path, facts):
            return None
        planned = self._planned(path, facts, content, self.codemods)
        if isinstance(planned, Planned):
            return planned
        return self._one_by_one(path, facts, content)

    def forget(self) -> None:
        """Forgets what it found of files, for the project is another one."""
        self._last = None
        self._texts = {}

    def concerns(self, path: str, facts: Facts) -> bool:
        """Whether some codemod may have something to say of a file."""
        return facts.broken is None and any(self._found(FileView(path, facts, self.project)))

    # one file ---------------------------------------------------------------------------------------------------------

    def _planned(
        self,
        path: str,
        facts: Facts,
        content: bytes,
        codemods: Sequence[Codemod],
        refused: Mapping[Key, str] = MappingProxyType({}),
    ) -> "Planned | str":
        """The plan, or the objection to what it would make of the file. ``refused`` are answers not to be made."""
        project, current, edits = self.project, content, list[Edit]()
        before = FileView(path, facts, project)
        first: Turn | None = None
        later: list[tuple[Codemod, Change]] = []
        view, renames = before, dict[str, str]()
        for number in range(_TURNS):
            turn = self._turn(view, current, codemods, of_tree=number == 0, refused=refused)
            codemods = [each for each in codemods if not each.lists_only]  # they are heard once: they edit nothing
            first = first or turn
            if number == 0 and any(change.removes for _, change in turn.chosen):
                return Planned(path, digest_of(content), tuple(items_of(path, turn, self.grades)), removed=True)
            if not turn.edits:
                break
            after = splice(current, turn.edits)
            edits = joined(content, edits, turn.edits, current)
            later += turn.chosen if turn is not first else ()
            renames |= turn.renames
            current = after
            facts = extract(current, self.target, parsed=self._parsed(current)[0])
            if facts.broken is not None:
                return f"the result does not parse: {facts.broken.message} in line {facts.broken.site.line}"
            project = copy.copy(self.project)
            project.index = self.project.index.overlaid({path: facts})
            view = FileView(path, facts, project)
        else:
            return "its edits never come to an end; make them by hand"
        assert first is not None
        digest = digest_of(content)
        items = tuple(upgraded(items_of(path, first, self.grades), keys_of(first), later))
        if not edits:
            return Planned(path, digest, items, (), first.settled)
        objection = object_to_tests(before, view, renames)
        if objection is None and self.checked:
            change = FileChange(path=path, digest=digest, edits=tuple(edits))
            objection = self._checked(change, content, current)
        if objection is not None:
            return objection
        return Planned(path, digest, items, tuple(edits), first.settled, renames=tuple(renames.items()))

    def _checked(self, change: FileChange, before: bytes, after: bytes) -> str | None:
        """The first objection of the checks; they take the trees that planning made."""
        old, new = self._parsed(before)[1], self._parsed(after)[1]
        self._texts.pop(before, None)  # the checks change its tree
        parsed = (old, new) if old is not None and new is not None else None
        return check_result(change, before, after, target=self.target, plan_again=None, own=False, parsed=parsed)

    def _parsed(self, content: bytes) -> tuple[Parsed, ParsedText | None]:
        """What the parser says of a content; the last few are kept, for planning, facts and checks ask for the same."""
        known = self._texts.get(content)
        if known is None:
            while len(self._texts) >= _KEPT:
                del self._texts[next(iter(self._texts))]
            tree, text, broken = parse_source(content, self.target)
            parsed = ParsedText(text, tree) if tree is not None else None
            known = self._texts[content] = (tree, text, broken), parsed
        return known

    def _text(self, content: bytes) -> ParsedText:
        parsed = self._parsed(content)[1]
        if parsed is None:
            raise _ChangedError
        return parsed

    def _one_by_one(self, path: str, facts: Facts, content: bytes) -> Planned:
        """The plan with as many answers as go together: codemod by codemod, and of a guilty one finding by finding."""
        first = self._turn(FileView(path, facts, self.project), content, self.codemods, of_tree=True)
        heard = {codemod.name for codemod, _ in first.changes}
        planned = self._kept(path, facts, content, heard)
        if planned is None:  # one that had nothing to say at first edits what others made of the file
            planned = self._kept(path, facts, content, {codemod.name for codemod in self.codemods})
        assert planned is not None
        return planned

    def _kept(self, path: str, facts: Facts, content: bytes, heard: Collection[str]) -> Planned | None:
        """The same; codemods that were not heard are not tried by themselves. None where that is too simple."""
        kept: list[Codemod] = []
        refused: dict[Key, str] = {}
        hopeless: dict[str, str] = {}
        for codemod in self.codemods:
            if codemod.name not in heard:
                kept.append(codemod)
                continue
            tried = self._planned(path, facts, content, [*kept, codemod], refused)
            if isinstance(tried, str):
                refused |= self._guilty(path, facts, content, kept, codemod, refused, tried)
                tried = self._planned(path, facts, content, [*kept, codemod], refused)
            if isinstance(tried, str):
                hopeless[codemod.name] = tried
            else:
                kept.append(codemod)
        planned = self._planned(path, facts, content, kept, refused)
        if not isinstance(planned, Planned):
            return None
        every = self._turn(FileView(path, facts, self.project), content, self.codemods, of_tree=True, refused=refused)
        left = [
            not_made(item, hopeless[item.codemod]) if item.planned else item
            for item in items_of(path, every, self.grades)
            if item.codemod in hopeless
        ]
        items = sorted([*planned.items, *left], key=lambda item: (item.line, item.codemod))
        return msgspec.structs.replace(planned, items=tuple(items), settled=every.settled)

    def _guilty(
        self,
        path: str,
        facts: Facts,
        content: bytes,
        kept: Sequence[Codemod],
        codemod: Codemod,
        known: Mapping[Key, str],
        objection: str,
    ) -> dict[Key, str]:
        """The answers of a codemod that cannot be made, with the objection to each; all of them where none is alone."""
        turn = self._turn(FileView(path, facts, self.project), content, [codemod], of_tree=True, refused=known)
        units: dict[object, list[Key]] = {}
        for answer in turn.changes:
            units.setdefault(answer[1].group or key_of(answer), []).append(key_of(answer))
        every = {key: objection for keys in units.values() for key in keys}

        def tries(some: Sequence[list[Key]]) -> str:
            """The objection where of this codemod only these answers are made, empty where there is none."""
            mine = {key for keys in some for key in keys}
            others = {key: why for key, why in every.items() if key not in mine}
            tried = self._planned(path, facts, content, [*kept, codemod], {**known, **others})
            return tried if isinstance(tried, str) else ""

        found = guilty_among([*units.values()], tries)
        return every if found is None else found

    def _turn(
        self,
        view: FileView,
        content: bytes,
        codemods: Sequence[Codemod],
        *,
        of_tree: bool,
        refused: Mapping[Key, str] = MappingProxyType({}),
    ) -> Turn:
        found, settled = self._found(view, of_tree=of_tree)
        wanted = {code for codemod in codemods for code in codemod.rules}
        found = [each for each in found if each.rule in wanted]
        turn = Turn([], settled=settled)
        if not found:
            return turn
        module = Module(view, content, lambda: self._text(content), surroundings=self.surroundings)
        try:
            if not _is_utf8(content):
                raise _ChangedError(_NOT_UTF8)
            answers = answers_of(codemods, found, lambda codemod, mine: codemod.changes(module, mine))
            turn.changes = [unless_refused(answer, refused) for answer in answers]
        except _ChangedError as error:
            reason = str(error) or "it does not parse any more; run this again"
            turn.changes = [(each, manual(one, reason)) for each in codemods for one in found if one.rule in each.rules]
            return turn
        turn.chosen = self._choose(turn)
        if turn.chosen:
            turn.edits = with_imports(module, turn.chosen)
        return turn

    def _choose(self, turn: Turn) -> list[tuple[Codemod, Change]]:
        """The changes that can be made together; groups as a whole. The others wait for the next turn."""
        taken = Taken()
        chosen: list[tuple[Codemod, Change]] = []
        for group in groups_of(turn.changes):
            splices = [splice for _, change in group for splice in change.edits]
            removes = any(change.removes for _, change in group)
            if not (splices or removes) or any(change.grade not in self.grades for _, change in group):
                continue
            if taken.admits(splices):
                taken.take(splices)
                chosen += group
            else:
                turn.waiting += group
        return chosen

    # findings ---------------------------------------------------------------------------------------------------------

    def _found(self, view: FileView, *, of_tree: bool = True) -> tuple[list[Found], int]:
        """The open findings of a file that codemods answer, and how many suppressions close."""
        last = self._last
        if last is not None and last[0].path == view.path and last[0].facts is view.facts and last[1] is of_tree:
            return last[2]
        found = [
            Found(code, offence)
            for code, rule in self._rules.items()
            if implements(rule, "check")
            for offence in rule.check(view)
        ]
        if of_tree:
            found += self._of_tree.get(view.path, ())
        answer = self._open(view.path, found, view.facts.suppressions)
        self._last = (view, of_tree, answer)
        return answer

    def _open(self, path: str, found: list[Found], suppressions: Sequence[Suppression]) -> tuple[list[Found], int]:
        if not found or not (suppressions or self._terms.entries):
            return found, 0
        rules = all_rules()
        findings = findings_of([(rules[each.rule], each.offence) for each in found], path)
        closing = close_findings(path, findings, suppressions, self._terms)
        closed = {(each.finding.code, each.finding.line, each.finding.column) for each in closing.closed}
        kept = [each for each in found if (each.rule, *_start(each.offence)) not in closed]
        return kept, len(found) - len(kept)

    # documents --------------------------------------------------------------------------------------------------------

    def plan_document(self, view: DocumentView, content: bytes) -> Planned | None:
        """What is planned for a file that is no Python; None where no codemod has anything to say of it."""
        found = [
            Found(code, offence)
            for code, rule in self._rules.items()
            if implements(rule, "check_document")
            for offence in rule.check_document(view)
        ]
        found, settled = self._open(view.path, found, view.reading.suppressions)
        if not found and not settled:
            return None
        document = Document(view, content, surroundings=self.surroundings)
        answers = answers_of(self.codemods, found, lambda codemod, mine: codemod.document_changes(document, mine))
        turn = Turn(list(answers), settled=settled)
        chosen = self._choose(turn)
        edits = made_of(graded(chosen), content)
        planned = Planned(
            view.path, digest_of(content), tuple(items_of(view.path, turn, self.grades)), tuple(edits), settled
        )
        if not edits:
            return planned
        change = FileChange(path=view.path, digest=planned.digest, edits=planned.edits)
        after = splice(content, edits)
        objection = check_result(change, content, after, target=self.target, plan_again=None, own=False)
        if objection is None:
            return planned
        items = [not_made(item, objection) if item.planned else item for item in planned.items]
        return msgspec.structs.replace(planned, items=tuple(items), edits=())


def _start(offence: Offence) -> tuple[int, int]:
    return offence.site.line, offence.site.column


def _is_utf8(content: bytes) -> bool:
    try:
        return decode_source(content) == content.removeprefix(b"\xef\xbb\xbf")
    except EncodingError:
        return False
