"""Recordings: JSON lines with direction, receive time and connection, or bare events; a broken line is a finding.

A line is ``{"v": 1, "dir": "in" | "out", "t": SECONDS | null, "conn": NAME, "event": {...}}``. ``raw`` in the place of
``event`` is the text of a frame that was no JSON, ``closed`` is the code that the connection was closed with. Any other
object is a bare event: of the connection ``""``, without direction, received at its own time where the contract says
which field that is.
"""

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

import msgspec

from canonry.contract.compile.plan import Plan
from canonry.contract.language.field_types import parse_time
from canonry.contract.language.paths import lookup
from canonry.contract.language.rules import TimeUnit
from canonry.model.errors import UserError

VERSION = 1
_DIRECTIONS = ("in", "out")
_LATEST = 1e15
"""Beyond so many seconds, or milliseconds, a number is no time."""


class _Envelope(msgspec.Struct):
    v: int
    dir: Any = None
    t: Any = None
    conn: Any = ""
    event: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    raw: str | msgspec.UnsetType = msgspec.UNSET
    closed: Any = None


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line of a recording. ``faults`` are (rule, sentence) of what is wrong with it; a ``close`` holds no frame."""

    number: int
    connection: str
    raw: bytes
    at: float | None = None
    direction: str | None = None
    faults: tuple[tuple[str, str], ...] = ()
    close: int | str | None = None


_DECODER = msgspec.json.Decoder(_Envelope)
_PLAIN = msgspec.json.Decoder()


def read_recording(lines: Iterable[bytes], plan: Plan) -> Iterator[Line]:
    """Yield the lines of a recording. Raises UserError where it is of a newer version than this one reads."""
    timed: set[str] = set()
    last = ""
    for number, text in enumerate(lines, 1):
        stripped = text.strip()
        if number == 1:
            stripped = stripped.removeprefix(b"\xef\xbb\xbf")
        if not stripped:
            continue
        line = _line(number, stripped, last)
        if line.at is not None:
            timed.add(line.connection)
        elif line.connection not in timed and plan.time is not None and not line.faults:
            line = msgspec.structs.replace(line, at=_own_time(line.raw, plan))
        last = line.connection
        yield line


def write_line(
    out: IO[bytes], raw: bytes | str, *, at: float | None = None, direction: str | None = None, connection: str = ""
) -> None:
    """Write one frame as a line: ``event`` where it is a JSON value, ``raw`` where it is not."""
    frame: dict[str, Any] = {"v": VERSION, "dir": direction, "t": at, "conn": connection}
    try:
        _PLAIN.decode(raw)
        frame["event"] = msgspec.Raw(raw.encode() if isinstance(raw, str) else raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        frame["raw"] = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    out.write(msgspec.json.encode(frame).replace(b"\n", b" ") + b"\n")


def write_close(
    out: IO[bytes], code: int | str, *, at: float | None = None, direction: str | None = None, connection: str = ""
) -> None:
    """Write the code that a connection was closed with."""
    out.write(
        msgspec.json.encode({"v": VERSION, "dir": direction, "t": at, "conn": connection, "closed": code}) + b"\n"
    )


def _line(number: int, text: bytes, last: str) -> Line:
    try:
        envelope = _DECODER.decode(text)
    except msgspec.ValidationError:
        return _bare(number, text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return _broken(number, text, last, error)
    if envelope.event is msgspec.UNSET and envelope.raw is msgspec.UNSET and envelope.closed is None:
        return _bare(number, text)
    if envelope.v > VERSION:
        raise UserError(
            f"line {number} of the recording is of version {envelope.v}, this canonry reads up to {VERSION}; use "
            f"a newer one"
        )
    faults = []
    at, direction = envelope.t, envelope.dir
    if at is not None and not _is_time(at):
        faults.append(("recording.line", "`t` is no time in seconds"))
        at = None
    if direction is not None and direction not in _DIRECTIONS:
        faults.append(("recording.line", f"`dir` is `{direction}`; expected `in` or `out`"))
        direction = None
    connection = "" if envelope.conn is None else str(envelope.conn)
    if envelope.closed is not None:
        code = envelope.closed if isinstance(envelope.closed, int | str) else str(envelope.closed)
        return Line(number, connection, b"", at, direction, tuple(faults), code)
    raw = envelope.raw.encode() if isinstance(envelope.raw, str) else bytes(envelope.event)  # type: ignore[arg-type]
    return Line(number, connection, raw, at, direction, (*faults, *_duplicates(text, raw)))


def _bare(number: int, text: bytes) -> Line:
    return Line(number, "", text, faults=_duplicates(text, text))


def _broken(number: int, text: bytes, last: str, error: Exception) -> Line:
    """A line that is no JSON, of the connection that it names or of the line before it."""
    try:
        found = json.loads(text)  # takes NaN and infinity, which JSON has not
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and "event" in found and "v" in found:
        at = found.get("t") if _is_time(found.get("t")) else None
        direction = found.get("dir") if found.get("dir") in _DIRECTIONS else None
        return Line(number, str(found.get("conn") or ""), text, at, direction, (("frame.json", _why(error)),))
    return Line(number, last, text, faults=(("frame.json", _why(error)),))


def _why(error: Exception) -> str:
    return (
        "the line is nested too deeply"
        if isinstance(error, RecursionError)
        else f"the line is no valid JSON: {str(error)[:120]}"
    )


def _is_time(value: Any) -> bool:
    """Whether a value is a time in seconds: no text, and no number that a clock cannot show."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LATEST < value < _LATEST


def _duplicates(line: bytes, raw: bytes) -> tuple[tuple[str, str], ...]:
    """A key that an object of the line has twice: readers differ in which they take."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len(pairs) > 1:
            names = [name for name, _ in pairs]
            if len(set(names)) < len(names):
                found.extend(sorted({name for name in names if names.count(name) > 1}))

    for text in (line,) if line is raw or raw in line else (line, raw):
        try:
            json.loads(text, object_pairs_hook=look)
        except (ValueError, RecursionError):
            continue
    return tuple(("frame.duplicate_key", f"an object has the key `{name}` twice") for name in dict.fromkeys(found))


def _own_time(raw: bytes, plan: Plan) -> float | None:
    assert plan.time is not None
    path, unit = plan.time
    try:
        value = lookup(path, _PLAIN.decode(raw), {})
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if unit is TimeUnit.RFC3339:
        return parse_time(value)
    if not _is_time(value):
        return None
    return value / 1000 if unit is TimeUnit.MILLISECONDS else float(value)
