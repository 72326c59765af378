"""The HTTP part: one table of endpoints, from which routes and the OpenAPI document come."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from reference_chat.auth.accounts import ReusedError
from reference_chat.auth.tokens import Claims
from reference_chat.errors import ChatError, not_found, unauthorized
from reference_chat.http import bodies
from reference_chat.http.bodies import read_body
from reference_chat.http.endpoint import Endpoint
from reference_chat.http.errors import json_response
from reference_chat.http.openapi import document
from reference_chat.service import Service

_PAGE = Path(__file__).parent.parent / "web"
_PAGE_TYPES = {".html", ".js", ".css", ".svg"}
_MOST_EVENTS = 10_000


def http_routes(service: Service) -> list[Route]:
    """The routes, with the document and the page."""
    table = endpoints(service)
    described = json_response(document(table))
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in table:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    routes = [Route(path, _dispatched(methods), methods=list(methods)) for path, methods in by_path.items()]

    async def openapi(_: Request) -> Response:
        return described

    routes.append(Route("/openapi.json", openapi))
    return [*routes, *_page()]


def endpoints(service: Service) -> list[Endpoint]:
    """All operations."""
    http = HttpPart(service)
    return [
        Endpoint("POST", "/auth/register", "Register", http.register, bodies.User, bodies.Register, 201, (409,), False),
        Endpoint("POST", "/auth/login", "Log in", http.log_in, bodies.Session, bodies.LogIn, 200, (401,), False),
        Endpoint("POST", "/auth/refresh", "Refresh", http.refresh, bodies.Session, bodies.Refresh, 200, (401,), False),
        Endpoint("POST", "/auth/logout", "Log out", http.log_out, None, status=204),
        Endpoint("GET", "/auth/me", "Who am I", http.me, bodies.User, refuses=(404,)),
        Endpoint("POST", "/ws/ticket", "A ticket for one connection", http.ticket, bodies.Ticket, status=201),
        Endpoint("DELETE", "/ws/ticket/{ticket}", "Revoke", http.revoke, None, status=204, refuses=(404,)),
        Endpoint("GET", "/threads", "My threads", http.threads, bodies.Threads),
        Endpoint("GET", "/threads/{thread_id}", "A thread", http.thread, bodies.Conversation, refuses=(404,)),
        Endpoint("GET", "/runs/{run_id}/events", "Events of a run", http.events, bodies.Events, refuses=(404, 422)),
        Endpoint("GET", "/health/live", "Is the process alive", http.live, bodies.Live, bearer=False),
        Endpoint("GET", "/health/ready", "Can it serve", http.ready, bodies.Ready, bearer=False),
    ]


class HttpPart:
    """The operations, over the parts of a service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def register(self, request: Request) -> Response:
        """A new account."""
        given = await self._body(request, bodies.Register)
        return json_response(await self._service.accounts.register(given.email, given.password, given.name), 201)

    async def log_in(self, request: Request) -> Response:
        """A new session."""
        given = await self._body(request, bodies.LogIn)
        return _session(await self._service.accounts.log_in(given.email, given.password))

    async def refresh(self, request: Request) -> Response:
        """The same session, for longer."""
        given = await self._body(request, bodies.Refresh)
        try:
            return _session(await self._service.accounts.refresh(given.refresh_token))
        except ReusedError as error:
            self._service.end_session(error.user_id, error.session_id)
            raise

    async def log_out(self, request: Request) -> Response:
        """Ends the session, and its sockets."""
        claims = await self._claims(request)
        await self._service.accounts.log_out(claims)
        self._service.end_session(claims.user_id, claims.session_id)
        return Response(status_code=204)

    async def me(self, request: Request) -> Response:
        """The user."""
        return json_response(await self._service.accounts.profile((await self._claims(request)).user_id))

    async def ticket(self, request: Request) -> Response:
        """A ticket."""
        ttl = self._service.settings.ticket_ttl
        issued = await self._service.tickets.issue(await self._claims(request), ttl)
        return json_response(bodies.Ticket(issued, ttl), 201)

    async def revoke(self, request: Request) -> Response:
        """Takes a ticket back."""
        claims = await self._claims(request)
        if not await self._service.tickets.revoke(request.path_params["ticket"], claims.user_id):
            raise not_found("ticket")
        return Response(status_code=204)

    async def threads(self, request: Request) -> Response:
        """The user's threads."""
        claims = await self._claims(request)
        return json_response({"threads": await self._service.store.threads(claims.user_id)})

    async def thread(self, request: Request) -> Response:
        """One of them."""
        claims, thread_id = await self._claims(request), _id(request, "thread_id", "thread")
        if await self._service.store.owner(thread_id) != claims.user_id:
            raise not_found("thread")
        messages = await self._service.store.messages(thread_id)
        runs = await self._service.store.runs(thread_id)
        return json_response({"thread_id": thread_id, "messages": messages, "runs": runs})

    async def events(self, request: Request) -> Response:
        """Events of a run behind ``after``."""
        claims, run_id = await self._claims(request), _id(request, "run_id", "run")
        after = _number(request.query_params.get("after", "-1"))
        run = await self._service.store.run(run_id)
        if run is None or run.user_id != claims.user_id:
            raise not_found("run")
        found = await self._service.store.events(run_id, after=after, limit=_MOST_EVENTS + 1)
        frames = [msgspec.Raw(frame.encode()) for _, frame in found[:_MOST_EVENTS]]
        return json_response(bodies.Events(run_id, frames, len(found) > _MOST_EVENTS))

    async def live(self, request: Request) -> Response:
        """The process answers."""
        return json_response(bodies.Live("live"))

    async def ready(self, request: Request) -> Response:
        """200 where everything works, else 503."""
        checks = await self._service.ready()
        good = all(checks.values())
        return json_response(bodies.Ready("ready" if good else "not ready", checks), 200 if good else 503)

    async def _claims(self, request: Request) -> Claims:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized("log in, and send the token as `Authorization: Bearer`")
        return await self._service.accounts.authenticate(token.strip())

    async def _body(self, request: Request, shape: type[bodies.T]) -> bodies.T:
        settings = self._service.settings
        limit = 2**30 if self._service.faults.unlimited("body") else settings.max_body
        return await read_body(request, shape, limit=limit, timeout=settings.request_timeout)


