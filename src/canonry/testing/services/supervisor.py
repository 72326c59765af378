"""The small process between us and a server: it starts the server and ends it, also when we are gone.

Run as a script, alone (``python -I -S supervisor.py``), with nothing of ours to import. Descriptor 0 is the reading end
of a FIFO: its first line is what to do (JSON, made by `supervise`), and when the last process that holds the other end
is gone, or writes ``stop``, the server ends and its directory is deleted. Descriptors 1 and 2 are the log, 3 holds the
lock on the directory for as long as this process lives. What became of the server stands in ``state.json``.
"""

import json
import os
import select
import signal
import sys
import time
from typing import Any

LOCK = 3
_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_IPC_RMID = 0  # sys/ipc.h


class _StoppedError(Exception):
    """The server is not wanted any more."""


class _AgainError(Exception):
    """The server is to be ended, and started again after a pause. ``args[0]`` is the pause in seconds."""


class _Supervisor:
    """The state of this process: what it was told, and what it started."""

    def __init__(self) -> None:
        self.heard = b""
        self.child = 0
        self.libc: Any = None
        if _LINUX:
            import ctypes

            self.libc = ctypes.CDLL(None, use_errno=True)
            # What a server leaves behind becomes a child of this process, and so can be found.
            self.libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.woken, wakes = os.pipe()
        os.set_blocking(wakes, False)
        signal.set_wakeup_fd(wakes)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.ended_from_outside = False

    def _note(self, number: int, _frame: object) -> None:
        if number != signal.SIGCHLD:
            self.ended_from_outside = True

    def listen(self, limit: float | None) -> None:
        """Waits until a child ends or so many seconds went by. Raises _StoppedError when nobody wants the server."""
        ready = select.select([0, self.woken], [], [], limit)[0]
        if self.woken in ready:
            os.read(self.woken, 4096)
        if self.ended_from_outside:
            raise _StoppedError
        if 0 in ready:
            part = os.read(0, 65536)
            self.heard += part
            if not part or b"stop\n" in self.heard:
                raise _StoppedError
            if b"again " in self.heard and b"\n" in self.heard.partition(b"again ")[2]:
                said, _, self.heard = self.heard.partition(b"again ")[2].partition(b"\n")
                raise _AgainError(float(said))

    def first_line(self) -> dict[str, Any]:
        """What to do. Raises _StoppedError where nobody says it."""
        while b"\n" not in self.heard:
            self.listen(None)
        line, _, self.heard = self.heard.partition(b"\n")
        told: dict[str, Any] = json.loads(line)
        return told

    def spawn(self, program: dict[str, Any]) -> None:
        """Starts a program in a session of its own, as the user that is told."""
        pid = os.fork()
        if pid:
            self.child = pid
            return
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.chdir(program["folder"])
            if program["user"] is not None:
                os.setgroups([])
                os.setgid(program["group"])
                os.setuid(program["user"])
            if self.libc is not None:
                # Once more, should this process be killed: the kernel tells the server (prctl(2)).
                self.libc.prctl(_PR_SET_PDEATHSIG, program["death_signal"], 0, 0, 0)
            os.execvpe(program["argv"][0], program["argv"], program["env"])
        except OSError as error:
            os.write(2, f"{program['argv'][0]}: {error.strerror}\n".encode())
        finally:
            os._exit(127)

    def ended(self) -> int | None:
        """The status of the child as waitpid(2) gives it, None while it runs. Orphans of the server are reaped, too."""
        result = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return result
            if pid == 0:
                return result
            if pid == self.child:
                self.child, result = 0, status

    def wait(self) -> int:
        """The status of the child once it ended."""
        while True:
            status = self.ended()
            if status is not None:
                return status
            self.listen(None)


def _descendants() -> list[int]:
    """The children of this process, those of dead children among them (Linux)."""
    found, me = [], str(os.getpid()).encode()
    if _LINUX:
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/stat", "rb") as file:
                        fields = file.read().rpartition(b")")[2].split()
                except OSError:
                    continue
                if fields[1] == me and fields[0] not in (b"Z", b"X"):
                    found.append(int(name))
    return found


