"""Code blocks of Markdown that show commands.

Source: the CommonMark specification 0.31, chapters 4.4 (indented code) and 4.5 (fenced code). A block is read only
where it holds the name of a test tool: documents are many and long. No library is used, because each builds a tree of
the whole document first.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from canonry.source.commands import HINTS as TOOLS
from canonry.source.documents.fragment import Document, Fragment, Piece
from canonry.source.documents.languages.dispatch import read_script
from canonry.source.documents.languages.script import UNKNOWN_FOLDER, Finds, Setting
from canonry.source.documents.reading import Reading

PATTERNS = ("*.md", "*.markdown")
HINTS = tuple(tool.encode() for tool in TOOLS)

_LANGUAGES = {
    "sh": "sh bash shell zsh ksh console shell-session sh-session bash-session terminal shellsession",
    "cmd": "bat batch cmd dos batchfile",
    "pwsh": "powershell pwsh ps1 ps posh",
}
_SHELLS = {name: shell for shell, names in _LANGUAGES.items() for name in names.split()}
_UNLABELLED = frozenset(("", "text", "txt", "plain", "plaintext", "none"))
_OPENING = re.compile(
    r"^(?P<before>(?:[ \t]*>)*[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)"
    r"(?:(?P<fence>`{3,}(?=[^`\r\n]*(?:[\r\n]|\Z))|~{3,})(?P<info>[^\r\n]*)|<!--)",
    re.MULTILINE,
)
_DIRECTIVE = re.compile(r"\{(?:code-block|sourcecode|code)\}\s*")
"""How MyST writes a code block, the language behind it."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_PROMPT = re.compile(
    r"(?:\([\w.-]+\)[ \t]*)?"
    r"(?:[\w.-]+@[\w.-]+[^$#%>\r\n]{0,80}[$%#]|PS(?: [A-Z]:[^>\r\n]*)?>|[A-Z]:[^>\r\n]*>|[$%\u276f\u279c])[ \t]+"
)
_SHOWN = re.compile(
    r"[ \t]*(?:\w+=\S*[ \t]+)*(?:[\w./\\-]*python[\d.]*[ \t]+-m[ \t]+)?(?:[\w./\\-]*[/\\])?"
    r"(?:pytest|py\.test|unittest|nosetests|nose2|trial)(?=[ \t\r\n]|$)(?P<rest>[^\r\n]*)"
)
_ARGUMENT = re.compile(r"[ \t]*(?:$|#|[|&;>]|-{1,2}[\w]|[^\s/\\]*[/\\]\S*|\S*[.:]\w|\"|'|\$)")
_INDENTED = re.compile(r"(?:^(?: {4}|\t)[^\r\n]*(?:\r\n|\r|\n|$))+", re.MULTILINE)
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")


class _Block(NamedTuple):
    """A code block: its language, the ranges of its lines without what stands before them, and its line."""

    language: str
    lines: list[tuple[int, int]]
    start: int
    end: int


def read(document: Document) -> Reading:
    """The commands of test tools that code blocks show."""
    finds = Finds(document)
    text = document.text
    outside = 0
    for block in _fenced(text):
        _indented(document, finds, outside, block.start)
        outside = block.end
        if block.lines and any(text.find(tool, block.lines[0][0], block.lines[-1][1]) >= 0 for tool in TOOLS):
            _read_block(block, document, finds)
    _indented(document, finds, outside, len(text))
    finds.commands = [command for command in finds.commands if command.tool]
    finds.passed_over = []
    return finds.reading()


