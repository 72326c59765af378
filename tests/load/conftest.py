"""A bare chat service in a process of its own, which each test starts as it needs it."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workbench import ROOT

Start = Callable[..., str]


@pytest.fixture
def bare_chat(tmp_path: Path) -> Iterator[Start]:
    """Starts a service with options (``fault="leak"``, ``delay=0.1``) and gives its URL; all of them end with the test."""
    with contextlib.ExitStack() as stack:
        count = 0

        def start(**options: object) -> str:
            nonlocal count
            count += 1
            file = tmp_path / f"port-{count}"
            words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items() if name != "stall"]
            if "stall" in options:
                words += ["--stall", *map(str, options["stall"])]  # type: ignore[call-overload]
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.load.bare_chat", "--port-file", str(file), *words], cwd=ROOT
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            ends = time.monotonic() + 30
            while not (file.exists() and file.read_text()) and time.monotonic() < ends:
                time.sleep(0.02)
            return file.read_text()

        yield start
