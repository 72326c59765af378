"""The bus of several processes, over Redis: a channel per user, and counts of connections that expire."""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from redis.exceptions import RedisError

from reference_chat.bus.local import Listener
from reference_chat.faults import Faults
from reference_chat.settings import Settings
from reference_chat.store.rows import Event

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub

_log = logging.getLogger("reference_chat.bus")
_CLAIM = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
"""
_BACKLOG = 10_000
"""Messages that may wait for Redis; of what is more, the others are told that they missed it, and read it."""
_PAUSE = 0.1


class _Message(msgspec.Struct, omit_defaults=True):
    """What one process tells the others of a user."""

    origin: str
    user_id: str = ""
    run_id: str = ""
    events: list[tuple[int, str, bool, str]] = []
    ended: str = ""
    question: dict[str, Any] = {}
    answers: str = ""
    gap: bool = False


class RedisBus:
    """See `Bus`."""

    def __init__(self, redis: "Redis", *, settings: Settings, faults: Faults) -> None:
        self._redis, self._faults = redis, faults
        # Redis hears messages in all of its databases (PUBLISH), and another service may have the next one
        self._name = f"chat:{redis.connection_pool.connection_kwargs.get('db', 0)}"
        self._questions = f"{self._name}:questions"
        self._origin = settings.worker
        self._life = 3 * settings.heartbeat
        self._renewal = settings.heartbeat
        self._mine: defaultdict[str, set[str]] = defaultdict(set)
        self._out: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_BACKLOG)
        self._dropped = False
        self._tasks: list[asyncio.Task[None]] = []
        self._pubsub: PubSub
        self._listener: Listener

    async def start(self, listener: Listener) -> None:
        """See `Bus`."""
        self._listener = listener
        self._pubsub = self._redis.pubsub()
        await self._pubsub.subscribe(self._questions)
        self._tasks = [asyncio.create_task(work()) for work in (self._listen, self._send, self._renew)]

    async def close(self) -> None:
        """See `Bus`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(RedisError, OSError):
            for user_id, connections in self._mine.items():
                await self._redis.zrem(_count(user_id), *connections)
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]

    async def answers(self) -> bool:
        """See `Bus`."""
        if any(task.done() for task in self._tasks):
            return False
        try:
            async with asyncio.timeout(1):
                return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    def publish(self, events: Sequence[Event]) -> None:
        """See `Bus`."""
        if self._faults.on("pubsub_drop"):
            return
        runs: defaultdict[tuple[str, str], list[tuple[int, str, bool, str]]] = defaultdict(list)
        for event in events:
            runs[event.user_id, event.run_id].append((event.seq, event.type, event.ends_run, event.frame.decode()))
        for (user_id, run_id), told in runs.items():
            self._tell(self._channel(user_id), _Message(self._origin, user_id, run_id, told))

    def end(self, user_id: str, session_id: str) -> None:
        """See `Bus`."""
        self._tell(self._channel(user_id), _Message(self._origin, user_id, ended=session_id))

    async def ask_others(self, question: Mapping[str, Any]) -> list[Any]:
        """See `Bus`."""
        answers = f"{self._questions}:{self._origin}:{time.monotonic_ns()}"
        message = _Message(self._origin, question=dict(question), answers=answers)
        others = await self._redis.publish(self._questions, msgspec.json.encode(message)) - 1
        heard: list[Any] = []
        while len(heard) < others:
            answer = await self._redis.blpop([answers], timeout=4)
            if answer is None:
                break
            heard.append(msgspec.json.decode(answer[1]))
        return heard

    async def claim(self, user_id: str, connection_id: str, limit: int) -> bool:
        """See `Bus`."""
        now = time.time()
        life = round(self._life * 1000)
        arguments = (now, now + self._life, connection_id, limit, life)
        if not await self._redis.eval(_CLAIM, 1, _count(user_id), *map(str, arguments)):
            return False
        self._mine[user_id].add(connection_id)
        try:
            # Each time: who came before may still wait for it, or have failed.
            await self._pubsub.subscribe(self._channel(user_id))
        except BaseException:  # cancellation too: a claim that nobody holds is given back, and it is raised again
            await self.release(user_id, connection_id)
            raise
        return True

    async def release(self, user_id: str, connection_id: str) -> None:
        """See `Bus`."""
        self._mine[user_id].discard(connection_id)
        gone = not self._mine[user_id]
        if gone:
            del self._mine[user_id]
        # Without Redis the count expires by itself.
        with contextlib.suppress(RedisError, OSError):
            await self._redis.zrem(_count(user_id), connection_id)
            if gone and user_id not in self._mine:
                await self._pubsub.unsubscribe(self._channel(user_id))

    def _channel(self, user_id: str) -> str:
        return f"{self._name}:user:{user_id}"

    def _tell(self, channel: str, message: _Message) -> None:
        try:
            self._out.put_nowait((channel, msgspec.json.encode(message)))
        except asyncio.QueueFull:
            self._dropped = True

    async def _send(self) -> None:
        while True:
            waiting = [await self._out.get()]
            while not self._out.empty() and len(waiting) < 256:
                waiting.append(self._out.get_nowait())
            if self._dropped:
                self._dropped = False
                waiting.append((self._questions, msgspec.json.encode(_Message(self._origin, gap=True))))
            # Again as a whole: to hear something twice changes nothing.
            while not await self._told(waiting):
                await asyncio.sleep(_PAUSE)

    async def _told(self, messages: Sequence[tuple[str, bytes]]) -> bool:
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for channel, data in messages:
                    pipeline.publish(channel, data)
                await pipeline.execute()
        except (RedisError, OSError) as error:
            _log.error("cannot tell the others of %d messages: %s", len(messages), type(error).__name__)
            return False
        return True

    async def _listen(self) -> None:
        lost = False
        while True:
            try:
                if lost:
                    await self._pubsub.connect()  # type: ignore[no-untyped-call]
                    self._listener.remote_gap()
                    lost = False
                message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=1.0)
                if message is not None:
                    await self._hear(msgspec.json.decode(message["data"], type=_Message))
            except msgspec.DecodeError as error:
                _log.error("a message of the bus is passed over: %s", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - whatever it was, the others are listened to
                if not lost:
                    _log.error("the bus is lost: %s", type(error).__name__)
                lost = True
                await asyncio.sleep(_PAUSE)
                await self._hang_up()

    async def _hang_up(self) -> None:
        """What could not be read would be read again."""
        with contextlib.suppress(RedisError, OSError):
            connection: Any = self._pubsub.connection  # declared as None
            if connection is not None:
                await connection.disconnect(nowait=True)

    async def _hear(self, message: _Message) -> None:
        if message.origin == self._origin:
            return
        if message.answers:
            answer = self._listener.remote_question(message.question)
            await self._redis.rpush(message.answers, msgspec.json.encode(answer))
            await self._redis.expire(message.answers, 60)
            return
        if message.gap:
            self._listener.remote_gap()
            return
        if message.ended:
            self._listener.remote_end(message.user_id, message.ended)
        self._listener.remote_events(
            [
                Event(message.user_id, message.run_id, seq, type, frame.encode(), ends)
                for seq, type, ends, frame in message.events
            ]
        )

    async def _renew(self) -> None:
        """Says every beat that the connections of this process still live."""
        while True:
            await asyncio.sleep(self._renewal)
            until, life = time.time() + self._life, round(self._life * 1000)
            with contextlib.suppress(RedisError, OSError):
                async with self._redis.pipeline(transaction=False) as pipeline:
                    for user_id, connections in self._mine.items():
                        pipeline.zadd(_count(user_id), dict.fromkeys(connections, until))
                        pipeline.pexpire(_count(user_id), life)
                    await pipeline.execute()


def _channel(user_id: str) -> str:
    return f"chat:user:{user_id}"


def _count(user_id: str) -> str:
    return f"chat:connections:{user_id}"
