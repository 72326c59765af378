"""The one writer: rows are committed in groups by one thread, and handed on when they are on disk.

Nobody awaits a future per event: `put` collects, after 2 ms or 64 rows the thread gets what was collected, and what
came while it committed is its next group. `stored` and `failed` are called in the event loop, in order.
"""

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence

from reference_chat.store.rows import Row, Statement
from reference_chat.store.sinks import Sink

_WINDOW, _GROUP, _MOST = 0.002, 64, 1024
_PAUSES = (0.0, 0.1, 0.4)
"""Before the first attempt at a group, and before those that follow a failure."""

_log = logging.getLogger("reference_chat.store")


class GapError(Exception):
    """What the run wrote before is not stored."""


class Writer:
    """Commits what `put` is given, in this order."""

    def __init__(
        self,
        sink: Sink,
        *,
        stored: Callable[[Sequence[Row]], None],
        failed: Callable[[Sequence[Row], Exception], None],
    ) -> None:
        self._sink, self._stored, self._failed = sink, stored, failed
        self._loop = asyncio.get_running_loop()
        self._pending: list[Row] = []
        self._timer: asyncio.TimerHandle | None = None
        self._groups: queue.SimpleQueue[list[Row] | None] = queue.SimpleQueue()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._lost: set[str] = set()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()
        self.healthy = True
        self.commits = self.rows = self.depth = 0

    def put(self, *rows: Row) -> None:
        """Takes rows that belong to one commit."""
        self._pending += rows
        self.depth += len(rows)
        if len(self._pending) >= _GROUP:
            self._hand_over()
        elif self._timer is None:
            self._timer = self._loop.call_later(_WINDOW, self._hand_over)

    async def write(self, *rows: Row) -> None:
        """Returns when these rows are on disk; for what is seldom. Raises what the database raises."""
        future = self._waiting[id(rows[-1])] = self._loop.create_future()
        self.put(*rows)
        await future

    async def close(self) -> None:
        """Commits what is left, and ends the thread."""
        self._hand_over()
        self._groups.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending:
            self._groups.put(self._pending)
            self._pending = []

    def _work(self) -> None:
        ended = False
        while not ended:
            group = self._groups.get()
            if group is None:
                break
            while len(group) < _MOST and not self._groups.empty():
                more = self._groups.get()
                if more is None:
                    ended = True
                    break
                group += more
            kept = [row for row in group if self._follows(row)]
            if len(kept) < len(group):
                self._tell([row for row in group if row.run_id in self._lost], GapError())
            if kept:
                self._commit(kept)
        self._sink.close()

    def _follows(self, row: Row) -> bool:
        """Whether everything that the run wrote before is stored: nothing is stored after a gap."""
        if isinstance(row, Statement) and row.kind == "adopt":
            self._lost.discard(row.run_id)
        return row.run_id not in self._lost

    def _commit(self, group: list[Row]) -> None:
        error = self._attempt(group)
        runs = dict.fromkeys(row.run_id for row in group)
        if error is not None and is_of_rows(error) and len(runs) > 1:
            for run_id in runs:
                self._commit([row for row in group if row.run_id == run_id])
            return
        if error is not None:
            self._lost.update(run_id for run_id in runs if run_id)
        self._tell(group, error)

    def _attempt(self, group: list[Row]) -> Exception | None:
        error: Exception | None = None
        for attempt, pause in enumerate(_PAUSES if self.healthy else _PAUSES[:1]):
            time.sleep(pause)
            try:
                self._sink.commit(group, again=attempt > 0)
            except Exception as raised:  # noqa: BLE001 - whatever a driver raises: nothing of the group is stored
                error = raised
                if is_of_rows(error):
                    break
            else:
                return None
        return error

    def _tell(self, group: list[Row], error: Exception | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(self._committed, group, error)

    def _committed(self, group: list[Row], error: Exception | None) -> None:
        if not isinstance(error, GapError):
            self.healthy = error is None or is_of_rows(error)
        self.depth -= len(group)
        for row in group if self._waiting else ():
            future = self._waiting.pop(id(row), None)
            if future is not None and not future.done():
                future.set_exception(error) if error else future.set_result(None)
        if error is not None:
            _log.error("cannot store %d rows: %s", len(group), type(error).__name__)
            self._failed(group, error)
            return
        self.commits += 1
        self.rows += len(group)
        self._stored(group)


def is_of_rows(error: Exception) -> bool:
    """Whether the rows cannot be, and not the database."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"IntegrityError", "DataError"})
