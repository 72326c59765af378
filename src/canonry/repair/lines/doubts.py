"""The mended lines of a text that may have meant something else."""

import ast
import re
from collections import Counter
from difflib import SequenceMatcher

from canonry.repair.lines.statements import SCAN
from canonry.repair.lines.tokens import KEYWORDS

_MATCHED = 4_000  # lines up to which broken and mended ones are matched; of longer texts, every mended line is a doubt
_WORD = re.compile(r"[^\W\d]\w*")
_LIKE_CODE = re.compile(r"[^\W\d]\w*(?=\(|\.[^\W\d]|\[|[ \t]*=|[ \t]*[-+*/%<>][ \t])|(?<=\.)[^\W\d]\w*")


def doubtful_lines(before: str, after: str, *, known: frozenset[str], ambiguous: frozenset[str]) -> tuple[int, ...]:
    """The 1-based lines of the mended text whose meaning is not certain.

    `known` holds the names of the file, `ambiguous` the mended lines, without indentation, of which another reading
    cost nearly the same.
    """
    old, new = before.split("\n"), after.split("\n")
    if max(len(old), len(new)) > _MATCHED:
        same = set(old)
        return tuple(number for number, line in enumerate(new, 1) if line.strip() and line not in same)
    found: set[int] = set()
    matcher = SequenceMatcher(None, [line.strip() for line in old], [line.strip() for line in new], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            continue
        if b - a != d - c:  # lines were put in or dropped
            if any(line.strip() for line in (*old[a:b], *new[c:d])):
                found.update(range(c + 1, max(d, min(c + 1, len(new))) + 1))
            continue
        for was, now, number in zip(old[a:b], new[c:d], range(c + 1, d + 1), strict=True):
            if now.strip() in ambiguous or _doubtful(was, now, known):
                found.add(number)
    found.update(_idle(after, set(old)))
    return tuple(sorted(found))


def _doubtful(was: str, now: str, known: frozenset[str]) -> bool:
    """Whether a mended line lost a sign, or code became text."""
    if any(now.count(sign) < was.count(sign) for sign in "()[]{}\"',:"):
        return True
    code = _code(was)
    live = Counter(_WORD.findall(_code(now)))
    like = set(_LIKE_CODE.findall(code))
    return any(
        live[word] < count and (word in known or word in like) and word not in KEYWORDS
        for word, count in Counter(_WORD.findall(code)).items()
    )


def _code(line: str) -> str:
    """The line without its strings and its comment; an uneven quote takes nothing away."""
    parts = []
    at = 0
    for match in SCAN.finditer(line):
        if match.group()[0] in "\"'#" and (len(match.group()) > 1 or match.group() == "#"):
            parts.append(line[at : match.start()])
            at = match.end()
    return " ".join((*parts, line[at:]))


def _idle(text: str, old: set[str]) -> list[int]:
    """The mended lines whose statement does nothing: a bare name, tuple or text that is no docstring."""
    lines = text.split("\n")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for number, statement in enumerate(body if isinstance(body, list) else ()):
            documents = number == 0 and isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
            if _does_nothing(statement, documents=documents) and lines[statement.lineno - 1] not in old:
                found.append(statement.lineno)
    return found


def _does_nothing(statement: ast.stmt, *, documents: bool) -> bool:
    if isinstance(statement, ast.Expr):
        value = statement.value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return not documents
        return isinstance(value, (ast.Name, ast.Tuple, ast.Constant, ast.JoinedStr, ast.Compare, ast.Attribute))
    if isinstance(statement, (ast.Assert, ast.If, ast.While)):
        return isinstance(statement.test, (ast.Tuple, ast.Constant, ast.JoinedStr))
    return False
