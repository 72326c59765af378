"""What of a contract recordings have exercised, and a check has judged.

The denominator follows from the contract alone, so that what nobody exercises counts too: for every event, each way
that it may go, and each outcome that it may have (`EventOutcome`); the edges of status machines, and how scopes open,
pause and open again; how scopes end; how spans open and close; codes that a connection may be closed with.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from canonry.contract.check.checker import Checker, Session
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.check.state import Instance
from canonry.contract.compile.plan import Kind, Plan
from canonry.contract.generate import memory
from canonry.contract.recording import Line, read_recording
from canonry.model.errors import NothingValidatedError


class EventOutcome(StrEnum):
    """What became of an event."""

    OK = "ok"
    """No rule is violated by it."""
    REFUSED = "schema-refused"
    """Its own fields are not what the contract says."""
    UNAUTHORISED = "unauthorised"
    """It shows what belongs to somebody else."""
    DROPPED = "dropped"
    """What it must bring about never came: no answer, no end of the run or the span that it opens."""


class Item(msgspec.Struct, frozen=True, order=True):
    """Something that can be exercised. ``group`` is a kind of thing, ``name`` says which."""

    group: str
    name: str


class Coverage(msgspec.Struct, frozen=True):
    """Every item of a contract's denominator, and how often it was seen. ``judged`` counts events."""

    contract: str
    items: dict[Item, int]
    judged: int

    def groups(self) -> dict[str, tuple[int, int]]:
        """Return (exercised, all) of each group, in the order of the denominator."""
        found: dict[str, tuple[int, int]] = {}
        for item, count in self.items.items():
            done, known = found.get(item.group, (0, 0))
            found[item.group] = (done + (count > 0), known + 1)
        return found

    @property
    def missing(self) -> tuple[Item, ...]:
        """Return what nothing exercised."""
        return tuple(item for item, count in self.items.items() if not count)


def denominator(plan: Plan) -> tuple[Item, ...]:
    """Return everything of a contract that can be exercised, in the order of the contract."""
    return tuple(dict.fromkeys((*_events(plan), *_moves(plan), *_spans(plan), *_codes(plan))))


def cover(
    plan: Plan, recordings: Iterable[Iterable[bytes]], *, facts: Mapping[str, SessionFacts] | None = None
) -> Coverage:
    """Return what recordings exercise. Raises NothingValidatedError where they hold no event of the contract."""
    seen: Counter[Item] = Counter()
    judged = known = 0
    for recording in recordings:
        checker = Checker(plan, facts=facts, keep=0, interpreted=True)
        watched: dict[str, _Watched] = {}
        for line in read_recording(recording, plan):
            if line.connection not in watched:
                watched[line.connection] = _Watched(plan, checker.session(line.connection))
            watched[line.connection].receive(line)
        for one in watched.values():
            one.end()
            seen += one.seen
            judged += one.session.judged
            known += one.session.known
    if not known:
        raise NothingValidatedError("no event of the contract was there to be judged; is this the right recording?")
    return Coverage(plan.contract.contract, {item: seen[item] for item in denominator(plan)}, judged)


class _Watched:
    """A session, and what it exercises event by event."""

    def __init__(self, plan: Plan, session: Session) -> None:
        self.plan = plan
        self.session = session
        self.seen: Counter[Item] = Counter()
        self._kinds: list[tuple[Kind, str] | None] = []
        self._last: float | None = None
        self._code: int | str | None = None
        self._homes = {rule.id: str(rule.path[0]) for rule in plan.rules}

    def receive(self, line: Line) -> None:
        self._last = line.at if line.at is not None else self._last
        if line.close is not None and not line.raw:
            self._code = line.close
            if not line.faults:
                return
        before = _Snapshot(self.session, self.plan)
        if line.faults:
            self.session.receive_faulty(line.raw, line.faults, at=line.at, direction=line.direction)
            self._kinds.append(None)
            return
        number = self.session.receive(line.raw, at=line.at, direction=line.direction)
        if not 0 <= number < len(self.plan.kinds) - 1:
            self._kinds.append(None)
            return
        kind = self.plan.kinds[number]
        self._kinds.append((kind, line.direction or kind.direction or "out"))
        self.seen.update(before.moved(kind))

    def end(self) -> None:
        result = self.session.end(self._last, self._code)
        if self._code is not None and not any(each.rule == "close_codes" for each in result.violations):
            self.seen[Item("close codes", str(self._code))] += 1
        outcomes: list[set[EventOutcome]] = [set() for _ in self._kinds]
        for violation in result.violations:
            home = self._homes.get(violation.rule, "")
            if violation.index < len(outcomes) and home == "isolation":
                outcomes[violation.index].add(EventOutcome.UNAUTHORISED)
            elif violation.index < len(outcomes):
                is_field = home in ("events", "envelope") and not violation.rule.startswith("direction.")
                outcomes[violation.index] |= {EventOutcome.REFUSED} if is_field else set()
            if violation.rule.endswith((".ended", ".closed", ".before")) or home == "exchange":
                for witness in (each for each in violation.witnesses if each < len(outcomes)):
                    outcomes[witness].add(EventOutcome.DROPPED)
        broken = {violation.index for violation in result.violations}
        for index, (known, became) in enumerate(zip(self._kinds, outcomes, strict=True)):
            if known is None:
                continue
            kind, direction = known
            for outcome in became or ({EventOutcome.OK} if index not in broken else set()):
                self.seen[_event(direction, kind, outcome)] += 1


