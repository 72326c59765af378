"""What a factory gives to two users is not one thing."""

import asyncio
import collections
import contextvars
import dataclasses
import datetime as dt
import decimal
import enum
import functools
import logging
import re
import threading
import types
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.testing.distinct import SharedStateError, assert_distinct, assert_distinct_async
from canonry.testing.doubles import SSotMockFactory

CACHE: dict[str, int] = {}
LOCK = threading.Lock()


class Thing:
    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)

    def method(self) -> None: ...


class Slotted:
    __slots__ = ("_own", "cache", "empty")

    def __init__(self, cache: Any) -> None:
        self.cache = cache


class Below(Slotted):
    __slots__ = ("more",)


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclasses.dataclass(frozen=True)
class Frozen:
    cache: Any
    number: int = 1


class Registry:
    cache: dict[str, int] = {}


class Colour(enum.Enum):
    RED = 1


class Map(dict):  # type: ignore[type-arg]
    pass


def closing(shared: Any) -> Callable[[], Any]:
    return lambda: shared


def defaulting(shared: Any) -> Callable[..., Any]:
    def function(positional: Any = shared, *, named: Any = None) -> Any:
        return positional, named

    return function


SHARED = Thing()
BOUND = SHARED.method


@pytest.mark.parametrize(
    ("factory", "path"),
    [
        (lambda: SHARED, ""),
        (lambda: Thing(cache=CACHE), ".cache"),
        (lambda: Thing(session=Thing(cache=CACHE)), ".session.cache"),
        (lambda: [1, {"a": CACHE}], "[1]['a']"),
        (lambda: {("x", 1): CACHE}, "[('x', 1)]"),
        (lambda: {SHARED: 1}, ".<key <Thing>>"),
        (lambda: Thing(pair=Pair(1, CACHE)), ".pair.right"),
        (lambda: Thing(all=(1, CACHE)), ".all[1]"),
        (lambda: Thing(all=frozenset((SHARED,))), ".all{<Thing>}"),
        (lambda: Thing(all=collections.deque([CACHE])), ".all[0]"),
        (lambda: Thing(all=collections.defaultdict(list, a=SHARED)), ".all['a']"),
        (lambda: Thing(view=types.MappingProxyType(CACHE_OF_THINGS)), ".view['a']"),
        (lambda: Slotted(CACHE), ".cache"),
        (lambda: Below(CACHE), ".cache"),
        (lambda: Frozen(CACHE), ".cache"),
        (lambda: Map(a=CACHE), "['a']"),
        (lambda: Thing(act=closing(CACHE)), ".act.<closure shared>"),
        (lambda: Thing(act=defaulting(CACHE)), ".act.__defaults__[0]"),
        (lambda: Thing(act=functools.partial(print, CACHE, file=None)), ".act.args[0]"),
        (lambda: Thing(act=functools.partial(print, key=SHARED)), ".act.keywords['key']"),
        (lambda: Thing(act=SHARED.method), ".act.__self__"),
        (lambda: Thing(act=BOUND), ".act.__self__"),
        (lambda: Thing(lock=LOCK), ".lock"),
        (lambda: Thing(cache=Registry.cache), ".cache"),
        (lambda: Thing(buffer=BUFFER), ".buffer"),
    ],
)
def test_what_is_shared_is_named_with_its_path(factory: Callable[[], Any], path: str) -> None:
    with pytest.raises(SharedStateError) as caught:
        assert_distinct(factory)
    assert caught.value.paths == (path, path)
    assert f"users 1 and 2 share {f'`{path}`' if path else 'the object itself'}: one mutable `" in str(caught.value)


CACHE_OF_THINGS = {"a": SHARED}
BUFFER = bytearray()
MOMENT, NUMBER, NAME = dt.datetime(2027, 1, 1, tzinfo=dt.UTC), decimal.Decimal(1), uuid.UUID(int=1)
VARIABLE: contextvars.ContextVar[int] = contextvars.ContextVar("x")


@pytest.mark.parametrize(
    "factory",
    [
        lambda: Thing(cache={}, number=1, text="x" * 1000, nothing=None, many=(1, ("a", b"b"))),
        lambda: Thing(moment=MOMENT, number=NUMBER, name=NAME, colour=Colour.RED, pattern=PATTERN, path=HOME),
        lambda: Thing(log=logging.getLogger("shop"), module=re, kind=Thing, function=defaulting(1), builtin=len),
        lambda: Thing(frozen=FROZEN, both=Pair(1, 2), sentinel=SENTINEL, variable=VARIABLE),
        lambda: Slotted({}),
        lambda: Thing(act=Thing().method, other=closing({}), partial=functools.partial(print, {})),
        lambda: Registry(),
        lambda: cyclic(),
        lambda: iter(()),
        lambda: threading.Lock(),
        lambda: object(),
        lambda: None,
        lambda: SSotMockFactory().create(Slotted, cache={}),
    ],
)
def test_what_is_each_users_own_passes(factory: Callable[[], Any]) -> None:
    assert len(assert_distinct(factory, users=3)) == 3


