"""What a test is given, and cases that run in one another or at once."""

import asyncio
import os
import sys
import threading
import unittest
from pathlib import Path

import pytest

from canonry.testing import SSotAsyncTestCase, SSotBaseTestCase
from canonry.testing.environment import NoScopeError
from tests.testing.running import run_class

BASES = pytest.mark.parametrize("base", [SSotBaseTestCase, SSotAsyncTestCase])


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
