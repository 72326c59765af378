"""The writer: groups, order, what belongs together, and nothing behind a gap; on SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from reference_chat.store.rows import (
    Event,
    Row,
    Statement,
    adoption,
    beat,
    new_message,
    new_run,
    new_thread,
    run_status,
)
from reference_chat.store.schema import create_tables, events, open_engine, users
from reference_chat.store.sinks import Sink, open_sink
from reference_chat.store.store import Store
from reference_chat.store.writer import Writer

both = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)


def event(run_id: str, seq: int) -> Event:
    return Event("usr_1", run_id, seq, "agent_thinking", b'{"seq":%d,"text":"\\u0000 \\\\ \\t \xc3\xa4"}' % seq, False)


def run_rows(run_id: str, thread_id: str = "thr_1") -> list[Row]:
    return [new_thread(thread_id, "usr_1", "hello", run_id), new_run(run_id, thread_id, "usr_1", None, "w0")]


class Flaky:
    """A real sink that fails so many times, before or after the commit."""

    def __init__(self, sink: Sink) -> None:
        self.sink, self.before, self.after = sink, 0, 0
        self.groups: list[int] = []

    def commit(self, rows: Sequence[Row], *, again: bool) -> None:
        if self.before:
            self.before -= 1
            raise OSError("the disk is full")
        self.sink.commit(rows, again=again)
        self.groups.append(len(rows))
        if self.after:
            self.after -= 1
            raise OSError("the connection was lost while it committed")

    def close(self) -> None:
        self.sink.close()


class Desk:
    """A writer with what it stored and what it lost."""

    def __init__(self, url: str) -> None:
        self.sink = Flaky(open_sink(url))
        self.stored: list[Row] = []
        self.lost: list[Row] = []
        self.writer = Writer(self.sink, stored=self.stored.extend, failed=lambda rows, error: self.lost.extend(rows))

    async def settled(self) -> None:
        while self.writer.depth:
            await asyncio.sleep(0.005)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[Desk, Store]]:
    engine = open_engine(url)
    await create_tables(engine)
    async with engine.begin() as connection:
        await connection.execute(sa.insert(users).values(id="usr_1", email="a@b", password_hash="", created_at=""))
    desk = Desk(url)
    yield desk, Store(engine)
    await desk.writer.close()
    await engine.dispose()


@both
def test_what_is_stored_is_told_in_order_and_read_back_as_it_was(database: str) -> None:
    async def work() -> None:
        async with opened(database) as (desk, store):
            rows = [*run_rows("run_1"), *(event("run_1", seq) for seq in range(300))]
            for row in rows:
                desk.writer.put(row)
            await desk.settled()
            assert desk.stored == rows
            frames = await store.events("run_1", after=100)
            assert frames == [(seq, event("run_1", seq).frame.decode()) for seq in range(101, 300)]
            assert 1 <= len(desk.sink.groups) <= 6

    asyncio.run(work())


@both
def test_a_few_rows_wait_two_milliseconds_and_no_longer(database: str) -> None:
    async def work() -> None:
        async with opened(database) as (desk, _):
            await desk.writer.write(beat("w0", 1.0))
            desk.sink.groups.clear()
            for seq in range(20):
                desk.writer.put(event("run_1", seq))
            await desk.settled()
            assert desk.sink.groups == [20]

    asyncio.run(work())


@both
def test_the_answer_and_the_terminal_event_are_there_together_or_not_at_all(database: str) -> None:
    async def work() -> None:
        async with opened(database) as (desk, store):
            await desk.writer.write(*run_rows("run_1"))
            desk.sink.before = 3
            answer = new_message("thr_1", "run_1", "assistant", "42")
            desk.writer.put(event("run_1", 0), answer, run_status("run_1", "completed"))
            await desk.settled()
            run = await store.run("run_1")
            assert (await store.events("run_1"), await store.messages("thr_1"), run and run.status) == (
                [],
                [],
                "running",
            )
            assert len(desk.lost) == 3

    asyncio.run(work())


@both
def test_a_commit_whose_end_nobody_saw_is_not_there_twice(database: str) -> None:
    async def work() -> None:
        async with opened(database) as (desk, store):
            desk.sink.after = 1
            desk.writer.put(*run_rows("run_1"), event("run_1", 0), new_message("thr_1", "run_1", "user", "hi"))
            await desk.settled()
            assert not desk.lost
            assert len(await store.events("run_1")) == len(await store.messages("thr_1")) == 1

    asyncio.run(work())


@both
def test_nothing_of_a_run_is_stored_behind_a_gap_until_somebody_answers_for_it(database: str) -> None:
    async def work() -> None:
        async with opened(database) as (desk, store):
            desk.writer.put(*run_rows("run_1"), event("run_1", 0), *run_rows("run_2", "thr_2"))
            await desk.settled()
            desk.sink.before = 3
            desk.writer.put(event("run_1", 1))
            while not desk.lost:
                await asyncio.sleep(0.005)
            desk.writer.put(event("run_1", 2), event("run_2", 0))
            await desk.writer.write(beat("w0", 1.0))
            assert [seq for seq, _ in await store.events("run_1")] == [0]
            assert [seq for seq, _ in await store.events("run_2")] == [0]
            assert desk.writer.healthy
            desk.writer.put(adoption("run_1", "w0"), event("run_1", 1))
            await desk.settled()
            assert [seq for seq, _ in await store.events("run_1")] == [0, 1]

    asyncio.run(work())


@both
def test_one_run_that_cannot_be_stored_takes_no_other_with_it(database: str) -> None:
    async def work() -> None:
        async with opened(database) as (desk, store):
            await desk.writer.write(*run_rows("run_1"), event("run_1", 0), *run_rows("run_2", "thr_2"))
            desk.writer.put(event("run_1", 0), event("run_2", 0), Statement("message", ("m", "no", "r", "", "", "")))
            await desk.settled()
            assert {row.run_id for row in desk.lost} == {"run_1", ""}
            assert len(await store.events("run_2")) == 1
            assert desk.writer.healthy

    asyncio.run(work())


def test_the_sink_of_sqlite_waits_for_the_disk(database: str) -> None:
    import sqlite3

    async def work() -> None:
        async with opened(database) as (desk, _):
            await desk.writer.write(beat("w0", 1.0))
            connection = desk.sink.sink._connection  # type: ignore[attr-defined]
            assert isinstance(connection, sqlite3.Connection)
            assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
            assert connection.execute("pragma synchronous").fetchone() == (2,)

    asyncio.run(work())


def test_events_has_no_more_columns_than_the_sinks_write() -> None:
    assert [column.name for column in events.columns] == ["run_id", "seq", "frame"]
