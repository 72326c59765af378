"""What a tap hears, judged and recorded: every connection a session, every violation told as it comes."""

from collections.abc import Callable, Mapping, Sequence
from typing import IO

import msgspec

from canonry.contract.check.checker import Checker, Result, Session
from canonry.contract.check.interpret import rpc_name
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.check.violation import Violation
from canonry.contract.language.paths import lookup, parse_path
from canonry.contract.load import LoadedContract
from canonry.contract.recording import write_close, write_line

_KEPT = 256
_MOST_RESULTS = 1000
"""How many connections' results are kept; of the others only the sums."""
_SHOWN = 300


class Witness(msgspec.Struct, frozen=True):
    """An event that a violation speaks of: its index on its connection, which way it went, how it begins."""

    index: int
    direction: str
    text: str


class Told(msgspec.Struct, frozen=True):
    """A violation as it came: what it says, when it was seen, and the events that show it."""

    violation: Violation
    at: float
    witnesses: tuple[Witness, ...]


class Heard(msgspec.Struct, frozen=True):
    """What came of all connections: how many there were, of how many events, and the results of a thousand of them.

    ``passed_by`` counts bodies that name no event, and messages too long to be kept.
    """

    contract: str
    connections: int
    received: int
    judged: int
    known: int
    violations: int
    passed_by: int
    results: tuple[Result, ...]


class Talk:
    """One connection that is heard."""

    def __init__(self, watch: "Watch", name: str, session: Session) -> None:
        self._watch, self.name, self.session = watch, name, session
        self._told = 0
        self._last: float | None = None
        self._close: int | str | None = None

    def hear(self, raw: bytes, at: float, direction: str) -> None:
        """Judges a frame, records it, and tells what it violates. ``at`` was taken before anything was parsed."""
        self._last = at
        self._watch.record(raw, at, direction, self.name)
        self.session.receive(raw, at=at, direction=direction)
        self._tell(at)

    def close(self, code: int, at: float, direction: str) -> None:
        """Notes the code that the connection is closed with; the first one counts."""
        if self._close is None:
            self._close, self._last = code, at
            self._watch.record_close(code, at, direction, self.name)

    def end(self) -> Result:
        """Decides what is pending."""
        result = self.session.end(self._last, self._close)
        self._tell(self._last or 0.0)
        return result

    def _tell(self, at: float) -> None:
        known = self.session.state.violations
        if len(known) == self._told:
            return
        new, self._told = known[self._told :], len(known)
        frames = self.session.window.last(self.session.received)
        first = self.session.received - len(frames)
        for violation in new:
            indices = sorted({*violation.witnesses, violation.index})
            shown = tuple(
                _witness(index, frames[index - first]) for index in indices if first <= index < first + len(frames)
            )
            self._watch.tell(Told(violation, at, shown))


def _witness(index: int, frame: tuple[bytes | str, float | None, str | None]) -> Witness:
    raw = frame[0][: _SHOWN + 1]
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    return Witness(index, frame[2] or "", text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


class Watch:
    """All connections that a tap hears, under one contract. ``tell`` is called with every violation as it comes."""

    def __init__(
        self,
        contract: LoadedContract,
        *,
        tell: Callable[[Told], None],
        facts: Mapping[str, SessionFacts] | None = None,
        everyone: SessionFacts | None = None,
        canaries: Sequence[str] = (),
    ) -> None:
        self.contract = contract
        self.tell = tell
        self.passed_by = 0
        self._checker = Checker(contract.plan, facts=facts, canaries=canaries, keep=_KEPT)
        self._facts, self._everyone = facts or {}, everyone
        self.recording: IO[bytes] | None = None
        self._talks: dict[int, Talk] = {}
        self._results: list[Result] = []
        self._sums = [0, 0, 0, 0, 0]
        self._count = 0
        way = contract.contract.discriminator
        self._field = parse_path(way.field) if way.field else None

    def talk(self) -> Talk:
        """Another connection; its name counts from ``c1``."""
        self._count += 1
        name = f"c{self._count}"
        facts = None if name in self._facts else self._everyone
        talk = Talk(self, name, self._checker.session(name, facts))
        self._talks[id(talk)] = talk
        return talk

    def finish(self, talk: Talk) -> None:
        """Ends a connection: what it still owes is violated. Of an ended one only the result is kept."""
        if self._talks.pop(id(talk), None) is None:
            return
        result = talk.end()
        if not result.received:
            return
        of_it = (1, result.received, result.judged, result.known, result.counted)
        self._sums = [old + new for old, new in zip(self._sums, of_it, strict=True)]
        if len(self._results) < _MOST_RESULTS or result.counted:
            self._results = [*self._results, result][-_MOST_RESULTS:]

    def heard(self) -> Heard:
        """What came of all connections, those ended that are still open."""
        for talk in list(self._talks.values()):
            self.finish(talk)
        connections, received, judged, known, violations = self._sums
        return Heard(
            contract=self.contract.contract.contract,
            connections=connections,
            received=received,
            judged=judged,
            known=known,
            violations=violations,
            passed_by=self.passed_by,
            results=tuple(self._results),
        )

    def names_event(self, raw: bytes) -> bool:
        """Whether a body is one that says which event it is; other requests of a service are none of the contract's."""
        try:
            body = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return False
        way = self.contract.contract.discriminator
        if not isinstance(body, dict):
            return False
        if way.jsonrpc:
            return rpc_name(body) is not None
        if way.below and isinstance(body.get(way.below), dict):
            body = body[way.below]
        if way.keys_present:
            return sum(body.get(key) is not None for key in way.keys_present) == 1
        return self._field is not None and isinstance(lookup(self._field, body, {}), str)

    def record(self, raw: bytes, at: float, direction: str, connection: str) -> None:
        """Writes a frame, where it is recorded."""
        if self.recording is not None:
            write_line(self.recording, raw, at=round(at, 6), direction=direction, connection=connection)
            self.recording.flush()

    def record_close(self, code: int, at: float, direction: str, connection: str) -> None:
        """Writes the code of a close, where it is recorded."""
        if self.recording is not None:
            write_close(self.recording, code, at=round(at, 6), direction=direction, connection=connection)
            self.recording.flush()
