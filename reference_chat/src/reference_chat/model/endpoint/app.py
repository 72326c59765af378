"""The endpoint as an ASGI application: `/v1/chat/completions`, `/v1/models`, and behind the test secret its control."""

import asyncio
import hmac
import random
from collections.abc import AsyncIterator

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as HTTPRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reference_chat.model.endpoint import format
from reference_chat.model.endpoint.control import Census, Control, Orders
from reference_chat.model.endpoint.directives import Script, read_script
from reference_chat.model.endpoint.replies import Reply, asked, reply_to
from reference_chat.model.wire import Request

MODEL = "embedded"
_MOST_BYTES = 4 << 20
_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
_TOGETHER = 16


def create_endpoint(*, key: str = "", test_secret: str = "", seed: int | None = None) -> Starlette:
    """The endpoint. It asks for `key` where one is given; without `test_secret` it has no control and no census."""
    state = _Endpoint(key, test_secret, random.SystemRandom().getrandbits(64) if seed is None else seed)
    routes = [
        Route("/v1/chat/completions", _Completions(state), methods=["POST"]),
        Route("/v1/models", state.models, methods=["GET"]),
    ]
    if test_secret:
        routes += [
            Route("/control", state.control_route, methods=["GET", "PUT", "DELETE"]),
            Route("/census", state.census_route, methods=["GET", "DELETE"]),
        ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _http_error, _APIError: _api_error})


class _APIError(Exception):
    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code


class _Endpoint:
    """What the routes share."""

    def __init__(self, key: str, test_secret: str, seed: int) -> None:
        self._key, self._secret = key, test_secret
        self.control = Control()
        self.census = Census()
        self._numbers = random.Random(seed)

    def number(self) -> str:
        """The name of the next completion: 24 hex digits, the same ones in the same order for the same seed."""
        return f"{self._numbers.getrandbits(96):024x}"

    def check_key(self, request: HTTPRequest) -> None:
        """Raises for a request whose bearer token is another than the key."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if self._key and not (scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), self._key.encode())):
            raise _APIError(401, "the API key is missing or wrong")

    async def models(self, request: HTTPRequest) -> Response:
        self.check_key(request)
        model = {"id": MODEL, "object": "model", "created": 1_750_000_000, "owned_by": "reference-chat"}
        return JSONResponse({"object": "list", "data": [model]})

    async def control_route(self, request: HTTPRequest) -> Response:
        self._check_secret(request)
        if request.method == "DELETE":
            self.control.order(Orders())
        elif request.method == "PUT":
            try:
                self.control.order(msgspec.json.decode(await request.body(), type=Orders))
            except msgspec.DecodeError as error:
                raise _APIError(422, str(error)) from None
        return JSONResponse(msgspec.to_builtins(self.control.orders))

    async def census_route(self, request: HTTPRequest) -> Response:
        self._check_secret(request)
        if request.method == "DELETE":
            self.census.restart()
        return JSONResponse(self.census.shown())

    def _check_secret(self, request: HTTPRequest) -> None:
        given = request.headers.get("x-chat-test-secret", "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise _APIError(403, "the test secret is missing or wrong", code="forbidden")


class _Completions:
    """One request for a completion, from its body to the last byte, or to the moment when the caller leaves."""

    def __init__(self, endpoint: _Endpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HTTPRequest(scope, receive)
        self._endpoint.check_key(http)
        request = _read(await http.body())
        census = self._endpoint.census
        census.opened()
        status: int | None = None
        answer = asyncio.create_task(self._answer(request, scope, receive, send))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                status = answer.result()
        finally:
            gone.cancel()
            answer.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)
            census.closed(status)

    async def _answer(self, request: Request, scope: Scope, receive: Receive, send: Send) -> int:
        text, since = asked(request)
        script = read_script(text)
        orders = self._endpoint.control.orders
        failing = self._endpoint.control.fails()
        await asyncio.sleep(script.slow + orders.slow)
        if orders.hang or script.hang == "":
            await asyncio.Event().wait()
        status = script.fail or (orders.status if failing else 200)
        if status != 200:
            body = format.error(status, f"the model fails with {status}, as it was told")
            await JSONResponse(body, status_code=status, headers=_retry_after(status))(scope, receive, send)
            return status
        reply = reply_to(request, script, since)
        prompt = sum(format.tokens(message.text) for message in request.messages)
        header = format.new_header(self._endpoint.number(), request.model, prompt, reply)
        if request.stream:
            await _send_stream(send, _stream(request, script, header, reply))
        else:
            await JSONResponse(format.completion(header, reply))(scope, receive, send)
        return 200


async def _disconnected(receive: Receive) -> None:
    """Returns when the caller has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _read(body: bytes) -> Request:
    if len(body) > _MOST_BYTES:
        raise _APIError(413, f"the request is longer than {_MOST_BYTES} bytes")
    try:
        request = msgspec.json.decode(body, type=Request)
    except msgspec.ValidationError as error:
        raise _APIError(400, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _APIError(400, f"the body is no JSON: {error}") from None
    if not request.messages:
        raise _APIError(400, "there are no messages", param="messages", code="empty_array")
    if request.model != MODEL:
        raise _APIError(404, f"there is no model `{request.model}`; there is `{MODEL}`", param="model")
    return request


async def _stream(request: Request, script: Script, header: format.Header, reply: Reply) -> AsyncIterator[bytes]:
    """The bytes of a stream, several events together where nothing asks for a pace."""
    include_usage = request.stream_options is not None and request.stream_options.include_usage
    waiting: list[bytes] = []
    for at, chunk in enumerate(format.chunks(header, reply, include_usage=include_usage)):
        waiting.append(chunk)
        if script.hang == "stream" and at == 1:
            yield b"".join(waiting)
            await asyncio.Event().wait()
        if script.broken and at == 1:
            yield b"".join([*waiting, format.broken("the stream breaks off, as it was told")])
            return
        if script.pace or len(waiting) == _TOGETHER:
            yield b"".join(waiting)
            waiting.clear()
            await asyncio.sleep(script.pace)
    yield b"".join([*waiting, format.DONE])


async def _send_stream(send: Send, parts: AsyncIterator[bytes]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    async for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _retry_after(status: int) -> dict[str, str]:
    return {"retry-after": "1"} if status in (429, 503) else {}


async def _api_error(_: HTTPRequest, error: Exception) -> Response:
    assert isinstance(error, _APIError)
    body = format.error(error.status, str(error), param=error.param, code=error.code)
    return JSONResponse(body, status_code=error.status)


async def _http_error(request: HTTPRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"`{request.method} {request.url.path}` is not to be had here"
    return JSONResponse(format.error(error.status_code, message), status_code=error.status_code, headers=error.headers)
