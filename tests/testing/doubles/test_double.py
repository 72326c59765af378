"""A double answers to what the real thing answers to, and to nothing else."""

import asyncio
import datetime as dt
import inspect
import io
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from canonry.testing.doubles import DoubleError, SSotMockFactory, dynamic, each, returns
from tests.testing.doubles import shop


@pytest.fixture
def factory() -> Any:
    with SSotMockFactory() as made:
        yield made


# what there is ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIMIT", 3),
        ("peer", ""),
        ("url", ""),
        ("timeout", 0.0),
        ("sent", []),
        ("is_open", False),
        ("key", b""),
    ],
)
def test_an_attribute_has_the_value_that_its_annotation_promises(
    factory: SSotMockFactory, name: str, value: object
) -> None:
    assert getattr(factory.create(shop.Socket), name) == value


@pytest.mark.parametrize("name", ["first", "second", "last", "state"])
def test_an_attribute_that_only_a_method_assigns_is_known(factory: SSotMockFactory, name: str) -> None:
    double = factory.create(shop.Socket)
    setattr(double, name, 5)
    assert getattr(double, name) == 5


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda d: d.parse("1"), []),
        (lambda d: d.cached(1), 0),
        (lambda d: list(d.frames()), []),
        (lambda d: asyncio.run(d.send({})), 0),
        (lambda d: asyncio.run(d.receive()), None),
        (lambda d: len(d), 0),
        (lambda d: d.session("a").user, "nobody"),
        (lambda d: d.session("a").close(hard=True), None),
        (lambda d: d.dial("h").session().user, "nobody"),
        (lambda d: d.send_later().user, "nobody"),
        (lambda d: d.Frame().size(), 0),
    ],
)
def test_a_call_that_nobody_configured_answers_what_its_annotation_promises(
    factory: SSotMockFactory, call: Callable[[Any], object], answer: object
) -> None:
    assert call(factory.create(shop.Socket)) == answer


def test_what_nothing_promises_can_be_passed_on_and_not_used(factory: SSotMockFactory) -> None:
    answer = factory.create(shop.Socket).raw(1)

    assert repr(answer) == "<unconfigured: Socket.raw>"
    for use in (bool, len, list, lambda it: it(), lambda it: it[0], lambda it: it.size, lambda it: setattr(it, "a", 1)):
        with pytest.raises(DoubleError, match=r"`Socket.raw` is not configured, .* say `raw=...`"):
            use(answer)


