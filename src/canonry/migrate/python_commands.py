"""Commands that Python code holds, as lists of words and shell texts, rewritten for the runner."""

import ast
import re
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from canonry.migrate.commands.documents import rewrite_commands
from canonry.migrate.commands.mapping import map_command
from canonry.migrate.commands.node_ids import holder
from canonry.migrate.commands.terms import Terms
from canonry.migrate.commands.tokens import CannotMapError, Changed, Doubt, Kept, Made, Mapped, Token
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from canonry.rules.invocation import Presence
from canonry.rules.view import DocumentView
from canonry.source.documents.readers.registry import read_document

_LITERAL = re.compile(r"(?P<prefix>[rRuUfFbB]*)(?P<quote>\"\"\"|'''|\"|')")
_PERCENT = re.compile(r"%(?:\(\w+\))?[-#0 +]*[\d.]*[a-zA-Z]")
_BRACES = re.compile(r"\{[^{}]*\}")
_OWN_FILE = re.compile(r"(?:[\w.]+\()*__file__\)*(?:\.resolve\(\)|\.absolute\(\))?\)*")


class NewText(msgspec.Struct, frozen=True):
    """The text that takes a node's place, with the grade and the reason."""

    text: str
    grade: Grade
    reason: str
    mapped: Mapped


def new_list(
    module: Module, elements: Sequence[ast.expr], *, program: Sequence[str] = (), folder_known: bool = True
) -> NewText:
    """The list of words that runs the runner in place of the one that these elements make.

    ``program`` are fixed words in front of them that are not in the file (``pytest`` for `pytest.main`). Raises
    `CannotMapError`.
    """
    words = [*program, *(word_of(module, element) for element in elements)]
    mapped = map_command(words, python_terms(module, folder_known=folder_known))
    if mapped.grade is Grade.MANUAL:
        raise CannotMapError(mapped.reason)
    count = len(program)
    tokens: list[Token] = [*map(Kept, range(count, mapped.first)), *mapped.tokens]
    texts = [_element(module, token, elements, count) for token in tokens]
    comments = _comments(module, elements)
    if not comments:
        return NewText(_laid_out(module, elements, texts), mapped.grade, mapped.reason, mapped)
    places = [(token.of if isinstance(token, Made) else token.index) - count for token in tokens]
    text = _commented(module, elements, list(zip(places, texts, strict=True)), comments)
    return NewText(text, mapped.grade, mapped.reason, mapped)


def new_shell_text(module: Module, node: ast.expr) -> NewText:
    """The literal of a shell command in which the test commands are the runner's. Raises `CannotMapError`."""
    raw = module.source(node)
    match = _LITERAL.match(raw)
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or match is None:
        raise CannotMapError("the text of the command is computed")
    inner = raw[match.end() : len(raw) - len(match["quote"])]
    if inner != node.value or "\\" in inner:
        raise CannotMapError("the text of the command holds escapes, or several literals")
    reading = read_document("shell", inner.encode())
    view = DocumentView("command.sh", reading, "shell", module.file.project)
    commands = [each for each in reading.commands if each.tool]
    answers = rewrite_commands(view, inner.encode(), commands, module.surroundings)
    worst = max(answers, key=lambda each: each.mapped.grade.rank, default=None)
    if worst is None or worst.mapped.grade is Grade.MANUAL:
        raise CannotMapError(worst.mapped.reason if worst is not None else "no shell command was found in the text")
    content = inner.encode()
    for each in sorted(answers, key=lambda one: -one.start):
        content = content[: each.start] + each.text.encode() + content[each.end :]
    text = content.decode()
    if match["quote"] in text.replace(inner, ""):
        raise CannotMapError("the new command holds the literal's quotes")
    return NewText(f"{match[0]}{text}{match['quote']}", worst.mapped.grade, worst.mapped.reason, worst.mapped)


def word_of(module: Module, node: ast.expr) -> str | None:
    """The text of one word; of one that begins with fixed text, what is computed stands in braces. Else None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{part}" for part in node.values)
    if isinstance(node, ast.Attribute) and node.attr == "executable":
        return "python"
    put_together = _put_together(node)
    if put_together is not None:
        return put_together
    if _OWN_FILE.fullmatch(module.source(node)):
        return module.path
    return None


def _put_together(node: ast.expr) -> str | None:
    """A word that a literal begins: by ``+``, ``%`` or ``format``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        first, *others = _summands(node)
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
            texts = (each.value if isinstance(each, ast.Constant) else "{part}" for each in others)
            return first.value + "".join(map(str, texts))
    template: ast.expr | None = None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        template, holes = node.left, _PERCENT
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        template, holes = node.func.value, _BRACES
    if isinstance(template, ast.Constant) and isinstance(template.value, str):
        text = holes.sub("{part}", template.value)
        return text if not text.startswith("{part}") else None
    return None


