"""`IsolatedEnvironment` does what a plain model does, in every thread and task at once."""

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from canonry.testing import EnvironmentSource, IsolatedEnvironment, ProtectedVariableError
from canonry.testing.environment import NoScopeError
from tests.workbench import environment

NAMES = [f"CANON_TEST_{letter}" for letter in "ABCD"]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CANON_TEST_A", "of the process")


# reading and writing --------------------------------------------------------------------------------------------------


def test_a_write_is_seen_here_and_taken_back() -> None:
    with IsolatedEnvironment() as env:
        env["CANON_TEST_B"] = "1"
        assert (env["CANON_TEST_B"], IsolatedEnvironment().get("CANON_TEST_B")) == ("1", "1")
        assert "CANON_TEST_B" not in os.environ
    assert "CANON_TEST_B" not in env


def test_a_variable_of_the_process_can_be_hidden() -> None:
    with IsolatedEnvironment() as env:
        del env["CANON_TEST_A"]
        assert (env.get("CANON_TEST_A"), "CANON_TEST_A" in env, "CANON_TEST_A" in env.copy()) == (None, False, False)
    assert env["CANON_TEST_A"] == "of the process"


def test_reads_name_their_source() -> None:
    with IsolatedEnvironment(name="outer") as env:
        env["CANON_TEST_B"] = "1"
        env.unset("CANON_TEST_C")
        assert [env.source(name) for name in NAMES] == [
            EnvironmentSource.PROCESS,
            EnvironmentSource.OVERLAY,
            EnvironmentSource.OVERLAY,
            EnvironmentSource.UNSET,
        ]
        assert [env.scope(name) for name in NAMES] == [None, "outer", "outer", None]


def test_scopes_nest_also_of_one_instance() -> None:
    with IsolatedEnvironment() as env:
        env["CANON_TEST_B"] = "1"
        with env:
            env["CANON_TEST_B"] = "2"
            with IsolatedEnvironment() as other:
                other["CANON_TEST_B"] = "3"
                assert env["CANON_TEST_B"] == "3"
            assert env["CANON_TEST_B"] == "2"
        assert env["CANON_TEST_B"] == "1"


def test_a_scope_that_raises_is_taken_back() -> None:
    env = IsolatedEnvironment()
    with pytest.raises(ZeroDivisionError), env:
        env["CANON_TEST_B"] = str(1 / 0)
    assert "CANON_TEST_B" not in env


def test_an_inner_scope_that_was_left_open_ends_with_the_outer() -> None:
    with IsolatedEnvironment():
        inner = IsolatedEnvironment().__enter__()
        inner["CANON_TEST_B"] = "1"
    assert "CANON_TEST_B" not in inner


# what is refused ------------------------------------------------------------------------------------------------------


def test_a_write_that_nobody_would_take_back_is_refused() -> None:
    said: list[BaseException] = []

    def write() -> None:
        try:
            IsolatedEnvironment()["CANON_TEST_B"] = "1"
        except NoScopeError as error:
            said.append(error)

    Context().run(write)
    assert "`CANON_TEST_B` cannot be written here: no scope is open" in str(said[0])


@pytest.mark.parametrize(
    ("name", "why"),
    [("CANON_TEST_A", "is protected"), ("CANON_TEST_B", "is protected"), ("CANONRY_CATEGORY", "belongs to the runner")],
)
def test_protected_variables_raise(name: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "as it is")
    with IsolatedEnvironment(protected=("CANON_TEST_A",)) as env, env:
        env.protect("CANON_TEST_B")
        env[name] = "as it is"  # changes nothing
        for write in (lambda: env.set(name, "x"), lambda: env.unset(name), lambda: env.pop(name)):
            with pytest.raises(ProtectedVariableError, match=f"`{name}` {why}"):
                write()
        env.clear()
        assert env[name] == "as it is"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("", "1", ValueError),
        ("A=B", "1", ValueError),
        ("A\0", "1", ValueError),
        ("A", "1\0", ValueError),
        (1, "1", TypeError),
        ("A", 1, TypeError),
        ("A", None, TypeError),
    ],
)
def test_what_no_environment_can_hold_is_refused(name: Any, value: Any, error: type[Exception]) -> None:
    with IsolatedEnvironment() as env, pytest.raises(error):
        env[name] = value


