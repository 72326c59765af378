"""Small servers that tests start, and ways to see what is left of them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from canonry.testing.services.identity import marked
from canonry.testing.services.place import MARK
from canonry.testing.services.service import Service

HTTP = """
import http.server, json, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = {"/health": 200, "/": 200, "/environment": 200}
        body = json.dumps(dict(os.environ)).encode() if self.path == "/environment" else b"well"
        self.send_response(known.get(self.path, 404))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass

port = int(os.environ["PORT"])
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
print("listening on port", port, flush=True)
server.serve_forever()
"""
"""An HTTP server that says so in its log."""


def command(project: Path, code: str, **keys: Any) -> Service:
    """A service of kind command that runs Python code in the project."""
    (project / "server.py").write_text(code, encoding="utf-8")
    return Service(**{"name": "backend", "kind": "command", "command": "python server.py", **keys})


def nothing_is_left(directory: str | Path) -> bool:
    """Whether a service's directory and all of its processes are gone; waits a moment for the last to go."""
    return soon(lambda: not Path(directory).exists() and not marked(MARK, str(directory)))


def processes_in(folder: Path) -> list[int]:
    """The processes whose working directory is a folder (Linux)."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def soon(condition: Callable[[], object], *, limit: float = 10.0) -> bool:
    """Whether something becomes true within so many seconds."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


STARTER = """
import json, sys, time
from pathlib import Path
from canonry.testing.services.service import Service
from canonry.testing.services.start import start

service = Service.from_builtins(json.loads(sys.argv[1]))
running = start(service, root=Path(sys.argv[2]))
print(running.to_json(), flush=True)
sys.stdin.read()
running.stop()
"""
"""A program that starts a service, describes it on stdout, and stops it when its stdin ends."""


def starter(service: Service, root: Path, **variables: str) -> "subprocess.Popen[str]":
    """A process of its own that starts a service."""
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, json.dumps(service.to_builtins()), str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
        start_new_session=True,
    )


def kill(process: "subprocess.Popen[str]", number: int = signal.SIGKILL) -> tuple[str, str]:
    """Ends a process by a signal; what it wrote."""
    process.send_signal(number)
    return process.communicate(timeout=60)
