"""`python -m canonry.load.locust_process`: a Locust user class, unchanged, with our contract on its WebSockets.

Locust runs on gevent, which replaces parts of the standard library, so it has a process of its own. Every connection of
websocket-client (`websocket.WebSocket`) is a session of the checker; requests that the class reports give latencies and
failures. Reads its spec from stdin and tells samples on stdout, as `canonry.load.process` does.
"""

from locust.env import Environment  # isort: skip  it replaces sockets before anything else imports them

import functools
import importlib.util
import resource
import signal
import sys
import time
import weakref
from collections import Counter
from pathlib import Path
from typing import Any

import gevent
import msgspec
import websocket
from locust import User

from canonry.contract.check.checker import Checker, Session
from canonry.contract.load import load_contract
from canonry.load.ending import end
from canonry.load.ids import forgotten_ids, seen_ids
from canonry.load.latency import Latencies
from canonry.load.spec import LoadSpec
from canonry.load.trace import Trace, write_trace
from canonry.load.witnesses import Witnesses
from canonry.model.load import Failure, Sample, Totals

_SOCKET: Any = websocket.WebSocket
_ABNF = websocket.ABNF
_TEXT = (_ABNF.OPCODE_TEXT, _ABNF.OPCODE_BINARY)
_LOST = (websocket.WebSocketConnectionClosedException, ConnectionError)
_NO_CODE, _BROKEN = 1005, 1006
"""Close codes of RFC 6455, 7.4.1, that no frame carries: one without a code, and none at all."""


class Judged:
    """All that the users of one process send and receive, held against one contract."""

    def __init__(self, spec: LoadSpec) -> None:
        self.spec, self.totals, self.latencies = spec, Totals(), Latencies()
        plan = load_contract(spec.contract or "agent-events", profile=spec.profile, policy=spec.policy).plan
        self.checker = Checker(plan, keep=4)
        self.failures: Counter[str] = Counter()
        self.first: dict[str, Failure] = {}
        self.rules: Counter[str] = Counter()
        self.samples: list[Sample] = []
        self.begun = time.monotonic()
        self.witnesses = Witnesses(self.begun)
        self.open: dict[Any, Session] = {}
        self._leaving: weakref.WeakSet[Any] = weakref.WeakSet()
        self._over: weakref.WeakSet[Any] = weakref.WeakSet()

    def attach(self) -> None:
        """Puts the contract between websocket-client and whoever uses it."""
        judged, kind = self, _SOCKET
        plain_receive, plain_frame, plain_send = kind.recv_data_frame, kind.recv_frame, kind.send
        plain_shutdown, plain_connect = kind.shutdown, kind.connect

        @functools.wraps(plain_connect)
        def connect(self: Any, *given: Any, **named: Any) -> Any:
            judged.begin(self)
            return plain_connect(self, *given, **named)

        @functools.wraps(plain_receive)
        def receive(self: Any, *given: Any, **named: Any) -> Any:
            code, frame = plain_receive(self, *given, **named)
            if code in _TEXT:
                judged.receive(self, frame.data, "out")
            return code, frame

        @functools.wraps(plain_frame)
        def receive_frame(self: Any) -> Any:
            try:
                frame = plain_frame(self)
            except _LOST:
                judged.close(self, _BROKEN)
                raise
            if frame.opcode == _ABNF.OPCODE_CLOSE:  # before it is answered by one of the client's
                judged.close(self, int.from_bytes(frame.data[:2], "big") if len(frame.data) > 1 else _NO_CODE)
            return frame

        @functools.wraps(plain_send)
        def send(self: Any, payload: Any, opcode: int = _ABNF.OPCODE_TEXT) -> Any:
            if opcode in _TEXT:
                judged.receive(self, payload, "in")
            elif opcode == _ABNF.OPCODE_CLOSE:
                judged.leaves(self)
            return plain_send(self, payload, opcode)

        @functools.wraps(plain_shutdown)
        def shutdown(self: Any) -> Any:
            judged.leaves(self)
            judged.close(self)
            return plain_shutdown(self)

        kind.recv_data_frame, kind.recv_frame, kind.send = receive, receive_frame, send
        kind.shutdown, kind.connect = shutdown, connect

    def begin(self, connection: Any) -> None:
        """Takes a connection for a new one, whatever it was before."""
        self._leaving.discard(connection)
        self._over.discard(connection)

    def leaves(self, connection: Any) -> None:
        """Notes that the client ends a connection: what is open there is nobody's fault from now on."""
        self._leaving.add(connection)

    def receive(self, connection: Any, raw: Any, direction: str) -> None:
        """Judges a frame of a connection; the first one begins its session. After the end there is nothing to judge."""
        if connection in self._over:
            return
        session = self.open.get(connection) or self._begin(connection)
        at = time.monotonic()
        session.receive(bytes(raw) if isinstance(raw, bytearray) else raw, at=at, direction=direction)
        self.totals.frames += direction == "out"
        self.totals.received += 1
        if session.state.violations:
            self.witnesses.take(session, session.state.connection, at)

    def close(self, connection: Any, code: int | None = None) -> None:
        """Decides what is pending where a connection ends: by the service with a code, unless the client left first."""
        session = self.open.pop(connection, None)
        self._over.add(connection)
        if session is None:
            return
        before, at = dict(session.state.tally), time.monotonic()
        ended = end(session, at, code, is_ours=code is None or connection in self._leaving)
        told = {rule: count - before.get(rule, 0) for rule, count in ended.broken.items()}
        self.witnesses.take(session, session.state.connection, at, only=told)
        self.witnesses.ended(ended.broken, at)
        self.totals.left_open += ended.left_open
        self.totals.judged += session.judged
        self.totals.streams += 1
        self.totals.flawed += bool(ended.broken)
        self.rules.update(ended.broken)

    def request(
        self, name: str = "", response_time: float = 0.0, exception: BaseException | None = None, **_: Any
    ) -> None:
        """Takes what Locust reports of a request; its times are from the begin of the request."""
        self.totals.turns += 1
        if exception is None:
            self.totals.done += 1
            for step in (name, "turn"):
                self.latencies.record(step, response_time / 1000)
            return
        kind = f"{name}: {type(exception).__name__}"
        self.totals.failed += 1
        self.failures[kind] += 1
        self.first.setdefault(kind, Failure("", str(exception), time.monotonic() - self.begun))

    def raised(self, exception: BaseException, **_: Any) -> None:
        """Takes what a task raised: Locust itself logs it and goes on."""
        kind = f"scenario: {type(exception).__name__}"
        self.totals.turns += 1
        self.totals.failed += 1
        self.failures[kind] += 1
        self.first.setdefault(kind, Failure("", str(exception) or kind, time.monotonic() - self.begun))

    def sample(self) -> Sample:
        """How far it is."""
        live = Counter[str]()
        for session in self.open.values():
            live.update(session.state.tally)
        return Sample(
            at=time.monotonic() - self.begun,
            users=self.totals.users,
            connections=len(self.open),
            events=self.totals.frames,
            turns=self.totals.done,
            failed=self.totals.failed,
            violations=sum(self.rules.values()) + sum(live.values()),
        )

    def _begin(self, connection: Any) -> Session:
        self.totals.connections += 1
        session = self.open[connection] = self.checker.session(f"{self.spec.first}/{self.totals.connections}")
        return session


