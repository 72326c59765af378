"""The store: queries for what is asked, and the writer for what is sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from reference_chat.store.schema import events, messages, runs, threads, workers


@dataclass(frozen=True, slots=True)
class Message:
    """What was said in a thread before."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the database knows it."""

    id: str
    thread_id: str
    user_id: str
    worker: str
    status: str


class Store:
    """Reads; every method is one query."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def _all(self, query: sa.Executable) -> Sequence[sa.Row[Any]]:
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).all()

    async def answers(self, *, limit: float = 1.0) -> bool:
        """Whether the database answers in time."""
        try:
            async with asyncio.timeout(limit):
                await self._all(sa.select(sa.literal(1)))
        except Exception:  # noqa: BLE001 - whatever keeps it from answering
            return False
        return True

    async def owner(self, thread_id: str) -> str | None:
        """Whose thread it is."""
        found = await self._all(sa.select(threads.c.user_id).where(threads.c.id == thread_id))
        return str(found[0][0]) if found else None

    async def threads(self, user_id: str) -> list[dict[str, Any]]:
        """The threads of a user, the newest first."""
        query = sa.select(threads.c.id, threads.c.title, threads.c.created_at).where(threads.c.user_id == user_id)
        rows = await self._all(query.order_by(threads.c.id.desc()).limit(100))
        return [{"thread_id": row.id, "title": row.title, "created_at": row.created_at} for row in rows]

    async def messages(self, thread_id: str) -> list[dict[str, Any]]:
        """What was said in a thread, in order."""
        rows = await self._all(sa.select(messages).where(messages.c.thread_id == thread_id).order_by(messages.c.id))
        return [
            {
                "message_id": row.id,
                "run_id": row.run_id,
                "role": row.role,
                "text": row.text,
                "created_at": row.created_at,
            }
            for row in rows
        ]

    async def history(self, thread_id: str, *, limit: int = 50) -> list[Message]:
        """The last messages of a thread, in order."""
        query = sa.select(messages.c.role, messages.c.text).where(messages.c.thread_id == thread_id)
        rows = await self._all(query.order_by(messages.c.id.desc()).limit(limit))
        return [Message(row.role, row.text) for row in reversed(rows)]

    async def runs(self, thread_id: str) -> list[dict[str, Any]]:
        """The runs of a thread, in order."""
        query = sa.select(runs.c.id, runs.c.status, runs.c.started_at).where(runs.c.thread_id == thread_id)
        rows = await self._all(query.order_by(runs.c.id))
        return [{"run_id": row.id, "status": row.status, "started_at": row.started_at} for row in rows]

    async def run(self, run_id: str) -> RunRow | None:
        """A run."""
        return await self._run(runs.c.id == run_id)

    async def run_of_request(self, user_id: str, request_id: str) -> RunRow | None:
        """The run that a request of this user started."""
        return await self._run(sa.and_(runs.c.user_id == user_id, runs.c.request_id == request_id))

    async def _run(self, condition: sa.ColumnElement[bool]) -> RunRow | None:
        found = await self._all(_RUN.where(condition))
        return _run_row(found[0]) if found else None

    async def orphans(self, worker: str, *, dead_before: float) -> list[RunRow]:
        """Runs that go on nowhere: of this worker's name, or of one that was not seen since."""
        gone = sa.or_(workers.c.seen_at.is_(None), workers.c.seen_at < dead_before)
        joined = _RUN.select_from(runs.outerjoin(workers, runs.c.worker == workers.c.id))
        return [
            _run_row(row)
            for row in await self._all(joined.where(runs.c.status == "running", sa.or_(runs.c.worker == worker, gone)))
        ]

    async def adopt(self, run: RunRow, worker: str) -> bool:
        """Whether this worker, and no other, took the run over."""
        taken = sa.update(runs).where(runs.c.id == run.id, runs.c.worker == run.worker, runs.c.status == "running")
        async with self._engine.begin() as connection:
            return (await connection.execute(taken.values(worker=worker))).rowcount == 1

    async def events(self, run_id: str, *, after: int = -1, limit: int = 10_000) -> list[tuple[int, str]]:
        """The events of a run behind `after`: number and frame."""
        query = sa.select(events.c.seq, events.c.frame).where(events.c.run_id == run_id, events.c.seq > after)
        return [(row.seq, row.frame) for row in await self._all(query.order_by(events.c.seq).limit(limit))]


def _run_row(row: sa.Row[Any]) -> RunRow:
    return RunRow(row.id, row.thread_id, row.user_id, row.worker, row.status)


_RUN = sa.select(runs.c.id, runs.c.thread_id, runs.c.user_id, runs.c.worker, runs.c.status)
