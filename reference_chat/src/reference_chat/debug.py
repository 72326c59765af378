"""Looking in and switching faults: these routes exist with a test secret alone, and answer nobody without it."""

import asyncio
import os
import resource
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reference_chat.errors import ChatError
from reference_chat.faults import TABLE
from reference_chat.http.errors import json_response
from reference_chat.service import Service


def debug_routes(service: Service) -> list[Route]:
    """``/debug/census`` and ``/debug/faults``."""

    async def see(_: Request) -> Response:
        return json_response(census(service))

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


def census(service: Service) -> dict[str, Any]:
    """What is alive in this process; ids of objects tell whether two users share one."""
    writer, emitter, runs = service.writer, service.emitter, service.runs
    return {
        "worker": service.settings.worker,
        "pid": os.getpid(),
        "memory": _memory(),
        "tasks": len(asyncio.all_tasks()),
        "files": sum(1 for _ in Path("/dev/fd").iterdir()),
        "users": service.registry.users(),
        "connections": [
            {
                "connection_id": connection.id,
                "user_id": connection.user_id,
                "follows": list(connection.following),
                "waiting": connection.waiting,
                "sent": connection.sent,
                "object": id(connection),
            }
            for connection in service.registry
        ],
        "opened": service.registry.opened,
        "closed": service.registry.closed,
        "runs": [
            {
                "run_id": run_id,
                "user_id": run.context.user_id,
                "context": id(run.emission.context),
                "emission": id(run.emission),
            }
            for run_id, run in runs.active.items()
        ],
        "agents": runs.loop.census(),
        "runs_started": runs.started,
        "emitted": emitter.emitted,
        "delivered": emitter.delivered,
        "commits": writer.commits,
        "rows": writer.rows,
        "queued": writer.depth,
        "received": dict(service.router.received),
        "handled": dict(service.router.handled),
        "faults": service.faults.shown(),
    }


def _memory() -> int:
    """Resident bytes; where there is no /proc, the most there ever were."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _guarded(
    service: Service, handle: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        given = request.headers.get("x-chat-test-secret", "")
        if not secrets.compare_digest(given.encode(), service.settings.test_secret.encode()):
            raise ChatError("forbidden", "the test secret is missing or wrong", status=403)
        return await handle(request)

    return guarded
