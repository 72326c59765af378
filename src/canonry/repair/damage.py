"""What was done to a file: classes of damage, read off the difference between the broken text and its repair.

The parser's first message says little about the damage; the difference says what was lost, where, and how often.
"""

import re
from collections import Counter
from difflib import SequenceMatcher

_WORDS = re.compile(r"\w+")
_QUOTES = str.maketrans("", "", "\"'")
_BRACKETS = str.maketrans("", "", "\"'()[]{} \t,:")
_PICTOGRAM = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]|\\[U\\+[0-9A-F]{4,6}\\]")
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: |$)")
_AT_ONCE = re.compile(r"(?:\(\s*\)|\[\s*\]|\{\s*\})\s*$")
_STRING = re.compile(r"""[rRfF]{0,2}(?:"[^"]*"|'[^']*')""")
_F_STRING = re.compile(r"\b[rR]?[fF][rR]?[\"']")
_FOUR = re.compile(r"\"{4}|'{4}")
_LONGEST = 400
"""Lines of one block that are paired one by one; in a longer one only its size is told."""


def classes_of_damage(broken: list[str], mended: list[str]) -> Counter[str]:
    """How often each class of damage shows, for two lists of lines without line ends."""
    found: Counter[str] = Counter()
    for tag, start, end, other, stop in SequenceMatcher(None, broken, mended).get_opcodes():
        if tag != "equal":
            around = {_skeleton(line) for line in mended[max(0, other - 1) : stop + 1]}
            _block(broken[start:end], mended[other:stop], around, found)
    return found


def _block(broken: list[str], mended: list[str], around: set[str], found: Counter[str]) -> None:
    if len(broken) > _LONGEST or len(mended) > _LONGEST:
        found["rewritten"] += 1
        return
    left = list(broken)
    for line in mended:
        twin = _twin(line, left)
        if twin is None:
            found[_missing(line, broken)] += bool(line.strip())
        else:
            left.remove(twin)
            found[_compare(twin, line)] += twin != line
    for line in left:
        if line.strip():
            found[_surplus(line, around)] += 1
    del found[""]


def _twin(line: str, candidates: list[str]) -> str | None:
    """The broken line that a mended one was made of: the same words, the same code around strings, or most words."""
    skeleton = _skeleton(line)
    if not skeleton:
        return None
    same = [each for each in candidates if _skeleton(each) == skeleton or _comments_out(each, line)]
    same = same or [each for each in candidates if _STRING.sub("", each) == _STRING.sub("", line)]
    if same:
        return min(same, key=lambda each: abs(len(each) - len(line)))
    words = set(_WORDS.findall(line))
    best = max(candidates, key=lambda each: len(words & set(_WORDS.findall(each))), default=None)
    return best if best is not None and 2 * len(words & set(_WORDS.findall(best))) > len(words) else None


def _skeleton(line: str) -> str:
    return " ".join(_WORDS.findall(line))


def _comments_out(broken: str, mended: str) -> bool:
    """Whether a line is the other one, commented out; words such as `REMOVED:` may stand before it."""
    is_comment, is_code = broken.lstrip().startswith("#"), not mended.lstrip().startswith("#")
    return is_comment and is_code and broken.rstrip().endswith(mended.strip())


def _missing(line: str, broken: list[str]) -> str:
    """Why a mended line has no counterpart."""
    if not _skeleton(line):
        return "triple-quote-lost" if '"""' in line or "'''" in line else "bracket-unbalanced" if line.strip() else ""
    fused = any('""' in each.replace('"""', "") or "''" in each.replace("'''", "") for each in broken)
    return "lines-fused" if fused else "lines-deleted"


def _surplus(line: str, around: set[str]) -> str:
    """Why a broken line has no counterpart."""
    if _CONFLICT.match(line):
        return "merge-conflict-marker"
    if not _skeleton(line):
        return "triple-quote-extra" if '"' in line or "'" in line else "bracket-unbalanced"
    return "line-repeated" if _skeleton(line) in around else "rewritten"


def _compare(broken: str, mended: str) -> str:
    """The class of damage that turned one line into the other."""
    if broken.strip() == mended.strip():
        return "indentation"
    if _comments_out(broken, mended):
        return "code-commented-out"
    triples = _triples(mended) - _triples(broken)
    if triples > 0:
        return "triple-quote-shrunk" if _quotes(broken) > 3 * _triples(broken) else "triple-quote-lost"
    if triples < 0 or (_FOUR.search(broken) and not _FOUR.search(mended)):
        return "triple-quote-extra"
    if _PICTOGRAM.sub("", broken).split() == _PICTOGRAM.sub("", mended).split():
        return "pictograms-rewritten"
    if broken.translate(_QUOTES).split() == mended.translate(_QUOTES).split():
        return _quote_damage(broken, mended)
    if broken.translate(_BRACKETS) == mended.translate(_BRACKETS):
        return _bracket_damage(broken, mended)
    if _STRING.sub("", broken) == _STRING.sub("", mended) and _F_STRING.search(mended) and not _F_STRING.search(broken):
        return "f-string-replaced"
    if len(_WORDS.findall(mended)) > len(_WORDS.findall(broken)):
        return "lines-fused"
    return "rewritten"


def _triples(line: str) -> int:
    return line.count('"""') + line.count("'''")


def _quotes(line: str) -> int:
    return line.count('"') + line.count("'")


def _quote_damage(broken: str, mended: str) -> str:
    if broken.lstrip().startswith("#"):
        return "stray-quote-in-comment"
    difference = _quotes(mended) - _quotes(broken)
    if difference == 0:
        return "closing-quote-moved"
    if difference < 0:
        return "stray-quote"
    return "f-string-quotes-lost" if _F_STRING.search(mended) else "string-quotes-lost"


def _bracket_damage(broken: str, mended: str) -> str:
    if _AT_ONCE.search(broken) and not _AT_ONCE.search(mended):
        return "opener-closed-at-once"
    closers = sum(map(mended.count, ")]}")) - sum(map(broken.count, ")]}"))
    openers = sum(map(mended.count, "([{")) - sum(map(broken.count, "([{"))
    if closers == openers == 0:
        same = sorted(filter(_is_bracket, broken)) == sorted(filter(_is_bracket, mended))
        return "closing-quote-moved" if same and _quotes(broken) else "wrong-closer" if not same else "punctuation"
    return "bracket-unbalanced"


def _is_bracket(character: str) -> bool:
    return character in "()[]{}"
