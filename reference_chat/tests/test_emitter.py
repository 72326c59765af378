"""Runs, the one emitter, the registry, and what faults do to what is sent; with a real writer, without a network."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from reference_chat.agents.context import RunOverError, UserExecutionContext, new_context
from reference_chat.bus.local import LocalBus
from reference_chat.faults import TABLE, Faults
from reference_chat.ids import new_id, timestamp
from reference_chat.realtime.connection import Connection
from reference_chat.realtime.distortion import Distortion
from reference_chat.realtime.emitter import Emission, Emitter
from reference_chat.realtime.frames import frame_head
from reference_chat.realtime.registry import ConnectionRegistry
from reference_chat.store.rows import Event, Row, restored
from reference_chat.store.schema import create_tables, open_engine, threads, users
from reference_chat.store.sinks import open_sink
from reference_chat.store.store import Store
from reference_chat.store.writer import Writer


class Room:
    """The parts between a run and its connections, over a real database."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'chat.db'}"
        self.faults = Faults()
        self.registry = ConnectionRegistry()
        self.distortion = Distortion(self.faults, self.registry)
        self.ended: list[str] = []
        self.rows: list[Row] = []
        self.emitter = Emitter(
            registry=self.registry,
            bus=LocalBus(),
            faults=self.faults,
            distortion=self.distortion,
            ended=self.ended.append,
        )

    async def open(self) -> None:
        self.engine = engine = open_engine(self.url)
        await create_tables(engine)
        async with engine.begin() as connection:
            await connection.execute(sa.insert(users).values(id="usr_1", email="a@b", password_hash="", created_at=""))
            await connection.execute(sa.insert(threads).values(id="thr_1", user_id="usr_1", title="", created_at=""))
        self.store = Store(engine)
        self.emitter.writer = Writer(open_sink(self.url), stored=self._stored, failed=lambda rows, error: None)

    def _stored(self, rows: Sequence[Row]) -> None:
        self.rows += rows
        self.emitter.stored(rows)

    def connect(self, user_id: str = "usr_1", *, limit: int = 1024) -> tuple[Connection, list[bytes]]:
        """A connection whose socket is a list."""
        sent: list[bytes] = []

        async def write(frames: Sequence[bytes]) -> None:
            sent.extend(frames)

        async def send(message: object) -> None:
            sent.append(b"closed")

        async def catch_up(connection: Connection, run_id: str) -> None:
            for seq, frame in await self.store.events(run_id, after=connection.following[run_id].next - 1):
                connection.advance(connection.following[run_id], restored(user_id, run_id, seq, frame))
            following = connection.following.get(run_id)
            if following is not None:
                held, following.held = following.held or [], None
                for event in held:
                    connection.deliver(event)

        connection = Connection(
            id=new_id("con"),
            user_id=user_id,
            session_id="ses_1",
            worker="w0",
            expires_at=2e9,
            limit=limit,
            send=send,
            write=write,
            abort=lambda: sent.append(b"aborted"),
            catch_up=catch_up,
            faults=self.faults,
            distorted=self.distortion.send,
        )
        self.registry.add(connection)
        connection.tasks.add(asyncio.create_task(connection.pump()))
        return connection, sent

    def run(self, connection: Connection) -> Emission:
        context = new_context(user_id=connection.user_id, thread_id="thr_1", connection_id=connection.id, timeout=60)
        connection.follow(context.run_id)
        return self.emitter.open(context)

    async def settled(self) -> None:
        for _ in range(3):
            while self.emitter.writer.depth:
                await asyncio.sleep(0.002)
            await asyncio.sleep(0.005)


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Room], Coroutine[Any, Any, None]]], None]:
    def played(work: Callable[[Room], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            room = Room(tmp_path)
            await room.open()
            try:
                await work(room)
            finally:
                for connection in room.registry:
                    for task in connection.tasks:
                        task.cancel()
                await room.emitter.writer.close()
                await room.engine.dispose()

        asyncio.run(whole())

    return played


async def golden(emission: Emission, thoughts: int = 1) -> None:
    await emission("agent_started", {})
    for number in range(thoughts):
        await emission("agent_thinking", {"thought": f"{number}"})
    await emission("tool_executing", {"tool_name": "search", "tool_call_id": "c1"})
    await emission("tool_completed", {"tool_name": "search", "tool_call_id": "c1", "results": ["r"]})
    await emission("agent_completed", {"final_response": "42"})


def types(frames: Sequence[bytes]) -> list[str]:
    return [json.loads(frame)["type"] for frame in frames]


GOLDEN = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]


def test_events_are_numbered_stored_and_sent_in_order(play: Any) -> None:
    async def work(room: Room) -> None:
        connection, sent = room.connect()
        emission = room.run(connection)
        await golden(emission, thoughts=500)
        await room.settled()
        frames = [json.loads(frame) for frame in sent]
        assert [frame["seq"] for frame in frames] == list(range(504))
        assert len({frame["event_id"] for frame in frames}) == 504
        assert room.ended == [emission.context.run_id]
        assert not connection.following

    play(work)


def test_nothing_is_sent_before_it_is_stored(play: Any) -> None:
    async def work(room: Room) -> None:
        connection, _ = room.connect()
        stored_when_sent: list[bool] = []

        async def write(frames: Sequence[bytes]) -> None:
            with closing(sqlite3.connect(room.url.removeprefix("sqlite:///"))) as database:
                stored = {frame.encode() for (frame,) in database.execute("select frame from events")}
            stored_when_sent.extend(frame in stored for frame in frames)

        connection.write = write
        await golden(room.run(connection), thoughts=200)
        await room.settled()
        assert stored_when_sent == [True] * 204

    play(work)


def test_a_run_ends_where_an_event_that_was_stored_late_stands_behind_its_end(play: Any) -> None:
    async def work(room: Room) -> None:
        connection, _ = room.connect()
        emission = room.run(connection)
        run_id = emission.context.run_id
        end, late = (Event("usr_1", run_id, seq, "agent_thinking", b"{}", seq == 2) for seq in (2, 1))
        room.emitter.stored([end, late])
        assert room.ended == [run_id]

    play(work)


def test_a_run_says_nothing_after_its_end(play: Any) -> None:
    async def work(room: Room) -> None:
        connection, sent = room.connect()
        emission = room.run(connection)
        await golden(emission)
        for type, payload in [("agent_thinking", {"thought": "more"}), ("agent_error", {"error": "too late"})]:
            with pytest.raises(RunOverError):
                await emission(type, payload)
        await room.settled()
        assert types(sent) == GOLDEN

    play(work)


def test_what_a_failed_run_leaves_open_is_closed(play: Any) -> None:
    async def work(room: Room) -> None:
        connection, sent = room.connect()
        emission = room.run(connection)
        await emission("agent_started", {})
        await emission("agent_started", {}, agent_name="data", step_id="s1")
        await emission("tool_executing", {"tool_name": "search", "tool_call_id": "c1"}, step_id="s1")
        await emission("agent_error", {"error": {"code": "x", "message": "it failed"}})
        await room.settled()
        frames = [json.loads(frame) for frame in sent]
        assert [(frame["type"], frame.get("step_id")) for frame in frames[3:]] == [
            ("tool_completed", "s1"),
            ("agent_error", "s1"),
            ("agent_error", None),
        ]

    play(work)


def test_a_run_waits_for_the_writer(play: Any) -> None:
    async def work(room: Room) -> None:
        connection, _ = room.connect()
        emission = room.run(connection)
        for number in range(500):
            await emission("agent_thinking", {"thought": f"{number}"})
            assert room.emitter.writer.depth <= 64

    play(work)


def test_only_who_follows_a_run_gets_its_events(play: Any) -> None:
    async def work(room: Room) -> None:
        mine, sent = room.connect()
        _, idle = room.connect()
        _, other = room.connect("usr_2")
        late, resumed = room.connect()
        emission = room.run(mine)
        await emission("agent_started", {})
        await emission("agent_thinking", {"thought": "a"})
        await room.settled()
        late.follow(emission.context.run_id, after=0, read=True)
        await emission("agent_completed", {"final_response": "42"})
        await room.settled()
        assert types(sent) == ["agent_started", "agent_thinking", "agent_completed"]
        assert resumed == sent[1:]
        assert idle == other == []

    play(work)


@settings(max_examples=30)
@given(st.data())
def test_whatever_comes_twice_late_or_not_at_all_a_connection_sends_each_event_once_in_order(
    data: st.DataObject,
) -> None:
    """Live events may be lost or doubled on the bus between processes; the database fills the gaps."""

    async def work() -> None:
        total = data.draw(st.integers(1, 12))
        events = [Event("usr_1", "run_1", seq, "agent_thinking", b"%d" % seq, seq == total - 1) for seq in range(total)]
        heard = [*data.draw(st.lists(st.sampled_from(events), max_size=30)), events[-1]]
        after = data.draw(st.integers(-1, total - 1))
        sent: list[int] = []

        async def write(frames: Sequence[bytes]) -> None:
            sent.extend(map(int, frames))

        async def catch_up(connection: Connection, run_id: str) -> None:
            await asyncio.sleep(0)
            following = connection.following.get(run_id)
            while following is not None and following.held is not None:
                for event in events:
                    if event.seq == following.next:
                        connection.advance(following, event)
                held, following.held = following.held, None
                for event in held:
                    connection.deliver(event)

        connection = Connection(
            id="con_1", user_id="usr_1", session_id="s", worker="w", expires_at=0, limit=99, send=write, write=write,  # type: ignore[arg-type]
            abort=lambda: None, catch_up=catch_up, faults=Faults(), distorted=lambda connection, event: None,
        )  # fmt: skip
        pump = asyncio.create_task(connection.pump())
        connection.follow("run_1", after=after, read=data.draw(st.booleans()))
        for event in heard:
            connection.deliver(event)
            if data.draw(st.booleans()):
                await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        pump.cancel()
        assert sent == list(range(after + 1, total))

    asyncio.run(work())


def test_who_does_not_read_is_dropped_and_nobody_else(play: Any) -> None:
    async def work(room: Room) -> None:
        slow, seen = room.connect(limit=8)
        quick, sent = room.connect("usr_2")
        slow.write = lambda frames: asyncio.sleep(60)  # type: ignore[assignment,return-value]
        emissions = room.run(slow), room.run(quick)
        for number in range(200):
            for emission in emissions:
                emission.put("agent_thinking", {"thought": f"{number}"})
        await room.settled()
        assert seen == [b"aborted"]
        assert slow.waiting == 0
        assert len(sent) == 200

    play(work)


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ({"drop": {}}, [0, 1, 2, 4]),
        ({"drop": {"type": "*"}}, []),
        ({"swap": {}}, [0, 2, 1, 3, 4]),
        ({"dup": {}}, [0, 1, 1, 2, 3, 4]),
        ({"late": {}}, [0, 2, 3, 4, 1]),
        ({"late": {"type": "agent_completed"}}, [0, 1, 2, 3, 4, 4]),
        ({"stall": {}}, [0, 1, 2, 3]),
        ({"stall": {"type": "tool_completed"}}, [0, 1, 2]),
        ({"delay": {"type": "tool_executing", "seconds": 0.02}}, [0, 1, 2, 3, 4]),
        ({"misroute": {"type": "agent_thinking", "instead": True}}, [0, 2, 3, 4]),
    ],
)
def test_faults_change_what_is_sent_and_not_what_is_stored(play: Any, faults: Any, expected: list[int]) -> None:
    async def work(room: Room) -> None:
        connection, sent = room.connect()
        _, stranger = room.connect("usr_2")
        room.faults.switch(faults)
        emission = room.run(connection)
        await golden(emission)
        await room.settled()
        await asyncio.sleep(0.05)
        assert [json.loads(frame)["seq"] for frame in sent] == expected
        assert [seq for seq, _ in await room.store.events(emission.context.run_id)] == [0, 1, 2, 3, 4]
        assert bool(stranger) == ("misroute" in faults)

    play(work)


