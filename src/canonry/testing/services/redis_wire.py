"""One command to a Redis server: RESP, https://redis.io/docs/latest/develop/reference/protocol-spec/."""

import socket
from urllib.parse import unquote, urlsplit


class RedisError(Exception):
    """The server refuses a command."""

    @property
    def refuses_login(self) -> bool:
        """Whether it is about the user and the password: somebody is there to say it."""
        return str(self).startswith(("NOAUTH", "WRONGPASS", "NOPERM", "ERR invalid password", "ERR AUTH"))


def command(url: str, *words: str, limit: float = 5.0) -> str:
    """The answer to a command, sent to the database of a URL. Raises OSError where nobody answers, and RedisError."""
    parts = urlsplit(url)
    before: list[tuple[str, ...]] = []
    if parts.password:
        user = (unquote(parts.username),) if parts.username else ()
        before.append(("AUTH", *user, unquote(parts.password)))
    if parts.path[1:] not in ("", "0"):
        before.append(("SELECT", parts.path[1:]))
    with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=limit) as connection:
        answers = connection.makefile("rb")
        said = ""
        for each in (*before, words):
            connection.sendall(_encoded(each))
            said = _answer(answers.readline())
        return said


def _encoded(words: tuple[str, ...]) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def _answer(line: bytes) -> str:
    if not line:
        raise ConnectionError("the server closed the connection")
    text = line[1:].strip().decode(errors="replace")
    if line[:1] == b"-":
        raise RedisError(text)
    if line[:1] not in (b"+", b":", b"$", b"*"):
        raise RedisError("it does not speak Redis")
    return text
