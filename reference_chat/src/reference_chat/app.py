"""The ASGI application."""

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute

from reference_chat.debug import debug_routes
from reference_chat.http.errors import HANDLERS, Guard
from reference_chat.http.routes import http_routes
from reference_chat.service import Service
from reference_chat.settings import Settings


def create_app(settings: Settings) -> Starlette:
    """The application of one process; `state.service` holds its parts."""
    service = Service(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    routes: list[Route | Mount | WebSocketRoute] = [*http_routes(service), WebSocketRoute("/ws", service.sockets)]
    if settings.test_secret:
        routes += debug_routes(service)
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=HANDLERS)
    app.add_middleware(Guard)
    app.state.service = service
    return app
