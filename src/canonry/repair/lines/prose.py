"""Whether a line reads as prose or as code."""

import re

_CODE = re.compile(
    r"(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(|class[ \t]+\w+[ \t]*[(:]|@[\w.]+|import[ \t]+[\w.]+[ \t]*(?:$|#|as\b|,)"
    r"|from[ \t]+[\w.]+[ \t]+import\b|(?:try|else|finally)[ \t]*:|(?:if|elif|while|for|with|except|async)\b"
    r"[^\n]*:[ \t]*(?:#.*)?[\"']*$"
    r"|return$|return[ \t]+(?:[\w.]+(?:[(\[]|$)|[\[{(\"'])|(?:pass|break|continue|raise)[ \t]*(?:#.*)?$"
    r"|raise[ \t]+\w+[(]"
    r"|assert[ \t]+[\w.(]+.*(?:==|!=| in | is |<|>|\(|,)|assert[ \t]+(?:not[ \t]+)?[\w.]+$"
    r"|(?:await|yield|del)[ \t]+[\w.]+"
    r"|[\w.]+(?:\[[^\]]*\])?[ \t]*(?::[ \t]*[\w\[\], .]+)?[ \t]*(?:[-+*/|&]|//|\*\*)?=[ \t]*[^=\s]"
    r"|[\w.]+\([^)]*\)[\"']*$|[\w.]+\([\"'\w\[{(f]*$|[\w.]+\($"
)
_WORDS = re.compile(r"[^\W\d]\w*[ \t]+[^\W\d]\w*[ \t]+[^\W\d]")
_LISTED = re.compile(
    r"(?:[-*•>+]|\d+[.)])[ \t]|[=\-*_~#]{3,}|(?:Args|Returns|Raises|Yields|Note|Example|Examples)\b[^\n(]*:$"
)


def code_likeness(line: str) -> float:
    """From 0 (prose, a list item, blank) to 1 (a statement) for a line without its indentation."""
    if not line:
        return 0.0
    if _LISTED.match(line):
        return 0.0
    if _CODE.match(line):
        return 1.0
    if line[0] in ")]}" or line[-1] in "([{" or entry_like(line):
        return 0.6
    return 0.0


def prose_likeness(line: str) -> float:
    """From 0 (cannot be prose) to 1 for a line without its indentation."""
    stripped = line.strip("\"' \t")
    if not stripped:
        return 0.0
    if _CODE.match(stripped):
        return 0.0
    if _LISTED.match(stripped) or _WORDS.search(stripped):
        return 1.0
    if stripped[0].isupper() or stripped[0] in "-*•" or " " in stripped:
        return 0.7
    return 0.3


_ENTRY = re.compile(
    r"[\"'][^\"'\n]*[\"'][ \t]*:[ \t]*\S|[\"'][^\"'\n]*[\"'],[\"']*$"
    r"|[A-Za-z_]\w*,[\"']*$|[a-z_]\w*[ \t]*=[^=\n]*,[\"']*$"
)


def entry_like(line: str) -> bool:
    """Whether a line reads as an entry of a dictionary, list, call or import that began on an earlier line."""
    return _ENTRY.match(line) is not None
