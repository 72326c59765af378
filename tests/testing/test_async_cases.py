"""Async base cases: loops, tasks and threads that a test leaves behind, and what is never awaited."""

import asyncio
import contextvars
import gc
import os
import subprocess
import sys
import threading
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest

from canonry.testing import SSotAsyncTestCase, SSotBaseTestCase, loops
from tests.testing.running import run_class
from tests.workbench import environment

VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def test_all_parts_share_a_loop_and_a_context() -> None:
    seen: list[object] = []

    class Case(SSotAsyncTestCase):
        def note(self) -> None:
            try:
                loop: object = asyncio.get_running_loop()
            except RuntimeError:
                loop = asyncio.get_event_loop_policy().get_event_loop()
            seen.append((loop, VARIABLE.get()))

        def setUp(self) -> None:
            self.note()
            VARIABLE.set("setUp")

        async def asyncSetUp(self) -> None:
            self.note()
            VARIABLE.set("asyncSetUp")

        async def test_1(self) -> None:
            self.note()
            VARIABLE.set("test")
            self.addCleanup(self.note)
            self.addAsyncCleanup(self.end)

        async def asyncTearDown(self) -> None:
            self.note()
            VARIABLE.set("asyncTearDown")

        def tearDown(self) -> None:
            self.note()
            VARIABLE.set("tearDown")

        async def end(self) -> None:
            self.note()
            VARIABLE.set("cleanup")

    assert run_class(Case).outcomes == {"test_1": "passed"}
    assert [value for _, value in seen] == [  # type: ignore[misc]
        "unset",
        "setUp",
        "asyncSetUp",
        "test",
        "asyncTearDown",
        "tearDown",
        "cleanup",
    ]
    assert len({id(loop) for loop, _ in seen}) == 1  # type: ignore[misc]
    assert VARIABLE.get() == "unset"


def test_each_test_has_a_loop_of_its_own() -> None:
    seen: list[asyncio.AbstractEventLoop] = []

    class Case(SSotAsyncTestCase):
        async def test_1(self) -> None:
            seen.append(asyncio.get_running_loop())

        async def test_2(self) -> None:
            seen.append(asyncio.get_running_loop())

    run_class(Case)

    assert seen[0] is not seen[1]
    assert all(loop.is_closed() for loop in seen)


def test_a_task_left_running_is_named_and_cancelled() -> None:
    ended: list[str] = []

    class Case(SSotAsyncTestCase):
        async def serve(self, how: str) -> None:
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(how)
                if how == "raises":
                    raise OSError("no port")

        async def test_1(self) -> None:
            self.tasks = [asyncio.create_task(self.serve("ends"), name="server")]
            self.tasks += [asyncio.create_task(self.serve("raises"))]
            await asyncio.sleep(0)

    (told,) = run_class(Case).warnings

    assert sorted(ended) == ["ends", "raises"]
    assert "Case.serve` (server) still ran; it was cancelled" in told
    assert "and raised OSError('no port')" in told


def test_a_task_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "ENDING_SECONDS", 0.05)

    class Case(SSotAsyncTestCase):
        async def stubborn(self) -> None:
            while not self.may_end:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    continue

        async def test_1(self) -> None:
            self.may_end = False
            self.task = asyncio.create_task(self.stubborn())
            await asyncio.sleep(0)

    case = Case("test_1")
    result = unittest.TestResult()
    with pytest.warns(UserWarning, match="does not end when it is cancelled"):
        case.run(result)
    case.may_end = True
    case.task.get_coro().close()  # type: ignore[union-attr]
    case.task._log_destroy_pending = False  # type: ignore[attr-defined]


def test_async_generators_and_executors_are_ended() -> None:
    ended: list[str] = []

    class Case(SSotAsyncTestCase):
        async def numbers(self) -> Any:
            try:
                yield 1
                yield 2
            finally:
                ended.append("generator")

        async def test_1(self) -> None:
            self.generator = self.numbers()
            assert await anext(self.generator) == 1
            assert await asyncio.to_thread(threading.current_thread) is not threading.main_thread()

    before = threading.active_count()
    said = run_class(Case)

    assert (said.outcomes, said.warnings, ended) == ({"test_1": "passed"}, [], ["generator"])
    assert threading.active_count() == before


