"""Runs a load: starts one process per core, hears of them each second, stops them, and merges what they saw."""

import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import msgspec

from canonry.contract.load import LoadedContract, load_contract
from canonry.load.chaos import RESTART
from canonry.load.find import find_scenario, require_locust
from canonry.load.limits import require_files
from canonry.load.result import merge
from canonry.load.spec import Disturbance, LoadSpec, share_out
from canonry.load.trace import read_trace
from canonry.model.errors import UserError
from canonry.model.load import LoadResult, Sample, Threshold
from canonry.testing.services.errors import ServiceError

_OURS, _LOCUST = "canonry.load.process", "canonry.load.locust_process"
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BEYOND = 300.0
"""Seconds beyond its plan, logging in included, after which a process is taken for stuck."""


def prepare(spec: LoadSpec, processes: int) -> LoadedContract:
    """Return the contract of a run after everything that a user may have got wrong was looked at. Raises UserError."""
    try:
        parts = urlsplit(spec.url)
    except ValueError as error:
        raise UserError(f"`{spec.url}` is no address ({error}); write `--url http://HOST:PORT`") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"`{spec.url}` is no address of a service; write `--url http://HOST:PORT`")
    if spec.is_locust:
        require_locust(spec.scenario)
        judged_by, files = "agent-events", 2
    else:
        scenario = find_scenario(spec.scenario, spec.options)
        judged_by, files = scenario.contract, scenario.files
    contract = load_contract(spec.contract or judged_by, profile=spec.profile, policy=spec.policy)
    require_files(spec.users, processes, each=files)
    try:
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        socket.create_connection((parts.hostname, port), timeout=10).close()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"nothing answers at `{spec.url}` ({why.lower()}); start the service, or name another `--url`"
        ) from None
    return contract


def run(
    spec: LoadSpec,
    contract: LoadedContract,
    *,
    processes: int,
    thresholds: Iterable[Threshold] = (),
    tell: Callable[[Sample], None] = lambda _sample: None,
    restart: Callable[[str, float], None] | None = None,
) -> LoadResult:
    """Return the result of a run. SIGINT ends it early, with what was seen; a second one ends it at once.

    ``restart`` stops a service for so many seconds, for disturbances that ask for it.
    """
    with tempfile.TemporaryDirectory(prefix="canonry-load-") as folder:
        traces = [Path(folder, f"process-{index}.json") for index in range(processes)]
        shares = share_out(spec, processes, [str(path) for path in traces])
        crowd = _Processes(shares, Path(folder))
        with _interrupts(crowd), _restarts(spec, restart) as (trouble, restarts):
            crowd.start()
            crowd.wait(tell)
        there = [read_trace(path) for path in traces if path.exists()]
        return merge(
            there,
            spec=spec,
            contract=contract.contract.contract,
            thresholds=thresholds,
            lost=[*crowd.lost(traces), *trouble],
            restarts=restarts,
            interrupted=crowd.interrupted,
        )


class _Processes:
    def __init__(self, shares: Sequence[LoadSpec], folder: Path) -> None:
        self._shares, self._folder = shares, folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._last: list[Sample | None] = [None] * len(shares)
        self._hearing: list[threading.Thread] = []
        self._asked = threading.Event()

    @property
    def interrupted(self) -> bool:
        """Whether somebody asked for the end."""
        return self._asked.is_set()

    def start(self) -> None:
        """Starts the processes; those that an interrupt comes before are not started.

        They begin with SIGINT blocked, until they can take it: one that comes too early ends none without a trace.
        """
        for index, share in enumerate(self._shares):
            if self._asked.is_set():
                return
            with open(self._folder / f"process-{index}.log", "wb") as log:
                process = _with_interrupts_blocked(
                    [sys.executable, "-m", _LOCUST if share.is_locust else _OURS],
                    log,
                )
            self._running.append(process)
            if self._asked.is_set():  # between its start and now
                process.send_signal(signal.SIGINT)
            with contextlib.suppress(BrokenPipeError):
                assert process.stdin is not None
                process.stdin.write(msgspec.json.encode(share))
                process.stdin.close()
            hearing = threading.Thread(target=self._hear, args=(index, process), daemon=True)
            hearing.start()
            self._hearing.append(hearing)

    def wait(self, tell: Callable[[Sample], None]) -> None:
        spec = self._shares[0]
        ends = time.monotonic() + spec.ramp + spec.seconds + spec.grace + _BEYOND if spec.seconds else float("inf")
        while any(process.poll() is None for process in self._running):
            time.sleep(0.1)
            there = [one for one in self._last if one is not None]
            if there:
                tell(_sum(there))
            if time.monotonic() > ends:
                self.kill()
        for hearing in self._hearing:
            hearing.join(1.0)  # what a process started may hold its end of the pipe open

    def interrupt(self) -> None:
        if self._asked.is_set():
            self.kill()
        self._asked.set()
        for process in self._running:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.kill()

    def lost(self, traces: Sequence[Path]) -> list[str]:
        found = []
        for index, path in enumerate(traces[: len(self._running)]):
            if path.exists():
                continue
            code = self._running[index].returncode
            log = (self._folder / f"process-{index}.log").read_text(errors="replace").strip()
            said = f": {log.splitlines()[-1]}" if log else ""
            found.append(f"process {index + 1} of {len(traces)} left no result (exit {code}){said}")
        return found

    def _hear(self, index: int, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self._last[index] = msgspec.json.decode(line, type=dict[str, Sample])["sample"]


def _with_interrupts_blocked(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """A process of its own session that SIGINT does not reach before it unblocks it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _sum(samples: Sequence[Sample]) -> Sample:
    return Sample(
        at=max(one.at for one in samples),
        **{
            name: sum(getattr(one, name) for one in samples)
            for name in ("users", "connections", "events", "turns", "failed", "violations")
        },
    )


@contextlib.contextmanager
def _restarts(spec: LoadSpec, restart: Callable[[str, float], None] | None) -> Iterator[tuple[list[str], Counter[str]]]:
    """Restarts services on their schedule until the end of the block; yields what went wrong, and what went well."""
    over, trouble, done = threading.Event(), list[str](), Counter[str]()

    def keep_at(one: Disturbance) -> None:
        wait = spec.ramp + one.start + one.every
        while restart is not None and not over.wait(wait):
            try:
                restart(one.service, one.lasting)
                done[RESTART] += 1
            except ServiceError as error:
                trouble.append(f"`{one.service}` does not come back: {error}")
                return
            wait = one.every

    threads = [
        threading.Thread(target=keep_at, args=(one,), daemon=True) for one in spec.disturbances if one.kind == RESTART
    ]
    for thread in threads:
        thread.start()
    try:
        yield trouble, done
    finally:
        over.set()
        for thread in threads:
            thread.join()


@contextlib.contextmanager
def _interrupts(crowd: _Processes) -> Iterator[None]:
    """Hands interrupts to the processes. No process outlives the block, whatever ends it."""
    if threading.current_thread() is not threading.main_thread():
        try:
            yield
        finally:
            crowd.kill()
        return
    before = {number: signal.signal(number, lambda *_: crowd.interrupt()) for number in _ENDS}
    try:
        yield
    finally:
        crowd.kill()
        for number, handler in before.items():
            signal.signal(number, handler)
