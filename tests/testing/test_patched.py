"""`IsolatedEnvironment.patched` is what `patch.dict(os.environ, ...)` is, for accessor and `os.environ` alike."""

import asyncio
import contextlib
import os
from collections.abc import MutableMapping
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.testing import IsolatedEnvironment

NAME = "CANON_PATCHED"
_NAMES = st.sampled_from([f"{NAME}_{letter}" for letter in "ABC"])
_VALUES = st.dictionaries(_NAMES, st.text("xyz", max_size=2))


@given(before=_VALUES, values=_VALUES, written=_VALUES, clear=st.booleans())
def test_the_process_sees_what_patch_dict_shows_and_gets_everything_back(
    before: dict[str, str], values: dict[str, str], written: dict[str, str], *, clear: bool
) -> None:
    with patch.dict(os.environ, before, clear=True):
        with patch.dict(os.environ, values, clear=clear):
            shown = dict(os.environ)
        with IsolatedEnvironment().patched(values, clear=clear) as env:
            assert dict(os.environ) == shown == env.copy()
            with contextlib.ExitStack() as left_open:
                left_open.enter_context(patch.dict(os.environ, written))
                left_open.pop_all()  # written, and put back by nobody else
        assert dict(os.environ) == before == IsolatedEnvironment().copy()


def test_it_decorates_functions_async_ones_and_classes() -> None:
    @IsolatedEnvironment().patched({NAME: "1"})
    def plain() -> str | None:
        return os.environ.get(NAME)

    @IsolatedEnvironment().patched({NAME: "2"})
    async def waiting() -> str | None:
        await asyncio.sleep(0)
        return os.environ.get(NAME)

    @IsolatedEnvironment().patched({NAME: "3"})
    class Case:
        def test_a(self) -> str | None:
            return os.environ.get(NAME)

        def helper(self) -> str | None:
            return os.environ.get(NAME)

    assert (plain(), plain(), asyncio.run(waiting())) == ("1", "1", "2")
    assert (Case().test_a(), Case().helper()) == ("3", None)
    assert NAME not in os.environ


def test_nothing_stays_where_it_cannot_begin() -> None:
    with pytest.raises(TypeError, match="has to be text"):
        IsolatedEnvironment().patched({NAME: 1}).__enter__()  # type: ignore[dict-item]
    assert NAME not in IsolatedEnvironment()


_WRITES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), _NAMES, st.text("xyz", max_size=2)),
        st.tuples(st.just("pop"), _NAMES, st.just("")),
        st.tuples(st.just("default"), _NAMES, st.text("xyz", max_size=2)),
        st.tuples(st.just("clear"), _NAMES, st.just("")),
        st.tuples(st.just("other"), _NAMES, st.text("xyz", max_size=2)),
    ),
    max_size=6,
)


def _write(environment: MutableMapping[str, str], how: str, name: str, value: str) -> None:
    if how == "set":
        environment[name] = value
    elif how == "pop":
        environment.pop(name, None)
    elif how == "default":
        environment.setdefault(name, value)
    elif how == "clear":
        environment.clear()
    else:
        with contextlib.ExitStack() as left_open:
            left_open.enter_context(patch.dict(os.environ, {name: value}))  # as the code under test writes it
            left_open.pop_all()


@given(before=_VALUES, outer=_VALUES, values=_VALUES, writes=_WRITES)
def test_writes_within_it_are_those_of_os_environ(
    before: dict[str, str], outer: dict[str, str], values: dict[str, str], writes: list[tuple[str, str, str]]
) -> None:
    with patch.dict(os.environ, before, clear=True):
        with patch.dict(os.environ, {**outer, **values}):
            for each in writes:
                _write(os.environ, *each)
            shown = dict(os.environ)
        with IsolatedEnvironment() as around:
            around.update(outer)
            with IsolatedEnvironment().patched(values) as env:
                for each in writes:
                    _write(env, *each)
                assert dict(os.environ) == shown == env.copy() == {name: env[name] for name in env}
            assert around.copy() == {**before, **outer}
        assert dict(os.environ) == before == IsolatedEnvironment().copy()


def test_it_is_started_and_stopped_by_hand() -> None:
    patched = IsolatedEnvironment().patched({"CANON_BY_HAND": "x"})
    assert patched.start()["CANON_BY_HAND"] == "x"
    assert os.environ["CANON_BY_HAND"] == "x"
    patched.stop()
    assert "CANON_BY_HAND" not in os.environ
    patched.stop()
    assert "CANON_BY_HAND" not in os.environ
