"""HTTP/1.1 as it goes by: where heads and bodies begin and end, without touching a byte.

Source: RFC 9112, sections 2 (message format), 6.3 (length of a body) and 7.1 (chunks).
"""

from collections.abc import Iterator

import msgspec

MOST_HEAD = 256 * 1024
"""A longer head is no HTTP that is understood: what follows is passed on unheard."""
_LONGEST_LINE = 4096


class Head(msgspec.Struct, frozen=True):
    """The first line and the fields of a message; ``raw`` is all of it, with the empty line."""

    raw: bytes
    start: tuple[str, str, str]
    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """What a field says, several of one name with commas between; empty where there is none."""
        return ", ".join(value for key, value in self.fields if key == name)

    def lists(self, name: str, word: str) -> bool:
        """Whether a field that is a list holds a word."""
        return word in (part.strip().lower() for part in self.get(name).split(","))


class Body(msgspec.Struct, frozen=True):
    """A piece of a body: ``raw`` as it goes by, ``data`` without the framing of chunks."""

    raw: bytes
    data: bytes


class End(msgspec.Struct, frozen=True):
    """The end of a message."""


class Tunnel(msgspec.Struct, frozen=True):
    """Bytes that are no HTTP: after an upgrade, or of something that is not understood."""

    raw: bytes


Part = Head | Body | End | Tunnel


def read_head(raw: bytes) -> Head | None:
    """Return the head that ends with an empty line, None where it is none."""
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2:
        return None
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            return None
        fields.append((name.strip().lower(), value.strip()))
    return Head(raw, (words[0], words[1], words[2] if len(words) > 2 else ""), tuple(fields))


class Messages:
    """Splits the bytes of one direction into parts. Every byte is in the ``raw`` of exactly one part, in order.

    What begins no HTTP is a tunnel from there on.
    """

    def __init__(self, *, requests: bool) -> None:
        self._requests = requests
        self._buffer = bytearray()
        self._state = "head"
        self._left = 0
        self._methods: list[str] = []
        self._line = bytearray()

    def expect(self, method: str) -> None:
        """Says which request the next response answers: one to HEAD has no body."""
        self._methods.append(method)

    def tunnel(self) -> None:
        """Makes all that follows a tunnel."""
        self._state = "tunnel"

    def feed(self, chunk: bytes) -> Iterator[Part]:
        """The parts that these bytes complete; pieces of bodies as they come."""
        self._buffer += chunk
        while self._buffer or self._state == "empty":
            before = (self._state, len(self._buffer))
            yield from self._step()
            if (self._state, len(self._buffer)) == before:
                return

    def end(self) -> Iterator[Part]:
        """The parts that the end of the stream completes."""
        if self._buffer:
            yield Tunnel(bytes(self._buffer))
            self._buffer.clear()
        if self._state == "rest":
            yield End()

    def drain(self) -> bytes:
        """What was fed and belongs to no part yet."""
        return self._take(len(self._buffer))

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _step(self) -> Iterator[Part]:
        match self._state:
            case "tunnel":
                yield Tunnel(self._take(len(self._buffer)))
            case "head":
                yield from self._head()
            case "empty":
                self._state = "head"
                yield End()
            case "rest":
                raw = self._take(len(self._buffer))
                yield Body(raw, raw)
            case "length":
                raw = self._take(min(self._left, len(self._buffer)))
                self._left -= len(raw)
                if not self._left:
                    self._state = "empty"
                yield Body(raw, raw)
            case "data":
                raw = self._take(min(self._left, len(self._buffer)))
                self._left -= len(raw)
                if not self._left:
                    self._state = "after"
                yield Body(raw, raw)
            case _:
                yield from self._framing()

    def _framing(self) -> Iterator[Part]:
        """The lines of chunks: sizes, the ends of chunks, the trailer. Passed on as they come."""
        end = self._buffer.find(b"\n")
        raw = self._take(len(self._buffer) if end < 0 else end + 1)
        self._line += raw[:_LONGEST_LINE]
        if end >= 0:
            line = self._line.strip()
            self._line.clear()
            if self._state == "after":
                self._state = "size"
            elif self._state == "trailer":
                self._state = "trailer" if line else "empty"
            else:
                size = line.partition(b";")[0].strip()
                try:
                    self._left = int(size, 16)
                except ValueError:
                    self._state = "tunnel"
                else:
                    self._state = "data" if self._left else "trailer"
        yield Body(raw, b"")

    def _head(self) -> Iterator[Part]:
        while self._buffer.startswith((b"\r\n", b"\n")):  # a blank line before a message is passed over
            yield Body(self._take(2 if self._buffer.startswith(b"\r\n") else 1), b"")
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MOST_HEAD:
                self._state = "tunnel"
            return
        raw = self._take(end + 4)
        head = read_head(raw)
        if head is None:
            self._state = "tunnel"
            yield Tunnel(raw)
            return
        self._state = self._after_head(head)
        yield head

    def _after_head(self, head: Head) -> str:
        if not self._requests:
            status = head.start[1]
            if status == "101":
                return "tunnel"
            if status.startswith("1"):
                return "head"
            method = self._methods.pop(0) if self._methods else ""
            if method == "HEAD" or status in ("204", "304"):
                return "empty"
            if method == "CONNECT" and status.startswith("2"):
                return "tunnel"
        elif head.start[0] == "CONNECT":
            return "tunnel"
        if head.lists("transfer-encoding", "chunked"):
            return "size"
        length = head.get("content-length").partition(",")[0].strip()
        if length.isdigit():
            self._left = int(length)
            return "length" if self._left else "empty"
        return "empty" if self._requests else "rest"


def with_host(head: Head, host: str) -> bytes:
    """Return the head as a client of ``host`` would have sent it: with another `Host`, and otherwise the same bytes."""
    lines = head.raw.split(b"\r\n")
    for index, line in enumerate(lines[1:], 1):
        if line.partition(b":")[0].strip().lower() == b"host":
            lines[index] = line.partition(b":")[0] + b": " + host.encode("latin-1")
    return b"\r\n".join(lines)