def test_values_are_not_shown() -> None:
    with IsolatedEnvironment() as env:
        env["CANON_TEST_B"] = "secret"
        assert "secret" not in repr(env)


# beside other ways to change the environment --------------------------------------------------------------------------


def test_changes_of_the_process_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    with IsolatedEnvironment() as env:
        env["CANON_TEST_B"] = "overlay"
        with patch.dict(os.environ, {"CANON_TEST_A": "patched", "CANON_TEST_B": "patched"}):
            assert (env["CANON_TEST_A"], env["CANON_TEST_B"]) == ("patched", "overlay")
        assert env["CANON_TEST_A"] == "of the process"
        monkeypatch.setenv("CANON_TEST_C", "1")
        assert env["CANON_TEST_C"] == "1"
        monkeypatch.undo()
        assert "CANON_TEST_C" not in env
        with patch.dict(os.environ, clear=True):
            assert env.copy() == {"CANON_TEST_B": "overlay"}


def test_patch_dict_and_monkeypatch_work_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with IsolatedEnvironment() as env:
        with patch.dict(env, {"CANON_TEST_B": "1"}):
            assert env["CANON_TEST_B"] == "1"
        assert "CANON_TEST_B" not in env
        with patch.dict(env, {"CANON_TEST_B": "1"}, clear=True):
            assert {name for name in env if not name.startswith("CANONRY_")} == {"CANON_TEST_B"}
        assert env["CANON_TEST_A"] == "of the process"
        monkeypatch.setitem(env, "CANON_TEST_B", "2")
        monkeypatch.undo()
        assert "CANON_TEST_B" not in env


def test_a_subprocess_gets_it_and_cannot_change_it() -> None:
    code = (
        "import os; print(os.environ['CANON_TEST_B'], 'CANON_TEST_A' in os.environ); os.environ['CANON_TEST_B'] = '2'"
    )
    with IsolatedEnvironment() as env:
        env["CANON_TEST_B"] = "$(echo expanded) $HOME"
        env.unset("CANON_TEST_A")
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=env.subprocess_env(environment()),
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout in ("$(echo expanded) $HOME False\n", "$(echo expanded) $HOME True\n")
        assert env.subprocess_env({"EXTRA": "1"})["EXTRA"] == "1"
        assert "CANON_TEST_A" not in env.subprocess_env()
        assert env["CANON_TEST_B"] == "$(echo expanded) $HOME"


def test_exported_is_for_code_that_reads_the_process() -> None:
    with IsolatedEnvironment() as env:
        env["CANON_TEST_B"] = "1"
        env.unset("CANON_TEST_A")
        with env.exported(), env.exported():
            assert (os.environ.get("CANON_TEST_A"), os.environ["CANON_TEST_B"]) == (None, "1")
        assert (os.environ["CANON_TEST_A"], os.environ.get("CANON_TEST_B")) == ("of the process", None)


def test_a_second_export_at_the_same_time_is_refused() -> None:
    def other() -> str:
        with IsolatedEnvironment() as env:
            env["CANON_TEST_B"] = "2"
            try:
                with env.exported():
                    return os.environ["CANON_TEST_B"]
            except RuntimeError as error:
                return str(error)

    with IsolatedEnvironment() as env, ThreadPoolExecutor(1) as pool:
        env["CANON_TEST_B"] = "1"
        with env.exported():
            assert "another thread or task has exported" in pool.submit(other).result()
            assert os.environ["CANON_TEST_B"] == "1"
        assert pool.submit(other).result() == "2"


# threads and tasks ----------------------------------------------------------------------------------------------------


