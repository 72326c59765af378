"""A contract learned from recordings: everything that held in all of them, each guess with what it rests on."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from canonry.contract.check.checker import Checker
from canonry.contract.check.violation import Violation
from canonry.contract.language.marks import KeyPath
from canonry.contract.learn import habits, times
from canonry.contract.learn.draft import FEW, Draft, Guess
from canonry.contract.learn.fields import propose_fields
from canonry.contract.learn.pairs import find_spans, propose_folds
from canonry.contract.learn.runs import Runs, find_runs
from canonry.contract.learn.seen import Talk, name_events, read_talks
from canonry.contract.load import ContractError, LoadedContract, read_contract
from canonry.model.errors import UserError

_ROUNDS = 50
_USER = ("user", "tenant", "account", "customer", "owner", "org")


class Learned(msgspec.Struct, frozen=True):
    """A proposal: the contract as it is written, its guesses by place, what could not be guessed, what it rests on.

    ``dropped`` are guesses that the recordings themselves refused, which no user should see often.
    """

    document: dict[str, Any]
    guesses: dict[KeyPath, Guess]
    unknown: tuple[str, ...]
    dropped: tuple[str, ...]
    connections: int
    runs: int
    events: int

    @property
    def enough(self) -> bool:
        """Whether there were runs enough for guesses to mean something."""
        return self.runs >= FEW


def learn(
    recordings: Iterable[tuple[str, Iterable[bytes]]],
    *,
    name: str = "learned/1",
    discriminator: str | None = None,
    margin: float = times.MARGIN,
) -> Learned:
    """Return the contract that good recordings, as (name, lines), suggest; it loads, and accepts all of them.

    ``margin`` is what times are multiplied with. Raises NothingValidatedError without events, UserError for recordings
    that hold what is no event or do not say which event one is.
    """
    recorded = [(file, list(lines)) for file, lines in recordings]
    talks = read_talks(recorded)
    draft = Draft(name)
    heard = sum(len(talk.events) for talk in talks)
    way, said, direction = name_events(talks, discriminator)
    events = sum(len(talk.events) for talk in talks)
    draft.put(("discriminator",), way, runs=events, of="event", seen=said)
    if direction:
        draft.put(
            ("transport", "direction"), [direction], runs=heard, of="event",
            seen=f"{heard - events:,} frames that go the other way do not say which event they are",
        )  # fmt: skip
    found = find_runs(talks, draft)
    _propose(talks, found, way, draft, margin)
    dropped = _settle(draft, talks)
    return Learned(
        document=_ordered(draft.document),
        guesses=draft.guesses,
        unknown=tuple(draft.unknown),
        dropped=dropped,
        connections=len(talks),
        runs=len(found.runs),
        events=events,
    )


def refusals(loaded: LoadedContract, talks: Sequence[Talk]) -> list[Violation]:
    """Return what a contract finds wrong with connections."""
    checker = Checker(loaded.plan, keep=1, interpreted=True)
    found: list[Violation] = []
    for talk in talks:
        session = checker.session(talk.connection)
        for event in talk.events:
            session.receive(msgspec.json.encode(event.raw), at=event.at, direction=event.direction)
        found += session.end(talk.events[-1].at, talk.close).violations
    return found


def _propose(talks: list[Talk], found: Runs, way: dict[str, Any], draft: Draft, margin: float) -> None:
    times.propose_own_time(talks, found, draft)
    spans = find_spans(talks, found, draft)
    pieces = propose_folds(found, spans, draft)
    propose_fields(talks, found, way, pieces, draft)
    seen_in = any(event.direction == "in" for talk in talks for event in talk.events)
    kinds = len({event.name for talk in talks for event in talk.events})
    draft.put(
        ("unknown",), "reject" if seen_in else {"in": "allow", "out": "reject"}, runs=len(found.runs),
        seen=f"{kinds:,} kinds were seen",
    )  # fmt: skip
    habits.propose_counts(found, spans, draft)
    habits.propose_order(found, spans, draft)
    habits.propose_numbers(talks, found, spans, draft)
    habits.propose_uniques(talks, found, draft)
    habits.propose_states(talks, found, draft)
    starts = times.propose_exchanges(talks, found, draft)
    times.propose_deadlines(talks, found, spans, starts, draft, margin=margin)
    _isolation(talks, found, draft)
    _closes(talks, draft)


def _isolation(talks: list[Talk], found: Runs, draft: Draft) -> None:
    session = []
    for path in found.constant:
        values = [{e.flat[path] for e in talk.events if path in e.flat} for talk in talks]
        if any(word in path.lower() for word in _USER) and all(len(each) <= 1 for each in values):
            session.append(path)
    if not session:
        draft.unknown.append("isolation: no field is one of its user's throughout every connection")
        return
    users = len({tuple(sorted(map(str, {e.flat.get(session[0]) for e in talk.events} - {None}))) for talk in talks})
    draft.put(
        ("isolation", "session"), session, runs=len(talks), of="connection",
        seen=f"one value on each of {len(talks):,} connections, {users:,} in all", thin=users < 2,
    )  # fmt: skip
    if found.key:
        draft.put(
            ("isolation", "forbid_ids_of"), "other_sessions", runs=len(talks), of="connection",
            seen=f"no id was on connections of two users; {users:,} were seen", thin=users < 2,
        )  # fmt: skip
    draft.unknown.append(
        "isolation: which ids a user owns (`owned`) and texts of others (`canary`) stand in no recording"
    )


def _closes(talks: list[Talk], draft: Draft) -> None:
    codes = {talk.close for talk in talks if talk.close is not None} - {1000, 1005}
    if codes:
        closed = sum(talk.close is not None for talk in talks)
        draft.put(
            ("close_codes", "seen"),
            sorted(codes, key=str),
            runs=closed,
            of="connection",
            seen=f"{closed:,} connections were closed",
        )
    else:
        draft.unknown.append("close codes: none but a normal close was recorded")


def _settle(draft: Draft, talks: list[Talk]) -> tuple[str, ...]:
    """Takes back what the recordings themselves do not keep, until the contract loads and accepts all of them."""
    dropped: list[str] = []
    for _ in range(_ROUNDS):
        try:
            loaded = read_contract(json.dumps(_ordered(draft.document)), file="the learned contract")
        except ContractError as error:
            wrong = [(mistake.path, mistake.message) for mistake in error.mistakes]
        else:
            paths = {rule.id: rule.path for rule in loaded.plan.rules}
            wrong = [(paths.get(each.rule, ()), f"{each.rule}: {each.message}") for each in refusals(loaded, talks)]
        if not wrong:
            return tuple(dropped)
        told = dict(reversed(wrong))
        # the later of two lists' items first, so that places of the earlier ones stay what they are
        gone = [(path, said) for path, said in sorted(told.items(), key=_place, reverse=True) if draft.drop(path)]
        if not gone:
            raise UserError(f"no contract fits these recordings: {wrong[0][1]}; are they recordings of one protocol?")
        dropped += [f"{'.'.join(map(str, path))}: {said}" for path, said in gone]
    raise UserError("no contract fits these recordings; are they recordings of one protocol?")


def _place(item: tuple[KeyPath, str]) -> tuple[tuple[bool, int, str], ...]:
    return tuple((isinstance(part, int), part if isinstance(part, int) else 0, str(part)) for part in item[0])


_ORDER = (
    "contract transport discriminator envelope events unknown scopes spans count order sequence states fold unique "
    "exchange deadline isolation close_codes time"
).split()


def _ordered(document: dict[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in _ORDER if document.get(key) not in (None, {}, [])}
