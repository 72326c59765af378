"""Whether something answers at a URL, asked in its own protocol. Each gives "" where it does, else why not."""

import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    import urllib.request

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "redis": 6379, "rediss": 6379}
_REFUSED_LOGIN = "28"
"""The class of SQLSTATEs that say no to a user: somebody is there to say it."""


def answer(url: str, *, ready: str | None = None, own: bool = False, limit: float = 2.0) -> str:
    """Why nothing answers at a URL: HTTP where ``ready`` or the scheme says so, PostgreSQL, Redis, else a connection.

    A database that is our ``own`` has to let us in; of another's it is enough that somebody asks for a password.
    """
    scheme = urlsplit(url).scheme.partition("+")[0]
    try:
        if ready is not None or scheme in ("http", "https"):
            return _http(ready_url(url, ready), limit, strict=ready is not None)
        if scheme in ("postgres", "postgresql"):
            return _postgres(url, limit, own=own)
        if scheme == "redis":
            return _redis(url, limit, own=own)
        with socket.create_connection(_address(url), timeout=limit):
            return ""
    except (OSError, ValueError) as error:
        return _said(error)


def ready_url(url: str, ready: str | None) -> str:
    """The address that ``ready`` names: itself, or a path on the host of ``url``."""
    if ready is None or "://" in ready:
        return ready or url
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in ("http", "https"):
        scheme = "http"
    base = f"{scheme}://{parts.netloc}"
    return base + (ready if ready.startswith("/") else f"/{ready}")


def shown(url: str) -> str:
    """The URL without its password."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", url)


def _http(url: str, limit: float, *, strict: bool) -> str:
    import http.client
    import urllib.error
    import urllib.request

    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}) if _is_local(url) else urllib.request.ProxyHandler()
    )
    try:
        with opener.open(_request(url), timeout=limit):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return f"`{shown(url)}` answers {error.code}" if strict or error.code >= 500 else ""
    except urllib.error.URLError as error:
        return _said(error.reason) if isinstance(error.reason, OSError) else str(error.reason)
    except http.client.HTTPException as error:
        return f"`{shown(url)}` does not speak HTTP ({type(error).__name__})"


def _request(url: str) -> "urllib.request.Request":
    """A GET of the URL; a user and password in it become a header (RFC 7617), since urllib takes them for the host."""
    import urllib.request
    from base64 import b64encode

    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(parts._replace(netloc=host).geturl())
    if login:
        request.add_header("Authorization", "Basic " + b64encode(unquote(login).encode()).decode())
    return request


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _postgres(url: str, limit: float, *, own: bool) -> str:
    from canonry.testing.services.postgres_wire import PostgresError, Session

    try:
        with Session(url, limit=limit):
            return ""
    except PostgresError as error:
        return "" if error.code.startswith(_REFUSED_LOGIN) and not own else str(error)


def _redis(url: str, limit: float, *, own: bool) -> str:
    from canonry.testing.services.redis_wire import RedisError, command

    try:
        command(url, "PING", limit=limit)
    except RedisError as error:
        return "" if error.refuses_login and not own else str(error)
    return ""


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url if "://" in url else f"//{url}")
    port = parts.port or _PORTS.get(parts.scheme)
    if parts.hostname is None or port is None:
        raise ValueError(f"`{shown(url)}` names no host and port")
    return unquote(parts.hostname), port


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
