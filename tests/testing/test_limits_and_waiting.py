"""Time limits of tests, and waiting for what is to come."""

import asyncio
import contextlib
import threading
import time
from typing import Any

import pytest

from canonry.testing import SSotAsyncTestCase, SSotBaseTestCase, limited, wait_until
from tests.testing.running import run_class


def test_a_limit_interrupts_on_the_main_thread() -> None:
    class Case(SSotBaseTestCase):
        @limited(0.05)
        def test_sleeps(self) -> None:
            time.sleep(5)

        @limited(0.05)
        def test_swallows(self) -> None:
            with contextlib.suppress(AssertionError):
                time.sleep(5)

        @limited(5)
        def test_is_fast(self) -> None:
            pass

    started = time.monotonic()
    said = run_class(Case)

    assert time.monotonic() - started < 3
    assert said.outcomes == {"test_sleeps": "failed", "test_swallows": "failed", "test_is_fast": "passed"}
    assert "is interrupted after its limit of 0.05 s" in said.texts["test_sleeps"]
    assert said.warnings == []


def test_a_limit_is_honest_on_other_threads() -> None:
    class Case(SSotBaseTestCase):
        @limited(0.02)
        def test_sleeps(self) -> None:
            time.sleep(0.1)

    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(run_class(Case)))
    thread.start()
    thread.join()

    assert found[0].outcomes == {"test_sleeps": "failed"}
    assert "could not be interrupted there (not the main thread" in found[0].text


def test_an_async_limit_cancels() -> None:
    ended: list[str] = []

    class Case(SSotAsyncTestCase):
        time_limit = 0.05

        async def test_sleeps(self) -> None:
            try:
                await asyncio.sleep(5)
            finally:
                ended.append("cancelled")

        async def test_swallows(self) -> None:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(5)

        @limited(5)
        async def test_is_fast(self) -> None:
            await asyncio.sleep(0)

        async def test_is_cancelled_by_itself(self) -> None:
            raise asyncio.CancelledError

    said = run_class(Case)

    assert said.outcomes == {
        "test_sleeps": "failed",
        "test_swallows": "failed",
        "test_is_fast": "passed",
        "test_is_cancelled_by_itself": "error",
    }
    assert ended == ["cancelled"]
    assert "is cancelled after its limit of 0.05 s" in said.texts["test_sleeps"]


@pytest.mark.parametrize("seconds", [0, -1, "1", True, float("nan")])
def test_a_limit_that_is_none_is_refused(seconds: Any) -> None:
    with pytest.raises(ValueError, match="a time limit has to be a number of seconds above 0"):
        limited(seconds)


# waiting --------------------------------------------------------------------------------------------------------------


def test_waiting_returns_what_came() -> None:
    seen = iter([None, 0, "", "there"])
    assert wait_until(lambda: next(seen)) == "there"


def test_waiting_fails_at_its_deadline() -> None:
    with pytest.raises(AssertionError, match=r"was not true within 0.03 s; its last value was `0`"):
        wait_until(lambda: 0, timeout=0.03)
    with pytest.raises(AssertionError, match=r"the server was not true within 0.03 s; it raised ZeroDivisionError"):
        wait_until(lambda: 1 / 0, timeout=0.03, message="the server", ignoring=(ArithmeticError,))
    with pytest.raises(ZeroDivisionError):
        wait_until(lambda: 1 / 0, timeout=0.03)
    with pytest.raises(ValueError, match="more than 0 seconds, not 0"):
        wait_until(lambda: 1, timeout=0)


def test_waiting_for_a_coroutine_without_awaiting_is_refused() -> None:
    async def is_ready() -> bool:
        return False

    with pytest.raises(TypeError, match="is async, and is always true unless it is awaited"):
        wait_until(is_ready)


def test_waiting_lets_other_tasks_run() -> None:
    class Case(SSotAsyncTestCase):
        async def test_1(self) -> None:
            arrived: list[int] = []
            asyncio.get_running_loop().call_later(0.01, arrived.append, 1)
            assert await self.wait_until(lambda: arrived) == [1]
            with pytest.raises(AssertionError, match="was not true within"):
                await self.wait_until(lambda: False, timeout=0.02)

    assert run_class(Case).outcomes == {"test_1": "passed"}
