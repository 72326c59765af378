"""What every result keeps, whoever verifies it: the byte order mark, and the way its lines end."""

import codecs
import re

_ENDS = re.compile(rb"\r\n|\r|\n")
_NAMES = {b"\r\n": "CRLF", b"\n": "LF", b"\r": "CR"}


def object_to_layout(before: bytes, after: bytes) -> str | None:
    """Objects to a mark that came or went, and to a kind of line end that the file did not have."""
    had, has = before.startswith(codecs.BOM_UTF8), after.startswith(codecs.BOM_UTF8)
    if had and not has:
        return "the byte order mark at its start is lost, or something stands before it"
    if has and not had and before:
        return "a byte order mark appears at its start"
    old = line_ends(before)
    new = line_ends(after) - old
    if old and new:
        those, these = (" and ".join(sorted(_NAMES[end] for end in ends)) for ends in (new, old))
        return f"{those} line ends would stand in a file with {these}"
    return None


def line_ends(content: bytes) -> set[bytes]:
    """The kinds of line end in a content."""
    if b"\r" not in content:
        return {b"\n"} if b"\n" in content else set()
    return set(_ENDS.findall(content))
