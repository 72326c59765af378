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
from canonry.contract.language.shape import described
from canonry.contract.language.unread import why_unread
from canonry.model.errors import UserError

VERSION = 1
_DIRECTIONS = ("in", "out")
_KEYS = frozenset(("v", "dir", "t", "conn", "event", "raw", "closed"))
_LATEST = 1e15
"""Beyond so many seconds, or milliseconds, a number is no time."""


class _Envelope(msgspec.Struct):
    v: Any = msgspec.UNSET
    dir: Any = None
    t: Any = None
    conn: Any = ""
    event: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    raw: Any = msgspec.UNSET
    closed: Any = None

    @property
    def holds(self) -> int:
        """How many of the things it holds of which it is to hold one."""
        return (self.event is not msgspec.UNSET) + (self.raw is not msgspec.UNSET) + (self.closed is not None)


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
    if (envelope.v.__class__ is not int or envelope.v != VERSION or envelope.holds != 1) and not _is_envelope(text):
        return _bare(number, text)
    faults = [*_version_faults(number, envelope.v), *_faults(envelope)]
    at = envelope.t if _is_time(envelope.t) else None
    direction = envelope.dir if envelope.dir in _DIRECTIONS else None
    connection = "" if envelope.conn is None else str(envelope.conn)
    if envelope.event is msgspec.UNSET and not isinstance(envelope.raw, str):
        code = envelope.closed
        if code is not None and (isinstance(code, bool) or not isinstance(code, int | str)):
            code = str(code)
        return Line(number, connection, b"", at, direction, (*faults, *_duplicates(text, text)), code)
    raw = envelope.raw.encode() if isinstance(envelope.raw, str) else bytes(envelope.event)  # type: ignore[arg-type]
    return Line(number, connection, raw, at, direction, (*faults, *_duplicates(text, raw)))


def _is_envelope(text: bytes) -> bool:
    """Whether an object is meant as an envelope, and no event: it has keys of one only, and an event in it."""
    try:
        found = _PLAIN.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    if not isinstance(found, dict) or not found.keys() <= _KEYS:
        return False
    holds = isinstance(found.get("event"), dict) or "raw" in found or "closed" in found
    return "v" in found if not holds else len(found) > 1


def _version_faults(number: int, version: Any) -> list[tuple[str, str]]:
    """What is wrong with the version of an envelope. Raises UserError for a newer one."""
    if version.__class__ is int and version > VERSION:
        raise UserError(
            f"line {number} of the recording is of version {version}, this canonry reads up to {VERSION}; use a newer "
            f"one"
        )
    if version.__class__ is int and version == VERSION:
        return []
    told = "there is no `v`" if version is msgspec.UNSET else f"`v` is {described(version)}"
    return [("recording.line", f"{told}; expected {VERSION}")]


def _faults(envelope: _Envelope) -> list[tuple[str, str]]:
    """What is wrong with an envelope apart from its version and what it holds."""
    found = []
    if envelope.t is not None and not _is_time(envelope.t):
        found.append("`t` is no time in seconds")
    if envelope.dir is not None and envelope.dir not in _DIRECTIONS:
        found.append(f"`dir` is {described(envelope.dir)}; expected `in` or `out`")
    if envelope.conn is not None and (isinstance(envelope.conn, bool) or not isinstance(envelope.conn, str | int)):
        found.append(f"`conn` is {described(envelope.conn)}; expected a text")
    if envelope.raw is not msgspec.UNSET and not isinstance(envelope.raw, str):
        found.append(f"`raw` is {described(envelope.raw)}; expected the text of a frame")
    if envelope.closed is not None and (
        isinstance(envelope.closed, bool) or not isinstance(envelope.closed, int | str)
    ):
        found.append(f"`closed` is {described(envelope.closed)}; expected a code")
    if envelope.holds != 1:
        found.append("expected one of `event`, `raw` and `closed`")
    return [("recording.line", message) for message in found]


def _bare(number: int, text: bytes) -> Line:
    return Line(number, "", text, faults=_duplicates(text, text))


def _broken(number: int, text: bytes, last: str, error: Exception) -> Line:
    """A line that is no JSON, of the connection that it names or of the line before it."""
    why = why_unread(error, "the line")
    try:
        found = json.loads(text)  # takes NaN and infinity, which JSON has not
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and "event" in found and "v" in found:
        at = found.get("t") if _is_time(found.get("t")) else None
        direction = found.get("dir") if found.get("dir") in _DIRECTIONS else None
        return Line(number, str(found.get("conn") or ""), text, at, direction, (("frame.json", why),))
    return Line(number, last, text, faults=(("frame.json", why),))


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
