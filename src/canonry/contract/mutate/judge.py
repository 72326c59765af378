"""What the checker says of a mutant."""

import msgspec

from canonry.contract.check.checker import Checker, Session
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.check.violation import Violation
from canonry.contract.compile.plan import Plan
from canonry.contract.generate.stream import Line, Stream
from canonry.contract.recording import read_recording

_ENCODE = msgspec.json.Encoder().encode


class Judge:
    """Judges many streams of one contract. The compiled checker is made once, and watches for no texts."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._checker = Checker(plan, keep=0)

    def __call__(self, stream: Stream, *, watched: bool = False) -> list[Violation]:
        """Return the violations in a stream; ``watched``: those of its canaries too."""
        if watched:
            return judge(self.plan, stream)
        self._checker.forget()
        facts = {name: SessionFacts(user=fact.user, owned=fact.owned) for name, fact in stream.facts.items()}
        return _judged(self.plan, self._checker, stream, facts)


def judge(plan: Plan, stream: Stream, *, interpreted: bool = True) -> list[Violation]:
    """Return the violations in a stream, connection by connection."""
    return _judged(plan, Checker(plan, facts=stream.facts, keep=0, interpreted=interpreted), stream, {})


def _judged(plan: Plan, checker: Checker, stream: Stream, facts: dict[str, SessionFacts]) -> list[Violation]:
    sessions: dict[str, Session] = {}
    ends: dict[str, tuple[float | None, int | str | None]] = {}
    for line in stream.lines:
        session = sessions.get(line.connection)
        if session is None:
            session = sessions[line.connection] = checker.session(line.connection, facts.get(line.connection))
        at, code = ends.get(line.connection, (None, None))
        ends[line.connection] = (
            line.at if isinstance(line.at, int | float) else at,
            line.closed if line.closed is not None else code,
        )
        if line.closed is None:
            _receive(plan, session, line)
    found: list[Violation] = []
    for name, session in sessions.items():
        found += session.end(*ends[name]).violations
    return found


def _receive(plan: Plan, session: Session, line: Line) -> None:
    if line.text is None and line.raw is None and isinstance(line.at, int | float):
        session.receive(_ENCODE(line.event), at=line.at, direction=line.direction)
        return
    for read in read_recording([line.encode()], plan):  # what is wrong with a line itself is found by its reader
        if read.faults:
            session.receive_faulty(read.raw, read.faults, at=read.at, direction=read.direction)
        else:
            session.receive(read.raw, at=read.at, direction=read.direction)
