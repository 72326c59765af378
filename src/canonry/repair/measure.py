"""What a text holds, counted: words, live words, tests, statements. Works on text that does not parse, too.

Repair is judged by what it keeps. Words are identifiers, numbers and the words within strings; they survive damage to
quotes, brackets and spacing, so they can be compared where no syntax tree exists.
"""

import ast
import io
import re
import tokenize
from collections import Counter

_WORD = re.compile(r"[^\W\d]\w*|\d+")
_READABLE_TEST = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(test\w*)", re.MULTILINE)
_COMMENTED_TEST = re.compile(r"^[ \t]*#.{0,80}?\b(?:async[ \t]+)?def[ \t]+(test\w*)[ \t]*\(", re.MULTILINE)
_HEAD = re.compile(r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+\w+[ \t]*[(:]", re.MULTILINE)
_COMMENT_LINE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_COMMENTED_CODE = re.compile(
    r"^[ \t]*#+[ \t]*(?:[A-Z][A-Z_ ]{2,30}:[ \t]*(?:[\w -]{0,40}-[ \t]+)?)?"  # `# REMOVED: `, as mass edits mark it
    r"(?:(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(|class[ \t]+\w+[ \t]*[(:]|import[ \t]+\w"
    r"|from[ \t]+[\w.]+[ \t]+import\b|@\w|return\b|assert[ \t(]|raise\b"
    r"|(?:if|for|while|with|try|except|elif|else|finally)\b.*:[ \t]*$|[\w.\[\]\"']+[ \t]*=[^=]"
    r"|(?:await[ \t]+)?[\w.]+\(.*\)[ \t]*$)",
    re.MULTILINE,
)
_LIVE_CODE = re.compile(r"^[ \t]*[^\s#].*$", re.MULTILINE)
WORDY = {tokenize.NAME, tokenize.NUMBER, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}

Words = Counter[str]


def words_of(text: str) -> Words:
    """All words of a text, with how often each occurs."""
    return Counter(_WORD.findall(text))


def live_words(text: str) -> Words:
    """The words outside comments: exactly where the text can be tokenised, else as `visible_words` sees them."""
    found: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in WORDY:
                found += _WORD.findall(token.string)
    except (tokenize.TokenError, SyntaxError):
        return visible_words(text)
    return Counter(found)


def visible_words(text: str) -> Words:
    """The words outside lines that are nothing but a comment.

    Behind code a ``#`` may be what is left of a string that lost its quotes, so it hides nothing.
    """
    return words_of(_COMMENT_LINE.sub("", text))


def readable_tests(text: str) -> Counter[str]:
    """The names of the test functions that can be read in a text, broken or not; commented-out ones do not count."""
    return Counter(_READABLE_TEST.findall(text))


def commented_tests(text: str) -> Counter[str]:
    """The names of the test functions that are commented out."""
    return Counter(_COMMENTED_TEST.findall(text))


def collectable_tests(tree: ast.AST) -> Counter[str]:
    """The qualified names (``Class.test_x``) of the test functions that a runner can collect.

    A function inside a function is not collectable.
    """
    found: Counter[str] = Counter()
    _collect(tree, "", found)
    return found


def test_names(tree: ast.AST) -> Counter[str]:
    """The names of the collectable tests without their classes, as `readable_tests` gives them for a text."""
    return Counter(name.rpartition(".")[2] for name in collectable_tests(tree).elements())


def _collect(node: ast.AST, prefix: str, found: Counter[str]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            if child.name.startswith("test"):
                found[prefix + child.name] += 1
        elif isinstance(child, ast.ClassDef):
            _collect(child, f"{prefix}{child.name}.", found)
        elif isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            _collect(child, prefix, found)


def statements_of(tree: ast.AST) -> Counter[str]:
    """Each statement as a text of its own, compound ones by their head; docstrings and ``pass`` are left out."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or isinstance(node, ast.Pass):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if not hasattr(node, "body"):
            found[ast.dump(node)] += 1
            continue
        head = [
            f"{name}={_dumped(value)}"
            for name, value in ast.iter_fields(node)
            if name not in ("body", "orelse", "finalbody", "handlers", "cases")
        ]
        found["|".join([type(node).__name__, *head])] += 1
    return found


def _dumped(value: object) -> str:
    if isinstance(value, ast.AST):
        return ast.dump(value)
    if isinstance(value, list):
        return repr([_dumped(item) for item in value])
    return repr(value)


def share_kept(wanted: Counter[str], found: Counter[str]) -> float:
    """The share of a multiset that another one holds; 1 where nothing is wanted."""
    total = wanted.total()
    return 1.0 if total == 0 else (wanted & found).total() / total


def live_share(text: str, tree: ast.AST) -> float:
    """The share of the ``def`` and ``class`` lines readable in a text that its tree defines.

    Small where a string swallowed the code: such a text parses, holds every word, and does nothing.
    """
    readable = len(_HEAD.findall(text))
    waiting: list[ast.AST] = [tree]
    defined = 0
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
                defined += isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                waiting.append(child)
    return min(1.0, defined / readable) if readable else 1.0


def is_gutted(text: str) -> bool:
    """Whether most of the code of a text is commented out: at least six such lines, and more than half of all code."""
    commented = len(_COMMENTED_CODE.findall(text))
    return commented >= 6 and commented > len(_LIVE_CODE.findall(text))
