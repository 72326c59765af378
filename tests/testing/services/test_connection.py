"""Real WebSocket connections: what arrives, what does not, and how they end."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from canonry.testing.connection import HandshakeError, NotReceivedError, RealConnection, Received
from canonry.testing.services.running import Running
from canonry.testing.services.start import start
from canonry.testing.users import Login, User, Users, websocket_url
from tests.testing.services.chat import CHAT
from tests.testing.services.servers import command, soon


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A chat service."""
    root = tmp_path_factory.mktemp("chat")
    with start(command(root, CHAT), root=root) as running:
        yield running


class Source:
    """Logs users in over HTTP."""

    def login(self, url: str, name: str) -> Login:
        from canonry.testing.http import HttpClient

        token = HttpClient(url).get(f"/login?name={name}").json()["token"]
        return Login(headers={"Authorization": f"Bearer {token}"}, token=token, subprotocols=("chat.v1",))

    def logout(self, url: str, name: str, login: Login) -> None:
        from canonry.testing.http import HttpClient

        assert HttpClient(url).get(f"/logout?token={login.token}").text == "bye"


@pytest.fixture
def users(chat: Running) -> Iterator[Callable[[int], list[User]]]:
    """So many users who are logged in."""
    made = Users(Source())
    yield lambda count: made.log_in(chat.url, count)
    assert made.close() == []


