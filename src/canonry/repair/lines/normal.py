"""Damage that is plain to see in the text, undone before any line is read."""

import re

_MARKERS = re.compile(r"^(?:<{7}|>{7})[ \t]", re.MULTILINE)


def normalised(text: str) -> tuple[str, list[str], dict[int, str]]:
    """The text without obvious damage, what was done, and other readings of single lines."""
    edits: list[str] = []
    lines = text.split("\n")
    lines = _doubled(lines, edits)
    if _MARKERS.search(text):
        lines = _merged(lines, edits)
    lines = _joined_quotes(lines, edits)
    lines = _after_backslash(lines, edits)
    lines = _commented_opener(lines, edits)
    lines, alternates = _twins(lines, edits)
    return "\n".join(lines), edits, alternates


def _doubled(lines: list[str], edits: list[str]) -> list[str]:
    """Every second line is blank: each line end was doubled."""
    if len(lines) < 8:
        return lines
    for parity in (1, 0):
        odd = lines[parity::2]
        even = lines[1 - parity :: 2]
        if sum(not line.strip() for line in odd) >= 0.98 * len(odd) and sum(
            bool(line.strip()) for line in even
        ) > 0.6 * len(even):
            rest = [line for number, line in enumerate(lines) if number % 2 != parity or line.strip()]
            edits.append("doubled line ends made single")
            return rest if rest[-1:] == [""] or lines[-1:] != [""] else [*rest, ""]
    return lines


def _merged(lines: list[str], edits: list[str]) -> list[str]:
    """Conflict markers resolved to the second side; what only the first holds becomes a marked comment."""
    found: list[str] = []
    index = 0
    while index < len(lines):
        if not lines[index].startswith("<<<<<<< "):
            found.append(lines[index])
            index += 1
            continue
        middle = base = end = -1
        for at in range(index + 1, min(len(lines), index + 2000)):
            if lines[at].startswith("||||||| ") and base < 0:
                base = at
            elif lines[at].rstrip() == "=======" and middle < 0:
                middle = at
            elif lines[at].startswith(">>>>>>> "):
                end = at
                break
        if middle < 0 or end < 0:
            edits.append("conflict marker removed")
            index += 1
            continue
        ours = lines[index + 1 : base if base >= 0 else middle]
        theirs = lines[middle + 1 : end]
        edits.append("conflict resolved")
        for line in ours:
            if line.strip() and line not in theirs:
                body = line.lstrip()
                found.append(line[: len(line) - len(body)] + "# canonry: unrepaired: " + body)
        found.extend(theirs)
        index = end + 1
    return [line for line in found if not re.match(r"(?:<{7} |>{7} |={7}\s*$)", line)]


def _joined_quotes(lines: list[str], edits: list[str]) -> list[str]:
    """A triple quote split over two lines."""
    found: list[str] = []
    index = 0
    while index < len(lines):
        body = lines[index].strip()
        following = lines[index + 1].strip() if index + 1 < len(lines) else ""
        if body in ('"', "'") and following == body * 2:
            indent = lines[index][: lines[index].index(body)]
            found.append(indent + body * 3)
            edits.append("split triple quote joined")
            index += 2
            continue
        found.append(lines[index])
        index += 1
    return found


def _after_backslash(lines: list[str], edits: list[str]) -> list[str]:
    """Blank lines and comments behind a line that continues with a backslash."""
    found: list[str] = []
    joined = False
    for line in lines:
        stripped = line.strip()
        if joined and not stripped:
            edits.append("blank line behind a backslash removed")
            continue
        found.append(line)
        joined = line.endswith("\\") and not stripped.startswith("#")
    return found


_OPEN_COMMENT = re.compile(r"^([ \t]*)(?:[^\s#][^#\n]*?)?#[^\n]*[(\[{]$")


def _commented_opener(lines: list[str], edits: list[str]) -> list[str]:
    """The arguments that stayed behind when the line that opens their bracket was commented out."""
    found = list(lines)
    for index, line in enumerate(lines):
        if "#" not in line or not line.rstrip().endswith(("(", "[", "{")):
            continue
        match = _OPEN_COMMENT.match(line.rstrip())
        if match is None:
            continue
        code = line.split("#", 1)[0]
        if code.count('"') % 2 or code.count("'") % 2 or code.count("(") != code.count(")"):
            continue
        width = len(match.group(1))
        for at in range(index + 1, min(len(lines), index + 60)):
            body = lines[at].strip()
            if not body:
                continue
            own = len(lines[at]) - len(lines[at].lstrip())
            if own < width or (own == width and body[0] not in ")]}"):
                break
            if own == width:
                if body.rstrip(",:") in (")", "]", "}") or re.match(r"[)\]}]", body):
                    for kept in range(index + 1, at + 1):
                        text = lines[kept].strip()
                        if text and not text.startswith("#"):
                            found[kept] = (
                                lines[kept][: len(lines[kept]) - len(lines[kept].lstrip())]
                                + "# canonry: unrepaired: "
                                + text
                            )
                    edits.append("arguments of a commented-out call marked")
                break
    return found


def _twins(lines: list[str], edits: list[str]) -> tuple[list[str], dict[int, str]]:
    """A line repeated with other quotes: one stays, the other is its alternative."""
    found: list[str] = []
    alternates: dict[int, str] = {}
    index = 0
    while index < len(lines):
        line = lines[index]
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if line != following and line.strip() and following.rstrip().endswith(('"', "'")):
            bare = line.replace('"', "").replace("'", "").strip()
            if (
                any(character.isalpha() for character in bare)
                and bare == following.replace('"', "").replace("'", "").strip()
            ):
                alternates[len(found)] = following
                edits.append("line repeated with other quotes dropped")
                found.append(line)
                index += 2
                continue
        found.append(line)
        index += 1
    return found, alternates
