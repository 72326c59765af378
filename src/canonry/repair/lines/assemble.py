"""The units of a reading put together again: logical lines, then text."""

from canonry.repair.lines.blocks import Logical, Place, logical_head, opens_block, strip_comment
from canonry.repair.lines.lattice import MARK, Unit


def logical_lines(units: list[Unit]) -> list[Logical]:
    """The logical lines that the units form."""
    found: list[Logical] = []
    for unit in units:
        if unit.kind in ("closing", "unjoin"):
            _append(found, unit.text)
            continue
        if unit.kind == "comma":
            _append(found, ",")
        if unit.starts or not found:
            kind = unit.kind if unit.kind in ("blank", "comment", "marked") else "code"
            width = len(unit.indent.expandtabs(8))
            found.append(Logical([unit.text], width, kind, source=unit.source, inner=(False,)))
        else:
            current = found[-1]
            text = unit.text if unit.kind == "doc" else unit.indent + unit.text
            current.lines.append(text)
            current.inner = (*current.inner, unit.kind == "doc") if len(current.inner) < 5000 else current.inner
            if current.kind != "code":
                current.kind = "code"
    for line in found:
        if line.kind == "code":
            line.head = logical_head(line.lines[0])
            line.decorates = line.lines[0].startswith("@")
            line.opens = opens_block(line.lines, line.head)
    return found


def _append(found: list[Logical], text: str) -> None:
    """Puts a text behind the last code of the last logical line, before its comment."""
    for line in reversed(found):
        if line.kind != "code":
            continue
        for number in range(len(line.lines) - 1, -1, -1):
            current = line.lines[number]
            if not current.strip() or current.lstrip().startswith("#"):
                continue
            if text == "\\":
                line.lines[number] = current.rstrip().removesuffix("\\")
                return
            if text in ('"""', "'''"):
                line.lines[number] = current.rstrip() + text
                return
            code = strip_comment(current)
            body = code.rstrip()
            line.lines[number] = body + text + current[len(body) :]
            return
        return


def assemble(logical: list[Logical], last: Place, *, tabs: bool) -> tuple[str, list[int]]:
    """The text of the placed lines, and for every line of it the logical line that it shows."""
    places: dict[int, Place] = {}
    walk: Place | None = last.back
    while walk is not None:
        places[walk.index] = walk
        walk = walk.back
    revived = {place.revive for place in places.values() if place.revive >= 0}
    found: list[str] = []
    origin: list[int] = []
    for index, line in enumerate(logical):
        origin.extend([index - 1] * (len(found) - len(origin)))
        if line.kind == "blank":
            found.extend(line.lines)
            continue
        if line.kind == "marked":
            found.extend(_marked(part, line.width if not number else 0, tabs) for number, part in enumerate(line.lines))
            continue
        if line.kind == "comment":
            text = line.commented if index in revived else line.lines[0]
            found.append(_space(line.width, tabs) + text)
            continue
        place = places.get(index)
        if place is None:
            found.append(_space(line.width, tabs) + MARK + line.lines[0])
            continue
        if place.before:
            _insert(found, place.before, tabs)
        shift = place.indent - line.width
        if place.note in ("undecorate", "marked"):
            found.extend(
                _marked(part, place.indent if not number else 0, tabs) for number, part in enumerate(line.lines)
            )
            continue
        found.append(_space(place.indent, tabs) + line.lines[0])
        for part, inner in zip(line.lines[1:], (*line.inner[1:], *([True] * len(line.lines))), strict=False):
            found.append(part if inner or not shift else _shifted(part, shift, tabs))
        if place.revive == -2:
            found.append(_space(place.indent + 4, tabs) + "pass")
    if last.before:
        _insert(found, last.before, tabs)
    text = "\n".join(found)
    origin.extend([len(logical) - 1] * (text.count("\n") + 1 - len(origin)))
    return text, origin


def _marked(part: str, width: int, tabs: bool) -> str:
    body = part.lstrip()
    if not body:
        return ""
    indent = _space(width, tabs) if width else part[: len(part) - len(body)]
    return indent + (body if body.startswith(MARK) else MARK + body)


def _insert(found: list[str], before: tuple[tuple[int, str], ...], tabs: bool) -> None:
    """Puts lines before the blank lines and comments at the end."""
    at = len(found)
    while at and (not found[at - 1].strip() or found[at - 1].lstrip().startswith("#")):
        at -= 1
    found[at:at] = [_space(width, tabs) + text for width, text in before]


def _space(width: int, tabs: bool) -> str:
    return "\t" * (width // 8) + " " * (width % 8) if tabs else " " * width


def _shifted(part: str, shift: int, tabs: bool) -> str:
    body = part.lstrip(" \t")
    if not body:
        return part
    width = len(part[: len(part) - len(body)].expandtabs(8))
    return _space(max(0, width + shift), tabs) + body
