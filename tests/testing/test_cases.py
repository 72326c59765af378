"""The base cases under bad input: what raises, what forgets, what leaves things behind."""

# canonry: ignore-file[ENV002] plants leaks, which the base cases have to put back
import abc
import asyncio
import contextlib
import contextvars
import gc
import os
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest

from canonry.testing import SSotAsyncTestCase, SSotBaseTestCase, limited, loops, wait_until
from canonry.testing.environment import NoScopeError
from tests.testing.running import run_class
from tests.workbench import environment

BASES = pytest.mark.parametrize("base", [SSotBaseTestCase, SSotAsyncTestCase])
VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


# setUp, cleanups ------------------------------------------------------------------------------------------------------


@BASES
def test_cleanups_run_in_reverse_after_every_failure(base: type[SSotBaseTestCase]) -> None:
    done: list[str] = []

    class Case(base):  # type: ignore[misc, valid-type]
        def setUp(self) -> None:
            self.addCleanup(done.append, "a")
            self.addCleanup(int, "no number")
            self.addCleanup(done.append, "b")
            if "set_up" in self._testMethodName:
                raise OSError("in setUp")

        def tearDown(self) -> None:
            done.append("tearDown")
            if "tear" in self._testMethodName:
                raise OSError("in tearDown")

        def test_set_up(self) -> None:
            done.append("never")

        def test_body(self) -> None:
            raise OSError("in test")

        def test_tear(self) -> None:
            done.append("test")

    said = run_class(Case)

    assert done == ["b", "a", "tearDown", "b", "a", "test", "tearDown", "b", "a"]
    assert set(said.outcomes.values()) == {"error"}
    for name, where in [("test_set_up", "in setUp"), ("test_body", "in test"), ("test_tear", "in tearDown")]:
        assert where in said.texts[name]
        assert "no number" in said.texts[name]


def test_async_parts_that_raise_hide_nothing_and_skip_nothing() -> None:
    done: list[str] = []

    class Case(SSotAsyncTestCase):
        async def asyncSetUp(self) -> None:
            self.addAsyncCleanup(self.note, "a")
            self.addAsyncCleanup(self.break_off)
            self.addAsyncCleanup(self.note, "b")
            os.environ["CANON_A"] = "1"
            if "set_up" in self._testMethodName:
                raise OSError("in asyncSetUp")

        async def asyncTearDown(self) -> None:
            done.append("tearDown")
            raise OSError("in asyncTearDown")

        async def note(self, word: str) -> None:
            done.append(word)

        async def break_off(self) -> None:
            raise LookupError("in cleanup")

        async def test_set_up(self) -> None:
            done.append("never")

        async def test_body(self) -> None:
            raise OSError("in test")

    said = run_class(Case)

    assert done == ["b", "a", "tearDown", "b", "a"]
    assert set(said.outcomes.values()) == {"error"}
    assert all(text in said.texts["test_set_up"] for text in ("in asyncSetUp", "in cleanup"))
    assert all(text in said.texts["test_body"] for text in ("in test", "in asyncTearDown", "in cleanup"))
    assert "CANON_A" not in os.environ


@BASES
def test_isolation_does_not_hang_on_setup(base: type[SSotBaseTestCase]) -> None:
    class Case(base):  # type: ignore[misc, valid-type]
        leaks = "fail"

        def setUp(self) -> None:  # without super().setUp()
            self.env["CANON_A"] = "1"

        def tearDown(self) -> None:
            pass

        def test_1(self) -> None:
            self.env["CANON_B"] = "1"
            os.environ["CANON_C"] = "1"

        def test_2(self) -> None:
            assert self.env["CANON_A"] == "1"
            assert {"CANON_B", "CANON_C"}.isdisjoint(self.env)

    assert run_class(Case).outcomes == {"test_1": "failed", "test_2": "passed"}


@BASES
def test_a_leak_of_setup_that_raises_is_put_back(base: type[SSotBaseTestCase]) -> None:
    class Case(base):  # type: ignore[misc, valid-type]
        def setUp(self) -> None:
            os.environ["CANON_A"] = "1"
            raise OSError("in setUp")

        def test_1(self) -> None:
            pass

    said = run_class(Case)

    assert said.outcomes == {"test_1": "error"}
    assert "CANON_A" not in os.environ
    assert [text for text in said.warnings if "environment `CANON_A` was added" in text]


def test_a_cleanup_may_put_things_back_itself() -> None:
    class Case(SSotBaseTestCase):
        leaks = "fail"

        def test_patch(self) -> None:
            self.enterContext(patch.dict(os.environ, {"CANON_A": "1"}))
            assert self.env["CANON_A"] == "1"

        @patch.dict(os.environ, {"CANON_A": "1"})
        def test_decorated(self) -> None:
            assert self.env["CANON_A"] == "1"

        @patch("os.getpid", return_value=1)
        def test_mocked(self, getpid: Any) -> None:
            assert os.getpid() == 1 == getpid()

    assert run_class(Case).outcomes == dict.fromkeys(["test_patch", "test_decorated", "test_mocked"], "passed")


