"""The checker: one session per connection, each event judged as it comes, verdicts at the end."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from canonry.contract.check.compiled import Compiled
from canonry.contract.check.ending import end_of_stream
from canonry.contract.check.interpret import Interpreter, get, unread
from canonry.contract.check.isolation import KNOWN_IDS, NOBODY, Owned, Owners, SessionFacts, user_of
from canonry.contract.check.receive import TURN, Judge, Receive, Window
from canonry.contract.check.shapes import state_class
from canonry.contract.check.state import State
from canonry.contract.check.violation import Verdict, Violation
from canonry.contract.compile.plan import Plan

KEPT = 64
"""How many of the last frames a session keeps, for counter-examples."""


_NOTHING: Counter[tuple[str, str, str]] = Counter()
"""What sessions have seen that do not count it."""


class Result(msgspec.Struct, frozen=True):
    """What is known of a session: verdicts of every rule, violations in the order of events, how many were judged.

    ``known`` counts the events that the contract names; ``counted`` violations may be more than those kept.
    """

    connection: str
    received: int
    judged: int
    known: int
    ended: bool
    verdict: Verdict
    rules: dict[str, Verdict]
    violations: tuple[Violation, ...]
    counted: int


class Checker:
    """Judges all sessions of one contract. ``facts`` say whose each connection is; ``canaries`` may appear on none."""

    def __init__(
        self,
        plan: Plan,
        *,
        facts: Mapping[str, SessionFacts] | None = None,
        canaries: Iterable[str] = (),
        interpreted: bool = False,
        keep: int = KEPT,
        coverage: bool = False,
    ) -> None:
        self.plan = plan
        self.facts = dict(facts or {})
        self.owners = Owners(len(plan.isolation.ids))
        self._owners: dict[Any, Any] = {}
        self.keep = keep
        self.coverage = coverage
        for text in canaries:
            self.owners.canaries.add(text, None)
        for connection, fact in self.facts.items():
            for text in fact.canaries:
                self.owners.canaries.add(text, self.owner(connection, fact))
        watch = self.owners.canaries
        self.states = state_class(plan)
        self._claim()
        self.judge: Judge = Interpreter(plan, watch) if interpreted else Compiled(plan, watch, self.states)
        self.sessions: dict[str, Session] = {}

    def session(self, connection: str = "", facts: SessionFacts | None = None) -> "Session":
        """Return a new session. ``facts`` are those given for the connection, unless others are."""
        if facts is not None and connection not in self.facts:
            for text in facts.canaries:
                self.owners.canaries.add(text, self.owner(connection, facts))
        known = facts or self.facts.get(connection) or SessionFacts()
        return Session(self, connection, known)

    def forget(self) -> None:
        """Forget whose ids are whose; canaries stay. What comes next is judged as if nothing had been before."""
        self.owners.ids = [Owned(KNOWN_IDS) for _ in self.plan.isolation.ids]
        self.owners.users = {}
        self._claim()

    def _claim(self) -> None:
        """Gives users the ids that facts say they own, before any of them is seen. What several own is nobody's."""
        isolation = self.plan.isolation
        places = [
            (index, name, path)
            for index, path in enumerate(isolation.ids if isolation.forbid else ())
            for name, other, _ in isolation.owned
            if path == other
        ]
        for connection, fact in self.facts.items() if places else ():
            user = user_of(self.state(connection, fact)) if fact.owned else NOBODY
            for index, name, path in () if user is NOBODY or isinstance(user, State) else places:
                for value in fact.owned.get(name, fact.owned.get(path.text, ())):
                    known = self.owners.ids[index].get(value)
                    self.owners.ids[index].put(value, user if known is None or known is user else NOBODY)

    def state(self, connection: str, facts: SessionFacts, frames: list[Any] | None = None) -> State:
        """Return what is known of a session that begins."""
        return self.states(
            self.plan,
            connection,
            owner=facts.user,
            owned={name: frozenset(values) for name, values in facts.owned.items()},
            ids=self.owners.ids,
            users=self.owners.users,
            get=get,
            whose=self.owner(connection, facts),
            frames=frames,
        )

    def owner(self, connection: str, facts: SessionFacts) -> Any:
        """Return what stands for the user of a session: sessions of one user are not secret to each other."""
        user = tuple(sorted((name, str(value)) for name, value in facts.user.items())) or connection
        return self._owners.setdefault(user, user)


