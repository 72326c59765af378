"""Looking in and switching faults: these routes exist with a test secret alone, and answer nobody without it."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reference_chat.census import census
from reference_chat.errors import ChatError
from reference_chat.faults import TABLE
from reference_chat.http.errors import json_response
from reference_chat.service import Service


def debug_routes(service: Service) -> list[Route]:
    """``/debug/census`` and ``/debug/faults``."""
    service.census = lambda: census(service)

    async def see(_: Request) -> Response:
        return json_response({**census(service), "others": await service.bus.ask_others({"census": True})})

    async def faults(request: Request) -> Response:
        if request.method == "PUT":
            try:
                changes = msgspec.json.decode(await request.body(), type=dict[str, Any])
            except msgspec.DecodeError:
                raise ChatError("malformed", "send an object of faults: name -> arguments or null") from None
            await service.switch_faults(changes)
        elif request.method == "DELETE":
            await service.switch_faults(None)
        known = {name: {"row": one.row, "what": one.what, "arguments": one.arguments} for name, one in TABLE.items()}
        return json_response({"on": service.faults.shown(), "known": known})

    return [
        Route("/debug/census", _guarded(service, see)),
        Route("/debug/faults", _guarded(service, faults), methods=["GET", "PUT", "DELETE"]),
    ]


def _guarded(
    service: Service, handle: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        given = request.headers.get("x-chat-test-secret", "")
        if not secrets.compare_digest(given.encode(), service.settings.test_secret.encode()):
            raise ChatError("forbidden", "the test secret is missing or wrong", status=403)
        return await handle(request)

    return guarded
