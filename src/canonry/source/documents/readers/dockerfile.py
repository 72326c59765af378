"""Dockerfiles: RUN, CMD, ENTRYPOINT and HEALTHCHECK, in shell form, exec form and heredocs.

Source: docs.docker.com, "Dockerfile reference".
"""

import re
from collections.abc import Iterator

from canonry.source.documents.fragment import Document, Fragment, Piece
from canonry.source.documents.languages.arguments import read_arguments
from canonry.source.documents.languages.dispatch import read_script
from canonry.source.documents.languages.literals import fragment_of_string
from canonry.source.documents.languages.script import UNKNOWN_FOLDER, Finds, Setting
from canonry.source.documents.reading import Reading

PATTERNS = (
    "Dockerfile",
    "Dockerfile.*",
    "*.Dockerfile",
    "dockerfile",
    "*.dockerfile",
    "Containerfile",
    "Containerfile.*",
    "*.Containerfile",
)

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_DIRECTIVE = re.compile(r"#\s*escape\s*=\s*(\S)", re.IGNORECASE)
_FLAGS = re.compile(r"[ \t]*(?:--[\w-]+(?:=(?:\"[^\"]*\"|\S+))?[ \t]+)*")
_HEREDOC = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_LIST = re.compile(r'\[\s*(?:"(?:[^"\\]|\\.)*"\s*(?:,\s*"(?:[^"\\]|\\.)*"\s*)*)?\]\s*')
_INSTRUCTION = re.compile(r"[ \t]*(?:ONBUILD[ \t]+)?([A-Za-z]+)[ \t]+", re.IGNORECASE)


def read(document: Document) -> Reading:
    """The commands that building the image, and starting it, runs."""
    finds = Finds(document)
    shell = "sh"
    directive = _DIRECTIVE.match(document.text)
    for pieces, heredocs in _instructions(document, directive[1] if directive else "\\"):
        whole = Fragment(document, pieces)
        match = _INSTRUCTION.match(whole.text)
        if match is None:
            continue
        name, start = match[1].upper(), match.end()
        if name == "SHELL":
            found = _STRING.search(whole.text, start)
            shell = found[0].strip('"') if found else shell
        elif name in ("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"):
            if name == "HEALTHCHECK":
                command = re.compile(r"(?:--\S+\s+)*CMD\s+", re.IGNORECASE).match(whole.text, start)
                if command is None:
                    continue
                start = command.end()
            _read_instruction(name, whole, start, heredocs, shell, finds)
    return finds.reading()


def _read_instruction(
    name: str, whole: Fragment, start: int, heredocs: list[tuple[int, int]], shell: str, finds: Finds
) -> None:
    document = whole.document
    setting = Setting(symbol=name, folder=UNKNOWN_FOLDER)
    flags = _FLAGS.match(whole.text, start)
    start = flags.end() if flags else start
    if _LIST.fullmatch(whole.text, start):
        words = []
        for match in _STRING.finditer(whole.text, start):
            begin, end = whole.place(match.start(), match.end())
            words.append(fragment_of_string(document, begin, end))
        read_arguments(words, finds, setting)
        return
    if heredocs and not _HEREDOC.sub("", whole.text[start:]).strip():  # the whole instruction, not some command's input
        for begin, end in heredocs:
            script = Fragment(document, [document.piece(begin, end)])
            first = script.text.lstrip().partition("\n")[0]
            words_of_first = first.removeprefix("#!").split() if first.startswith("#!") else []
            program = words_of_first[-1] if words_of_first else shell
            read_script(script, finds, setting, shell=program)
        return
    pieces: list[Piece] = whole.cut(start, len(whole.text))
    for begin, end in heredocs:
        pieces += [Piece("\n", begin, begin), document.piece(begin, end)]
        closing = _LINE.match(document.text, end)
        pieces += [document.piece(end, closing.end())] if closing else []
    read_script(Fragment(document, pieces), finds, setting, shell=shell)


def _instructions(document: Document, escape: str) -> Iterator[tuple[list[Piece], list[tuple[int, int]]]]:
    """Every instruction without its line continuations and the comments between them, and its heredocs."""
    text = document.text
    pieces: list[Piece] = []
    at = 0
    while at < len(text):
        match = _LINE.match(text, at)
        assert match is not None
        line, stop = match[0].rstrip("\r\n"), match.end()
        if line.lstrip().startswith("#") or (pieces and not line.strip()):
            at = stop
            continue
        bare = line.rstrip()
        if bare.endswith(escape):
            pieces += [document.piece(at, at + len(bare) - 1), Piece(" ", at + len(bare) - 1, stop)]
            at = stop
            continue
        pieces.append(document.piece(at, at + len(line)))
        heredocs: list[tuple[int, int]] = []
        for _, word in _HEREDOC.findall("".join(piece.text for piece in pieces)) if _may_hold(pieces) else ():
            end = re.compile(rf"^\t*{re.escape(word)}[ \t]*(?:\r?$|\Z)", re.MULTILINE).search(text, stop)
            if end is not None:
                heredocs.append((stop, end.start()))
                closing = _LINE.match(text, end.start())
                stop = closing.end() if closing else end.end()
        yield pieces, heredocs
        pieces = []
        at = stop
    if pieces:
        yield pieces, []


def _may_hold(pieces: list[Piece]) -> bool:
    """Whether an instruction may take heredocs."""
    first = re.match(r"\s*(?:RUN|COPY|ADD)\b", pieces[0].text, re.IGNORECASE)
    return first is not None and any("<<" in piece.text for piece in pieces)
