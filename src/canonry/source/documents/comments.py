"""Suppressions in files that are no Python, by the comment syntax of the kind of file.

The syntax follows from the patterns of the reader that reads the file. Where a `#` may stand inside a string, the
comments come from a parser (YAML, TOML, shell) or from a scan that knows quotes (Make, justfile, PowerShell); where
comments have a line of their own (Dockerfile, batch, ini, Markdown), from the start of the line. JSON has no comments:
only the canon's path suppressions reach it.

What a comment of its own line covers: in YAML the next key or item with everything below it, in Markdown the next
block, elsewhere the next line, continued lines with it. A comment behind code covers its line; in YAML behind `|` or
`>` the text below too.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from canonry.source.documents.reading import Reading
from canonry.source.facts import Suppression
from canonry.source.suppressions import MARK, Comment, Cover, Span, in_statements, suppressions_of_comments

if TYPE_CHECKING:
    from tree_sitter import Language

_MARK = MARK.decode()

Found = tuple[list[Comment], Cover]

_BATCH = re.compile(r"\s*@?\s*(?:rem(?=\s)|::)\s*", re.IGNORECASE)
_HASH = re.compile(r"\s*[#;]")
_BEHIND = re.compile(r"(?<=\s)#.*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BLOCK_TEXT = re.compile(r"(?:^|\s)[|>][-+0-9]*$")


def suppressions_of_document(text: str, patterns: Iterable[str], reading: Reading) -> tuple[Suppression, ...]:
    """The suppressions in the comments of a document whose reader has these patterns."""
    if _MARK not in text:
        return ()
    find = _FINDERS.get(syntax_of(patterns))
    if find is None:
        return ()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    comments, covered = find(lines, frozenset(command.site.line for command in reading.commands))
    return suppressions_of_comments([each for each in comments if _MARK in each.text], covered)


def syntax_of(patterns: Iterable[str]) -> str:
    """The comment syntax of the files that a reader's patterns name, empty where it has none that is known."""
    for pattern in patterns:
        words = [part for part in re.split(r"[^a-z0-9]+", pattern.rpartition("/")[2].lower()) if part]
        for word in reversed(words):
            if word in _SYNTAXES:
                return _SYNTAXES[word]
    return ""


def _yaml(lines: Sequence[str], commands: frozenset[int]) -> Found:
    """Comments of YAML, and those of the shell in block texts in which the reader found commands."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.tokens import ScalarToken

    source = "\n".join(lines)
    comments: list[Comment] = []
    taken: list[Span] = []  # what scalars take, as offsets
    try:
        for token in YAML(typ="safe", pure=True).scan(source):
            if isinstance(token, ScalarToken):
                start, end = token.start_mark, token.end_mark
                taken.append((start.index, end.index))
                inside = range(start.line + 2, end.line + 1)
                if token.style in ("|", ">") and commands.intersection(inside):
                    block = ["" if number not in inside else line for number, line in enumerate(lines, 1)]
                    comments += _shell(block, commands)[0]
    except (YAMLError, ValueError, OverflowError):
        return [], in_statements([])  # templates, and what is broken: nobody can say what is a comment
    offset = 0
    for number, line in enumerate(lines, 1):
        for match in re.finditer(r"(?:^|(?<=\s))#", line) if _MARK in line else ():
            at = offset + match.start()
            inside_text = any(start <= at < end and not _is_header(source, start, at) for start, end in taken)
            if not inside_text:
                comments.append(
                    Comment(number, match.start() + 1, line[match.start() :], not line[: match.start()].strip())
                )
                break
        offset += len(line) + 1
    comments.sort(key=lambda comment: comment.line)
    return comments, _in_items(lines)


def _is_header(source: str, start: int, at: int) -> bool:
    """Whether a place stands in the line of a block text's `|`, where a comment is one."""
    return source[start] in "|>" and "\n" not in source[start:at]


def _in_items(lines: Sequence[str]) -> Cover:
    """Of a comment of its own line the next key or item with all below it, else its line and a block text there."""
    full = [at for at, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]

    def covered(comment: Comment) -> Span:
        if not comment.alone:
            block = _BLOCK_TEXT.search(lines[comment.line - 1][: comment.column - 1].rstrip())
            return (comment.line, _below(lines, comment.line)) if block else (comment.line, comment.line)
        following = next((at for at in full if at > comment.line), 0)
        return (following, _below(lines, following)) if following else (0, 0)

    return covered


def _below(lines: Sequence[str], number: int) -> int:
    """The last line of what stands below a key or an item of YAML; items may stand as deep as their key."""
    line = lines[number - 1]
    indent = len(line) - len(line.lstrip())
    last = number
    for at, other in enumerate(lines[number:], number + 1):
        if not other.strip():
            continue
        depth = len(other) - len(other.lstrip())
        if depth < indent or (depth == indent and not (_is_item(other) and not _is_item(line))):
            break
        last = at
    return last


def _is_item(line: str) -> bool:
    return line.lstrip().startswith(("- ", "-\n")) or line.strip() == "-"


def _shell(lines: Sequence[str], _commands: frozenset[int]) -> Found:
    import tree_sitter_bash
    from tree_sitter import Language

    return _parsed(lines, Language(tree_sitter_bash.language())), in_statements(_continued(lines))