@BASES
def test_a_test_may_run_its_cleanups_itself(base: type[SSotBaseTestCase]) -> None:
    done: list[str] = []

    class Case(base):  # type: ignore[misc, valid-type]
        leaks = "fail"

        def test_1(self) -> None:
            self.addCleanup(done.append, "a")
            self.doCleanups()
            done.append("still in the test")
            self.env["CANON_A"] = "1"
            os.environ["CANON_B"] = "1"

    assert run_class(Case).outcomes == {"test_1": "failed"}
    assert done == ["a", "still in the test"]
    assert "CANON_B" not in os.environ


# styles ---------------------------------------------------------------------------------------------------------------


@BASES
def test_pytests_methods_are_called_by_unittest_too(base: type[SSotBaseTestCase], monkeypatch: Any) -> None:
    done: list[object] = []

    class Case(base):  # type: ignore[misc, valid-type]
        @classmethod
        def setup_class(cls) -> None:
            done.append("setup_class")

        @classmethod
        def teardown_class(cls) -> None:
            done.append("teardown_class")

        def setup_method(self, method: Any) -> None:
            done.append(method.__name__)

        def teardown_method(self) -> None:
            done.append("teardown_method")

        def test_1(self) -> None:
            done.append("1")

        def test_2(self) -> None:
            raise OSError("in the test")

    for _ in range(2):
        assert run_class(Case).outcomes == {"test_1": "passed", "test_2": "error"}
    once = ["setup_class", "test_1", "1", "teardown_method", "test_2", "teardown_method", "teardown_class"]
    assert done == [*once, *once]


def test_skips_and_expectations_are_unittests() -> None:
    class Case(SSotBaseTestCase):
        def test_skip(self) -> None:
            self.skipTest("today")

        def test_pytest_skip(self) -> None:
            pytest.skip("today")

        @unittest.skip("always")
        def test_decorated(self) -> None:
            raise AssertionError

        @unittest.expectedFailure
        def test_expected(self) -> None:
            raise AssertionError

    class Skipped(SSotBaseTestCase):
        def setUp(self) -> None:
            pytest.skip("all")

        def test_in_set_up(self) -> None:
            raise AssertionError

    said = run_class(Case, Skipped)

    assert said.outcomes == {
        "test_skip": "skipped",
        "test_pytest_skip": "skipped",
        "test_decorated": "skipped",
        "test_expected": "expected failure",
        "test_in_set_up": "skipped",
    }
    assert said.texts["test_pytest_skip"] == "today"


def test_abstract_bases_and_mixins() -> None:
    class Mixin:
        def test_mixed_in(self: Any) -> None:
            assert self.number() == 3

    class Abstract(SSotBaseTestCase, abc.ABC):
        @abc.abstractmethod
        def number(self) -> int: ...

        def test_number(self) -> None:
            assert self.number() == 3

    class Concrete(Mixin, Abstract):
        def number(self) -> int:
            return 3

    class Both(Concrete, SSotAsyncTestCase):
        async def test_awaited(self) -> None:
            await asyncio.sleep(0)
            raise AssertionError

    loader = unittest.TestLoader()
    assert loader.loadTestsFromTestCase(Abstract).countTestCases() == 0
    assert loader.loadTestsFromTestCase(Concrete).countTestCases() == 2
    result = unittest.TestResult()
    loader.loadTestsFromTestCase(Both).run(result)
    assert (result.testsRun, len(result.failures), result.errors) == (3, 1, [])


def test_debug_isolates_too() -> None:
    class Case(SSotAsyncTestCase):
        leaks = "fail"

        async def test_1(self) -> None:
            self.env["CANON_A"] = "1"
            os.environ["CANON_B"] = "1"

    with pytest.raises(AssertionError, match="CANON_B"):
        Case("test_1").debug()
    assert "CANON_B" not in os.environ


def test_a_bad_word_for_leaks_is_told() -> None:
    class Case(SSotBaseTestCase):
        leaks = "explode"

        def test_1(self) -> None:
            os.environ["CANON_A"] = "1"

    with patch.dict(os.environ):
        said = run_class(Case)
    assert "`leaks = 'explode'` is not one of off, warn, fail" in said.text


def test_a_case_may_not_look() -> None:
    class Case(SSotBaseTestCase):
        leaks = "off"

        def test_1(self) -> None:
            os.environ["CANON_A"] = "1"

        def test_2(self) -> None:
            assert os.environ["CANON_A"] == "1"

    with patch.dict(os.environ):
        said = run_class(Case)
    assert (set(said.outcomes.values()), said.warnings) == ({"passed"}, [])


# async ----------------------------------------------------------------------------------------------------------------


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


# time limits ----------------------------------------------------------------------------------------------------------


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


# what a test is given ------------------------------------------------------------------------------------------------


def test_the_temporary_folder_is_removed_whatever_it_holds() -> None:
    made: list[Path] = []

    class Case(SSotBaseTestCase):
        def test_1(self) -> None:
            made.append(self.temp_dir)
            assert self.temp_dir is self.temp_dir
            (self.temp_dir / "closed").mkdir()
            (self.temp_dir / "closed" / "file").write_text("x")
            (self.temp_dir / "closed").chmod(0o500)
            os.chdir(self.temp_dir)
            raise OSError("no")

    run_class(Case)
    assert not made[0].exists()
    assert Path.cwd() != made[0]


