"""The test commands of a document that is no Python, rewritten in place and read again to see that it is so."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from canonry.migrate.commands.installed import installs
from canonry.migrate.commands.mapping import map_command
from canonry.migrate.commands.node_ids import holder
from canonry.migrate.commands.placing import placed
from canonry.migrate.commands.surroundings import Surroundings
from canonry.migrate.commands.terms import Terms
from canonry.migrate.commands.tokens import CannotMapError, Doubt, Made, Mapped, by_hand, new_words
from canonry.model.edit import Grade
from canonry.rules.invocation import BESIDE, CI_READERS, UNKNOWN, joined, standing, test_paths
from canonry.rules.view import DocumentView
from canonry.source.documents.fragment import Document as Text
from canonry.source.documents.fragment import decode_document
from canonry.source.documents.languages.script import Finds
from canonry.source.documents.languages.yaml import compose, get, text_of
from canonry.source.documents.readers.registry import read_document
from canonry.source.documents.reading import Command, Reading
from canonry.source.facts import Site

_SCRIPTS = frozenset(("shell", "batch", "powershell"))
_IMAGES = frozenset(("dockerfile", "compose"))
_PIPED = re.compile(r"[ \t]*(?:\d?>&\d[ \t]*)?\|(?!\|)")
_BEHIND_REDIRECTION = re.compile(
    r"(?:[ \t]*\d?(?:&>>?|>>?\|?|<)(?:&\d|[ \t]*[^\s|&;<>\"'`)]+))+[ \t]+(?![\d&]?[<>])[^\s|&;)<>#}\"'`]"
)
"""Words behind a redirection, which belong to the command all the same."""
_SUBSTITUTED = re.compile(r"(?:\$\(|`|<\()[ \t]*$")


class Rewritten(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of one command: the byte range and its new text, none where it is done by hand."""

    command: Command
    mapped: Mapped
    start: int = 0
    end: int = 0
    text: str = ""