@pytest.mark.parametrize(
    ("arguments", "check"),
    [
        ({}, lambda frame: json.loads(frame)["payload"]["tool_call_id"] == "wrong"),
        ({"field": "timestamp", "remove": True}, lambda frame: "timestamp" not in json.loads(frame)),
        ({"field": "payload.deep.new", "value": 7}, lambda frame: json.loads(frame)["payload"]["deep"]["new"] == 7),
        ({"raw": "no json"}, lambda frame: frame == b"no json"),
        ({"size": 100_000}, lambda frame: len(frame) > 100_000),
    ],
)
def test_an_event_is_changed_as_told(play: Any, arguments: Any, check: Callable[[bytes], bool]) -> None:
    async def work(room: Room) -> None:
        connection, sent = room.connect()
        room.faults.switch({"mutate": arguments})
        await golden(room.run(connection))
        await room.settled()
        assert check(sent[3])
        assert types([sent[0], sent[4]]) == ["agent_started", "agent_completed"]

    play(work)


def test_an_event_that_is_dropped_before_it_is_numbered_leaves_no_gap(play: Any) -> None:
    async def work(room: Room) -> None:
        connection, sent = room.connect()
        room.faults.switch({"drop": {"numbered": False}})
        await golden(room.run(connection))
        await room.settled()
        assert [json.loads(frame)["seq"] for frame in sent] == [0, 1, 2, 3]
        assert "tool_completed" not in types(sent)

    play(work)


