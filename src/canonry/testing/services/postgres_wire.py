"""The few messages of PostgreSQL's protocol 3.0 that making and dropping databases takes.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import contextlib
import socket
import struct
from typing import Self
from urllib.parse import unquote, urlsplit

_VERSION = 196608  # 3.0


class PostgresError(Exception):
    """The server refuses. ``code`` is its SQLSTATE."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Session:
    """A connection as the user of a URL. Raises OSError where nobody answers, PostgresError where it is refused."""

    def __init__(self, url: str, *, database: str = "", limit: float = 5.0) -> None:
        parts = urlsplit(url)
        user = unquote(parts.username or "postgres")
        self.parameters: dict[str, str] = {}
        """What the server says of itself, such as ``server_version``."""
        self._socket = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5432), timeout=limit)
        try:
            self._begin(user, unquote(parts.password or ""), database or unquote(parts.path[1:]) or user)
        except BaseException:  # whatever ended it, the socket is closed; it is raised again
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._send(b"X", b"")
        self._socket.close()

    def run(self, statement: str, *, limit: float = 60.0) -> list[tuple[str | None, ...]]:
        """The rows that a statement gives, as text. Raises PostgresError with what the server says."""
        self._socket.settimeout(limit)
        self._send(b"Q", statement.encode() + b"\0")
        rows: list[tuple[str | None, ...]] = []
        refused: PostgresError | None = None
        while True:
            kind, body = self._receive()
            if kind == b"D":
                rows.append(_row(body))
            elif kind == b"E":
                refused = _error(body)
            elif kind == b"Z":
                if refused is not None:
                    raise refused
                return rows

    def _begin(self, user: str, password: str, database: str) -> None:
        names = f"user\0{user}\0database\0{database}\0application_name\0canonry\0\0".encode()
        self._socket.sendall(struct.pack("!ii", len(names) + 8, _VERSION) + names)
        while True:
            kind, body = self._receive()
            if kind == b"E":
                raise _error(body)
            if kind == b"R":
                (wanted,) = struct.unpack_from("!i", body)
                if wanted == 3:
                    self._send(b"p", password.encode() + b"\0")
                elif wanted != 0:
                    raise PostgresError("it wants a way to log in that is not spoken here", "28000")
            elif kind == b"S":
                name, value = body.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
            elif kind == b"Z":
                return

    def _send(self, kind: bytes, body: bytes) -> None:
        self._socket.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def _receive(self) -> tuple[bytes, bytes]:
        head = self._exactly(5)
        return head[:1], self._exactly(struct.unpack("!i", head[1:])[0] - 4)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise ConnectionError("the server closed the connection")
            data += part
        return data


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _row(body: bytes) -> tuple[str | None, ...]:
    (count,) = struct.unpack_from("!h", body)
    at, values = 2, []
    for _ in range(count):
        (size,) = struct.unpack_from("!i", body, at)
        at += 4
        values.append(None if size < 0 else body[at : at + size].decode())
        at += max(size, 0)
    return tuple(values)


def _error(body: bytes) -> PostgresError:
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return PostgresError(fields.get(b"M", "it refuses"), fields.get(b"C", ""))
