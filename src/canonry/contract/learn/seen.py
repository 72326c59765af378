"""What recordings hold: the events of each connection, each with its name."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from canonry.contract.compile.plan import Plan
from canonry.contract.language.contract import Contract
from canonry.contract.learn.values import flatten
from canonry.contract.load import plan_contract
from canonry.contract.recording import read_recording
from canonry.model.errors import NothingValidatedError, UserError

_NAMES = ("type", "event", "kind", "event_type", "eventType", "op", "action", "topic", "name")
_MOST_KINDS = 200
_LIKE_PROTOCOLS = "protocols are told apart by a field such as `type`; name it with `--discriminator FIELD`"


class Seen(msgspec.Struct, eq=False):
    """An event that was recorded. ``flat`` is what stands at each of its paths, ``n`` its place on its connection."""

    flat: dict[str, Any]
    raw: dict[str, Any]
    where: str
    n: int
    at: float | None
    direction: str | None
    name: str = ""


class Talk(msgspec.Struct, eq=False):
    """The events of one connection of one recording, and the code that it was closed with."""

    file: str
    connection: str
    events: list[Seen] = []
    close: int | str | None = None


def read_talks(recordings: Iterable[tuple[str, Iterable[bytes]]]) -> list[Talk]:
    """Return the connections of recordings. Raises UserError for what is no event: a good recording has none."""
    plan = _plan()
    talks: dict[tuple[str, str], Talk] = {}
    for file, lines in recordings:
        for line in read_recording(lines, plan):
            talk = talks.setdefault((file, line.connection), Talk(file, line.connection))
            if line.close is not None and not line.raw:
                talk.close = line.close
                continue
            where = f"`{file}` line {line.number:,}"
            if line.faults:
                raise UserError(f"{where}: {line.faults[0][1]}; a contract is learned from recordings without faults")
            try:
                event = msgspec.json.decode(line.raw)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                event = None
            for each in event if _is_batch(event) else [event]:
                if not isinstance(each, dict):
                    raise UserError(f"{where} is no JSON object; a contract is learned from recordings without faults")
                talk.events.append(Seen(flatten(each), each, where, len(talk.events), line.at, line.direction))
    found = [talk for talk in talks.values() if talk.events]
    if not found:
        raise NothingValidatedError("no event was there to learn from; is this the right recording?")
    return found


def name_events(talks: list[Talk], field: str | None = None) -> tuple[dict[str, Any], str, str]:
    """Gives every event its name; returns the discriminator as a contract writes it, what it rests on, and a direction.

    The direction is empty, or the only one whose frames have names: what goes the other way is left out of the talks
    then, as the request of a protocol that tells of answers alone is. Raises UserError where nothing says which event
    one is.
    """
    events = [event for talk in talks for event in talk.events]
    direction, named = "", _named(events, field)
    for way in ("out", "in"):
        part = [event for event in events if event.direction == way]
        if named is None and 0 < len(part) < len(events):
            named = _named(part, field)
            direction = way if named is not None else ""
    if named is None:
        silent = next((event for event in events if field and _text(event.flat.get(field)) is None), None)
        if silent is not None:
            raise UserError(f"{silent.where} does not say which event it is; {_LIKE_PROTOCOLS}")
        raise UserError(f"no field says in every event which one it is; {_LIKE_PROTOCOLS}")
    found, names = named
    for talk in talks:
        talk.events = [event for event in talk.events if not direction or event.direction == direction]
    talks[:] = [talk for talk in talks if talk.events]
    told = [event for talk in talks for event in talk.events]
    for event, name in zip(told, names, strict=True):
        event.name = name
    return found, f"names all {len(told):,} events, of {len(set(names)):,} kinds", direction


def _is_batch(frame: Any) -> bool:
    """Whether a frame holds several messages of JSON-RPC 2.0 (section 6)."""
    return (
        isinstance(frame, list)
        and bool(frame)
        and all(isinstance(each, dict) and each.get("jsonrpc") == "2.0" for each in frame)
    )


def _named(events: list[Seen], field: str | None) -> tuple[dict[str, Any], list[str]] | None:
    """Return what tells these events apart, and the name of each; None where not all have one."""
    way = _way(events, field)
    names = [] if way is None else [name for name in map(way[1], events) if name is not None]
    return (way[0], names) if way is not None and len(names) == len(events) else None


def _plan() -> Plan:
    return plan_contract(Contract(contract="learning/1", unknown="allow")).plan


def _way(events: list[Seen], field: str | None) -> tuple[dict[str, Any], Callable[[Seen], str | None]] | None:
    if field is not None:
        return {"field": field}, lambda event: _text(event.flat.get(field))
    if all(event.raw.get("jsonrpc") == "2.0" for event in events):
        from canonry.contract.check.interpret import rpc_name

        return {"jsonrpc": True}, lambda event: rpc_name(event.raw)
    best = max(_candidates(events), default=None)
    if best is not None:
        path = best[-1]
        return {"field": path}, lambda event: _text(event.flat.get(path))
    keys = {next(iter(event.raw), "") for event in events if len(event.raw) == 1}
    if len(keys) > 1 and all(len(event.raw) == 1 for event in events):
        return {"keys_present": sorted(keys)}, lambda event: next(iter(event.raw))
    return None


def _candidates(events: list[Seen]) -> Iterable[tuple[float, int, int, str]]:
    """The fields that may name events: those whose value says most of which fields an event has."""
    counted = Counter(path for event in events for path, value in event.flat.items() if _text(value) is not None)
    shapes = [frozenset(event.flat) for event in events]
    for path, count in counted.items():
        values = [_text(event.flat.get(path)) for event in events]
        distinct = len(set(values))
        known = path in _NAMES
        if count < len(events) or path.count(".") > 1 or distinct > _MOST_KINDS:
            continue
        if (distinct < 2 or distinct > len(events) / 2) and not known:
            continue
        gain = _entropy(shapes) - _spread(values, shapes)
        rank = len(_NAMES) - _NAMES.index(path) if known else 0
        # a field that is called as such fields are wins where another one says hardly more
        yield round(gain / max(_entropy(shapes), 1e-9) + (0.5 if known else 0.0), 6), rank, -path.count("."), path


def _entropy(items: Iterable[Any]) -> float:
    counts = Counter(items)
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values())


def _spread(values: list[str | None], shapes: list[frozenset[str]]) -> float:
    groups: dict[str | None, list[frozenset[str]]] = defaultdict(list)
    for value, shape in zip(values, shapes, strict=True):
        groups[value].append(shape)
    # each kind costs something, so that a field that is different in every event explains nothing
    return sum(len(group) / len(values) * _entropy(group) for group in groups.values()) + len(groups) / len(values)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value and len(value) <= 100 else None