def test_100_threads_at_once_do_not_see_each_other() -> None:
    barrier = threading.Barrier(100)

    def work(number: int) -> list[str | None]:
        with IsolatedEnvironment() as env:
            env["CANON_TEST_B"] = str(number)
            barrier.wait(30)
            seen = [env["CANON_TEST_B"]]
            for step in range(50):
                env["CANON_TEST_B"] = f"{number}-{step}"
                with env:
                    env["CANON_TEST_C"] = str(number)
                    if env["CANON_TEST_C"] != str(number) or env["CANON_TEST_B"] != f"{number}-{step}":
                        seen.append("foreign")
            barrier.wait(30)
            return [*seen, env["CANON_TEST_B"], env.get("CANON_TEST_C")]

    with ThreadPoolExecutor(100) as pool:
        assert list(pool.map(work, range(100))) == [[str(n), f"{n}-49", None] for n in range(100)]
    assert "CANON_TEST_B" not in os.environ


def test_1000_tasks_at_once_do_not_see_each_other() -> None:
    async def work(number: int, arrived: list[int], gate: asyncio.Event) -> list[str | None]:
        env = IsolatedEnvironment()
        inherited = env.get("CANON_TEST_B")
        env["CANON_TEST_B"] = str(number)
        with env:
            env["CANON_TEST_C"] = str(number)
            arrived.append(number)
            if len(arrived) == 1000:
                gate.set()
            await gate.wait()
            inner = env["CANON_TEST_C"]
        await asyncio.sleep(0)
        return [inherited, env["CANON_TEST_B"], inner, env.get("CANON_TEST_C")]

    async def main() -> None:
        with IsolatedEnvironment() as env:
            env["CANON_TEST_B"] = "parent"
            arrived: list[int] = []
            gate = asyncio.Event()
            found = await asyncio.gather(*(work(number, arrived, gate) for number in range(1000)))
            assert found == [["parent", str(number), str(number), None] for number in range(1000)]
            assert env["CANON_TEST_B"] == "parent"

    asyncio.run(main())


def test_a_thread_has_its_makers_environment_only_where_it_is_carried_along() -> None:
    async def in_a_thread() -> str | None:
        return await asyncio.to_thread(lambda: IsolatedEnvironment().get("CANON_TEST_B"))

    with IsolatedEnvironment() as env, ThreadPoolExecutor(1) as pool:
        env["CANON_TEST_B"] = "1"
        assert pool.submit(env.get, "CANON_TEST_B").result() is None
        assert pool.submit(copy_context().run, env.get, "CANON_TEST_B").result() == "1"
        assert asyncio.run(in_a_thread()) == "1"


# against a model ------------------------------------------------------------------------------------------------------

name_of = st.sampled_from(NAMES)
value_of = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=4)


Step = tuple[str, str, str]
step_of = st.one_of(
    st.tuples(st.sampled_from(["enter", "leave"]), st.just(""), st.just("")),
    st.tuples(st.sampled_from(["set", "unset"]), name_of, value_of),
)
steps_of = st.lists(st.lists(step_of, max_size=12), min_size=1, max_size=6)
AT_ONCE = settings(max_examples=8, deadline=None)