def _summands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_summands(node.left), *_summands(node.right)]
    return [node]


def python_terms(module: Module, *, folder_known: bool) -> Terms:
    """What the mapping of a command in code depends on; the working directory is taken for the root of the tree."""
    project = module.file.project
    around = module.surroundings

    def standing(path: str) -> Presence:
        bare = path.replace("\\", "/").removeprefix("./").rstrip("/")
        if not folder_known or path.startswith(("/", "~")) or ".." in path.split("/"):
            return Presence.UNSAID
        if bare in ("", ".") or bare in project.paths or bare in project.folders or around.on_disk(bare):
            return Presence.THERE
        if any(each.endswith(f"/{bare}") for each in project.folders):
            return Presence.UNSAID
        return Presence.UNSAID if project.paths_by_name.get(bare.rpartition("/")[2]) else Presence.ABSENT

    return Terms(
        runner=around.runner,
        speaks=around.speaks,
        categories=project.canon.categories,
        folder="" if folder_known else None,
        standing=standing,
        holds=holder(project, "" if folder_known else None),
        installed=around.installed,
        imports_from_folder=around.imports_from_root,
    )


def doubts_text(doubts: Sequence[Doubt]) -> str:
    """The reasons in one line."""
    return "; ".join(dict.fromkeys(doubt.reason for doubt in doubts))


def _element(module: Module, token: Token, elements: Sequence[ast.expr], count: int) -> str:
    if isinstance(token, Made):
        return f'"{token.text}"'
    if token.index < count:
        raise CannotMapError("how the tool is started is not understood")
    source = module.source(elements[token.index - count])
    if isinstance(token, Kept):
        return source
    return _changed(source, token)


def _changed(source: str, token: Changed) -> str:
    match = _LITERAL.match(source)
    if match is None:
        if not token.old and token.new:
            return f'f"{token.new}{{{source}}}"' if '"' not in source and "\\" not in source else _fail(source)
        return _fail(source)
    if not source.startswith(token.old, match.end()):
        return _fail(source)
    return source[: match.end()] + token.new + source[match.end() + len(token.old) :]


def _fail(source: str) -> str:
    raise CannotMapError(f"`{source}` cannot be changed in place")


def _laid_out(module: Module, elements: Sequence[ast.expr], texts: Sequence[str]) -> str:
    """The elements as they stood: in one line, or one in each."""
    lines = {element.lineno for element in elements}
    if len(lines) < 2 or len(lines) < len(elements) - 1:
        return ", ".join(texts)
    return f",{_new_line(module, elements)}".join(texts)


def _new_line(module: Module, elements: Sequence[ast.expr]) -> str:
    """The end of a line, and the indentation of the elements that do not stand in the first one."""
    second = next((element for element in elements if element.lineno != elements[0].lineno), elements[0])
    return module.line_end(module.start(elements[0])).decode() + " " * second.col_offset


def _comments(module: Module, elements: Sequence[ast.expr]) -> dict[int, tuple[list[str], list[str]]]:
    """The comments between elements, by the number of the one that they are about: those above it, those beside it."""
    found: dict[int, tuple[list[str], list[str]]] = {}
    for number, (one, other) in enumerate(pairwise(elements)):
        start, end = module.end(one), module.start(other)
        first = re.compile(rb"[^\r\n]*").match(module.content, start)
        line = first.end() if first is not None else start
        beside, above = module.comments_in(start, min(line, end)), module.comments_in(min(line, end), end)
        if beside:
            found.setdefault(number, ([], []))[1].extend(beside)
        if above:
            found.setdefault(number + 1, ([], []))[0].extend(above)
    return found


def _commented(
    module: Module,
    elements: Sequence[ast.expr],
    words: Sequence[tuple[int, str]],
    comments: dict[int, tuple[list[str], list[str]]],
) -> str:
    """The words, each in a line of its own, with the comments about the old ones. Raises `CannotMapError`."""
    if comments.keys() - {place for place, _ in words}:
        raise CannotMapError("a comment stands in the command, about a word that goes")
    between = _new_line(module, elements)
    lines: list[str] = []
    for number, (place, text) in enumerate(words, 1):
        above, beside = comments.pop(place, ([], []))
        if number < len(words):
            lines += [*above, f"{text},  {beside[0]}" if beside else f"{text},"]
        else:  # what stands behind it must not become a comment
            lines += [*above, *beside, text]
    return between.join(lines)
