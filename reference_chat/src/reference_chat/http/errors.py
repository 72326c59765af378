"""Every mistake is answered in one shape; every answer has the headers that keep a browser safe."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_chat.errors import ChatError, not_ready
from reference_chat.http.bodies import Error, Fail

_log = logging.getLogger("reference_chat.http")
_WORDS = {404: ("not_found", "there is nothing here"), 405: ("method_not_allowed", "not with this method")}
_HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as JSON."""
    return Response(msgspec.json.encode(value), status, dict(headers or {}), "application/json")


def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ChatError)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    return json_response(Error(Fail(error.code, error.message)), error.status, headers)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, message = _WORDS.get(error.status_code, ("refused", "the request is refused"))
    return json_response(Error(Fail(code, message)), error.status_code, error.headers)


def _lost(request: Request, error: Exception) -> Response:
    _log.error("%s %s: %s", request.method, request.scope["path"], type(error).__name__)
    return _error(request, not_ready())


def _bug(request: Request, error: Exception) -> Response:
    # Starlette makes this answer outside of every middleware, so outside of `Guard`.
    return json_response(Error(Fail("internal", "the service failed; try again")), 500, _HEADERS)


HANDLERS: Mapping[Any, Callable[[Request, Exception], Response]] = {
    ChatError: _error,
    HTTPException: _http,
    DBAPIError: _lost,
    PoolTimeoutError: _lost,
    OSError: _lost,
    Exception: _bug,
}


class Guard:
    """Adds the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded)
