"""The runs of this process: started, watched, ended; and those that another process left behind."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from reference_chat.agents.context import RunOverError, UserExecutionContext, new_context
from reference_chat.agents.loop import AgentLoop
from reference_chat.errors import ChatError, not_ready
from reference_chat.ids import new_id
from reference_chat.realtime.connection import Connection
from reference_chat.realtime.emitter import Emission, Emitter
from reference_chat.realtime.registry import ConnectionRegistry
from reference_chat.settings import Settings
from reference_chat.store.rows import Row, adoption, new_message, new_run, new_thread
from reference_chat.store.store import Message, RunRow, Store

_log = logging.getLogger("reference_chat.runs")


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A run whose terminal event is not stored yet."""

    context: UserExecutionContext
    emission: Emission
    request_id: str | None
    task: asyncio.Task[None] | None


class Runs:
    """Starts runs, and sees that every one of them ends: with a terminal event, or with its connection."""

    def __init__(self, *, settings: Settings, store: Store, emitter: Emitter, registry: ConnectionRegistry) -> None:
        self._settings, self._store, self._emitter = settings, store, emitter
        self._registry = registry
        self.loop: AgentLoop
        self.active: dict[str, ActiveRun] = {}
        self.draining = False
        self.started = 0

    def of(self, user_id: str) -> list[ActiveRun]:
        """The runs of one user."""
        return [run for run in self.active.values() if run.context.user_id == user_id]

    def can_store(self) -> bool:
        """Whether the last attempt to store something succeeded."""
        return self._emitter.writer.healthy

    def start(
        self,
        connection: Connection,
        text: str,
        *,
        thread_id: str | None,
        history: Sequence[Message],
        request_id: str | None,
    ) -> UserExecutionContext:
        """Starts a run, which `connection` follows; its rows are written with its first events."""
        if self.draining:
            raise not_ready("the service is about to stop; connect again")
        thread = thread_id or new_id("thr")
        context = new_context(
            user_id=connection.user_id,
            thread_id=thread,
            connection_id=connection.id,
            timeout=self._settings.run_timeout,
        )
        emission = self._emitter.open(context)
        rows: list[Row] = [] if thread_id else [new_thread(thread, context.user_id, text[:80], context.run_id)]
        rows.append(new_run(context.run_id, thread, context.user_id, request_id, self._settings.worker))
        rows.append(new_message(thread, context.run_id, "user", text))
        self._emitter.writer.put(*rows)
        connection.follow(context.run_id)
        task = asyncio.create_task(self._run(context, emission, text, history), name=context.run_id)
        self.active[context.run_id] = ActiveRun(context, emission, request_id, task)
        self.started += 1
        return context

    async def _run(
        self, context: UserExecutionContext, emission: Emission, text: str, history: Sequence[Message]
    ) -> None:
        code, message = "internal", "the run failed; try again"
        try:
            async with asyncio.timeout(context.deadline - time.monotonic()):
                await self.loop.run(emission.context, text, history, emission)
            code, message = "incomplete", "the run ended without an answer"
        except TimeoutError:
            code, message = "timeout", "the run took too long"
        except asyncio.CancelledError:
            code, message = "interrupted", "the service stopped in the middle of the run; ask again"
        except RunOverError:
            return
        except Exception:  # noqa: BLE001 - whatever it was, the run ends and its user is told
            _log.exception("run %s failed", context.run_id)
        _end(emission, code, message)

    def ended(self, run_id: str) -> None:
        """The terminal event of a run is stored."""
        self.active.pop(run_id, None)

    def failed(self, run_ids: set[str], *, refused: bool) -> None:
        """Events of these runs could not be stored: who follows them is told by a close, and may resume later.

        Where the database refused the rows, another process may have started the run of the request: it is followed.
        """
        for run_id in run_ids:
            self._emitter.failed(run_id)
            run = self.active.pop(run_id, None)
            if run is not None and run.task is not None:
                run.task.cancel()
            if run is not None and run.request_id is not None and refused:
                for connection in self._registry.of(run.context.user_id):
                    if connection.following.pop(run_id, None) is not None:
                        connection.work(self._follow_first(connection, run_id, run.request_id))
        for connection in self._registry:
            if run_ids & connection.following.keys():
                connection.close(1011, "events cannot be stored; resume later")

    async def _follow_first(self, connection: Connection, run_id: str, request_id: str) -> None:
        """Follows the run that another process started for a request."""
        try:
            first = await self._store.run_of_request(connection.user_id, request_id)
        except Exception as error:  # noqa: BLE001 - whatever a database raises
            _log.error("cannot read a run: %s", type(error).__name__)
            first = None
        if first is None or first.id == run_id:
            connection.close(1011, "events cannot be stored; resume later")
        else:
            connection.follow(first.id, read=True)

    async def adopt_orphans(self, *, dead_before: float) -> None:
        """Ends runs that nobody answers for any more, with the error that they need."""
        for row in await self._store.orphans(self._settings.worker, dead_before=dead_before):
            if row.id not in self.active and await self._store.adopt(row, self._settings.worker):
                await self._end_orphan(row)

    async def _end_orphan(self, row: RunRow) -> None:
        context = UserExecutionContext(row.user_id, row.thread_id, row.id, "", time.monotonic())
        emission = self._emitter.open(context)
        self.active[row.id] = ActiveRun(context, emission, None, None)
        while events := await self._store.events(row.id, after=emission.next_seq - 1):
            emission.restore(events)
        self._emitter.writer.put(adoption(row.id, self._settings.worker))
        if emission.next_seq == 0:
            emission.put("agent_started", {})
        _end(emission, "interrupted", "the service stopped in the middle of the run; ask again")

    async def drain(self, grace: float) -> None:
        """Starts nothing more, lets runs go on for `grace` seconds, and ends those that are left."""
        self.draining = True
        tasks = [run.task for run in self.active.values() if run.task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _end(emission: Emission, code: str, message: str) -> None:
    if not emission.closed:
        emission.put("agent_error", {"error": {"code": code, "message": message}})


def refuse_too_many(runs: Sequence[ActiveRun], limit: int) -> None:
    """Raises `ChatError` where a user has as many runs as he may have."""
    if len(runs) >= limit:
        raise ChatError("too_many_runs", f"at most {limit} runs of one user at the same time; wait for one to end")