class _Snapshot:
    """What was open before an event."""

    def __init__(self, session: Session, plan: Plan) -> None:
        state = session.state
        self.session = session
        self.plan = plan
        self.live = [dict(each) for each in state.live]
        self.instances = [state.root, *(inst for each in self.live for inst in each.values())]
        self.status = [[memory.status(state, inst, n) for n in range(len(plan.states))] for inst in self.instances]
        self.spans = [[dict(inst.spans[each.index]) for each in plan.spans] for inst in self.instances]
        self.spent = memory.spent_scopes(state)

    def moved(self, kind: Kind) -> Iterator[Item]:
        """Yield what the event has moved since."""
        state, number = self.session.state, kind.index
        for scope, before in zip(self.plan.scopes, self.live, strict=True):
            now = state.live[scope.index]
            new = [key for key, inst in now.items() if before.get(key) is not inst and not inst.ghost]
            gone = [key for key, inst in before.items() if now.get(key) is not inst]
            at_once = number in scope.opens & scope.closes and not new and not gone
            if (new or at_once) and number in scope.opens:
                yield Item("transitions", f"{scope.name} opened by {kind.name}")
                if any(key in self.spent[scope.index] for key in new):
                    yield Item("transitions", f"{scope.name} opened again")
            if (gone or at_once) and number in scope.closes:
                yield Item("outcomes", f"{scope.name} closed by {kind.name}")
            if number in scope.pauses:
                yield Item("transitions", f"{scope.name} paused by {kind.name}")
        yield from self._status_moves()
        yield from self._span_moves(kind)

    def _status_moves(self) -> Iterator[Item]:
        for inst, before in zip(self.instances, self.status, strict=True):
            for index, plan in enumerate(self.plan.states):
                now = memory.status(self.session.state, inst, index)
                known = before[index]
                if (
                    plan.scope == inst.scope
                    and known is not None
                    and now is not None
                    and now in plan.edges.get(known, ())
                ):
                    yield Item("transitions", f"{plan.path.text} {known} -> {now}")

    def _span_moves(self, kind: Kind) -> Iterator[Item]:
        number = kind.index
        known: dict[int, list[dict[Any, Any]]] = {
            id(inst): spans for inst, spans in zip(self.instances, self.spans, strict=True)
        }
        state = self.session.state
        now: list[Instance] = [state.root, *(inst for each in state.live for inst in each.values())]
        for inst in dict.fromkeys([*self.instances, *now]):
            before = known.get(id(inst), [{} for _ in self.plan.spans])
            for span in self.plan.spans:
                after = inst.spans[span.index]
                if number in span.opens | span.chunks and any(key not in before[span.index] for key in after):
                    yield Item("spans", f"{span.name} opened by {kind.name}")
                if any(key not in after for key in before[span.index]):
                    if number in span.closes:
                        yield Item("spans", f"{span.name} closed by {kind.name}")
                    elif number in span.abandons:
                        yield Item("spans", f"{span.name} given up by {kind.name}")


def _event(direction: str, kind: Kind, outcome: EventOutcome) -> Item:
    return Item("events", f"{direction} {kind.name}: {outcome}")


def _events(plan: Plan) -> Iterator[Item]:
    ways = [str(each) for each in plan.contract.transport.direction]
    isolation = plan.isolation
    belongs = bool(isolation.canary or isolation.forbid or isolation.session or isolation.owned)
    opening: frozenset[int] = frozenset().union(
        *(each.opens - each.closes for each in plan.scopes if each.must_close),
        *(each.opens for each in plan.spans if each.must_close),
        *(each.request for each in plan.exchanges),
    )
    for kind in plan.kinds[:-1]:
        for direction in (kind.direction,) if kind.direction else ways:
            yield _event(direction, kind, EventOutcome.OK)
            if kind.fields or kind.schemas:
                yield _event(direction, kind, EventOutcome.REFUSED)
            if belongs:
                yield _event(direction, kind, EventOutcome.UNAUTHORISED)
            if kind.index in opening:
                yield _event(direction, kind, EventOutcome.DROPPED)


def _moves(plan: Plan) -> Iterator[Item]:
    names = [kind.name for kind in plan.kinds]
    for scope in plan.scopes:
        for number in sorted(scope.opens):
            yield Item("transitions", f"{scope.name} opened by {names[number]}")
        if scope.reopen and scope.key:
            yield Item("transitions", f"{scope.name} opened again")
        for number in sorted(scope.pauses):
            yield Item("transitions", f"{scope.name} paused by {names[number]}")
    for machine in plan.states:
        for before, after in machine.edges.items():
            for state in sorted(after - {before} if machine.stay else after):
                yield Item("transitions", f"{machine.path.text} {before} -> {state}")
    for scope in plan.scopes:
        for number in sorted(scope.closes):
            yield Item("outcomes", f"{scope.name} closed by {names[number]}")


def _spans(plan: Plan) -> Iterator[Item]:
    names = [kind.name for kind in plan.kinds]
    for span in plan.spans:
        for number in sorted(span.opens | span.chunks):
            yield Item("spans", f"{span.name} opened by {names[number]}")
        for number in sorted(span.closes):
            yield Item("spans", f"{span.name} closed by {names[number]}")
        for number in sorted(span.abandons):
            yield Item("spans", f"{span.name} given up by {names[number]}")


def _codes(plan: Plan) -> Iterator[Item]:
    for codes in plan.contract.close_codes.values():
        for code in codes:
            yield Item("close codes", str(code))
