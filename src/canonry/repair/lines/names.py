"""The names that a file binds, read from its lines without a parser."""

import builtins
import re

from canonry.repair.lines.tokens import KEYWORDS

_BINDINGS = (
    re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE),
    re.compile(r"^[ \t]*([^\W\d]\w*)[ \t]*(?::[ \t]*[\w.\[\], \"'|]+)?=(?!=)(?![^\n]*,[ \t\"']*$)", re.MULTILINE),
    re.compile(
        r"^[ \t]*([^\W\d]\w*)[ \t]*:[ \t]*(?:[A-Z]\w*|str|int|float|bool|dict|list|tuple|set|bytes|object)\b",
        re.MULTILINE,
    ),
    re.compile(r"\bas[ \t]+([^\W\d]\w*)[ \t]*(?:[:,)]|$)", re.MULTILINE),
    re.compile(r"^[ \t]*import[ \t]+([^\W\d]\w*)", re.MULTILINE),
    re.compile(r"(?<![.\w])([^\W\d]\w*)(?:\.[^\W\d]\w*)*\([^\s)]"),
    re.compile(r"(?<![.\w\"'{])([^\W\d]\w*)\["),
    re.compile(r"(?:\(|\b)([^\W\d]\w*)[ \t]*:=", re.MULTILINE),
)
_LISTS = (
    re.compile(r"\bfor[ \t]+([\w, \t()]+?)[ \t]+in\b"),
    re.compile(r"^[ \t]*\(?([\w*.]+(?:[ \t]*,[ \t]*[\w*.]+)+)\)?[ \t]*=(?!=)", re.MULTILINE),
    re.compile(r"^[ \t]*from[ \t]+[\w.]+[ \t]+import[ \t]+\(?([\w \t,]+)", re.MULTILINE),
    re.compile(r"^[ \t]*(?:global|nonlocal)[ \t]+([\w \t,]+)", re.MULTILINE),
    re.compile(r"\blambda[ \t]+([\w \t,*=]+?):"),
    re.compile(r"^[ \t]*([A-Z]\w+(?:[ \t]*,[ \t]*[A-Z]\w+)*),?[ \t]*$", re.MULTILINE),
)
_IMPORTED = re.compile(r"\bimport[ \t]*\(([^()]*)\)?")
_FUNCTION = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(", re.MULTILINE)
_PARAMETERS_END = re.compile(r"\)[^\n]*:[ \t\"]*(?:#[^\n]*)?$|:[ \t]*$|^[ \t]*(?:async[ \t]+)?def\b", re.MULTILINE)
_PARAMETER = re.compile(r"(?:^|[(,\n])[ \t]*\*{0,2}([^\W\d]\w*)[ \t]*(?=[:,=)\n]|$)")
_WORD = re.compile(r"[^\W\d]\w*")
BUILTINS = frozenset(dir(builtins)) | {"self", "cls", "__file__", "__name__", "__doc__", "__all__", "__path__"}


def bound_names(text: str) -> frozenset[str]:
    """The names that the text seems to bind, with Python's builtins."""
    found: set[str] = set(BUILTINS)
    for pattern in _BINDINGS:
        found.update(pattern.findall(text))
    for pattern in _LISTS:
        for names in pattern.findall(text):
            found.update(_WORD.findall(names))
    for names in _IMPORTED.findall(text):
        found.update(_WORD.findall(names[:4000]))
    for match in _FUNCTION.finditer(text):
        end = _PARAMETERS_END.search(text, match.end(), match.end() + 4000)
        found.update(_PARAMETER.findall(text[match.end() - 1 : end.end() if end else match.end() + 200]))
    return frozenset(found - KEYWORDS)
