"""The words of a damaged line on the signs of the healthy line that it came from."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from canonry.repair.merge.align import STRING_PREFIXES, same_word

_QUOTES = ("'", '"')
_PIECE = re.compile(r"[^\W\d]\w*|\d+")


def grafts(healthy: str, damaged: str) -> Iterator[str]:
    """Versions of the healthy line that say what the damaged one says, the likeliest first.

    What both lines have stays as the healthy line writes it; only words that differ are taken over, with the signs
    between them.
    """
    old, new = _pieces(healthy), _pieces(damaged)
    known = {match.group() for match in old}
    new = [word for word in new if word.group() not in STRING_PREFIXES or word.group() in known]
    mine = [match.group() for match in old]
    theirs = [
        word[1:] if word not in known and word[1:] in known and same_word(word[1:], word) else word
        for word in (match.group() for match in new)
    ]
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes()
    seen: set[str] = set()
    for theirs_first in (False, True):
        text = _graft(healthy, damaged, old, new, blocks, theirs_first=theirs_first)
        if text not in seen and text != healthy:
            seen.add(text)
            yield text


def _pieces(line: str) -> list[re.Match[str]]:
    """The words of a line; the letters before a string belong to its quotes."""
    return [
        word
        for word in _PIECE.finditer(line)
        if not (word.group() in STRING_PREFIXES and line[word.end() :][:1] in _QUOTES)
    ]


def _graft(
    healthy: str,
    damaged: str,
    old: list[re.Match[str]],
    new: list[re.Match[str]],
    blocks: Sequence[tuple[str, int, int, int, int]],
    *,
    theirs_first: bool,
) -> str:
    """``theirs_first``: signs before and behind words that are new come from the damaged line."""
    pieces: list[str] = []
    at = 0
    for tag, i, i_stop, j, j_stop in blocks:
        if tag == "equal":
            continue
        if tag == "replace":
            pieces.append(healthy[at : old[i].start()])
            pieces.append(damaged[new[j].start() : new[j_stop - 1].end()])
            at = old[i_stop - 1].end()
        elif tag == "delete":
            start = old[i - 1].end() if i and theirs_first else old[i].start()
            stop = old[i_stop].start() if i_stop < len(old) and not theirs_first else old[i_stop - 1].end()
            pieces.append(healthy[at : max(at, start)])
            at = max(at, stop)
        elif theirs_first and j:
            stop = old[i - 1].end() if i else 0
            pieces.append(healthy[at : max(at, stop)])
            pieces.append(damaged[new[j - 1].end() : new[j_stop - 1].end()])
            at = max(at, stop)
        else:
            stop = old[i].start() if i < len(old) else len(healthy)
            behind = new[j_stop].start() if j_stop < len(new) else len(damaged)
            pieces.append(healthy[at : max(at, stop)])
            pieces.append(damaged[new[j].start() : behind])
            at = max(at, stop)
    return "".join([*pieces, healthy[at:]])
