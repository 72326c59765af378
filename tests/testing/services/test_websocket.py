"""`RealWebSocketTestBase` under pytest and under plain unittest, against a server that the canon declares."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.testing.services.chat import CHAT
from tests.testing.services.servers import processes_in, soon

CANON = """
[tool.canonry.services.chat]
kind = "command"
command = "python server.py"
ready = "/count"
"""
TESTS = """
from canonry.testing import RealWebSocketTestBase
from canonry.testing.http import HttpClient
from canonry.testing.users import Login
from canonry.testing.websocket import HandshakeError, NotReceivedError

class Source:
    def login(self, url, name):
        token = HttpClient(url).get(f"/login?name={name}").json()["token"]
        return Login(headers={"Authorization": f"Bearer {token}"}, token=token, subprotocols=("chat.v1",))

    def logout(self, url, name, login):
        HttpClient(url).get(f"/logout?token={login.token}")

seen = []

def note(connection, message):
    seen.append(message.number)

class TestChat(RealWebSocketTestBase):
    service = "chat"
    path = "/ws"
    user_source = Source()
    on_receive = (note,)

    async def test_a_several_users(self):
        ada, grace = await self.connect_users(2)
        await ada.send("all: hello")
        for connection in (ada, grace):
            self.assertEqual((await connection.receive()).data, "all: hello")
        await grace.expect_nothing(0.05)
        self.assertEqual(seen, [1, 1])
        self.assertEqual(len(self.connections), 2)

    async def test_b_nothing_is_left_of_the_test_before(self):
        await self.wait_until(lambda: HttpClient(self.base_url()).get("/count").json() == {"tokens": 0, "open": 0})

    async def test_c_protocols_and_codes(self):
        (user,) = self.log_in()
        connection = await self.connect(user=user, subprotocols=("chat.v1", "chat.v2"))
        self.assertEqual(connection.subprotocol, "chat.v2")
        await connection.send("leave")
        self.assertEqual(await connection.wait_closed(), 4001)

    async def test_d_refused(self):
        with self.assertRaises(HandshakeError) as caught:
            await self.connect(headers={"Authorization": "Bearer stolen"})
        self.assertEqual(caught.exception.status, 403)

    async def test_e_fails(self):
        (connection,) = await self.connect_users(1)
        await connection.receive(limit=0.05)
"""


def write(project: Path, tests: str = TESTS) -> None:
    (project / "pyproject.toml").write_text(CANON)
    (project / "server.py").write_text(CHAT)
    (project / "test_chat.py").write_text(tests)


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CANONRY"))}
    variables = {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-m", *arguments],
        cwd=project,
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "way",
    [
        ("pytest", "-q", "-p", "canonry.testing.fixtures"),
        ("pytest", "-q"),
        ("unittest", "-v"),
    ],
    ids=["pytest with the fixtures", "pytest without", "unittest"],
)
def test_connections_are_real_and_closed_in_every_way_to_run(project: Path, way: tuple[str, ...]) -> None:
    write(project)
    done = run(project, *way)
    said = done.stdout + done.stderr

    assert done.returncode == 1
    assert ("1 failed, 4 passed" in said) or ("Ran 5 tests" in said and "FAILED (failures=1)" in said), said
    assert "no message within 0.05 s; none came before" in said
    assert soon(lambda: processes_in(project) == [])


UNSAID = """
from canonry.testing import RealWebSocketTestBase

class TestUnsaid(RealWebSocketTestBase):
    async def test_a(self):
        await self.connect()

class TestNoUsers(RealWebSocketTestBase):
    url = "http://127.0.0.1:1"
    async def test_b(self):
        self.log_in()

class TestGone(RealWebSocketTestBase):
    url = "http://127.0.0.1:1"
    async def test_c(self):
        await self.connect()

class TestUndeclared(RealWebSocketTestBase):
    service = "chatt"
    async def test_d(self):
        await self.connect()
"""


def test_what_a_class_lacks_is_said(project: Path) -> None:
    write(project, UNSAID)
    said = run(project, "unittest").stderr

    for sentence in (
        "`TestUnsaid` names no `service` and no `url` to talk to",
        "`TestNoUsers` has no `user_source`; give it an object with `login(url, name)`",
        "`ws://127.0.0.1:1` cannot be reached: ",
        "the canon declares no service `chatt`; did you mean `chat`?",
        "FAILED (errors=4)",
    ):
        assert sentence in said
