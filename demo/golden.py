"""The golden path on a real service: somebody logs in and gets an answer; a planted fault is found, and gone again."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from websockets.sync.client import connect

_SECRET = "demo-test-mode"
_PASSWORD = "correct horse battery staple"


@contextlib.contextmanager
def service(folder: Path) -> Iterator[str]:
    """The reference chat on loopback with a database of its own; it ends with the block."""
    port_file = folder / "chat.port"
    settings = {
        "CHAT_PORT": "0", "CHAT_PORT_FILE": str(port_file), "CHAT_DATA_DIR": str(folder / "chat"),
        "CHAT_TEST_SECRET": _SECRET, "CHAT_ARGON2_MEMORY": "1024", "CHAT_ARGON2_TIME": "1",
    }  # fmt: skip
    with open(folder / "chat.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "reference_chat"], env=os.environ | settings, stdout=log, stderr=log
        )
    try:
        ends = time.monotonic() + 60
        while not (port_file.exists() and port_file.read_text()):
            if process.poll() is not None or time.monotonic() > ends:
                raise SystemExit((folder / "chat.log").read_text())
            time.sleep(0.05)
        yield port_file.read_text().strip()
    finally:
        process.terminate()
        process.wait()


def conversation(url: str) -> Iterator[str]:
    """Registers somebody, logs in, asks, and yields what is seen, line by line."""
    account = {"email": "ada@shop.example", "password": _PASSWORD}
    _call("POST", f"{url}/auth/register", {**account, "name": "Ada"})
    token = _call("POST", f"{url}/auth/login", account)["access_token"]
    yield "Ada logs in, and asks: what is 17 times 23?"
    headers = {"Authorization": f"Bearer {token}"}
    with connect(url.replace("http", "ws", 1) + "/ws", additional_headers=headers) as socket:
        socket.recv()
        socket.send(json.dumps({"type": "user_message", "text": "what is 17 times 23?"}))
        while True:
            event = json.loads(socket.recv(timeout=30))
            payload = event["payload"]
            said = payload.get("thought") or payload.get("tool_name") or payload.get("final_response") or ""
            yield f"  {event['seq']}  {event['type']:<16} {str(said)[:90]}".rstrip()
            if event["type"] in ("agent_completed", "agent_error") and "step_id" not in event:
                return


def plant(url: str, faults: dict[str, object]) -> None:
    """Switches faults of the service on, and all others off."""
    _call("DELETE", f"{url}/debug/faults", None)
    if faults:
        _call("PUT", f"{url}/debug/faults", faults)


def _call(method: str, url: str, body: object) -> dict[str, str]:
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-Chat-Test-Secret": _SECRET},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, str] = json.loads(answer.read() or b"{}")
    return found