@BASES
def test_one_may_use_our_names_for_ones_own(base: type[SSotBaseTestCase]) -> None:
    class Case(base):  # type: ignore[misc, valid-type]
        def setUp(self) -> None:
            self.env = {"mine": 1}
            self.temp_dir = "mine"
            self.test_context = None

        def test_1(self) -> None:
            assert (self.env, self.temp_dir, self.test_context) == ({"mine": 1}, "mine", None)

    assert run_class(Case).outcomes == {"test_1": "passed"}


def test_nested_runs_are_isolated_from_each_other() -> None:
    class Inner(SSotBaseTestCase):
        def test_inner(self) -> None:
            assert "CANON_A" not in self.env
            self.env["CANON_B"] = "inner"

    class Outer(SSotBaseTestCase):
        def test_outer(self) -> None:
            self.env["CANON_A"] = "outer"
            assert run_class(Inner).outcomes == {"test_inner": "passed"}
            assert self.env["CANON_A"] == "outer"
            assert "CANON_B" not in self.env

    assert run_class(Outer).outcomes == {"test_outer": "passed"}


def test_an_async_case_where_a_loop_runs_is_refused_and_runs_in_a_thread() -> None:
    class Inner(SSotAsyncTestCase):
        leaks = "fail"

        async def test_good(self) -> None:
            await asyncio.sleep(0)
            assert "CANON_A" not in self.env
            self.env["CANON_B"] = "inner"

        async def test_bad(self) -> None:
            await asyncio.sleep(0)
            raise AssertionError

    class Outer(SSotAsyncTestCase):
        async def test_outer(self) -> None:
            self.env["CANON_A"] = "outer"
            loop = asyncio.get_running_loop()
            refused = run_class(Inner)
            assert refused.outcomes == {"test_good": "failed", "test_bad": "failed"}
            assert (
                "an event loop runs already; run the case in a thread of its own, with `asyncio.to_thread`"
                in refused.texts["test_good"]
            )
            in_thread = await asyncio.to_thread(run_class, Inner)
            assert in_thread.outcomes == {"test_good": "passed", "test_bad": "failed"}
            assert asyncio.get_running_loop() is loop
            assert self.env["CANON_A"] == "outer"
            assert "CANON_B" not in self.env

    said = run_class(Outer)
    assert said.outcomes == {"test_outer": "passed"}, said.texts


@BASES
def test_tasks_run_cases_at_once(base: type[SSotBaseTestCase]) -> None:
    barrier = threading.Barrier(4)

    class Case(base):  # type: ignore[misc, valid-type]
        def test_1(self) -> None:
            self.env["CANON_A"] = mine = str(id(self))
            barrier.wait(30)
            assert self.env["CANON_A"] == mine

    async def at_once() -> list[unittest.TestResult]:
        results = [unittest.TestResult() for _ in range(4)]
        await asyncio.gather(*(asyncio.to_thread(Case("test_1").run, result) for result in results))
        return results

    assert [(each.testsRun, each.errors, each.failures) for each in asyncio.run(at_once())] == [(1, [], [])] * 4


def test_tasks_of_a_test_keep_their_writes_to_themselves() -> None:
    class Case(SSotAsyncTestCase):
        leaks = "fail"

        async def test_1(self) -> None:
            self.env["CANON_A"] = "maker"
            await asyncio.gather(*(self.write(str(number)) for number in range(20)))
            assert self.env["CANON_A"] == "maker"

        async def write(self, mine: str) -> None:
            assert self.env["CANON_A"] == "maker"
            self.env["CANON_A"] = mine
            await asyncio.sleep(0)
            assert self.env["CANON_A"] == mine

    assert run_class(Case).outcomes == {"test_1": "passed"}


@BASES
def test_threads_run_cases_at_once(base: type[SSotBaseTestCase]) -> None:
    barrier = threading.Barrier(8)

    class Case(base):  # type: ignore[misc, valid-type]
        leaks = "fail"
        number = 0

        def test_1(self) -> None:
            mine = str(threading.get_ident())
            self.env["CANON_A"] = mine
            barrier.wait(30)
            assert self.env["CANON_A"] == mine

    results: list[unittest.TestResult] = [unittest.TestResult() for _ in range(8)]
    threads = [threading.Thread(target=Case("test_1").run, args=(result,)) for result in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [(len(each.errors), len(each.failures)) for each in results] == [(0, 0)] * 8


def test_a_thread_of_a_test_has_no_scope() -> None:
    class Case(SSotBaseTestCase):
        def test_1(self) -> None:
            said: list[str] = []

            def write() -> None:
                try:
                    self.env["CANON_A"] = "1"
                except NoScopeError as error:
                    said.append(str(error))

            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
            assert "no scope is open in this thread" in said[0]

    if sys.version_info < (3, 14):  # where a thread starts with no context
        assert run_class(Case).outcomes == {"test_1": "passed"}