def test_it_is_an_instance_for_isinstance(factory: SSotMockFactory) -> None:
    assert isinstance(factory.create(shop.Socket), shop.Socket)
    assert isinstance(factory.create(shop.Gateway), shop.Gateway)
    assert isinstance(factory.create(shop.Sender), shop.Sender)
    assert isinstance(factory.create(shop.Box[int]), shop.Box)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.send(), r"`Socket.send` takes \(data, \*, mode='text'\): missing a required argument: 'data'"),
        (lambda d: d.send({}, "text"), "too many positional arguments"),
        (lambda d: d.send({}, mod="text"), "unexpected keyword argument 'mod'"),
        (lambda d: d.raw(data=1), "positional"),
        (lambda d: d.dial(), "missing a required argument: 'host'"),
        (lambda d: d.parse(), "missing a required argument: 'text'"),
        (lambda d: d.send_later(1, 2), "too many positional"),
        (lambda d: d.session().close(True), "too many positional"),
        (lambda d: d.Frame().size(1), "too many positional"),
        (lambda d: d.again(1), "too many positional"),
    ],
)
def test_a_wrong_call_raises_as_the_real_one_would(
    factory: SSotMockFactory, call: Callable[[Any], object], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        call(factory.create(shop.Socket))


def test_an_unknown_name_is_neither_read_nor_written_nor_configured(factory: SSotMockFactory) -> None:
    double = factory.create(shop.Socket)

    with pytest.raises(AttributeError, match=r"`Socket` has no `sned`; did you mean `send`\?"):
        _ = double.sned
    with pytest.raises(AttributeError, match="`Socket` has no `sned`"):
        double.sned = 1
    with pytest.raises(DoubleError, match="`Socket` has no `sned`"):
        factory.create(shop.Socket, sned=1)
    with pytest.raises(AttributeError):
        _ = double.assert_called_onec


def test_the_calls_are_recorded_as_unittest_does(factory: SSotMockFactory) -> None:
    double = factory.create(shop.Socket, send=7)

    assert asyncio.run(double.send({"a": 1})) == 7
    double.send.assert_awaited_once_with(data={"a": 1})
    double.session.return_value.close(hard=True)
    double.session.return_value.close.assert_called_once_with(hard=True)
    assert double.mock_calls[0] == mock.call.send({"a": 1})
    assert inspect.iscoroutinefunction(double.send)
    assert str(inspect.signature(double.parse)) == "(text: str) -> list[int]"


# what it answers ----------------------------------------------------------------------------------------------------


def test_values_functions_exceptions_and_turns(factory: SSotMockFactory) -> None:
    double = factory.create(
        shop.Socket,
        session=each(1, OSError("gone"), 2),
        parse=lambda text: [len(text)],
        raw=returns(len),
        is_open=ConnectionError,
        key=b"k",
        frames=[1, 2],
        url="x",
    )

    assert (double.session(), double.parse("abc"), double.raw(1), double.key, list(double.frames()), double.url) == (
        *(1, [3], len, b"k", [1, 2], "x"),
    )
    with pytest.raises(OSError, match="gone"):
        double.session()
    assert double.session() == 2
    with pytest.raises(DoubleError, match=r"`Socket.session` is called once more than its 3 answers"):
        double.session()
    with pytest.raises(ConnectionError):
        _ = double.is_open


def test_awaiting_streams_and_contexts(factory: SSotMockFactory) -> None:
    async def answer(data: dict[str, int], *, mode: str = "text") -> int:
        await asyncio.sleep(0)
        return data["a"]

    double = factory.create(shop.Socket, send=answer, stream=[1, 2], opened=3, locked=4, receive=ValueError("shut"))

    async def use() -> list[object]:
        async with double as same, double.opened() as three:
            with double.locked() as four:
                return [await double.send({"a": 9}), [x async for x in double.stream()], three, four, same is double]

    assert asyncio.run(use()) == [9, [1, 2], 3, 4, True]
    with pytest.raises(ValueError, match="shut"):
        asyncio.run(double.receive())
    with pytest.raises(TypeError):
        double.stream(1)


@pytest.mark.parametrize(
    "stand_in",
    [lambda: 1, lambda data: 1, lambda data, mode: 1, lambda data, *, mode="text", more: 1, lambda text, *, mode="": 1],
)
def test_a_stand_in_that_refuses_real_calls_is_refused(factory: SSotMockFactory, stand_in: Any) -> None:
    message = r"the stand-in for `Socket.send` takes .*, the real one \(data, \*, mode='text'\): "
    with pytest.raises(DoubleError, match=message):
        factory.create(shop.Socket, send=stand_in)
    double = factory.create(shop.Socket)
    with pytest.raises(DoubleError, match=message):
        double.send = stand_in
    with pytest.raises(DoubleError, match=message):
        double.send.side_effect = stand_in


@pytest.mark.parametrize("name", ["url", "parse", "is_open"])
@pytest.mark.parametrize("bare", [mock.Mock(), mock.MagicMock(name="x"), mock.AsyncMock()])
def test_a_mock_that_nothing_constrains_is_no_answer(factory: SSotMockFactory, name: str, bare: object) -> None:
    with pytest.raises(DoubleError, match="a mock that nothing constrains"):
        factory.create(shop.Socket, **{name: bare})
    double = factory.create(shop.Socket)
    with pytest.raises(DoubleError, match="a mock that nothing constrains"):
        setattr(double, name, bare)


def test_a_double_may_answer_with_a_double(factory: SSotMockFactory) -> None:
    session = factory.create(shop.Session, user="ada")
    double = factory.create(shop.Socket, session=session, state=session)

    assert double.session().user == double.state.user == "ada"


# kinds of real things -----------------------------------------------------------------------------------------------


def test_slots_data_classes_and_descriptors(factory: SSotMockFactory) -> None:
    slotted, order = factory.create(shop.Slotted, cache={}), factory.create(shop.Order, number=3)

    assert slotted.cache == {}
    assert (order.number, order.lines, order.total()) == (3, [], 0.0)
    assert repr(factory.create(shop.Described).field) == "<unconfigured: Described.field>"
    with pytest.raises(AttributeError, match="`Slotted` has no `other`"):
        slotted.other = 1


@pytest.mark.parametrize(
    ("real", "call"),
    [
        (socket.socket, lambda d: d.sendall(b"x")),
        (io.BytesIO, lambda d: d.read(3)),
        (sqlite3.Connection, lambda d: d.execute("select 1")),
        (dt.datetime, lambda d: d.isoformat()),
        (subprocess.Popen, lambda d: d.poll()),
    ],
)
def test_a_type_written_in_c_gives_its_names(
    factory: SSotMockFactory, real: type, call: Callable[[Any], object]
) -> None:
    double = factory.create(real)

    assert isinstance(double, real)
    call(double)
    with pytest.raises(AttributeError, match="has no `no_such_name`"):
        _ = double.no_such_name


def test_where_c_tells_a_signature_it_is_kept(factory: SSotMockFactory) -> None:
    with pytest.raises(TypeError, match="too many positional"):
        factory.create(io.BytesIO).read(1, 2)


def test_a_protocol_gives_methods_and_attributes(factory: SSotMockFactory) -> None:
    double = factory.create(shop.Sender, name="ada")

    assert double.name == "ada"
    asyncio.run(double.send("x"))
    with pytest.raises(TypeError):
        double.send()
    with pytest.raises(DoubleError, match="`Sender` has no `close`"):
        factory.create(shop.Sender, close=None)


def test_getattr_admits_only_what_is_named(factory: SSotMockFactory) -> None:
    with pytest.raises(
        DoubleError, match=r"`Open` has no `colour`; it has a `__getattr__`: `dynamic\(Open, 'colour'\)`"
    ):
        factory.create(shop.Open, colour=1)

    double = factory.create(dynamic(shop.Open, "colour", session=shop.Session), colour=1)
    assert (double.colour, double.session.user, double.known()) == (1, "nobody", 0)
    with pytest.raises(DoubleError, match="`Session` has no `__getattr__`"):
        factory.create(dynamic(shop.Session, "colour"))


def test_a_metaclass_is_not_asked(factory: SSotMockFactory) -> None:
    double = factory.create(shop.Guarded)

    assert double.work(3) == ""
    with pytest.raises(TypeError):
        double.work()


def test_callable_instances(factory: SSotMockFactory) -> None:
    worker, later = factory.create(shop.worker), factory.create(shop.AsyncWorker, __call__="done")

    assert worker("job", priority=1) == ""
    worker.assert_called_once_with("job", priority=1)
    with pytest.raises(TypeError, match=r"`Worker.__call__` takes"):
        worker()
    assert asyncio.run(later("job")) == "done"
    with pytest.raises(TypeError):
        later()
    with pytest.raises(TypeError):
        factory.create(shop.Socket)()


def test_an_object_has_the_attributes_that_it_has(factory: SSotMockFactory) -> None:
    real = shop.Session()
    real.extra = 1  # type: ignore[attr-defined]

    assert factory.create(real).extra == 1
    with pytest.raises(AttributeError):
        _ = factory.create(shop.Session).extra


@pytest.mark.parametrize(
    ("real", "good", "bad"),
    [
        (shop.pay, lambda d: d(1, currency="X"), lambda d: d()),
        (shop.price, lambda d: d("a", "b"), lambda d: d(1, 2, 3)),
        (shop.pay_euros, lambda d: d(1), lambda d: d(1, 2, 3)),
        (shop.session.close, lambda d: d(hard=True), lambda d: d(True)),
        ("tests.testing.doubles.shop:pay", lambda d: d(1), lambda d: d()),
        ("tests.testing.doubles.shop.Session.close", lambda d: d(shop.session), lambda d: d()),
        (len, lambda d: d([]), lambda d: d()),
    ],
)
def test_functions(factory: SSotMockFactory, real: Any, good: Callable[[Any], Any], bad: Callable[[Any], Any]) -> None:
    double = factory.function(real, 5)

    assert good(double) == 5
    with pytest.raises(TypeError):
        bad(double)


def test_a_coroutine_function(factory: SSotMockFactory) -> None:
    assert asyncio.run(factory.function(shop.fetch)("u")) == b""
    assert asyncio.run(factory.create(shop.fetch)("u", retries=1)) == b""


def test_a_class_as_such(factory: SSotMockFactory) -> None:
    double = factory.class_(shop.Socket, parse=[1], session=2)

    assert double("url").session() == 2
    assert double.parse("x") == [1]
    assert double.return_value is double("url")
    double.assert_called_with("url")
    with pytest.raises(TypeError, match="`Socket` takes"):
        double()
    with pytest.raises(DoubleError, match="`Socket` has no `sned`"):
        factory.class_(shop.Socket, sned=1)


def test_a_module(factory: SSotMockFactory) -> None:
    double = factory.create(shop, pay=True)

    assert double.pay(1) is True
    assert double.LIMIT == 10
    with pytest.raises(TypeError):
        double.pay()
    with pytest.raises(AttributeError):
        _ = double.pya


@pytest.mark.parametrize(
    ("real", "message"),
    [
        (mock.Mock(), "a double of the double"),
        (mock.Mock, "a double of the double"),
        (mock.create_autospec(shop.Socket), "a double of the double"),
        (object, "says nothing"),
        (shop.Colour, "enumeration"),
        (shop.Colour.RED, "is a value"),
        (3, "is a value"),
        (None, "is a value"),
        (str, "type of values"),
        (ValueError, "raise a real one"),
        (int | str, "no class"),
        ("tests.testing.doubles.shop:Sokcet", r"has no `Sokcet`; did you mean `Socket`\?"),
        ("tests.testing.doubles.shop.Socket.sned", "has no `sned`"),
        ("tests.testing.no_such:Socket", "there is no module `tests.testing.no_such`"),
        ("no_such_package.Thing", "there is no module `no_such_package`"),
        ("", "is not the name of a thing"),
    ],
)
def test_what_stands_for_nothing_is_refused(factory: SSotMockFactory, real: Any, message: str) -> None:
    with pytest.raises(DoubleError, match=message):
        factory.create(real)


def test_a_double_of_a_double_of_ours_is_refused(factory: SSotMockFactory) -> None:
    with pytest.raises(DoubleError, match="a double of the double `<double of Socket>`"):
        factory.create(factory.create(shop.Socket))
