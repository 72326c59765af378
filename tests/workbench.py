"""Real things to test with: folders, git repositories, audits of them, and the command line as a process."""

import contextlib
import ctypes
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canonry.audit.compliance import Summary, summarise
from canonry.audit.engine import audit
from canonry.audit.request import Request
from canonry.audit.result import Result
from canonry.cli import main
from canonry.model.finding import Finding
from canonry.rules.registry import all_rules
from canonry.source.facts import Facts
from canonry.source.python.extract import extract
from demo.git import commit_all, git

ROOT = Path(__file__).resolve().parents[1]
RUNNER = "import pytest\n\npytest.main([])\n"
"""A script that breaks RUN001 in line 3 and RUN004, in a folder that is no test code."""
SOUND = "def test_total():\n    assert sum([1, 2]) == 3\n"
"""A test file without an offence."""
IDLE = "def test_total():\n    print(sum([1, 2]))\n"
"""A test file that breaks TST001 in line 1."""


@dataclass(frozen=True)
class Folder:
    """A folder of files; a git repository once `start` was called."""

    root: Path

    def write(self, files: dict[str, str | bytes]) -> "Folder":
        for path, content in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def start(self, files: dict[str, str | bytes] | None = None, *options: str) -> "Folder":
        """Makes it a repository, with a first commit where files are given."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", *options)
        return self.commit(files, "first") if files else self

    def commit(self, files: dict[str, str | bytes] | None = None, message: str = "next") -> "Folder":
        self.write(files or {})
        commit_all(self.root, message, author="Ada", email="ada@shop.example", date="2025-06-01T12:00:00+0000")
        return self

    def git(self, *arguments: str, **variables: str) -> str:
        return git(self.root, *arguments, **variables).strip()

    def clone_bare(self, target: Path) -> Path:
        self.git("clone", "--quiet", "--bare", "--no-local", str(self.root), str(target))
        return target

    def audit(self, *paths: str, **options: Any) -> Result:
        """The audit of the folder, or of paths in it; without a cache unless `cache` is given."""
        options = {"cache": False, "workers": 1, "target": "3.11"} | options
        chosen = {"paths": tuple(str(self.root / path) for path in paths)} if paths else {"repository": self.root}
        return audit(Request(**(chosen | options)))

    def findings(self, *codes: str, **options: Any) -> list[Finding]:
        """The findings of these rules, or of all."""
        return [finding for finding in self.audit(**options).findings() if not codes or finding.code in codes]

    def run(self, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """`canonry ARGUMENTS` in the folder, as a process of its own."""
        return run_canonry(*arguments, cwd=self.root, **options)

    def call(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """`canonry ARGUMENTS` in the folder, in this process."""
        return call_canonry(*arguments, cwd=self.root)

    def report(self, *arguments: str | Path, **options: Any) -> dict[str, Any]:
        """The JSON report of `canonry audit ARGUMENTS`."""
        whole = ("audit", "--output-format", "json", *arguments)
        done = self.run(*whole, **options) if options else self.call(*whole)
        assert done.returncode in (0, 1), done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report


MOUNT, UNMOUNT = shutil.which("mount") or "mount", shutil.which("umount") or "umount"


@contextlib.contextmanager
def small_disk(place: Path, *, size: str = "1m") -> Iterator[None]:
    """A file system of its own at a folder, with room for so much; only root may mount one."""
    subprocess.run([MOUNT, "-t", "tmpfs", "-o", f"size={size}", "none", place], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run([UNMOUNT, place], check=True, capture_output=True)


def can_mount() -> bool:
    """Whether `small_disk` works here."""
    with tempfile.TemporaryDirectory() as place:
        try:
            with small_disk(Path(place)):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


def as_nobody(action: Callable[[], str]) -> str:
    """The same, without the powers of root where these tests have them."""

    def act() -> str:
        give_up_powers()
        return action()

    return in_process(act)


def give_up_powers() -> None:
    """Makes root a user like any other, for this process and what it starts.

    The user stays the same, so that he may still read what the tests run from. Linux, capabilities(7): without
    capabilities the bits of a file's mode bind root, too; ``SECBIT_NOROOT`` keeps a started program from getting them.
    """
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    version, set_securebits, no_root = 0x20080522, 28, 3
    none = (ctypes.c_uint32 * 6)()
    if libc.prctl(set_securebits, no_root) or libc.capset((ctypes.c_uint32 * 2)(version, 0), none):
        raise OSError(ctypes.get_errno(), "the powers of root cannot be given up")


def in_process(action: Callable[[], str]) -> str:
    """What an action says in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = "it raised"
        try:
            said = action()
        finally:
            os.write(writing, said.encode())
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


def copied(folder: str, root: Path) -> Path:
    """A folder of ours below another root, with its byte code, which is good until a file changes."""
    being_written = shutil.ignore_patterns("*.pyc.*")
    return shutil.copytree(ROOT / folder, root / folder, ignore=being_written)


def canonry_command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "canonry", *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    """What a process of canonry gets: nothing of the caller's git."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return inherited | {"GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"} | variables


def run_canonry(
    *arguments: str | Path, cwd: Path, variables: dict[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        canonry_command(*arguments),
        cwd=cwd,
        env=environment(**(variables or {})),
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )


def call_canonry(*arguments: str | Path, cwd: Path | None) -> subprocess.CompletedProcess[str]:
    """As `run_canonry`, without the price of a process; where this one stands if no folder is given."""
    command = ["canonry", *map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    status: object = None
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.nullcontext() if cwd is None else contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", command)
        try:
            main()
        except SystemExit as error:
            status = error.code
    assert isinstance(status, int)
    return subprocess.CompletedProcess(command, status, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8", "surrogateescape")


def facts_of(code: str | bytes, target: tuple[int, int] = (3, 11)) -> Facts:
    return extract(code.encode() if isinstance(code, str) else code, target)


def summary_of(result: Result, selected: frozenset[str] | None = None) -> Summary:
    names = {code: (rule.name, rule.severity) for code, rule in all_rules().items()}
    return summarise(result, names, selected=selected)


def codes_and_paths(result: Result) -> list[tuple[str, str]]:
    return sorted((finding.code, finding.path) for finding in result.findings())


def builtins(result: Result) -> list[Any]:
    """All records and findings, comparable."""
    return [msgspec.to_builtins(chunk) for chunk in result.read()]