def main() -> int:
    """Runs the class that the spec names for its time, and writes the trace."""
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=LoadSpec)
    judged = Judged(spec)
    judged.attach()
    environment = Environment(user_classes=[_user_class(spec.scenario)], host=spec.url)
    environment.events.request.add_listener(judged.request)
    environment.events.user_error.add_listener(judged.raised)
    wall, cpu = time.time(), time.process_time()
    runner = environment.create_local_runner()
    stop = gevent.event.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, stop.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked by who started it, until now
    runner.start(spec.users, spawn_rate=spec.users / spec.ramp if spec.ramp else spec.users)
    ends = judged.begun + spec.ramp + spec.seconds
    while not stop.is_set() and (not spec.seconds or time.monotonic() < ends):
        stop.wait(min(1.0, max(0.01, ends - time.monotonic())) if spec.seconds else 1.0)
        judged.totals.users = max(judged.totals.users, runner.user_count)
        judged.samples.append(judged.sample())
        if not _told(judged.samples[-1]):
            stop.set()  # whoever started the run is gone, and nobody else would end it
    early = stop.is_set()
    runner.quit()
    for connection in list(judged.open):
        judged.close(connection)
    judged.totals.sound = max(0, judged.totals.users - judged.totals.flawed)
    write_trace(_trace(judged, wall, time.process_time() - cpu, early=early), Path(spec.trace))
    return 0


def _user_class(scenario: str) -> type[User]:
    """The class that `locust:FILE:CLASS` names."""
    _, file, name = scenario.split(":", 2)
    spec = importlib.util.spec_from_file_location("locustfile", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["locustfile"] = module
    sys.path.insert(0, str(Path(file).resolve().parent))
    spec.loader.exec_module(module)
    found: type[User] = getattr(module, name)
    return found


def _told(sample: Sample) -> bool:
    """Tells a sample, and returns whether anybody is there to hear of it."""
    try:
        sys.stdout.buffer.write(msgspec.json.encode({"sample": sample}) + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        return False
    return True


def _trace(judged: Judged, wall: float, cpu: float, *, early: bool) -> Trace:
    return Trace(
        spec=judged.spec,
        started=wall,
        seconds=time.monotonic() - judged.begun,
        cpu=cpu,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        lag=0.0,
        totals=judged.totals,
        latencies=judged.latencies.encoded(),
        failures=dict(judged.failures),
        first_failures=judged.first,
        rules=dict(judged.rules),
        leaks=judged.witnesses.leaks,
        samples=judged.samples,
        steady=(judged.samples[0], judged.samples[-1]),
        disturbed={},
        ids=seen_ids(judged.checker, judged.spec),
        ids_forgotten=forgotten_ids(judged.checker),
        reach=judged.witnesses.reach,
        isolation=_isolation(judged.checker),
        stopped_early=early,
    )


def _isolation(checker: Checker) -> tuple[str, ...]:
    """The isolation rules that were held: whose a connection is, its events alone say, so without them nothing is."""
    plan = checker.plan.isolation
    return tuple(dict.fromkeys(rule for rule in (*(rule for _, rule in plan.session), plan.forbid) if rule)) * bool(
        plan.session
    )


if __name__ == "__main__":
    sys.exit(main())