def _session(session: Any) -> Response:
    answer = bodies.Session(session.user_id, session.access_token, session.refresh_token, session.expires_in)
    return json_response(answer)


def _id(request: Request, name: str, what: str) -> str:
    value = str(request.path_params[name])
    if len(value) > 128 or "\x00" in value:
        raise not_found(what)
    return value


def _number(text: str) -> int:
    try:
        number = int(text) if len(text) < 12 else -2
    except ValueError:
        number = -2
    if number < -1 or number >= 2**31:
        raise ChatError("invalid", "`after` has to be the number of an event, or -1", status=422)
    return number


def _dispatched(methods: dict[str, Endpoint]) -> Callable[[Request], Awaitable[Response]]:
    async def dispatch(request: Request) -> Response:
        endpoint = methods.get(request.method) or methods["GET"]  # HEAD is a GET
        return await endpoint.handle(request)

    return dispatch


def _page() -> list[Route]:
    """A route for each file of the page; no path of a request is ever made into the name of a file."""
    files = sorted(file for file in _PAGE.glob("*") if file.suffix in _PAGE_TYPES)
    routes = [Route(f"/{file.name}", _file(file)) for file in files]
    return [*routes, Route("/", _file(_PAGE / "index.html"))] if routes else []


def _file(file: Path) -> Callable[[Request], Awaitable[Response]]:
    async def serve(_: Request) -> Response:
        return FileResponse(file)

    return serve
