"""Times: silences, spans, whole runs, answers, each with a margin over the longest that was seen."""

from collections import Counter
from itertools import pairwise
from typing import Any

from canonry.contract.language.field_types import parse_time
from canonry.contract.learn.draft import Draft, count_of
from canonry.contract.learn.pairs import FoundSpan
from canonry.contract.learn.runs import Runs
from canonry.contract.learn.seen import Seen, Talk
from canonry.contract.learn.values import type_of

MARGIN = 3.0
"""A deadline is so many times the longest time that was seen, rounded up."""
_ROUND = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


def propose_own_time(talks: list[Talk], found: Runs, draft: Draft) -> None:
    """Proposes the field that holds an event's own time, and takes it where recordings have no receive times."""
    inner = [event for run in found.runs for event in run.events]
    paths = [path for path in sorted(inner[0].flat) if all(path in event.flat for event in inner)]
    own = next((path for path in paths if type_of((event.flat[path] for event in inner), path) == "rfc3339"), None)
    if own is None or any(
        (parse_time(after.flat[own]) or 0) < (parse_time(before.flat[own]) or 0)
        for run in found.runs
        for before, after in pairwise(run.events)
    ):
        return
    draft.put(
        ("time",), {"field": own, "unit": "rfc3339"}, runs=len(found.runs), seen=f"never falls in {len(inner):,} events"
    )
    for talk in talks:
        if all(event.at is None for event in talk.events):
            for event in talk.events:
                event.at = parse_time(event.flat.get(own))


def propose_exchanges(talks: list[Talk], found: Runs, draft: Draft) -> str:
    """Proposes what messages of the client bring about; returns the one that starts runs."""
    sent: Counter[str] = Counter(event.name for talk in talks for event in talk.events if event.direction == "in")
    inside = found.kinds if found.scope else frozenset()
    asked = {name: count for name, count in sent.items() if name not in inside}
    if not sent:
        draft.unknown.append("exchanges: no recording holds a message from client to service (`dir: in`)")
    elif not asked:
        names = ", ".join(f"`{name}`" for name in sorted(sent))
        draft.unknown.append(
            f"exchanges: {names} (`dir: in`) came inside of {found.scope}s; what they bring about is open"
        )
    starts = ""
    replies = {event.name for talk in talks for event in talk.events if event.direction == "out"}
    for name, count in sorted(asked.items()):
        answers = [reply for reply in sorted(replies) if _answers(talks, name, reply)]
        opening = found.scope and any(reply in found.bounds.opens for reply in answers)
        session = [reply for reply in answers if reply not in inside]
        if count < 2:
            draft.unknown.append(f"{name}: one message, which is too few to say what answers it")
            continue
        if not (opening or session):
            draft.unknown.append(f"{name}: no kind of event answers each of {count_of(count, 'message')}")
            continue
        table = {"in": name, "starts": found.scope} if opening else {"in": name, "reply": session[0]}
        starts = name if opening else starts
        draft.put(
            ("exchange", -1),
            table,
            runs=count,
            of="message",
            seen=f"each of {count_of(count, 'message')} is followed by one",
        )
    return starts


def _answers(talks: list[Talk], asked: str, reply: str) -> bool:
    """Whether every message is followed by a reply of its own, and no reply comes without one."""
    for talk in talks:
        pending = 0
        for event in talk.events:
            pending += (event.name == asked and event.direction == "in") - (event.name == reply)
            if pending < 0:
                return False
        if pending:
            return False
    return True


def propose_deadlines(
    talks: list[Talk], found: Runs, spans: list[FoundSpan], starts: str, draft: Draft, *, margin: float
) -> None:
    """Proposes the times."""
    timed = [talk for talk in talks if all(event.at is not None for event in talk.events)]
    if not timed:
        draft.unknown.append("deadlines: the recordings hold no times")
        return
    wholes = [run for run in found.runs if found.scope and run.whole and _timed(run.events)]
    gaps = [_took(pair) for run in wholes for pair in map(list, pairwise(run.events))]
    longest = max(map(_took, (run.events for run in wholes)), default=0.0)
    within = []
    for span in spans:
        times = [_took(pair.events) for pair in span.pairs if pair.closed and _timed(pair.events)]
        if times:
            within.append(limit(max(times), margin))
            _deadline({"span": span.name}, max(times), len({id(p.run) for p in span.pairs}), len(times), margin, draft)
    if gaps:
        _deadline({"between": "any"}, max(gaps), len(wholes), len(gaps), margin, draft)
    if wholes:
        # what lies inside a run may not take longer than the run
        least = max([longest * margin, *within])
        point = {"from": f"{found.scope}.open", "to": f"{found.scope}.close"}
        _deadline(point, longest, len(wholes), len(wholes), margin, draft, least=least)
    if starts:
        waits = [wait for talk in timed for wait in _waits(talk, starts, found)]
        if waits:
            point = {"from": "request", "to": f"first({found.scope})"}
            _deadline(point, max(waits), len(waits), len(waits), margin, draft)


def limit(seconds: float, margin: float) -> float:
    """Return the time that is proposed for one that took ``seconds`` at most."""
    wanted = seconds * margin
    return next((float(each) for each in _ROUND if each >= wanted), float(round(wanted / 3600 + 0.5) * 3600))


def _deadline(
    table: dict[str, Any], seen: float, runs: int, count: int, margin: float, draft: Draft, *, least: float = 0.0
) -> None:
    most = max(limit(seen, margin), limit(least, 1.0))
    said = f"the longest of {count:,} is {seen:.3f} s; with the margin of {margin:g}, rounded up"
    draft.put(("deadline", -1), {**table, "max": f"{most:g}s"}, runs=runs, seen=said)


def _waits(talk: Talk, starts: str, found: Runs) -> list[float]:
    asked = [event for event in talk.events if event.name == starts]
    begun = [event for event in talk.events if event.name in found.bounds.opens]
    return [_took([one, other]) for one, other in zip(asked, begun, strict=False) if other.n > one.n]


def _timed(events: list[Seen]) -> bool:
    return all(event.at is not None for event in events)


def _took(events: list[Seen]) -> float:
    return max((events[-1].at or 0.0) - (events[0].at or 0.0), 0.0)
