"""The marked lines of a guide: what stands between them is ours, and every other byte of the file is not."""

import re
from enum import StrEnum

import msgspec

_ANY = re.compile(rb"^<!-- canonry guides: (begin|end) ([a-z-]+) -->[ \t]*\r?$", re.MULTILINE)
WHOLE = b"<!-- Written by `canonry report guides`"
"""How a file begins that an earlier canonry wrote as a whole."""


class Found(StrEnum):
    """How a file stands to a block that belongs into it."""

    MARKED = "marked"
    MISSING = "missing"
    """There is no such file."""
    FOREIGN = "foreign"
    """A file without these marks: somebody's own."""
    DAMAGED = "damaged"
    """Marks that do not pair."""


class Block(msgspec.Struct, frozen=True):
    """A generated part of a guide. ``local``: it says what was done on one machine, so another does not judge it."""

    name: str
    text: str
    local: bool = False


def look(contents: bytes | None, blocks: tuple[Block, ...]) -> Found:
    """How a file stands to its blocks: the first of them has to be in it, the others may have been taken out."""
    if contents is None:
        return Found.MISSING
    marks = [(match[1], match[2].decode()) for match in _ANY.finditer(contents)]
    if marks != [pair for _, name in marks[::2] for pair in ((b"begin", name), (b"end", name))]:
        return Found.DAMAGED
    names = [name for _, name in marks[::2]]
    if len(set(names)) < len(names):
        return Found.DAMAGED
    if blocks[0].name in names:
        return Found.MARKED
    return Found.MARKED if not names and contents.startswith(WHOLE) else Found.FOREIGN


def renewed(contents: bytes, blocks: tuple[Block, ...], *, judged_only: bool = False) -> bytes:
    """The contents of a marked file with its blocks made anew; with ``judged_only`` local ones stay as they are.

    Line ends between the marks are those of the line that begins the block.
    """
    if not _ANY.search(contents) and contents.startswith(WHOLE):
        return fresh(blocks)
    for block in blocks:
        if block.local and (judged_only or not block.text):
            continue
        begin, end = (re.compile(_ANY_OF.format(word, block.name).encode(), re.MULTILINE) for word in ("begin", "end"))
        first = begin.search(contents)
        last = end.search(contents, first.end()) if first else None
        if first is None or last is None:
            continue
        body = _body(block)
        if first[0].endswith(b"\r"):
            body = body.replace(b"\n", b"\r\n")
        contents = contents[: first.end() + 1] + body + contents[last.start() :]
    return contents


_ANY_OF = r"^<!-- canonry guides: {} {} -->[ \t]*\r?$"


def fresh(blocks: tuple[Block, ...]) -> bytes:
    """The contents of a file that holds these blocks alone."""
    return b"\n".join(
        b"<!-- canonry guides: begin %s -->\n%s<!-- canonry guides: end %s -->\n"
        % (block.name.encode(), _body(block), block.name.encode())
        for block in blocks
    )


def appended(contents: bytes, blocks: tuple[Block, ...]) -> bytes:
    """Somebody's own file with the blocks behind it; its own line ends go on."""
    ours = fresh(blocks)
    end = b"\n"
    if b"\r\n" in contents:
        end, ours = b"\r\n", ours.replace(b"\n", b"\r\n")
    gap = b"" if not contents else end if contents.endswith(b"\n") else end * 2
    return contents + gap + ours


def _body(block: Block) -> bytes:
    text = block.text.strip("\n")
    return (f"\n{text}\n\n" if text else "\n").encode("utf-8", "replace")
