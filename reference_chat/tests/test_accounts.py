"""Registering while the database is overloaded, or goes away: the answer says whether the account is there."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from inside import inside
from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette
from starlette.middleware import Middleware

from reference_chat.errors import ChatError
from reference_chat.http.errors import HANDLERS, Guard
from reference_chat.http.routes import http_routes
from reference_chat.service import Service

ADA = {"email": "ada@example.org", "password": "correct horse", "name": "Ada"}


def with_service(folder: Path, work: Callable[[Service], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with inside(folder) as service:
            await work(service)

    asyncio.run(run())


def test_an_account_that_is_there_is_answered_so_though_everybody_waits_for_a_connection(tmp_path: Path) -> None:
    async def work(service: Service) -> None:
        app = Starlette(routes=http_routes(service), exception_handlers=HANDLERS, middleware=[Middleware(Guard)])
        transport = httpx2.ASGITransport(app=app)
        async with AsyncExitStack() as held, httpx2.AsyncClient(transport=transport, base_url="http://chat") as http:
            for _ in range(3):
                await held.enter_async_context(service.engine.connect())
            asking = asyncio.create_task(http.post("/auth/register", json=ADA))
            while service.engine.pool.checkedout() < 4:  # type: ignore[attr-defined]
                await asyncio.sleep(0)
            await held.enter_async_context(service.engine.connect())  # gets the one that registering gives back
            answer = await asyncio.wait_for(asking, 4)
        assert answer.status_code == 201
        assert (await service.accounts.log_in(ADA["email"], ADA["password"])).user_id == answer.json()["user_id"]

    with_service(tmp_path, work)


@pytest.mark.parametrize("is_written", [True, False])
def test_where_the_commit_is_not_heard_of_the_database_says_whether_the_account_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    async def work(service: Service) -> None:
        dialect = service.engine.sync_engine.dialect
        plain = dialect.do_commit

        def unheard(connection: Any) -> None:
            monkeypatch.undo()
            if is_written:
                plain(connection)
            raise sqlite3.OperationalError("the line broke")

        monkeypatch.setattr(dialect, "do_commit", unheard)
        if is_written:
            given = await service.accounts.register(**ADA)
            assert await service.accounts.profile(given["user_id"]) == given
        else:
            with pytest.raises(DBAPIError):
                await service.accounts.register(**ADA)
            with pytest.raises(ChatError, match="is wrong"):
                await service.accounts.log_in(ADA["email"], ADA["password"])

    with_service(tmp_path, work)
