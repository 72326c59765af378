"""WebSocket frames as they go by: the messages in the bytes of one direction, and the code of a close.

Source: RFC 6455, section 5 (framing), and RFC 7692, section 7.2.2 (decompression).
"""

import zlib
from collections.abc import Iterator

import msgspec

_CONTINUED, _TEXT, _BINARY, _CLOSE = 0, 1, 2, 8
_TAIL = b"\x00\x00\xff\xff"
_LARGEST = 64 * 1024 * 1024


class Message(msgspec.Struct, frozen=True):
    """A whole message, put together and unpacked. ``cut`` ones were too long to be kept."""

    data: bytes
    text: bool
    cut: bool = False


class Close(msgspec.Struct, frozen=True):
    """A close frame. 1005 is one without a code."""

    code: int


class Frames:
    """Yields messages and closes as the bytes of one direction come. Pings and pongs are passed over.

    ``largest``: of a longer message nothing is kept.
    """

    def __init__(self, *, deflated: bool, largest: int = _LARGEST) -> None:
        self._unpack = zlib.decompressobj(-zlib.MAX_WBITS) if deflated else None
        self._largest = largest
        self._buffer = bytearray()
        self._message = bytearray()
        self._opcode = 0
        self._packed = False
        self._cut = False
        self._final = True
        self._lost = False
        self._skip = 0

    def feed(self, chunk: bytes) -> Iterator[Message | Close]:
        """The messages that these bytes complete."""
        if self._lost:
            return
        self._buffer += chunk
        while self._buffer:
            if self._skip:
                gone = min(self._skip, len(self._buffer))
                del self._buffer[:gone]
                self._skip -= gone
                if self._skip:
                    return
                yield from self._whole() if self._final else ()
                continue
            header = self._header()
            if header is None:
                return
            size, length, mask = header
            if self._buffer[0] & 0x0F < 8 and length + len(self._message) > self._largest:
                self._begin(self._buffer[0])
                self._cut = True
                self._message.clear()
                self._skip = size + length
                continue
            if len(self._buffer) < size + length:
                return
            first = self._buffer[0]
            payload = bytes(self._buffer[size : size + length])
            del self._buffer[: size + length]
            payload = _unmasked(payload, mask) if mask else payload
            yield from self._frame(first, payload)

    def _header(self) -> tuple[int, int, bytes] | None:
        """The size of the header, the length of the payload, the mask; None where the header is not all there."""
        if len(self._buffer) < 2:
            return None
        length = self._buffer[1] & 0x7F
        size = 2 + {126: 2, 127: 8}.get(length, 0)
        masked = self._buffer[1] & 0x80
        if len(self._buffer) < size + (4 if masked else 0):
            return None
        if length > 125:
            length = int.from_bytes(self._buffer[2:size], "big")
        mask = bytes(self._buffer[size : size + 4]) if masked else b""
        return size + len(mask), length, mask

    def _begin(self, first: int) -> None:
        if first & 0x0F != _CONTINUED:
            self._opcode, self._packed, self._cut = first & 0x0F, bool(first & 0x40), False
            self._message.clear()
        self._final = bool(first & 0x80)

    def _frame(self, first: int, payload: bytes) -> Iterator[Message | Close]:
        opcode = first & 0x0F
        if opcode == _CLOSE:
            yield Close(int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005)
        elif opcode in (_CONTINUED, _TEXT, _BINARY):
            self._begin(first)
            if not self._cut:
                self._message += payload
            if self._final:
                yield from self._whole()

    def _whole(self) -> Iterator[Message]:
        data = bytes(self._message)
        self._message.clear()
        if self._cut:
            self._lost = self._packed  # what comes after it may speak of what was not unpacked
            yield Message(b"", self._opcode == _TEXT, cut=True)
            return
        if self._packed:
            unpacked = self._unpacked(data)
            if unpacked is None:
                self._lost = True
                yield Message(b"", self._opcode == _TEXT, cut=True)
                return
            data = unpacked
        yield Message(data, self._opcode == _TEXT)

    def _unpacked(self, data: bytes) -> bytes | None:
        if self._unpack is None:
            return None
        try:
            found = self._unpack.decompress(data + _TAIL, self._largest)
        except zlib.error:
            return None
        if self._unpack.unconsumed_tail:
            return None
        if self._unpack.eof:  # the sender ended its stream, and begins another with the next message
            self._unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        return found


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    if not payload:
        return payload
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(len(payload), "big")