def _toml(lines: Sequence[str], _commands: frozenset[int]) -> Found:
    import tree_sitter_toml
    from tree_sitter import Language

    return _parsed(lines, Language(tree_sitter_toml.language())), in_statements(_continued(lines))


def _parsed(lines: Sequence[str], language: "Language") -> list[Comment]:
    """The comments that a grammar names."""
    from tree_sitter import Parser

    from canonry.source.syntax.newer import walk_nodes

    root = Parser(language).parse("\n".join(lines).encode()).root_node
    found: list[Comment] = []
    for node in walk_nodes(root):
        if node.type == "comment" and node.text:
            line = lines[node.start_point.row]
            column = len(line.encode()[: node.start_point.column].decode("utf-8", "replace"))
            text = node.text.decode("utf-8", "replace")
            found.append(Comment(node.start_point.row + 1, column + 1, text, not line[:column].strip()))
    return found


def _quoted(lines: Sequence[str], _commands: frozenset[int]) -> Found:
    """Comments behind a `#` that starts a word outside quotes, as Make, just and PowerShell have them."""
    found: list[Comment] = []
    for number, line in enumerate(lines, 1):
        quote = ""
        for column, character in enumerate(line):
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character == "#" and (column == 0 or line[column - 1].isspace()):
                found.append(Comment(number, column + 1, line[column:], not line[:column].strip()))
                break
    return found, in_statements(_continued(lines))


def _batch(lines: Sequence[str], _commands: frozenset[int]) -> Found:
    return _own_lines(lines, _BATCH), in_statements(_continued(lines, comment=_BATCH, joint="^"))


def _plain(lines: Sequence[str], _commands: frozenset[int]) -> Found:
    return _own_lines(lines, _HASH), in_statements(_continued(lines, comment=_HASH))


def _ini(lines: Sequence[str], commands: frozenset[int]) -> Found:
    """Comments of their own line, and those behind commands, which tox takes away up to the end of the line."""
    found = _own_lines(lines, _HASH)
    spans = _continued(lines, comment=_HASH)
    taken = {comment.line for comment in found}
    for first, last in spans:
        for number in range(first, last + 1) if commands.intersection(range(first, last + 1)) else ():
            match = _BEHIND.search(lines[number - 1])
            if match is not None and number not in taken:
                found.append(Comment(number, match.start() + 1, match[0], False))
    return sorted(found, key=lambda comment: comment.line), in_statements(spans)


def _own_lines(lines: Sequence[str], opening: re.Pattern[str]) -> list[Comment]:
    """The lines that begin with an opening as comments."""
    found: list[Comment] = []
    for number, line in enumerate(lines, 1):
        match = opening.match(line)
        if match is not None:
            start = len(line) - len(line.lstrip())
            found.append(Comment(number, start + 1, line[match.end() :].strip(), True))
    return found


def _continued(
    lines: Sequence[str], *, comment: re.Pattern[str] = re.compile(r"\s*#"), joint: str = "\\"
) -> list[Span]:
    """Every line that is neither empty nor a comment, with the lines that continue it."""
    spans: list[Span] = []
    open_since = 0
    for number, line in enumerate(lines, 1):
        if not open_since and (not line.strip() or comment.match(line)):
            continue
        open_since = open_since or number
        if not line.rstrip().endswith(joint):
            spans.append((open_since, number))
            open_since = 0
    if open_since:
        spans.append((open_since, len(lines)))
    return spans


def _markdown(lines: Sequence[str], _commands: frozenset[int]) -> Found:
    """HTML comments that open a line outside code; blocks are fenced code, or lines up to an empty one."""
    comments: list[Comment] = []
    blocks: list[Span] = []
    fence, first = "", 0
    for number, line in enumerate([*lines, ""], 1):
        match = _FENCE.match(line)
        if fence:
            if match and match[1].startswith(fence) and not line.strip().strip(fence[0]):
                blocks.append((first, number))
                fence, first = "", 0
            continue
        if match or not line.strip() or line.lstrip().startswith("<!--"):
            if first:
                blocks.append((first, number - 1))
            fence, first = (match[1], number) if match else ("", 0)
            if line.startswith(("<!--", " <!--", "  <!--", "   <!--")) and "-->" in line:
                comments.append(Comment(number, line.index("<") + 1, line.strip(), True))
        elif not first:
            first = number
    if first:
        blocks.append((first, len(lines)))
    return comments, in_statements(blocks)


_FINDERS: dict[str, Callable[[Sequence[str], frozenset[int]], Found]] = {
    "yaml": _yaml,
    "shell": _shell,
    "toml": _toml,
    "quoted": _quoted,
    "batch": _batch,
    "plain": _plain,
    "ini": _ini,
    "markdown": _markdown,
}
_SYNTAXES = (
    dict.fromkeys(("yml", "yaml"), "yaml")
    | dict.fromkeys(("sh", "bash", "zsh", "ksh", "bats"), "shell")
    | dict.fromkeys(("mk", "ps1", "psm1", "makefile", "gnumakefile", "justfile", "just"), "quoted")
    | dict.fromkeys(("bat", "cmd"), "batch")
    | dict.fromkeys(("dockerfile", "containerfile"), "plain")
    | dict.fromkeys(("ini", "cfg"), "ini")
    | dict.fromkeys(("md", "markdown"), "markdown")
    | {"toml": "toml"}
)