def rewrite_commands(
    view: DocumentView, content: bytes, commands: Sequence[Command], surroundings: Surroundings
) -> list[Rewritten]:
    """An answer for each of these commands of a document. What a result's reader would not read as meant is by hand."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if not text or decode_document(content) != text:
        return [_refused(each, "the file is not UTF-8, and only that is edited") for each in commands]
    mark = len(content) - len(text.encode())
    answers = [_rewritten(view, text, mark, each, surroundings) for each in commands]
    answers = _without_shared(answers)
    made = [each for each in answers if each.text]
    if made and not _reads_as_meant(view, content, made):
        answers = [
            each
            if not each.text or _reads_as_meant(view, content, [each])
            else _refused(each.command, "its reader would not read the result as the command that is meant")
            for each in answers
        ]
        made = [each for each in answers if each.text]
        if made and not _reads_as_meant(view, content, made):
            answers = [_refused(each.command, "the commands of this file depend on one another") for each in answers]
    return [_proved(view, each, surroundings) if each.text else each for each in answers]


def terms_of_command(view: DocumentView, command: Command, text: str, surroundings: Surroundings) -> Terms:
    """What the mapping of a command of a document depends on."""
    project = view.project
    apart = view.reader in ("tox_ini", "tox_toml", "pre_commit", *_IMAGES)
    takes_declared = not apart or re.search(r"-r\s|extras|dependency_groups|\.\[", text) is not None
    return Terms(
        runner=surroundings.runner,
        speaks=surroundings.speaks,
        categories=project.canon.categories,
        folder=_folder(view, command),
        standing=lambda path: standing(path.replace("\\", "/"), command, view),
        holds=holder(project, _folder(view, command)),
        installed=installs(text, "canonry") or (takes_declared and surroundings.installed),
        imports_from_folder=surroundings.imports_from_root,
    )


# one command ---------------------------------------------------------------------------------------------------------


def _rewritten(view: DocumentView, text: str, mark: int, command: Command, surroundings: Surroundings) -> Rewritten:
    terms = terms_of_command(view, command, text, surroundings)
    mapped = map_command(command.words, terms)
    if mapped.grade is Grade.MANUAL:
        return Rewritten(command=command, mapped=mapped)
    try:
        begin, end, new = placed(command, mapped, text)
        doubts = [*_doubts(view, command, mapped, text, (begin, end))]
    except CannotMapError as error:
        return _refused(command, str(error))
    mapped = msgspec.structs.replace(mapped, doubts=(*mapped.doubts, *doubts))
    before = mark + len(text[:begin].encode())
    return Rewritten(command=command, mapped=mapped, start=before, end=before + len(text[begin:end].encode()), text=new)


def _doubts(view: DocumentView, command: Command, mapped: Mapped, text: str, place: tuple[int, int]) -> Iterable[Doubt]:
    """What the place says against a rewritten command. Raises `CannotMapError`."""
    first = command.places[0][0]
    if not command.listed and _BEHIND_REDIRECTION.match(text, place[1]):
        raise CannotMapError("a redirection stands between its words")
    if len({*command.places}) < len(command.places):
        yield Doubt(Grade.REVIEW, "a variable holds the test tool; its text is written out, and the variable stays")
    if command.doubt:
        if "several values" in command.doubt or "may be" in command.doubt or "handed it" in command.doubt:
            raise CannotMapError(f"it is not certain what is started: {command.doubt}")
        yield Doubt(Grade.REVIEW, f"it is not certain what is started: {command.doubt}")
    if _PIPED.match(text, place[1]) or _SUBSTITUTED.search(text[:first]):
        yield Doubt(Grade.REVIEW, "another command reads its output, and the runner's looks different")
    if view.reader in _IMAGES:
        yield Doubt(Grade.REVIEW, "an image holds what is copied into it: the canon has to be there, too")
    if view.reader == "pre_commit" and _takes_names(text, place[0]):
        if Made("--") in mapped.tokens:
            raise CannotMapError("pre-commit hands it the names of changed files, behind the options of pytest")
        yield Doubt(Grade.REVIEW, "pre-commit hands it the names of changed files, which need not be tests")


def _proved(view: DocumentView, answer: Rewritten, surroundings: Surroundings) -> Rewritten:
    """The answer, by hand where the new command does not select what the old one does."""
    words: list[str | None] = list(answer.command.words)
    new = new_words(words, answer.mapped)
    objection = surroundings.objection(words, new, _folder(view, answer.command))
    return _refused(answer.command, objection) if objection else answer


def _refused(command: Command, reason: str) -> Rewritten:
    return Rewritten(command=command, mapped=by_hand(reason))


def _folder(view: DocumentView, command: Command) -> str | None:
    """The working directory of a command from the root, None where nobody says it.

    Of scripts it is the root where they stand there, or where the tests that they name exist from there.
    """
    if command.folder == UNKNOWN or view.reader in _IMAGES:
        return None
    own = view.path.rpartition("/")[0]
    if view.reader in BESIDE:
        return joined(own, command.folder)
    if view.reader in CI_READERS or not own:
        return command.folder
    if view.reader not in _SCRIPTS:
        return None
    project = view.project
    named = [joined(command.folder, path) for path in test_paths(command)]
    there = all(path in project.paths or path in project.folders for path in named)
    return command.folder if named and there else None


def _takes_names(text: str, at: int) -> bool:
    """Whether the hook of pre-commit whose entry stands at a place is handed the names of files."""
    for root in compose(Finds(Text(text)))[:1]:
        waiting = [root]
        while waiting:
            node = waiting.pop()
            entry = get(node, "entry")
            if entry is not None and entry.start_mark.index <= at <= entry.end_mark.index:
                return text_of(get(node, "pass_filenames")) != "false"
            if isinstance(node.value, list):
                waiting += [part for each in node.value for part in (each if isinstance(each, tuple) else (each,))]
    return True


# the file as a whole -------------------------------------------------------------------------------------------------


def _without_shared(answers: list[Rewritten]) -> list[Rewritten]:
    """The answers, by hand where two commands are made of one text."""
    ranges = [(each.start, each.end) for each in answers if each.text]
    return [
        _refused(each.command, "one text stands for several commands")
        if each.text and sum(start < each.end and each.start < end for start, end in ranges) > 1
        else each
        for each in answers
    ]


def _reads_as_meant(view: DocumentView, content: bytes, made: Sequence[Rewritten]) -> bool:
    """Whether the result is read as the same commands, but for those that change, which are what was meant."""
    after = content
    for each in sorted(made, key=lambda one: -one.start):
        after = after[: each.start] + each.text.encode() + after[each.end :]
    found = read_document(view.reader, after)
    if len(found.passed_over) > len(view.reading.passed_over):
        return False
    new = {id(each.command): tuple(str(word) for word in new_words(each.command.words, each.mapped)) for each in made}
    wanted = set(new.values())
    changed = [each.site for each in view.reading.commands if id(each) in new]
    now = [each.site for each in found.commands if each.words in wanted]
    return _identities(view.reading, new, changed) == _identities(found, {}, now)


def _identities(
    reading: Reading, new: dict[int, tuple[str, ...]], changed: list[Site]
) -> list[tuple[str | tuple[str, ...], ...]]:
    """What has to be the same before and after; of a command that holds a changed one in its words, its first word."""
    return sorted(
        (
            each.site.symbol,
            each.words[:1] if _holds(each.site, changed) else new.get(id(each), each.words),
            "" if id(each) in new else each.tool,
            each.folder,
            each.forgiven,
            "" if id(each) in new or not each.tool else each.doubt,
        )
        for each in reading.commands
    )


def _holds(site: Site, changed: list[Site]) -> bool:
    begin, end = (site.line, site.column), (site.end_line, site.end_column)
    return any(begin < (other.line, other.column) and (other.end_line, other.end_column) <= end for other in changed)
