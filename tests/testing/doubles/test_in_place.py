"""Patches, replacements and spies: what stands in the place of something real, and that it goes away."""

import asyncio
import datetime as dt
import functools
import inspect
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from canonry.testing.doubles import DoubleError, DriftError, SSotMockFactory, active, each, stands_in_for, undo_all
from canonry.testing.doubles.fixture import mock_factory
from tests.testing.doubles import shop

SHOP = "tests.testing.doubles.shop"


@pytest.fixture
def factory() -> Iterator[SSotMockFactory]:
    before = dict(vars(shop)), dict(vars(shop.Socket)), dict(vars(shop.session))
    with SSotMockFactory() as made:
        yield made
    assert (dict(vars(shop)), dict(vars(shop.Socket)), dict(vars(shop.session))) == before
    assert active() == ()


def test_a_function_by_its_name(factory: SSotMockFactory) -> None:
    double = factory.patch(f"{SHOP}.pay", returns=False)

    assert shop.pay(3, currency="X") is False
    double.assert_called_once_with(3, "X")
    with pytest.raises(TypeError):
        shop.pay()  # type: ignore[call-arg]


def test_a_method_of_a_class_gets_no_self(factory: SSotMockFactory) -> None:
    double = factory.patch(shop.Socket, "send", returns=each(1, OSError))
    real = shop.Socket("u")

    assert asyncio.run(real.send({}, mode="x")) == 1
    double.assert_awaited_once_with({}, mode="x")
    with pytest.raises(OSError):  # noqa: PT011  the class alone was given
        asyncio.run(real.send({}))


@pytest.mark.parametrize(("name", "call"), [("parse", lambda c: c.parse("x")), ("dial", lambda c: c.dial("h"))])
def test_static_and_class_methods(factory: SSotMockFactory, name: str, call: Any) -> None:
    factory.patch(shop.Socket, name, returns=5)

    assert call(shop.Socket) == call(shop.Socket("u")) == 5
    with pytest.raises(TypeError):
        getattr(shop.Socket, name)()


def test_a_class_an_object_and_a_lazy_name(factory: SSotMockFactory) -> None:
    double = factory.patch(f"{SHOP}.Session", close=7)
    assert (shop.Session().close(), isinstance(shop.Session(), type(double.return_value))) == (7, True)

    factory.patch(f"{SHOP}.session", user="ada")
    assert shop.session.user == "ada"

    factory.patch(f"{SHOP}.lazy", returns=False)
    assert shop.lazy(1) is False
    factory.cleanup()
    assert shop.lazy is shop.pay


def test_a_property_never_runs(factory: SSotMockFactory) -> None:
    factory.patch(shop.Socket, "is_open", returns=True)
    assert shop.Socket("u").is_open is True

    factory.cleanup()
    factory.patch(shop.Socket, "is_open", returns=OSError)
    with pytest.raises(OSError):  # noqa: PT011
        _ = shop.Socket("u").is_open


def test_methods_of_one_object(factory: SSotMockFactory) -> None:
    real = shop.Socket("u")
    factory.patch(real, "parse", returns=[9])

    assert (real.parse("x"), shop.Socket.parse("x")) == ([9], [])
    factory.cleanup()
    assert "parse" not in vars(real)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ((f"{SHOP}.pya",), r"has no `pya`; did you mean `pay`\?"),
        ((shop.Socket, "sned"), r"`Socket` has no `sned`; did you mean `send`\?"),
        ((f"{SHOP}.LIMIT",), "is the value 10; `replace` puts another value there"),
        (("os",), "is a module"),
        ((shop.session,), "which attribute"),
        ((dt.datetime, "now"), "cannot be patched .* patch the name in the module that uses it"),
    ],
)
def test_what_cannot_be_patched_is_said(factory: SSotMockFactory, target: Any, message: str) -> None:
    with pytest.raises(DoubleError, match=message):
        factory.patch(*target)


def test_a_function_has_no_members_to_configure(factory: SSotMockFactory) -> None:
    with pytest.raises(DoubleError, match="say `returns=` for what it answers, not `return_value=`"):
        factory.patch(f"{SHOP}.pay", return_value=1)


def test_a_patch_of_a_patch_is_refused(factory: SSotMockFactory) -> None:
    factory.patch(f"{SHOP}.pay")
    with pytest.raises(DoubleError, match="is a double already"):
        factory.patch(f"{SHOP}.pay")


# replacements -------------------------------------------------------------------------------------------------------


def test_values_and_functions_are_replaced_by_their_like(factory: SSotMockFactory) -> None:
    factory.replace(f"{SHOP}.LIMIT", 3)
    factory.replace(shop, "pay", lambda amount, currency="EUR": currency)

    assert (shop.LIMIT, shop.pay(1, "X")) == (3, "X")


class FakeSession:
    def __init__(self) -> None:
        self.user = "ada"

    def close(self, *, hard: bool = False) -> None: ...


@stands_in_for(shop.Session, extra=("closed",))
class TiedSession(FakeSession):
    closed = 0


@pytest.mark.parametrize("fake", [FakeSession, TiedSession])
def test_a_hand_written_class_that_agrees(factory: SSotMockFactory, fake: type) -> None:
    factory.replace(f"{SHOP}.Session", fake)
    factory.replace(f"{SHOP}.session", fake())

    assert (shop.Session().user, shop.session.user) == ("ada", "ada")


