"""The base cases under bad input: what raises, what forgets, what leaves things behind."""

# canonry: ignore-file[ENV002] plants leaks, which the base cases have to put back
import abc
import asyncio
import os
import unittest
from typing import Any
from unittest.mock import patch

import pytest

from canonry.testing import SSotAsyncTestCase, SSotBaseTestCase
from tests.testing.running import run_class

BASES = pytest.mark.parametrize("base", [SSotBaseTestCase, SSotAsyncTestCase])


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
