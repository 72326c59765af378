"""A change of the real class makes every stale double fail."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from canonry.testing.doubles import DoubleError, DriftError, SSotMockFactory, check_doubles, registry, stands_in_for
from canonry.testing.doubles.drift import StandIn, drift_of
from canonry.testing.doubles.roles import agent, database, llm_client, web_socket
from tests.workbench import ROOT, environment


@pytest.fixture(autouse=True)
def _own_registry() -> Iterator[None]:
    kept = registry.snapshot()
    yield
    registry.restore(kept)


@pytest.fixture
def factory() -> Iterator[SSotMockFactory]:
    with SSotMockFactory() as made:
        yield made


class Chat:
    """What the doubles below stand for; the tests change it."""

    LIMIT = 1

    async def send_json(self, data: dict[str, int], mode: str = "text") -> None: ...

    async def receive_json(self) -> dict[str, int]: ...

    def close(self, code: int = 1000) -> None: ...

    @property
    def is_open(self) -> bool:
        return True

    def complete(self, prompt: str) -> str:
        return prompt


@pytest.fixture
def chat() -> type:
    """A class of the same body that a test may change."""
    return type("Chat", (Chat,), dict(vars(Chat)))


def rename(kind: Any, old: str, new: str) -> None:
    value = vars(kind)[old]
    delattr(kind, old)
    setattr(kind, new, value)
    for base in kind.__mro__[1:-1]:
        kind.__bases__ = (type("Nothing", (), {}),) if old in vars(base) else kind.__bases__


def test_a_renamed_method_fails_at_use_and_at_configuration(factory: SSotMockFactory, chat: type) -> None:
    factory.create(chat, send_json=None)
    rename(chat, "send_json", "send_message")
    double = factory.create(chat)

    with pytest.raises(AttributeError, match="`Chat` has no `send_json`"):
        double.send_json({})
    with pytest.raises(DoubleError, match="`Chat` has no `send_json`"):
        factory.create(chat, send_json=None)
    with pytest.raises(DoubleError, match="`Chat` has no `send_json`"):
        factory.patch(chat, "send_json")


def test_a_renamed_method_fails_in_every_registered_double(factory: SSotMockFactory, chat: type) -> None:
    SSotMockFactory.register("websocket", chat, web_socket(send="send_json", receive="receive_json"))
    SSotMockFactory.register("model", chat, lambda made, real, **answers: made.create(real, complete="hi", **answers))
    SSotMockFactory.verify()
    assert check_doubles() >= 2

    rename(chat, "send_json", "send_message")
    with pytest.raises(DoubleError, match="`Chat` has no `send_json`"):
        factory.websocket()
    with pytest.raises(
        DriftError, match=rf"the double `websocket` \({re.escape(__file__)}:\d+\) is stale: `Chat` has no `send_j"
    ):
        SSotMockFactory.verify()
    assert factory.model().complete("x") == "hi"


def test_a_real_class_that_is_gone(factory: SSotMockFactory) -> None:
    SSotMockFactory.register("gone", "tests.testing.doubles.shop:Gone")

    with pytest.raises(DoubleError, match=r"the double `gone` .* stands for nothing: .* has no `Gone`"):
        factory.gone()
    with pytest.raises(DriftError, match="stands for nothing"):
        SSotMockFactory.verify()


def test_a_builder_that_gives_something_else(factory: SSotMockFactory) -> None:
    SSotMockFactory.register("odd", Chat, lambda made, real: object())
    SSotMockFactory.register("other", Chat, lambda made, real: made.create(StandIn))
    SSotMockFactory.register("real", Chat, lambda made, real: Chat())

    for role in ("odd", "other"):
        with pytest.raises(DriftError, match=f"the double `{role}` is to stand for `Chat`, and its builder gives"):
            getattr(factory, role)()
    assert isinstance(factory.real(), Chat)


# hand-written -------------------------------------------------------------------------------------------------------


def fake(body: str) -> type:
    space: dict[str, Any] = {}
    exec(f"class FakeChat:\n{body}", space)
    made: type = space["FakeChat"]
    return made


@pytest.mark.parametrize(
    "body",
    [
        "    async def send_json(self, data, mode='text'): pass",
        "    def close(self, code=1000): pass\n    _own = 3\n    def __repr__(self): return ''",
        "    is_open = True",
        "    LIMIT = 2",
        "    async def send_json(me, data: int, mode: str = 'text') -> str: ...",
    ],
)
def test_what_agrees(body: str) -> None:
    assert drift_of(StandIn(fake(body), Chat)) == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            "    async def send_jsn(self, data): pass",
            "`FakeChat.send_jsn(data)` stands for nothing: `Chat` has no `send_jsn`; did you mean `send_json(data, mode='text')`?",
        ),
        (
            "    async def send_json(self, data): pass",
            "`FakeChat.send_json(data)` is not the real `Chat.send_json(data, mode='text')`: `mode` is missing",
        ),
        (
            "    async def send_json(self, text, mode='text'): pass",
            "`FakeChat.send_json(text, mode='text')` is not the real `Chat.send_json(data, mode='text')`: `data` is missing",
        ),
        (
            "    async def send_json(self, mode, data='text'): pass",
            "`FakeChat.send_json(mode, data='text')` is not the real `Chat.send_json(data, mode='text')`: `data` stands elsewhere",
        ),
        (
            "    async def send_json(self, data, *, mode='text'): pass",
            (
                "`FakeChat.send_json(data, *, mode='text')` is not the real `Chat.send_json(data, mode='text')`: "
                "`mode` is taken positional or by name, not by name only"
            ),
        ),
        (
            "    async def send_json(self, data, mode='binary'): pass",
            (
                "`FakeChat.send_json(data, mode='binary')` is not the real `Chat.send_json(data, mode='text')`: "
                "the default of `mode` is `'text'`, not `'binary'`"
            ),
        ),
        (
            "    async def send_json(self, data, mode): pass",
            (
                "`FakeChat.send_json(data, mode)` is not the real `Chat.send_json(data, mode='text')`: "
                "the default of `mode` is `'text'`, not absent"
            ),
        ),
        (
            "    async def send_json(self, data, mode='text', more=1): pass",
            (
                "`FakeChat.send_json(data, mode='text', more=1)` is not the real `Chat.send_json(data, mode='text')`: "
                "`more` is not among the real parameters"
            ),
        ),
        (
            "    async def send_json(self, *args, **kwargs): pass",
            "`FakeChat.send_json(*args, **kwargs)` is not the real `Chat.send_json(data, mode='text')`: `data` is missing",
        ),
        (
            "    def send_json(self, data, mode='text'): pass",
            "`FakeChat.send_json(data, mode='text')` is plain, the real `Chat.send_json(data, mode='text')` is async",
        ),
        ("    def is_open(self): pass", "`FakeChat.is_open` is a method, the real `Chat.is_open` a property"),
        (
            "    @staticmethod\n    def close(code=1000): pass",
            "`FakeChat.close` is a static method, the real `Chat.close` a method",
        ),
        ("    sent = 1", "`FakeChat.sent` stands for nothing: `Chat` has no `sent`"),
        ("    def __enter__(self): pass", "`FakeChat.__enter__()` stands for nothing: `Chat` has no `__enter__`"),
    ],
)
def test_each_difference_is_a_sentence(body: str, sentence: str) -> None:
    found = drift_of(StandIn(fake(body), Chat, path="fakes.py", line=3))
    assert found == [f"{sentence} (fakes.py:3)"]


class Recording:
    def __init__(self) -> None:
        self.log: list[str] = []


def test_an_attribute_that_a_method_assigns_counts() -> None:
    assert drift_of(StandIn(Recording, Chat)) == ["`Recording.log` stands for nothing: `Chat` has no `log`"]
    assert drift_of(StandIn(Recording, Chat, frozenset(("log",)))) == []


def test_the_whole_interface_on_request() -> None:
    found = drift_of(StandIn(fake("    LIMIT = 1\n    is_open = True"), Chat, whole=True))
    assert found == [
        f"`FakeChat` lacks `{name}`, which `Chat` has" for name in ("send_json", "receive_json", "close", "complete")
    ]


def test_a_tied_class_fails_when_it_is_made(chat: type) -> None:
    class Base:
        def __init__(self, name: str) -> None:
            self._name = name

    @stands_in_for(chat, extra=("log",))
    class FakeChat(Base):
        log = ()

        def close(self, code: int = 1000) -> None: ...

    @stands_in_for(chat)
    class Bare:
        def close(self, code: int = 1000) -> None: ...

    assert FakeChat("a")._name == "a"
    assert Bare().close() is None
    chat.shut = chat.close  # type: ignore[attr-defined]

    @stands_in_for(chat)
    class Late(Bare):
        def close(self, code: int = 1000) -> None: ...

    rename(chat, "close", "finish")
    with pytest.raises(DriftError, match=r"`.*Late.close\(code=1000\)` stands for nothing: `Chat` has no `close`"):
        Late()
    with pytest.raises(DriftError, match=r"Late.close"):
        check_doubles()
    from canonry.testing.doubles import drift

    for one in (FakeChat, Bare, Late):
        drift.untie(one)


# the registry -------------------------------------------------------------------------------------------------------


def test_the_roles_do_what_they_say(factory: SSotMockFactory) -> None:
    import asyncio

    SSotMockFactory.register("websocket", Chat, web_socket(send="send_json", receive="receive_json"))
    SSotMockFactory.register("agent", Chat, agent(run="complete"))
    SSotMockFactory.register("database", Chat, database(execute="complete", commit="close", rollback=None))
    SSotMockFactory.register("llm", Chat, llm_client())
    socket = factory.websocket(incoming=[{"a": 1}, ConnectionError("closed")])

    assert asyncio.run(socket.receive_json()) == {"a": 1}
    with pytest.raises(ConnectionError, match="closed"):
        asyncio.run(socket.receive_json())
    assert factory.agent(result="done").complete("x") == "done"
    with pytest.raises(TimeoutError):
        factory.agent(fails=TimeoutError()).complete("x")
    base = factory.database(rows={"select 1": [1], "select 2": OSError("locked")})
    assert base.complete("select 1") == [1]
    with pytest.raises(OSError, match="locked"):
        base.complete(prompt="select 2")
    with pytest.raises(DoubleError, match="no rows are given for the statement 'select 3'"):
        base.complete("select 3")
    assert [factory.llm(replies=["a", "b"]).complete("x") for _ in range(2)] == ["a", "a"]


def test_names_of_roles(factory: SSotMockFactory) -> None:
    SSotMockFactory.register("bank", Chat)

    with pytest.raises(
        DoubleError, match=r"no double is registered as `bnak`; did you mean `bank`\?; `SSotMockFactory.reg"
    ):
        factory.bnak()
    with pytest.raises(DoubleError, match=r"the role `bank` is registered at .* already"):
        SSotMockFactory.register("bank", StandIn)
    for name in ("create", "patch", "made of glass", "_x", ""):
        with pytest.raises(DoubleError, match="cannot be the name of a role"):
            SSotMockFactory.register(name, Chat)
    with pytest.raises(DoubleError, match="is a value"):
        SSotMockFactory.register("value", 3)
    SSotMockFactory.unregister("bank")
    SSotMockFactory.register("bank", StandIn)


def test_each_call_makes_another_double(factory: SSotMockFactory) -> None:
    SSotMockFactory.register("bank", Chat)
    factory.bank().complete.return_value = "changed"

    assert factory.bank().complete("x") == ""


def test_restoring_names_what_changed() -> None:
    kept = registry.snapshot()
    SSotMockFactory.register("bank", Chat)

    assert registry.restore(kept) == {"bank": "was registered"}
    assert registry.restore(kept) == {}


# a package of fakes, from outside -----------------------------------------------------------------------------------

REAL = "class Stream:\n    def read(self, size, timeout=None): ...\n    def close(self): ...\n"
FAKES = (
    "from shop.stream import Stream\n\nclass MockStream(Stream):\n    def read(self, size, timeout=None): return b''\n"
    "    def close(self): ...\n\nclass FakeClock:\n    def now(self): return 0\n"
)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "canonry.testing.doubles", *arguments]
    variables = environment(PYTHONPATH=str(ROOT / "src"), PYTHONDONTWRITEBYTECODE="1")
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").write_text("")
    (tmp_path / "shop/stream.py").write_text(REAL)
    (tmp_path / "shop/clock.py").write_text("class Clock:\n    def now(self): ...\n")
    (tmp_path / "shop/fakes.py").write_text(FAKES)
    return tmp_path


def test_the_command_compares_a_package(package: Path) -> None:
    done = run(package, "--pair", "shop.fakes:FakeClock=shop.clock:Clock", "shop")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "ok     shop.fakes:FakeClock <- shop.clock:Clock (paired)",
        "ok     shop.fakes:MockStream <- shop.stream:Stream (inherits)",
        "2 doubles compared, 0 stale",
    ]


def test_a_module_that_does_not_import_is_named_and_the_rest_compared(package: Path) -> None:
    (package / "shop/late.py").write_text("import no_such_package\n")
    done = run(package, "shop")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "ok     shop.fakes:MockStream <- shop.stream:Stream (inherits)",
        "unread `shop.late` cannot be imported, so its doubles cannot be compared: No module named 'no_such_package'",
        "1 double compared, 0 stale",
    ]


def test_the_command_names_what_is_stale(package: Path) -> None:
    (package / "shop/stream.py").write_text(REAL.replace("close", "shut").replace("timeout=None", "timeout"))
    (package / "shop/clock.py").write_text("class Clock:\n    def time(self): ...\n")
    done = run(package, "--pair=shop.fakes:FakeClock=shop.clock:Clock", "shop")

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "drift  shop.fakes:FakeClock <- shop.clock:Clock (paired)",
        "       `FakeClock.now()` stands for nothing: `Clock` has no `now`",
        "drift  shop.fakes:MockStream <- shop.stream:Stream (inherits)",
        (
            "       `MockStream.read(size, timeout=None)` is not the real `Stream.read(size, timeout)`: "
            "the default of `timeout` is absent, not `None`"
        ),
        "       `MockStream.close()` stands for nothing: `Stream` has no `close`",
        "2 doubles compared, 2 stale",
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--pair"], 2, "usage: "),
        (["--nothing"], 2, "usage: "),
        (["nowhere"], 2, "`nowhere` cannot be imported"),
        (["--pair", "shop.fakes:Gone=shop.clock:Clock"], 2, "has no `Gone`"),
        (["shop.clock"], 5, "0 doubles compared"),
    ],
)
def test_the_command_says_what_it_cannot_do(package: Path, arguments: list[str], status: int, said: str) -> None:
    done = run(package, *arguments)

    assert done.returncode == status
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