class OldSession:
    def close(self, hard: bool = False) -> None: ...


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("LIMIT", "3", DoubleError, "is of type `int`, '3' is not"),
        ("pay", lambda amount: True, DriftError, r"takes \(amount\), the real one \(amount, currency='EUR'\)"),
        ("fetch", lambda url, *, retries=3: b"", DriftError, "is async, the replacement is plain"),
        ("pay", 3, DoubleError, "is a function, the replacement is"),
        ("pay", mock.Mock(), DoubleError, "a mock that nothing constrains"),
        (
            "Session",
            OldSession,
            DriftError,
            r"`OldSession.close\(hard=False\)` is not the real `Session.close\(\*, hard=Fa",
        ),
        ("session", OldSession(), DriftError, "`hard` is taken by name only"),
        ("Session", shop.pay, DoubleError, "is the class `Session`, the replacement is a function"),
    ],
)
def test_a_replacement_that_is_none(
    factory: SSotMockFactory, name: str, value: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        factory.replace(f"{SHOP}.{name}", value)


def test_a_double_of_something_else_is_no_replacement(factory: SSotMockFactory) -> None:
    with pytest.raises(DriftError, match="the double in its place stands for"):
        factory.replace(f"{SHOP}.session", factory.create(shop.Socket))
    factory.replace(f"{SHOP}.session", factory.create(shop.Session))


# spies --------------------------------------------------------------------------------------------------------------


def test_a_spy_on_a_function_calls_through(factory: SSotMockFactory) -> None:
    records = factory.spy(f"{SHOP}.pay")

    assert (shop.pay(1), shop.pay(-1, currency="X")) == (True, False)
    assert records.call_args_list == [mock.call(1), mock.call(-1, currency="X")]
    assert inspect.signature(shop.pay) == inspect.signature(records)


def test_spies_on_methods_bind(factory: SSotMockFactory) -> None:
    shut, parse, dial = (factory.spy(shop.Socket, name) for name in ("session", "parse", "dial"))
    socket = shop.Socket("u")

    assert (socket.session("a").user, socket.parse("x"), shop.Socket.dial("h")) == ("nobody", [], None)
    shut.assert_called_once_with(name="a")
    parse.assert_called_once_with("x")
    dial.assert_called_once_with("h")


def test_a_spy_on_a_coroutine_function_is_awaited(factory: SSotMockFactory) -> None:
    records = factory.spy(shop, "fetch")

    assert asyncio.run(shop.fetch("u")) == b"u"
    records.assert_awaited_once_with("u")


def test_a_spy_on_an_object(factory: SSotMockFactory) -> None:
    real = shop.Socket("u")
    spied = factory.spy(real)
    spied.url = "v"

    assert (spied.session().user, spied.url, real.url, len(spied), isinstance(spied, shop.Socket)) == (
        *("nobody", "v", "v", 1, True),
    )
    assert factory.spy(shop.worker)("job") == "job"
    with pytest.raises(RuntimeError, match="the real property runs"):
        _ = spied.is_open
    with pytest.raises(AttributeError):
        _ = spied.nothing
    spied.session.assert_called_once_with()


@pytest.mark.parametrize("target", [(shop.pay,), (shop,), (f"{SHOP}.LIMIT",), (shop.Socket, "LIMIT")])
def test_what_cannot_be_watched_is_said(factory: SSotMockFactory, target: Any) -> None:
    with pytest.raises(DoubleError):
        factory.spy(*target)


# the way back -------------------------------------------------------------------------------------------------------


def test_what_is_active_is_named_and_undone() -> None:
    factory = SSotMockFactory()
    line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
    factory.patch(f"{SHOP}.pay")
    factory.replace(shop.Socket, "LIMIT", 4)

    names = active()
    assert (
        names
        == undo_all()
        == (f"{SHOP}.pay (patched at {__file__}:{line})", f"Socket.LIMIT (patched at {__file__}:{line + 1})")
    )
    assert (shop.Socket.LIMIT, shop.pay(1), active()) == (3, True, ())
    factory.cleanup()
    assert shop.pay(1)


class Stubborn:
    value = 1

    def __init__(self) -> None:
        object.__setattr__(self, "shut", False)

    def __setattr__(self, name: str, value: object) -> None:
        if self.shut:  # type: ignore[attr-defined]
            raise RuntimeError(f"{name} stays")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)


def test_cleanup_goes_on_after_an_error() -> None:
    factory, stubborn = SSotMockFactory(), Stubborn()
    factory.replace(f"{SHOP}.LIMIT", 3)
    factory.replace(stubborn, "value", 2)
    object.__setattr__(stubborn, "shut", True)

    with pytest.raises(ExceptionGroup, match="patches could not be undone"):
        factory.cleanup()
    assert (shop.LIMIT, active()) == (10, ())


def test_the_fixture_cleans_up_after_a_failure() -> None:
    fixture = mock_factory()
    next(fixture).replace(f"{SHOP}.LIMIT", 3)

    with pytest.raises(ZeroDivisionError):
        fixture.throw(ZeroDivisionError())
    assert shop.LIMIT == 10


def test_patches_of_slots_and_of_inherited_names(factory: SSotMockFactory) -> None:
    slotted = shop.Slotted()
    slotted.cache = 1
    factory.replace(slotted, "cache", 2)
    factory.replace(TiedSession, "close", functools.partial(FakeSession.close))
    factory.cleanup()

    assert slotted.cache == 1
    assert "close" not in vars(TiedSession)


def test_a_function_of_the_standard_library(factory: SSotMockFactory) -> None:
    factory.patch("os.getcwd", returns="/shop")
    assert os.getcwd() == "/shop"  # noqa: PTH109