def _send(pid: int, number: int, *, group: bool) -> None:
    try:
        (os.killpg if group else os.kill)(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _end(supervisor: _Supervisor, signals: list[list[float]], *, group: bool) -> None:
    """Ends the child: each signal gets its time, then it and what it left behind is killed."""
    pid = supervisor.child
    for number, patience in signals:
        if not supervisor.child:
            break
        _send(pid, int(number), group=group)
        deadline = time.monotonic() + patience
        while supervisor.child and time.monotonic() < deadline:
            if supervisor.ended() is None:
                select.select([supervisor.woken], [], [], 0.01)
    if pid:
        _send(pid, signal.SIGKILL, group=True)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        supervisor.ended()
        left = _descendants()
        if not left and not supervisor.child:
            break
        for each in left:
            _send(each, signal.SIGKILL, group=False)
        time.sleep(0.005)


def _free_shared_memory(supervisor: _Supervisor, path: str) -> None:
    """Frees the segment that a killed PostgreSQL leaves: line 7 of ``postmaster.pid`` holds its key and id."""
    try:
        with open(path, encoding="ascii") as file:
            identifier = int(file.read().splitlines()[6].split()[1])
    except (OSError, IndexError, ValueError):
        return
    if supervisor.libc is not None:
        supervisor.libc.shmctl(identifier, _IPC_RMID, None)


def _start_of(pid: int) -> str:
    if not _LINUX:
        return ""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[19].decode()


def _say(directory: str, **values: Any) -> None:
    path = os.path.join(directory, "state.json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(values, file)
    os.replace(path + ".new", path)


def _serve(supervisor: _Supervisor, told: dict[str, Any]) -> None:
    """Runs the preparing steps, then the server, and waits until nobody wants it. Ends by raising _StoppedError."""
    directory = told["directory"]
    for number, step in enumerate(told["steps"]):
        _say(directory, phase="preparing", step=number)
        supervisor.spawn(step)
        status = supervisor.wait()
        if status:
            _say(directory, phase="failed", program=step["argv"][0], code=os.waitstatus_to_exitcode(status))
            break
    else:
        _run(supervisor, told)
    while True:
        supervisor.ended()
        try:
            supervisor.listen(None)
        except _AgainError as again:
            _pause(supervisor, again.args[0])
            _run(supervisor, told)


def _run(supervisor: _Supervisor, told: dict[str, Any]) -> None:
    """Runs the server until it ends by itself, and once more each time that this is asked for."""
    directory = told["directory"]
    while True:
        supervisor.spawn(told["server"])
        pid = supervisor.child
        _say(directory, phase="running", pid=pid, started=_start_of(pid))
        try:
            status = supervisor.wait()
        except _AgainError as again:
            _say(directory, phase="pausing", pid=pid)
            _end(supervisor, told["signals"], group=told["whole_group"])
            _pause(supervisor, again.args[0])
            continue
        _send(pid, signal.SIGKILL, group=True)  # the workers of a server that is gone serve nobody
        _say(directory, phase="ended", pid=pid, code=os.waitstatus_to_exitcode(status))
        return


def _pause(supervisor: _Supervisor, seconds: float) -> None:
    """Waits so long, as long as somebody wants the server."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        supervisor.listen(left)


def main() -> None:
    """Supervises one server until nobody wants it, and leaves nothing behind."""
    if os.getsid(0) != os.getpid():
        os.setsid()
    os.set_inheritable(LOCK, False)
    supervisor = _Supervisor()
    told: dict[str, Any] = {}
    try:
        told = supervisor.first_line()
        _serve(supervisor, told)
    except _StoppedError:
        pass
    os.close(0)  # whoever opens the FIFO from now on is refused
    if told:
        _end(supervisor, told["signals"], group=told["whole_group"])
        if told["shared_memory"]:
            _free_shared_memory(supervisor, told["shared_memory"])
        import shutil

        shutil.rmtree(told["directory"], ignore_errors=True)


if __name__ == "__main__":
    main()
