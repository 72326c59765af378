"""git's plumbing: read-only, offline, without locks on the user's index."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from canonry.model.errors import UserError

_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "core.quotepath=false", "-c", "remote.origin.promisor=false")


class GitError(UserError):
    """git refused; ``str(error)`` is its own first line with what was asked."""


class Git:
    """One repository, worked on through ``git -C directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def output(self, *arguments: str, check: bool = True) -> bytes:
        """What the command prints. Raises `GitError` where it fails and ``check`` is set."""
        process = subprocess.run(
            self.command(*arguments), capture_output=True, check=False, env=git_environment(), stdin=subprocess.DEVNULL
        )
        if check and process.returncode:
            raise GitError(_complaint(arguments, process.stderr))
        return process.stdout

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """The command, started; its output can be read later, so that two commands overlap."""
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=git_environment(),
        )

    def finish(self, process: "subprocess.Popen[bytes]") -> bytes:
        """What a started command printed. Raises `GitError` where it failed."""
        output, complaint = process.communicate()
        if process.returncode:
            raise GitError(_complaint(process.args[len(self.command()) :], complaint))  # type: ignore[index, arg-type]
        return output

    def command(self, *arguments: str) -> list[str]:
        """The argument vector for a git command here."""
        return ["git", "-C", str(self.directory), *_SETTINGS, *arguments]

    def resolve(self, revision: str) -> str:
        """The full id of the commit that a revision names. Raises `GitError` where there is none."""
        found = self.output(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", check=False
        )
        if not found:
            raise GitError(
                f"`{revision}` names no commit in `{self.directory}`; see `git log` or `git tag` for what does"
            )
        return found.decode().strip()


class BlobReader:
    """Blobs by id through one ``git cat-file --batch``; close it when done."""

    def __init__(self, git: Git) -> None:
        self._process = subprocess.Popen(
            git.command("cat-file", "--batch"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=git_environment(),
        )

    def read(self, blob: str) -> bytes | None:
        """The blob's bytes, or None where the store lacks it. ``blob`` is an id or ``rev:path``."""
        stdin, stdout = self._pipes()
        stdin.write(blob.encode("utf-8", "surrogateescape") + b"\n")
        stdin.flush()
        head = stdout.readline().split()
        if len(head) < 3 or head[1] != b"blob":
            return None
        data = stdout.read(int(head[2]))
        stdout.read(1)
        return data

    def close(self) -> None:
        """Ends the process."""
        stdin, stdout = self._pipes()
        stdin.close()
        stdout.close()
        self._process.wait()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


def git_environment() -> dict[str, str]:
    """The environment for git: offline, without locks, without the variables that redirect it elsewhere."""
    kept = {name: value for name, value in os.environ.items() if name not in _REDIRECTING}
    return kept | _ENVIRONMENT


_REDIRECTING = frozenset(("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_PREFIX"))


def find_repository(path: Path) -> tuple[Git, Path | None] | None:
    """The repository around a path, and its top folder (None in a git directory); None outside git or without it."""
    start = path if path.is_dir() else path.parent
    try:
        process = subprocess.run(
            ["git", "-C", str(start), "rev-parse", "--is-bare-repository", "--absolute-git-dir", "--show-toplevel"],
            capture_output=True,
            check=False,
            env=git_environment(),
        )
    except FileNotFoundError:
        return None
    lines = process.stdout.decode("utf-8", "surrogateescape").splitlines()
    if process.returncode and b"dubious ownership" in process.stderr:
        raise GitError(
            f"git refuses `{start}` because somebody else owns it; allow it with "
            f"`git config --global --add safe.directory {start}`"
        )
    if lines[:1] == ["true"]:
        return Git(Path(lines[1])), None
    if len(lines) >= 3:
        return Git(Path(lines[2])), Path(lines[2])
    if len(lines) == 2:  # inside the git directory of a working tree: its history is there, its files are not
        return Git(Path(lines[1])), None
    return None


def split_records(output: bytes) -> Iterator[bytes]:
    """The NUL-terminated records of ``-z`` output."""
    start = 0
    while (end := output.find(b"\0", start)) >= 0:
        yield output[start:end]
        start = end + 1


def _complaint(arguments: Sequence[str], stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    return f"`git {arguments[0]}` failed: {lines[0].removeprefix('fatal: ')}"