class Follower:
    """Takes steps in the environment and in a model; every value is its own, so that another's would be noticed."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.env = IsolatedEnvironment()
        self.scopes: list[IsolatedEnvironment] = []
        self.layers: list[dict[str, str | None]] = [{}]

    def take(self, step: Step) -> None:
        kind, name, value = step
        if kind == "enter":
            self.scopes.append(IsolatedEnvironment())
            self.scopes[-1].__enter__()
            self.layers.append({})
        elif kind == "leave" and self.scopes:
            self.scopes.pop().__exit__(None, None, None)
            self.layers.pop()
        elif kind == "set":
            self.env[name] = self.layers[-1][name] = f"{self.number} {value}"
        elif kind == "unset":
            self.env.unset(name)
            self.layers[-1][name] = None

    def seen(self) -> dict[str, str | None]:
        return {name: self.env.get(name) for name in NAMES}

    def expected(self) -> dict[str, str | None]:
        found: dict[str, str | None] = {name: os.environ.get(name) for name in NAMES}
        for layer in self.layers:
            found.update(layer)
        return found


@AT_ONCE
@given(steps_of)
def test_100_threads_at_once_do_what_the_model_does(programs: list[list[Step]]) -> None:
    barrier = threading.Barrier(100)

    def work(number: int) -> bool:
        follower, agrees = Follower(number), True
        with IsolatedEnvironment():
            barrier.wait(60)
            for step in programs[number % len(programs)]:
                follower.take(step)
                agrees &= follower.seen() == follower.expected()
            barrier.wait(60)
            return agrees and follower.seen() == follower.expected()

    with ThreadPoolExecutor(100) as pool:
        assert all(pool.map(work, range(100)))


@AT_ONCE
@given(steps_of)
def test_1000_tasks_at_once_do_what_the_model_does(programs: list[list[Step]]) -> None:
    async def work(number: int) -> bool:
        follower, agrees = Follower(number), True
        with IsolatedEnvironment():
            for step in programs[number % len(programs)]:
                follower.take(step)
                await asyncio.sleep(0)  # all others take theirs
                agrees &= follower.seen() == follower.expected()
        return agrees

    async def main() -> list[bool]:
        return await asyncio.gather(*map(work, range(1000)))

    assert all(asyncio.run(main()))


class AgainstModel(RuleBasedStateMachine):
    """A stack of dictionaries over a dictionary for the process."""

    def __init__(self) -> None:
        super().__init__()
        self.context = copy_context()
        self.before = {name: os.environ.get(name) for name in NAMES}
        self.layers: list[dict[str, str | None]] = []
        self.open: list[IsolatedEnvironment] = []
        self.shared = IsolatedEnvironment()

    def expected(self, name: str) -> str | None:
        for layer in reversed(self.layers):
            if name in layer:
                return layer[name]
        return os.environ.get(name)

    @rule(reuse=st.booleans())
    def enter(self, reuse: bool) -> None:
        scope = self.shared if reuse else IsolatedEnvironment()
        self.context.run(scope.__enter__)
        self.open.append(scope)
        self.layers.append({})

    @rule(depth=st.integers(0, 3))
    def leave(self, depth: int) -> None:
        """Leaves a scope, which takes those above it with it."""
        if depth >= len(self.open):
            return
        scope = self.open[-1 - depth]
        self.context.run(scope.__exit__, None, None, None)
        at = max(index for index, each in enumerate(self.open) if each is scope)
        del self.open[at:], self.layers[at:]

    @rule(name=name_of, value=value_of)
    def write(self, name: str, value: str) -> None:
        if self.layers:
            self.context.run(self.shared.set, name, value)
            self.layers[-1][name] = value
        else:
            with pytest.raises(NoScopeError):
                self.context.run(self.shared.set, name, value)

    @rule(name=name_of)
    def hide(self, name: str) -> None:
        if self.layers:
            self.context.run(self.shared.unset, name)
            self.layers[-1][name] = None

    @rule(name=name_of)
    def delete(self, name: str) -> None:
        if self.layers and self.expected(name) is not None:
            self.context.run(self.shared.__delitem__, name)
            self.layers[-1][name] = None
        elif self.expected(name) is None:
            with pytest.raises(KeyError):
                self.context.run(self.shared.__delitem__, name)

    @rule(name=name_of, value=value_of)
    def change_process(self, name: str, value: str) -> None:
        os.environ[name] = value

    @rule(name=name_of, value=value_of)
    def write_in_a_copy(self, name: str, value: str) -> None:
        """What a task does: nobody else sees it."""
        if self.layers:
            self.context.copy().run(self.shared.set, name, value)

    @invariant()
    def sees_the_same(self) -> None:
        for name in NAMES:
            assert self.context.run(self.shared.get, name) == self.expected(name)
        copied = self.context.run(self.shared.copy)
        assert {name: copied.get(name) for name in NAMES} == {name: self.expected(name) for name in NAMES}
        assert self.context.run(len, self.shared) == len(copied)

    def teardown(self) -> None:
        for name, value in self.before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


AgainstModel.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAgainstModel = AgainstModel.TestCase
