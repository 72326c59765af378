"""A real service as a process, its users and their sockets."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from websockets.sync.client import ClientConnection, connect

SECRET = {"X-Chat-Test-Secret": "for-tests"}
PATIENT = {"model_connect": 200, "model_timeout": 600, "model_slow": 600, "run_timeout": 1200, "silence": 400}
"""What has to last on a busy machine, where all times are scaled."""
_NUMBERS = itertools.count(1)
PATIENCE = 30.0
"""Seconds after which what does not come has failed; a worker that starts on a machine that is busy takes ten."""


class Chat:
    """A service that runs: its address, its log, and how one talks to it."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.log = folder / "log"
        self._settings = settings
        self.start()

    def start(self) -> "Chat":
        """Starts it, or starts it again with the same data."""
        address = self.folder / "address"
        address.unlink(missing_ok=True)
        given = {
            "test_secret": SECRET["X-Chat-Test-Secret"],
            "secret_key": "k" * 64,
            "data_dir": self.folder / "data",
            "port": 0,
            "port_file": address,
            "argon2_memory": 64,
            "argon2_time": 1,
            **self._settings,
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHAT_")}
        environment = {**clean, **{f"CHAT_{name.upper()}": str(value) for name, value in given.items()}}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "reference_chat"], env=environment, stderr=log)
        deadline = time.monotonic() + 60
        while not address.exists():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        self.url = address.read_text().strip()
        self.http = httpx2.Client(base_url=self.url, timeout=20)
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends it, and returns how it ended."""
        self.process.send_signal(number)
        self.http.close()
        return self.process.wait(30)

    def kill(self) -> None:
        """Ends it at once."""
        self.stop(signal.SIGKILL)

    def user(self) -> "User":
        """A new user who is logged in."""
        email = f"u{os.getpid()}-{next(_NUMBERS)}@example.org"
        body = {"email": email, "password": "correct horse", "name": "Ann"}
        assert self.http.post("/auth/register", json=body).status_code == 201
        answer = self.http.post("/auth/login", json={"email": email, "password": "correct horse"})
        assert answer.status_code == 200, answer.text
        return User(self, email, answer.json())

    def fault(self, **faults: object) -> None:
        """Switches faults."""
        answer = self.http.put("/debug/faults", json=faults, headers=SECRET)
        assert answer.status_code == 200, answer.text

    def heal(self) -> None:
        """All of them off."""
        assert self.http.delete("/debug/faults", headers=SECRET).status_code == 200

    def census(self) -> dict[str, Any]:
        """What is alive."""
        return dict(self.http.get("/debug/census", headers=SECRET).json())

    def workers(self) -> dict[str, dict[str, Any]]:
        """The census of every process, by the name of the worker."""
        first = self.census()
        return {one["worker"]: one for one in (first, *first["others"])}


class User:
    """Somebody who is logged in."""

    def __init__(self, chat: Chat, email: str, session: dict[str, Any]) -> None:
        self.chat, self.email, self.session = chat, email, session
        self.id: str = session["user_id"]
        self.token: str = session["access_token"]

    @property
    def headers(self) -> dict[str, str]:
        """What he sends along."""
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str) -> Any:
        """An answer as JSON."""
        answer = self.chat.http.get(path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ticket(self) -> str:
        """A ticket."""
        return str(self.chat.http.post("/ws/ticket", headers=self.headers).json()["ticket"])

    @contextlib.contextmanager
    def connected(self, **options: Any) -> Iterator["Socket"]:
        """A socket that has been greeted."""
        with connected(self.chat.url, **{"additional_headers": self.headers, **options}) as socket:
            yield socket


class Socket:
    """An open socket, with its greeting."""

    def __init__(self, raw: ClientConnection) -> None:
        self.raw = raw
        self.ready = self.receive()

    def receive(self, limit: float = PATIENCE) -> dict[str, Any]:
        """The next frame."""
        return dict(json.loads(self.raw.recv(limit)))

    def send(self, type: str, **fields: object) -> None:
        """A message."""
        self.raw.send(json.dumps({"type": type, **fields}))

    def ask(self, text: str = "hello", **fields: object) -> list[dict[str, Any]]:
        """The events of a run, to its end."""
        self.send("user_message", text=text, **fields)
        return self.until_end()

    def until_end(self) -> list[dict[str, Any]]:
        """What comes, to the end of a run."""
        events = [self.receive()]
        while events[-1]["type"] not in ("agent_completed", "agent_error") or "step_id" in events[-1]:
            events.append(self.receive())
        return events

    def closed(self, limit: float = 10) -> int:
        """The code with which the service closes it, whatever comes before."""
        from websockets.exceptions import ConnectionClosed

        deadline = time.monotonic() + limit
        try:
            while True:
                self.raw.recv(max(0.01, deadline - time.monotonic()))
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else 1006


@contextlib.contextmanager
def connected(url: str, path: str = "/ws", **options: Any) -> Iterator[Socket]:
    """A socket that has been greeted."""
    given = {"open_timeout": 15, "close_timeout": 1, "proxy": None, **options}
    with connect(url.replace("http", "ws", 1) + path, **given) as raw:
        yield Socket(raw)


def refusal(url: str, path: str = "/ws", **options: Any) -> int:
    """With which HTTP status, or which code after it was accepted, a socket is refused; 0: it is not."""
    from websockets.exceptions import ConnectionClosed, InvalidStatus

    try:
        with connected(url, path, **options):
            return 0
    except InvalidStatus as error:
        return error.response.status_code
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 1006


def soon(condition: Any, limit: float = PATIENCE) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)