def run(test: Awaitable[None]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(test, 20)
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

    asyncio.run(bounded())


def test_messages_come_in_order_with_their_times(users: Callable[[int], list[User]]) -> None:
    async def test() -> None:
        (ada,) = users(1)
        before = time.monotonic()
        async with ada.connect("/ws") as connection:
            assert connection.subprotocol == "chat.v1"
            await connection.send("think")
            steps = [(await connection.receive_json())["type"] for _ in range(3)]
            await connection.send(b"\x00\x01")
            assert (await connection.receive()).data == b"\x00\x01"
            await connection.send({"type": "ask", "text": "why?"})
            assert await connection.receive_json() == {"type": "ask", "text": "why?"}
        assert steps == ["started", "thinking", "done"]
        assert [message.number for message in connection.received] == [1, 2, 3, 4, 5]
        times = [message.at for message in connection.received]
        assert times == sorted(times)
        assert before < times[0] <= times[2] - 0.02
        assert abs(connection.received[0].wall - time.time()) < 20
        assert (connection.close_code, connection.is_open) == (1000, False)

    run(test())


def test_waiting_ends_at_its_limit_with_what_came_instead(users: Callable[[int], list[User]]) -> None:
    async def test() -> None:
        (ada,) = users(1)
        async with ada.connect("/ws") as connection:
            begun = time.monotonic()
            with pytest.raises(NotReceivedError, match=r"^no message within 0\.1 s; none came before$"):
                await connection.receive(limit=0.1)
            assert time.monotonic() - begun < 2
            await connection.send("think")
            got = await connection.receive_until(lambda message: message.json()["type"] == "thinking")
            assert [message.json()["type"] for message in got] == ["started", "thinking"]
            with pytest.raises(NotReceivedError, match=r"does not come within 0\.2 s, 1 others did: .*3 came before"):
                await connection.receive_until(lambda _: False, limit=0.2)

    run(test())


def test_silence_is_expected_and_a_message_breaks_it(users: Callable[[int], list[User]]) -> None:
    async def test() -> None:
        (ada,) = users(1)
        async with ada.connect("/ws") as connection:
            begun = time.monotonic()
            await connection.expect_nothing(0.15)
            assert time.monotonic() - begun >= 0.15
            await connection.send("hello")
            with pytest.raises(NotReceivedError, match="a message came where none was due: 'hello'"):
                await connection.expect_nothing(2.0)
            assert (await connection.receive()).data == "hello"
            await connection.send("leave")
            with pytest.raises(NotReceivedError, match=r"closed with code 4001 \(as you wish\)"):
                await connection.expect_nothing(2.0)

    run(test())


def test_several_users_at_once_hear_what_is_theirs(users: Callable[[int], list[User]]) -> None:
    async def test() -> None:
        ada, grace, alan = users(3)
        assert len({user.name for user in (ada, grace, alan)}) == 3
        async with ada.connect("/ws") as a, grace.connect("/ws") as g, alan.connect("/ws") as n:
            await asyncio.gather(*(connection.send("think") for connection in (a, g, n)))
            for connection in (a, g, n):
                for _ in range(3):
                    assert (await connection.receive_json())["user"] == connection.user
            await a.send("all: lunch?")
            assert [(await each.receive()).data for each in (a, g, n)] == ["all: lunch?"] * 3

    run(test())


def test_the_other_side_closes(users: Callable[[int], list[User]]) -> None:
    async def test() -> None:
        (ada,) = users(1)
        async with ada.connect("/ws") as connection:
            with pytest.raises(NotReceivedError, match=r"still open after 0\.1 s"):
                await connection.wait_closed(limit=0.1)
            await connection.send("hello")
            await connection.send("leave")
            assert await connection.wait_closed() == 4001
            assert (connection.close_code, connection.close_reason) == (4001, "as you wish")
            assert (await connection.receive()).data == "hello"
            with pytest.raises(NotReceivedError, match=r"no message can come: .*closed with code 4001 \(as you wish\)"):
                await connection.receive()
            with pytest.raises(NotReceivedError, match="nothing can be sent: the connection is closed with code 4001"):
                await connection.send("more")
        async with ada.connect("/ws") as connection:
            await connection.send("die")
            assert await connection.wait_closed() == 1006

    run(test())


def test_observers_see_each_message_as_it_arrives_and_what_they_raise_fails_the_test(
    users: Callable[[int], list[User]],
) -> None:
    seen: list[tuple[str, str]] = []

    def note(connection: RealConnection, message: Received) -> None:
        seen.append((connection.user, message.json()["type"]))

    def refuse(connection: RealConnection, message: Received) -> None:
        assert message.json()["type"] != "thinking", "a broken contract"

    async def test() -> None:
        (ada,) = users(1)
        async with ada.connection("/ws") as connection:
            connection.on_receive += [note]
            await connection.send("think")
            await connection.receive_until(lambda message: message.json()["type"] == "done")
        assert seen == [(ada.name, step) for step in ("started", "thinking", "done")]
        async with ada.connection("/ws") as connection:
            connection.on_receive.append(refuse)
            await connection.send("think")
            assert (await connection.receive_json())["type"] == "started"
            with pytest.raises(AssertionError, match="a broken contract"):
                await connection.receive_json()
        unread = ada.connection("/ws")
        await unread.open()
        unread.on_receive.append(refuse)
        await unread.send("think")
        await asyncio.sleep(0.2)
        with pytest.raises(AssertionError, match="a broken contract"):
            await unread.close()

    run(test())


def test_closing_waits_for_who_reads_and_raises_what_the_last_message_did(users: Callable[[int], list[User]]) -> None:
    async def slow_end(reader: "asyncio.Task[None]") -> None:
        await reader
        await asyncio.sleep(0.05)
        raise ValueError("seen too late")

    async def test() -> None:
        (ada,) = users(1)
        async with ada.connect("/ws") as connection:
            assert connection._reader is not None
            reading = connection._reader = asyncio.create_task(slow_end(connection._reader))
            with pytest.raises(ValueError, match="seen too late"):
                await connection.close()
            assert reading.done()
            connection._reader = None

    run(test())


def test_a_refused_handshake_has_its_status(chat: Running) -> None:
    async def test() -> None:
        for path, status in (("/ws", 403), ("/absent", 404)):
            connection = RealConnection(websocket_url(chat.url, path), headers={"Authorization": "Bearer none"})
            with pytest.raises(HandshakeError, match=f"refuses the connection with status {status}") as caught:
                await connection.open()
            assert caught.value.status == status
            await connection.close()
            with pytest.raises(NotReceivedError, match="was never opened"):
                await connection.receive()

    run(test())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ws://127.0.0.1:1/", "cannot be reached"),
        ("http://127.0.0.1:1/", "is no WebSocket"),
        ("nonsense", "is no WebSocket"),
    ],
)
def test_what_is_not_there_is_said(url: str, said: str) -> None:
    async def test() -> None:
        with pytest.raises(HandshakeError, match=said):
            await RealConnection(url).open(limit=2)

    run(test())