class Session:
    """One connection. Every frame is judged as it is received; `end` decides what is still pending."""

    __slots__ = ("_canaries", "_ended", "receive", "seen", "state", "window")

    def __init__(self, checker: Checker, connection: str, facts: SessionFacts) -> None:
        self._ended = False
        self.window = Window(checker.keep)
        self.seen: Counter[tuple[str, str, str]] = Counter() if checker.coverage else _NOTHING
        self.state = checker.state(connection, facts, self.window.frames)
        if checker.plan.isolation.forbid or checker.plan.isolation.session:
            user_of(self.state)
        if isinstance(checker.judge, Compiled):
            self.state.get = partial(checker.judge.get, state=self.state)
        self._canaries = checker.owners.canaries
        self.receive: Receive = checker.judge.receiver(self.state, self.window)
        if checker.coverage:
            self.receive = _noting(self, self.receive)

    @property
    def received(self) -> int:
        """How many frames came."""
        return self.state.n

    @property
    def judged(self) -> int:
        """How many frames were judged: each by its kind, or as none."""
        return self.state.n

    @property
    def known(self) -> int:
        """How many of them are events that the contract names."""
        return self.state.n - self.state.strange

    @property
    def owes(self) -> bool:
        """Whether something is open or unanswered, so that an end now would break a rule."""
        state = self.state
        spans = (state.root.spans[span.index] for span in state.plan.spans)
        return bool(state.open) or any(state.live) or any(state.asked) or any(spans)

    def end_overdue(self, at: float) -> dict[str, int]:
        """End a stream that its client broke off; return how often each rule is broken.

        Rules about what came count, and those about time that was over already at ``at``; what was merely open is
        nobody's fault.
        """
        state = self.state
        before = dict(state.tally)
        unanswered = Counter(
            exchange.rule
            for exchange, asked in zip(state.plan.exchanges, state.asked, strict=True)
            for _, when, _ in asked
            if when is not None and 0 <= exchange.seconds < at - when
        )
        self.end(at)
        late = {rule: count for rule, count in state.tally.items() if rule.startswith("deadline.")}
        return before | late | {rule: before.get(rule, 0) + count for rule, count in unanswered.items()}

    def name(self, kind: int) -> str:
        """What the event that was received last is called."""
        known = self.state.plan.kinds[kind].name if 0 <= kind < self.state.plan.other.index else "*"
        return self.state.event if "*" in known else known

    @property
    def violations(self) -> tuple[Violation, ...]:
        """What was violated so far."""
        return tuple(self.state.violations)

    def receive_faulty(
        self,
        raw: bytes | str,
        faults: Iterable[tuple[str, str]],
        *,
        at: float | None = None,
        direction: str | None = None,
    ) -> int:
        """Report what is wrong with a frame already, (rule, sentence), and judge it where there is JSON in it."""
        state = self.state
        found = tuple(faults)
        state.at, state.direction, state.event = at, direction, ""
        for rule, message in found:
            state.report(rule, message)
        if not raw or any(rule == "frame.json" for rule, _ in found):
            if state.n and not state.n & TURN:
                state.turn()
            unread(state, self._canaries, raw, state.whose)
            self.window.put(state.n, raw, at, direction)
            state.strange += 1
            state.n += 1
            return -1
        return self.receive(raw, at=at, direction=direction)

    def end(self, at: float | None = None, close_code: int | str | None = None) -> Result:
        """Decide what is pending: a stream that just ends is no success. Called again, it says the same."""
        if not self._ended:
            self._ended = True
            end_of_stream(self.state, at, close_code)
        return self.result()

    def result(self) -> Result:
        """Return what is known now."""
        state = self.state
        rules = {rule.id: self._verdict(rule.id) for rule in state.plan.rules}
        worst = (Verdict.VIOLATED, Verdict.PENDING, Verdict.HOLDS)
        return Result(
            connection=state.connection,
            received=state.n,
            judged=self.judged,
            known=self.known,
            ended=self._ended,
            verdict=next((one for one in worst if one in rules.values()), Verdict.HOLDS),
            rules=rules,
            violations=tuple(sorted(state.violations)),
            counted=sum(state.tally.values()),
        )

    def _verdict(self, rule: str) -> Verdict:
        if self.state.tally.get(rule):
            return Verdict.VIOLATED
        return Verdict.HOLDS if self._ended else Verdict.PENDING


def _noting(session: Session, inner: Receive) -> Receive:
    """What receives and counts which events came which way, and how they were judged."""

    def receive(raw: bytes | str, *, at: float | None = None, direction: str | None = None) -> int:
        before = sum(session.state.tally.values())
        kind = inner(raw, at=at, direction=direction)
        outcome = "violated" if sum(session.state.tally.values()) > before else "ok"
        session.seen[session.name(kind), direction or "", outcome] += 1
        return kind

    return receive
