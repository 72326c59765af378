"""A small HTTP client for tests: one user's headers and cookies; every answer is a value, whatever its status."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urljoin, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The value that the body holds. Raises ValueError, with the beginning of the body, where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ValueError(f"the answer ({self.status}) is no JSON: {self.text[:200]!r}") from error


class _Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A redirection is an answer like others: tests want to see it."""


class HttpClient:
    """Requests to one host. Not for several threads at once; each user has his own."""

    def __init__(self, url: str, *, headers: Mapping[str, str] | None = None) -> None:
        self.url, self.headers = url, dict(headers or {})
        handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPCookieProcessor(CookieJar()), _Unfollowed()]
        if urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1"):
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, path: str = "", *, limit: float = 10.0, headers: Mapping[str, str] | None = None) -> Response:
        """The answer to GET."""
        return self.request("GET", path, limit=limit, headers=headers)

    def post(
        self, path: str = "", *, json: Any = None, limit: float = 10.0, headers: Mapping[str, str] | None = None
    ) -> Response:
        """The answer to POST of a value as JSON."""
        return self.request("POST", path, json=json, limit=limit, headers=headers)

    def request(
        self,
        method: str,
        path: str = "",
        *,
        json: Any = None,
        body: bytes | None = None,
        limit: float = 10.0,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer within ``limit`` seconds. Raises OSError where there is none."""
        sent = {**self.headers, **(headers or {})}
        if json is not None:
            body, sent = _encoded(json), {"Content-Type": "application/json", **sent}
        request = urllib.request.Request(urljoin(self.url, path), data=body, headers=sent, method=method)
        try:
            with self._opener.open(request, timeout=limit) as answer:
                return _response(answer)
        except urllib.error.HTTPError as error:
            with error:
                return _response(error)


def _encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def _response(answer: Any) -> Response:
    return Response(
        status=answer.status,
        headers={name.lower(): value for name, value in answer.headers.items()},
        body=answer.read(),
    )
