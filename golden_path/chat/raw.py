"""Sockets without manners: half-open ones, slow readers, and bytes of one's own choice."""

import base64
import os
import socket
from contextlib import suppress
from urllib.parse import urlsplit

_RECEIVE_BUFFER, _SEGMENT = 4096, 536


def small_socket() -> socket.socket:
    """A socket, not connected yet, that takes few bytes before the other side has to wait."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    # the kernel of the other side sizes its buffer by the segments that are agreed on
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
    return made


class RawSocket:
    """A TCP connection to the service. ``small``: it takes few bytes before the other side has to wait."""

    def __init__(self, url: str, *, small: bool = False, limit: float = 10.0) -> None:
        parts = urlsplit(url)
        self.socket = small_socket() if small else socket.socket()
        self.socket.settimeout(limit)
        host, port = parts.hostname or "127.0.0.1", parts.port or 80
        self.host = f"{host}:{port}"
        try:
            self.socket.connect((host, port))
        except OSError:
            self.socket.close()
            raise

    def __enter__(self) -> "RawSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go."""
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self.socket.sendall(data)

    def upgrade(self, token: str, *, path: str = "/ws", headers: str = "") -> bytes:
        """Becomes a WebSocket; returns the head of the answer. Nothing is read after it, pings neither."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(
            f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"{f'Authorization: Bearer {token}' if token else 'X-Nobody: 1'}\r\n{headers}\r\n".encode()
        )
        return self.head()

    def head(self) -> bytes:
        """The head of the next answer, as far as it comes."""
        read = b""
        with suppress(OSError):
            while b"\r\n\r\n" not in read:
                byte = self.socket.recv(1)
                if not byte:
                    break
                read += byte
        return read

    def frame(self, payload: bytes, *, opcode: int = 1, final: bool = True, masked: bool = True) -> None:
        """Sends one WebSocket frame (RFC 6455, 5.2)."""
        first = (0x80 if final else 0) | opcode
        mask = os.urandom(4) if masked else b""
        bit = 0x80 if masked else 0
        if len(payload) < 126:
            head = bytes([first, bit | len(payload)])
        elif len(payload) < 65536:
            head = bytes([first, bit | 126]) + len(payload).to_bytes(2, "big")
        else:
            head = bytes([first, bit | 127]) + len(payload).to_bytes(8, "big")
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)) if masked else payload
        self.send(head + mask + body)

    def is_closed(self, within: float) -> bool:
        """Whether the other side ends it within so many seconds; what comes before is thrown away."""
        self.socket.settimeout(within)
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True