def test_a_loop_closed_by_the_test_is_no_trouble() -> None:
    class Case(SSotAsyncTestCase):
        def test_1(self) -> None:
            asyncio.run(asyncio.sleep(0))

        async def test_2(self) -> None:
            await asyncio.sleep(0)

        def tearDown(self) -> None:
            if self._canonry_loop is not None:
                self._canonry_loop.close()

    assert set(run_class(Case).outcomes.values()) == {"passed"}


def test_the_current_loop_is_what_it_was() -> None:
    class Case(SSotAsyncTestCase):
        async def test_1(self) -> None:
            await asyncio.sleep(0)

    mine = asyncio.new_event_loop()
    before = loops.take_current()
    try:
        asyncio.set_event_loop(mine)
        run_class(Case)
        assert asyncio.get_event_loop_policy().get_event_loop() is mine
    finally:
        loops.put_back_current(before)
        mine.close()


def test_a_loop_of_ones_own_is_used() -> None:
    class Loop(asyncio.SelectorEventLoop):
        pass

    class Case(SSotAsyncTestCase):
        loop_factory = Loop

        async def test_1(self) -> None:
            assert type(asyncio.get_running_loop()) is Loop

    said = run_class(Case)
    assert (said.outcomes, said.warnings) == ({"test_1": "passed"}, [])


def test_what_a_test_registers_with_its_loop_is_gone_in_the_next() -> None:
    ends = os.pipe()

    class Case(SSotAsyncTestCase):
        async def test_1(self) -> None:
            asyncio.get_running_loop().add_reader(ends[0], print)

        async def test_2(self) -> None:
            assert not asyncio.get_running_loop().remove_reader(ends[0])

    os.write(ends[1], b"x")
    assert set(run_class(Case).outcomes.values()) == {"passed"}
    for end in ends:
        os.close(end)


def test_a_wake_up_from_another_thread_reaches_every_loop() -> None:
    class Case(SSotAsyncTestCase):
        async def check(self) -> None:
            loop = asyncio.get_running_loop()
            woken = asyncio.Event()
            timer = threading.Timer(0.02, loop.call_soon_threadsafe, [woken.set])
            timer.start()
            await asyncio.wait_for(woken.wait(), 5)
            loop._write_to_self()  # type: ignore[attr-defined]  # left in the pipe when the loop is closed

        test_1 = test_2 = test_3 = check

    assert list(run_class(Case).outcomes.values()) == ["passed"] * 3


def test_a_thread_that_ends_and_a_process_that_ends_close_what_they_kept() -> None:
    code = """
import gc, threading, unittest
from canonry.testing import SSotAsyncTestCase

class Case(SSotAsyncTestCase):
    async def test(self): pass

thread = threading.Thread(target=lambda: Case("test").run(unittest.TestResult()))
thread.start()
thread.join()
Case("test").run(unittest.TestResult())
gc.collect()
"""
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


def test_a_forked_child_has_a_loop_of_its_own() -> None:
    class Case(SSotAsyncTestCase):
        async def test_1(self) -> None:
            await asyncio.sleep(0)

    run_class(Case)
    pid = os.fork()
    if pid == 0:  # pragma: no cover - the child
        os._exit(0 if loops._spare.wires is None and run_class(Case).outcomes == {"test_1": "passed"} else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert run_class(Case).outcomes == {"test_1": "passed"}


def test_descriptors_do_not_pile_up() -> None:
    class Case(SSotAsyncTestCase):
        async def test_1(self) -> None:
            await asyncio.sleep(0)

    run_class(Case)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        run_class(Case)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


# never awaited --------------------------------------------------------------------------------------------------------


def test_an_unawaited_mock_is_a_failure_too() -> None:
    class Case(SSotBaseTestCase):
        def test_1(self) -> None:
            AsyncMock()()

    said = run_class(Case)
    assert said.outcomes == {"test_1": "failed"}
    assert "nobody awaited `AsyncMockMixin._execute_mock_call`" in said.text


def test_what_the_collector_drops_is_not_put_down_to_the_test_that_runs() -> None:
    async def earlier() -> None: ...

    def make_cycle() -> None:
        cycle: list[object] = [earlier()]
        cycle.append(cycle)

    gc.disable()
    make_cycle()

    class Case(SSotBaseTestCase):
        def test_1(self) -> None:
            gc.collect()

    said = run_class(Case)
    gc.enable()
    assert said.outcomes == {"test_1": "passed"}
    assert [text for text in said.warnings if "never awaited" in text]
