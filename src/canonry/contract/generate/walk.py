"""One session, walked from its first event to an end at which it owes nothing.

The walk proposes an event that fits, and the checker says whether it is right; what is not is taken back. So a stream
is valid by construction, and a contract that no stream satisfies is found out.
"""

from collections import Counter
from collections.abc import Iterator
from random import Random

import msgspec

from canonry.contract.check.checker import Checker, Session
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.check.state import Instance
from canonry.contract.compile.plan import SESSION, Kind
from canonry.contract.generate import memory
from canonry.contract.generate.compose import Composer, UnfitError
from canonry.contract.generate.stream import Line
from canonry.contract.generate.values import Persona

_ENCODE = msgspec.json.Encoder().encode
_MOST_FAILURES = 60
_MOST_EVENTS = 400
_LONGEST_STEP = 0.25


class Walk:
    """A session that grows by valid events.

    ``checker`` is the walk's own while it lasts, and watches for no texts: those in the walk are its user's own.
    ``runs`` is how often the first scope may open, ``favour`` the kinds that come more often than others.
    """

    def __init__(
        self,
        checker: Checker,
        persona: Persona,
        rng: Random,
        *,
        runs: int,
        begin: float = 0.0,
        favour: frozenset[int] = frozenset(),
    ) -> None:
        self.plan = plan = checker.plan
        self.checker = checker
        self.rng = rng
        self.persona = persona
        self.runs = runs
        self.favour = favour
        self.lines: list[Line] = []
        self.at = begin
        self.tried: Counter[int] = Counter()
        self.used: Counter[int] = Counter()
        self._enough = rng.choice([1, 2, 3])
        self.open_at_once = rng.choice([1, 1, 2, 3])
        self._composer = Composer(plan, persona, rng, favour=favour)
        self._session = self._begin()
        self._opened = 0
        limits = [
            *(each.seconds for each in plan.deadlines),
            *(each.seconds for each in plan.silences),
            *(each.seconds for each in plan.exchanges if each.seconds >= 0),
        ]
        self._step = min([limit / 60 for limit in limits if limit > 0] + [_LONGEST_STEP])
        self._pause = min([each.seconds for each in plan.silences] + [5.0]) * 0.9

    def go(self) -> bool:
        """Walk to the end; return whether nothing is owed there."""
        for _ in range(self.runs):
            for _ in range(self.rng.randint(2, 10 + len(self.plan.kinds) // 4)):
                self._explore()
            if not self._finish():
                return False
        return self._owes_nothing()

    def owed(self) -> list[str]:
        """Return the rules that the stream would break if it ended here."""
        session = self._replayed()
        session.end(self.at)
        return sorted(session.state.tally)

    # moves

    def _explore(self) -> None:
        if self.favour and self.rng.random() < 0.7 and self._serve():
            return
        kinds = [kind for kind in self.plan.kinds if self._welcome(kind)]
        weights = [self._weight(kind.index) for kind in kinds]
        for _ in range(6 if kinds else 0):
            (chosen,) = self.rng.choices(range(len(kinds)), weights)
            if self._move(kinds[chosen]):
                return
            weights[chosen] = self._weight(kinds[chosen].index)

    def _serve(self) -> bool:
        """Move by a kind that is wanted and came too seldom yet; false where none fits. What ends a scope waits."""
        ends = frozenset().union(*(scope.closes - scope.opens for scope in self.plan.scopes))
        wanted = sorted(
            kind
            for kind in self.favour - ends
            if self.used[kind] < self._enough and self._welcome(self.plan.kinds[kind])
        )
        chosen = self.rng.sample(wanted, k=len(wanted))
        if self.rng.random() < 0.7:
            chosen.sort(key=self._depth)
        return any(self._move(self.plan.kinds[kind]) for kind in chosen[:8])

    def _depth(self, kind: int) -> tuple[int, int]:
        """What stands inside most comes first, what closes it last."""
        spans = [span for span in self.plan.spans if kind in span.touched]
        opens = any(kind in span.opens for span in spans)
        closes = any(kind in span.closes for span in spans)
        return 2 if closes and not opens else int(opens), -len(spans)

    def _weight(self, kind: int) -> float:
        new = 1.0 / (1 + self.used[kind]) / (1 + self.tried[kind] / 4)
        return new * 8 if kind in self.favour else new

    def _welcome(self, kind: Kind) -> bool:
        """Whether an event may come now for all that the number of runs says."""
        if kind.index == len(self.plan.kinds) - 1:
            return False
        if not self.plan.scopes or kind.index not in self.plan.scopes[0].opens:
            return True
        live = len(self._session.state.live[0])
        scope = self.plan.scopes[0]
        if live and (kind.index in scope.repeat or kind.index in scope.closes):
            return True
        return self._opened < self.runs and live < (self.open_at_once if scope.key else 1)

    def _move(self, kind: Kind) -> bool:
        self.tried[kind.index] += 1
        state = self._session.state
        at = round(self.at + self._tick(), 3 if self._step > 0.01 else 6)
        try:
            draft = self._composer.compose(kind, state, at)
        except UnfitError:
            return False
        event = draft.event()
        before = len(state.violations)
        live = set(state.live[0]) if state.live else set()
        found = self._session.receive(_ENCODE(event), at=at, direction=draft.direction)
        if found != kind.index or len(state.violations) > before:
            self._session = self._replayed()
            return False
        self.at = at
        self.used[kind.index] += 1
        self.lines.append(
            Line(connection=self.persona.connection, at=at, direction=draft.direction, event=event, kind=kind.name)
        )
        self._opened += len(set(state.live[0]) - live) if state.live else 0
        return True

    def _tick(self) -> float:
        if self.rng.random() < 0.04 and not any(self._session.state.asked):
            return self.rng.uniform(0.1, 1.0) * self._pause
        return self.rng.uniform(0.1, 1.0) * self._step

    # the end

    def _finish(self) -> bool:
        failures = 0
        while failures < _MOST_FAILURES and len(self.lines) < _MOST_EVENTS:
            wanted = next(self._owed_kinds(), None)
            if wanted is None:
                if self._owes_nothing():
                    return True
                self._explore()
                failures += 1
                continue
            chosen = sorted(self.rng.sample(wanted, k=len(wanted)), key=lambda kind: kind not in self.favour)
            moved = any(self._move(self.plan.kinds[number]) for number in chosen[:6])
            if not moved:
                failures += 1
                if failures % 4 == 0:
                    self._explore()
        return False

    def _owed_kinds(self) -> Iterator[list[int]]:
        """Yield, most urgent first, the kinds of events that bring the session nearer to its end."""
        state = self._session.state
        for asked, exchange in zip(state.asked, self.plan.exchanges, strict=True):
            if asked:
                starts = self.plan.scopes[exchange.starts].opens if exchange.starts != SESSION else frozenset()
                yield sorted(exchange.reply | starts)
        for live in reversed(state.live):
            for inst in live.values():
                if not inst.ghost:
                    yield from self._owed_in(inst)
        yield from self._owed_in(state.root)

    def _owed_in(self, inst: Instance) -> Iterator[list[int]]:
        for index, count in enumerate(self.plan.counts):
            if count.scope == inst.scope and memory.counted(self._session.state, inst, index) < count.low:
                opening = self.plan.spans[count.span].opens if count.span >= 0 else count.kinds
                closing = frozenset() if inst.scope == SESSION else self.plan.scopes[inst.scope].closes
                if opening - closing:
                    yield sorted(opening - closing)
        for span in reversed(self.plan.spans):
            if any(record.owed for record in inst.spans[span.index].values()):
                yield sorted(span.closes)
        if inst.scope != SESSION and not inst.paused and self.plan.scopes[inst.scope].must_close:
            yield sorted(self.plan.scopes[inst.scope].closes)

    # the checker

    def _owes_nothing(self) -> bool:
        return bool(self.lines) and not self.owed()

    def _begin(self) -> Session:
        self.checker.forget()
        facts = self.persona.facts
        return self.checker.session(self.persona.connection, SessionFacts(user=facts.user, owned=facts.owned))

    def _replayed(self) -> Session:
        session = self._begin()
        for line in self.lines:
            session.receive(_ENCODE(line.event), at=line.at, direction=line.direction)
        return session