def test_a_server_that_says_nothing_ends_at_the_limit() -> None:
    async def test() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            connection = RealConnection(f"ws://127.0.0.1:{server.getsockname()[1]}/")
            with pytest.raises(HandshakeError, match=r"does not answer within 0\.1 s"):
                await connection.open(limit=0.1)

    run(test())


def test_what_a_test_left_open_is_broken_off_and_named(chat: Running) -> None:
    made = Users(Source())
    (ada,) = made.log_in(chat.url)

    async def test() -> None:
        await ada.connection("/ws").open()
        assert made.close() == [websocket_url(chat.url, "/ws")]
        await asyncio.sleep(0.05)

    asyncio.run(test())
    assert soon(lambda: User(chat.url, "x", Login()).http.get("/count").json()["open"] == 0)


def test_clients_of_two_users_share_nothing(users: Callable[[int], list[User]]) -> None:
    ada, grace = users(2)
    for user in (ada, grace):
        user.http.get(f"/login?name={user.name}")

    assert ada.http.get("/me").text == f"name={ada.name}"
    assert grace.http.get("/me").text == f"name={grace.name}"


def test_every_answer_is_a_value(chat: Running) -> None:
    http = User(chat.url, "ada", Login()).http

    assert http.get("/absent").status == 404
    assert http.get("/count").json()["open"] == 0
    with pytest.raises(ValueError, match=r"the answer \(404\) is no JSON: 'nothing here"):
        http.get("/absent").json()


def test_users_log_out_at_the_end(chat: Running) -> None:
    made = Users(Source())
    (ada,) = made.log_in(chat.url)
    before = ada.http.get("/count").json()["tokens"]
    made.close()

    assert ada.http.get("/count").json()["tokens"] == before - 1


@pytest.mark.parametrize(
    ("url", "path", "expected"),
    [
        ("http://h:1", "/ws", "ws://h:1/ws"),
        ("https://h/x?y=1", "/ws?t=2", "wss://h/ws?t=2"),
        ("ws://h/x", "", "ws://h/x"),
        ("http://h", "ws", "ws://h/ws"),
    ],
)
def test_the_address_of_a_websocket(url: str, path: str, expected: str) -> None:
    assert websocket_url(url, path) == expected


def test_without_the_package_it_says_what_to_install() -> None:
    code = (
        "import asyncio, sys\nsys.modules['websockets.asyncio.client'] = None\n"
        "from canonry.testing.connection import RealConnection\n"
        "try:\n    asyncio.run(RealConnection('ws://h').open())\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == (
        "UserError real WebSocket connections take the package `websockets`; `pip install 'canonry[websocket]'` installs it\n"
    )


@pytest.mark.parametrize("scheme", ["ws", "http"])
def test_a_refusal_does_not_tell_the_query(scheme: str) -> None:
    import traceback

    with pytest.raises(HandshakeError) as refused:
        asyncio.run(RealConnection(f"{scheme}://127.0.0.1:9/ws?ticket=secret").open())
    assert "127.0.0.1:9/ws" in str(refused.value)
    assert "ticket=" not in "".join(traceback.format_exception_only(refused.value))
    assert "ticket=" not in str(refused.value.__cause__)