def _fenced(text: str) -> Iterator[_Block]:
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        if opening["fence"] is None:  # a comment in HTML
            closing = text.find("-->", opening.end())
            at = len(text) if closing < 0 else closing + 3
            continue
        before, fence = opening["before"], opening["fence"]
        quoted, indent = ">" in before, len(before.expandtabs(4).rpartition(">")[2])
        close = re.compile(rf"(?:[ \t]*>)*[ \t]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
        lines: list[tuple[int, int]] = []
        line = _LINE.match(text, opening.end())
        at = line.end() if line else len(text)
        while at < len(text):
            match = _LINE.match(text, at)
            assert match is not None
            shown = match[0].rstrip("\r\n")
            if quoted and not shown.lstrip().startswith(">"):
                break
            at = match.end()
            if close.match(shown):
                break
            lines.append((_content(text, match.start(), match.end(), quoted=quoted, indent=indent), match.end()))
        info = _DIRECTIVE.sub("", opening["info"].strip()).strip("{}. ").split()
        yield _Block((info[0] if info else "").lower().split(",")[0].split("{")[0], lines, opening.start(), at)


def _content(text: str, start: int, stop: int, *, quoted: bool, indent: int) -> int:
    """Where the code of a line begins: after the marks of its quotation, and the indentation of its fence."""
    if quoted:
        marks = re.compile(r"(?:[ \t]*>)+ ?").match(text, start, stop)
        start = marks.end() if marks else start
    at = start
    while at < stop and at - start < indent and text[at] in " \t":
        at += 1
    return at


def _read_block(block: _Block, document: Document, finds: Finds) -> None:
    text = document.text
    shell = _SHELLS.get(block.language)
    if shell is None and block.language not in _UNLABELLED:
        return
    prompts = [_PROMPT.match(text, *line) for line in block.lines]
    if any(prompts):
        _read_prompts(block.lines, prompts, document, finds, shell or "sh")
    elif shell is not None:
        setting = Setting(symbol="<code block>", folder=UNKNOWN_FOLDER)
        pieces = [document.piece(*line) for line in block.lines]
        read_script(Fragment(document, pieces), finds, setting, shell=shell)
    else:
        _read_unlabelled(block.lines, document, finds, "the block does not say its language")


def _read_prompts(
    lines: list[tuple[int, int]], prompts: list[re.Match[str] | None], document: Document, finds: Finds, shell: str
) -> None:
    """The lines behind a prompt, and those that continue them; the rest is output."""
    setting = Setting(symbol="<code block>", folder=UNKNOWN_FOLDER)
    pieces: list[Piece] = []
    for (start, stop), prompt in zip(lines, prompts, strict=True):
        if prompt is not None:
            pieces.append(document.piece(prompt.end(), stop))
        elif pieces and pieces[-1].text.rstrip().endswith("\\"):
            more = re.compile(r">[ \t]").match(document.text, start, stop)
            pieces.append(document.piece(more.end() if more else start, stop))
        else:
            pieces.append(Piece("\n", start, start))
    read_script(Fragment(document, pieces), finds, setting, shell=shell)


def _read_unlabelled(lines: list[tuple[int, int]], document: Document, finds: Finds, doubt: str) -> None:
    """The lines that begin with a test tool and go on as a command does."""
    setting = Setting(symbol="<code block>", folder=UNKNOWN_FOLDER, doubt=doubt)
    continued: list[Piece] = []
    alone = sum(document.text[slice(*line)].strip()[:1] not in ("", "#") for line in lines) == 1
    for start, stop in lines:
        shown = _SHOWN.match(document.text, start, stop)
        bare = shown is not None and not shown["rest"].strip() and not alone  # a list of packages, say
        if continued or (shown is not None and not bare and _ARGUMENT.match(shown["rest"])):
            continued.append(document.piece(start, stop))
            if document.text[start:stop].rstrip().endswith("\\"):
                continue
            read_script(Fragment(document, continued), finds, setting, shell="sh")
            continued = []


def _indented(document: Document, finds: Finds, start: int, stop: int) -> None:
    text = document.text
    if not any(text.find(tool, start, stop) >= 0 for tool in TOOLS):
        return
    for block in _INDENTED.finditer(text, start, stop):
        if not any(tool in block[0] for tool in TOOLS) or not _stands_alone(text, block.start(), block[0]):
            continue
        lines = [
            (line.start() + (1 if line[0][0] == "\t" else 4), line.end())
            for line in _LINE.finditer(text, block.start(), block.end())
            if line[0]
        ]
        prompts = [_PROMPT.match(text, *line) for line in lines]
        if any(prompts):
            _read_prompts(lines, prompts, document, finds, "sh")
        else:
            _read_unlabelled(lines, document, finds, "the block does not say its language")


def _stands_alone(text: str, start: int, block: str) -> bool:
    """Whether indented lines are code: after a blank line, and no part of a list."""
    before = text[:start].rstrip("\r\n \t")
    if text[len(before) : start].count("\n") < 2 and before:
        return False
    last = re.split(r"\r\n|\r|\n", before[-2000:])[-1]
    if last[:1] in (" ", "\t") or _ITEM.match(last):
        indent = len(block) - len(block.lstrip(" "))
        marker = _ITEM.match(last)
        return marker is not None and indent >= marker.end() + 4
    return True
