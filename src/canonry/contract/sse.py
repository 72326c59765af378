"""Server-sent events: the data of each event in a stream of bytes.

Source: WHATWG HTML, "Server-sent events", 9.2.5 parsing and 9.2.6 interpreting an event stream.
"""

from collections.abc import Iterator

_LARGEST = 64 * 1024 * 1024


class EventStream:
    """Yields the data of each event as its bytes come. Data of several lines is joined by LF; an event cut off is none.

    ``largest``: beyond so many bytes of one event nothing is kept of it; its data is then cut there.
    """

    def __init__(self, *, largest: int = _LARGEST) -> None:
        self._largest = largest
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._begun = False
        self._after_return = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The events that these bytes complete. Lines end with LF, CR or CR LF, which two chunks may share."""
        if not chunk:
            return
        if not self._begun:
            self._line += chunk
            if len(self._line) < 3 and b"\xef\xbb\xbf".startswith(bytes(self._line)):
                return
            chunk, self._begun = bytes(self._line).removeprefix(b"\xef\xbb\xbf"), True
            self._line.clear()
        if self._after_return:
            self._after_return = False
            chunk = chunk.removeprefix(b"\n")
            if not chunk:
                return
        self._after_return = chunk.endswith(b"\r")
        for part in chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").splitlines(keepends=True):
            self._keep(part.removesuffix(b"\n"))
            if part.endswith(b"\n"):
                line = bytes(self._line)
                self._line.clear()
                if line:
                    self._field(line)
                elif self._data:
                    yield b"\n".join(self._data)
                    self._data.clear()
                    self._size = 0

    def _keep(self, part: bytes) -> None:
        self._line += part[: max(0, self._largest - self._size - len(self._line))]

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value)
