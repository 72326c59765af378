"""The examples of the guides to services and WebSockets are run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from canonry.testing.services import place
from tests.workbench import ROOT

DOCS = ROOT / "docs" / "testing"
SCHEMA = "create table orders (id bigserial primary key, item text not null);\n"
BACKEND = """
import http.server, json, os, sys

assert "DATABASE_URL" in os.environ

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.headers.get("Authorization", "").removeprefix("Bearer token-of-")
        self.answer({"name": name})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer({"token": "token-of-" + asked["name"]})

    def answer(self, value):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *words):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
"""
CHAT = """
import asyncio, json, os
from websockets.asyncio.server import serve

async def talk(connection):
    assert connection.request.path == "/ws" and connection.request.headers["X-User"]
    async for message in connection:
        if json.loads(message)["type"] == "quit":
            await connection.close(4001, "as you wish")
        else:
            for step in ("started", "thinking", "done"):
                await connection.send(json.dumps({"type": step}))

async def main():
    async with serve(talk, "127.0.0.1", int(os.environ["PORT"])):
        print("listening", flush=True)
        await asyncio.get_running_loop().create_future()

asyncio.run(main())
"""


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def run(root: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CANONRY"))}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=root,
        env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.requires("postgres")
@pytest.mark.requires("redis")
def test_the_services_of_the_guide_serve(tmp_path: Path) -> None:
    (canon,), (tests, conftest, users) = blocks("services.md", "toml"), blocks("services.md", "python")
    files = {"pyproject.toml": canon, "db/schema.sql": SCHEMA, "server.py": BACKEND}
    write(tmp_path, {**files, "test_orders.py": tests, "conftest.py": conftest, "test_users.py": users})

    assert "4 passed" in run(tmp_path, "pytest", "-q", "-p", "canonry.testing.fixtures")


@pytest.mark.parametrize("way", [("pytest", "-q"), ("unittest",)], ids=["pytest", "unittest"])
def test_the_websocket_tests_of_the_guide_pass(tmp_path: Path, way: tuple[str, ...]) -> None:
    (canon,), code = blocks("websocket.md", "toml"), blocks("websocket.md", "python")
    write(tmp_path, {"pyproject.toml": canon, "server.py": CHAT, "test_chat.py": "\n".join(code)})

    assert re.search(r"4 passed|Ran 4 tests .*\n\nOK", run(tmp_path, *way))


def test_the_guide_says_where_data_lies_and_what_states_there_are() -> None:
    page = (DOCS / "services.md").read_text(encoding="utf-8")

    assert all(f"`{folder}`" in page for folder in place._ELSEWHERE)
    assert all(f"`{state}`" in page for state in ("ready", "unavailable", "crashed", "stopped"))