def test_a_run_id_comes_again_and_a_dead_connection_haunts_the_next(play: Any) -> None:
    async def work(room: Room) -> None:
        connection, sent = room.connect()
        room.faults.switch({"reuse": {}, "zombie_emitter": {}})
        await golden(room.run(connection))
        await golden(room.run(connection))
        await room.settled()
        assert len({json.loads(frame)["run_id"] for frame in sent}) == 1
        emission = room.run(connection)
        room.registry.remove(connection)
        room.distortion.closed(connection)
        heir, inherited = room.connect("usr_2")
        room.distortion.opened(heir)
        await golden(emission)
        await room.settled()
        assert types(inherited) == GOLDEN

    play(work)


def test_the_registry_counts_what_it_holds(play: Any) -> None:
    async def work(room: Room) -> None:
        first, _ = room.connect()
        second, _ = room.connect()
        room.connect("usr_2")
        assert room.registry.users() == {"usr_1": 2, "usr_2": 1}
        room.registry.remove(first)
        room.registry.remove(first)
        assert list(room.registry.of("usr_1")) == [second]
        assert len(room.registry) == len(list(room.registry)) == 2
        room.registry.remove(second)
        assert room.registry.users() == {"usr_2": 1}

    play(work)


def test_a_context_cannot_change() -> None:
    context = UserExecutionContext("u", "t", "r", "c", 0.0)
    with pytest.raises(AttributeError):
        context.user_id = "other"  # type: ignore[misc]


def test_ids_sort_as_they_were_made_and_moments_are_of_rfc_3339() -> None:
    from datetime import datetime

    made = [new_id("x") for _ in range(5000)]
    assert made == sorted(set(made))
    assert abs(datetime.fromisoformat(timestamp()).timestamp() - datetime.now().timestamp()) < 5


@given(st.integers(0, 70_000))
def test_frames_are_read_by_another_implementation_as_they_were_meant(size: int) -> None:
    data = b"x" * size
    assert frame_head(data) + data == Frame(Opcode.TEXT, data).serialize(mask=False)


def test_every_fault_says_which_row_it_proves() -> None:
    faults = Faults()
    faults.switch({name: {} for name in TABLE})
    assert all(faults.on(name) for name in TABLE)
    assert all(fault.row[0].isdigit() and fault.what for fault in TABLE.values())
    faults.switch(dict.fromkeys(TABLE))
    assert not faults
