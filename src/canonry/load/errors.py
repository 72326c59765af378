"""What goes wrong in a turn of a virtual user, by class; a run goes on after each of them."""

import asyncio
import ssl
import traceback
from pathlib import Path

import aiohttp


class StepError(Exception):
    """A step of a scenario did not do what it has to. ``kind`` is the class that it is counted under."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class RefusedError(StepError):
    """The service answered, and refused: an HTTP status that was not expected, or a close code."""

    def __init__(self, step: str, status: int | str, text: str = "") -> None:
        self.status = status
        super().__init__(f"{step} refused ({status})", f"`{step}` is answered by {status}{f': {text}' if text else ''}")


class LateError(StepError):
    """Nothing came in time."""

    def __init__(self, awaited: str, within: float) -> None:
        super().__init__(f"{awaited} late", f"`{awaited}` did not come within {within:g} s")


class ClosedError(StepError):
    """The connection ended while something was awaited on it. Without a ``code`` the client ended it: chaos does."""

    def __init__(self, awaited: str, code: int | str | None) -> None:
        self.code = code
        if code is None:
            super().__init__("closed (by the client)", f"the client broke the line while `{awaited}` was awaited")
        else:
            super().__init__(f"closed ({code})", f"the connection closed with {code} while `{awaited}` was awaited")


def classified(error: BaseException) -> tuple[str, str]:
    """Return the class of what was raised in a turn, and a sentence."""
    if isinstance(error, StepError):
        return error.kind, str(error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLError | aiohttp.ClientSSLError):
        return "TLS", f"the TLS handshake fails: {error}"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"handshake refused ({error.status})", f"the WebSocket handshake is answered by {error.status}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "no connection", f"nothing answers: {error.strerror or error.os_error}"
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "timeout", "a step took longer than its limit"
    if isinstance(error, aiohttp.ClientError | OSError):
        return "connection lost", f"the connection breaks: {type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"scenario: {type(error).__name__}{where}", "".join(traceback.format_exception(error)).rstrip()
