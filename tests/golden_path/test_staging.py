"""The same suite, unchanged, against an address: accounts come from the environment, absence is an error."""

import http.server
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from golden_path.chat.people import accounts
from golden_path.chat.process import OwnService
from tests.workbench import ROOT, canonry_command

CREDENTIALS = "CHAT_STAGING_CREDENTIALS"


def run(config: Path, credentials: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*canonry_command(), "run", "--flow", "golden_path", "--profile", "staging", "--config", str(config)]
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("GOLDEN_", "CANONRY_", "PYTEST_"))
    }
    if credentials:
        variables[CREDENTIALS] = credentials
    return subprocess.run([*command, *options], cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


def test_the_suite_runs_against_an_address(tmp_path: Path) -> None:
    service = OwnService(tmp_path, {"CHAT_TEST_SECRET": ""})
    target = service.start()
    try:
        people = [service.user() for _ in range(3)]
        credentials = " ".join(f"{user.email}:{user.password}" for user in people)
        config = tmp_path / "pyproject.toml"
        canon = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        config.write_text(canon.replace('url = "http://127.0.0.1:8000"', f'url = "{target.url}"'), encoding="utf-8")
        options = ("--max-workers", "1", "-k", "answered or two_users or ticket or thread", "--output-format", "json")
        done = run(config, credentials, *options)
        report = json.loads(done.stdout)
        without = run(config, "")
    finally:
        service.end()
    gone = run(config, credentials)

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert {test["category"] for test in report["tests"]} == {"golden"}
    assert len(report["tests"]) >= 5
    assert "`golden_inside`" in done.stderr + done.stdout
    assert "does not run on the profile `staging`" in done.stderr + done.stdout
    for user in people:
        assert user.password not in done.stdout + done.stderr + service.log
    assert (without.returncode, f"needs credentials in `{CREDENTIALS}`" in without.stderr) == (2, True)
    assert (gone.returncode, "is not ready" in gone.stderr) == (2, True), gone.stderr


def test_an_address_that_is_not_ready_ends_the_run_before_any_test(tmp_path: Path) -> None:
    """It answers, and says 503 of itself."""

    class NotReady(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), NotReady) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config = tmp_path / "pyproject.toml"
        canon = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        address = f'url = "http://127.0.0.1:{server.server_address[1]}"'
        config.write_text(canon.replace('url = "http://127.0.0.1:8000"', address), encoding="utf-8")
        done = run(config, "ada@example.com:password")
        server.shutdown()

    assert (done.returncode, "is not ready" in done.stderr) == (2, True), done.stderr
    assert "503" in done.stderr


def test_credentials_are_accounts_and_never_told() -> None:
    assert accounts({"CANONRY_CREDENTIALS": "ada@x:pass:word  bob@x:secret"}) == [
        ("ada@x", "pass:word"),
        ("bob@x", "secret"),
    ]
    assert accounts({}) == []
    with pytest.raises(ValueError, match=r"^account 2 of the credentials is no `ADDRESS:PASSWORD`$"):
        accounts({"CANONRY_CREDENTIALS": "ada@x:password hunter2"})
