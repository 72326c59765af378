"""A line to a service that can be cut, or go silent."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import TypeVar
from urllib.parse import urlsplit

_T = TypeVar("_T")


def over_a_line(url: str, stack: ExitStack) -> tuple["Line", str]:
    """A line to a service, and the service's URL over it."""
    line = Line(url)
    stack.callback(line.close)
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    return line, parts._replace(netloc=credentials + at + line.url.removeprefix("http://")).geturl()


class Line:
    """A TCP line to a service, in a thread of its own: `cut` ends what is open and lets nothing through, `freeze` is silent."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname, parts.port)
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._down = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Resets every connection, and every one that comes."""
        self._do(self._set(down=True, flows=True))

    def freeze(self) -> None:
        """Lets no byte through, and closes nothing: a half-open line."""
        self._do(self._set(down=False, flows=False))

    def mend(self) -> None:
        """Lets connections through again; those that were open while it was frozen stay as they are."""
        self._do(self._set(down=False, flows=True))

    def close(self) -> None:
        """Ends the line and its thread."""
        self.cut()
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _do(self, coroutine: Coroutine[None, None, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=20)

    async def _set(self, *, down: bool, flows: bool) -> None:
        self._down = down
        if flows:
            self._flows.set()
        else:
            self._flows.clear()
        if down:
            for writer in list(self._open):
                writer.transport.abort()

    async def _stop(self) -> None:
        self._server.close()
        ending = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in ending:
            task.cancel()
        await asyncio.wait_for(asyncio.gather(*ending, return_exceptions=True), 10)
        await asyncio.sleep(0.01)  # what was aborted is closed one round of the loop later

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            if self._down:
                return
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            ends.append(far_writer)
            if self._down:  # cut in the meantime
                return
            self._open.update(ends)
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass  # a service that is not there ends the connection, as does the end of the line
        finally:
            self._open.difference_update(ends)
            for end in ends:
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