PATTERN, HOME, FROZEN, SENTINEL = re.compile("x"), Path("/home"), Frozen((1, 2)), object()


def cyclic() -> Thing:
    one, other = Thing(), Thing()
    one.other, other.other, one.own = other, one, one  # type: ignore[attr-defined]
    one.all = [one, other]  # type: ignore[attr-defined]
    return one


def test_the_paths_of_both_users_are_told() -> None:
    made = iter([Thing(a=CACHE), Thing(b=[CACHE])])

    with pytest.raises(
        SharedStateError, match=r"users 1 and 2 share `\.b\[0\]` \(`\.a` of user 1\): one mutable `dict`"
    ):
        assert_distinct(lambda: next(made))


def test_a_later_user_is_compared_with_every_earlier_one() -> None:
    with pytest.raises(SharedStateError, match=r"users 2 and 4 share `\.cache`"):
        assert_distinct(lambda user: Thing(cache=CACHE if user % 2 == 0 else {}), users=4)


def test_the_shortest_path_is_told_always_the_same() -> None:
    def factory() -> Thing:
        return Thing(a=Thing(b=Thing(c=CACHE)), z=CACHE, y=[CACHE])

    paths = set()
    for _ in range(5):
        with pytest.raises(SharedStateError) as caught:
            assert_distinct(factory)
        paths.add(caught.value.paths)
    assert paths == {(".z", ".z")}


@pytest.mark.parametrize("allow", [[CACHE], [dict], [".session.cache"], [Thing], [".session"]])
def test_what_is_allowed_is_not_followed(allow: list[Any]) -> None:
    assert_distinct(lambda: Thing(session=Thing(cache=CACHE)), allow=allow)


def test_what_is_allowed_elsewhere_does_not_count() -> None:
    with pytest.raises(SharedStateError):
        assert_distinct(lambda: Thing(session=Thing(cache=CACHE)), allow=[".cache", [], list])


def test_async_factories() -> None:
    async def factory() -> Thing:
        await asyncio.sleep(0)
        return Thing(cache=CACHE)

    with pytest.raises(SharedStateError):
        assert_distinct(factory)

    async def inside() -> None:
        with pytest.raises(RuntimeError, match="use `await assert_distinct_async"):
            assert_distinct(factory)
        with pytest.raises(SharedStateError):
            await assert_distinct_async(factory)
        assert len(await assert_distinct_async(lambda: Thing(cache={}))) == 2

    asyncio.run(inside())


def test_it_is_bounded() -> None:
    with pytest.raises(ValueError, match=r"user 1 reaches more than 50 objects \(at `\.all\[4\d\]`\); give `allow=`"):
        assert_distinct(lambda: Thing(all=[[] for _ in range(100)]), limit=50)
    deep: list[Any] = []
    for _ in range(3_000):
        deep = [deep]
    with pytest.raises(SharedStateError):
        assert_distinct(lambda: deep)


def test_one_user_shares_with_nobody() -> None:
    with pytest.raises(ValueError, match="less than 2"):
        assert_distinct(dict, users=1)


def test_an_error_of_the_factory_is_its_own() -> None:
    def factory() -> None:
        raise TypeError("no database")

    with pytest.raises(TypeError, match="no database"):
        assert_distinct(factory)


def test_nothing_of_the_users_runs() -> None:
    class Hostile:
        def __init__(self) -> None:
            self.__dict__["cache"] = CACHE

        def __getattribute__(self, name: str) -> Any:
            if name in ("__dict__", "__class__"):
                return object.__getattribute__(self, name)
            raise RuntimeError(f"{name} runs")

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("it is compared")

        __hash__ = None  # type: ignore[assignment]

    with pytest.raises(SharedStateError) as caught:
        assert_distinct(Hostile)
    assert caught.value.paths[0] == ".cache"


plain = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=12,
)


def containers(value: Any) -> list[Any]:
    inner = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return ([value] if isinstance(value, (list, dict)) else []) + [each for one in inner for each in containers(one)]


@given(plain)
def test_copies_are_distinct(value: Any) -> None:
    import copy

    assert_distinct(lambda: copy.deepcopy(value))


@given(plain.filter(lambda value: isinstance(value, (list, dict))), st.data())
def test_each_container_that_is_shared_is_found(value: Any, data: st.DataObject) -> None:
    import copy

    chosen = data.draw(st.sampled_from(containers(value)))
    with pytest.raises(SharedStateError):
        assert_distinct(lambda: copy.deepcopy(value, {id(chosen): chosen}))
