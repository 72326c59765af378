"""Events with their fields: what every event of a kind has, of which type."""

from collections import Counter, defaultdict
from itertools import combinations
from typing import Any

from canonry.contract.learn.draft import Draft, count_of
from canonry.contract.learn.runs import Runs
from canonry.contract.learn.seen import Seen, Talk
from canonry.contract.learn.values import type_of

_OPTIONAL = 3
"""A field has to be seen so often for its type to be proposed."""
_FEW_KEYS = 8
_MANY = 24
"""An object with more different keys is a map, whose keys are data."""


def propose_fields(
    talks: list[Talk], found: Runs, way: dict[str, Any], pieces: set[tuple[str, str]], draft: Draft
) -> None:
    """Proposes the envelope and the events."""
    kinds: dict[str, list[Seen]] = defaultdict(list)
    for talk in talks:
        for event in talk.events:
            kinds[event.name].append(event)
    named = {way.get("field", "")} | ({"jsonrpc", "id", "method"} if way.get("jsonrpc") else set())
    envelope = _envelope(kinds, found, named, draft)
    for name, events in sorted(kinds.items()):
        _event(name, events, found, envelope | named, pieces, draft)


def runs_of(events: list[Seen], found: Runs) -> int:
    """In how many runs these events are."""
    wanted = {id(event) for event in events}
    return sum(any(id(event) in wanted for event in run.events) for run in found.runs)


def _envelope(kinds: dict[str, list[Seen]], found: Runs, named: set[str], draft: Draft) -> set[str]:
    """Proposes the fields that all events of runs have, and those that several kinds have now and then."""
    inner = [event for name, events in kinds.items() if name in found.kinds for event in events]
    counts = Counter(path for event in inner for path in event.flat if "." not in path)
    spread = Counter(
        path
        for name in kinds
        if name in found.kinds
        for path in {p for e in kinds[name] for p in e.flat if "." not in p}
    )
    everywhere = {path: [e.flat[path] for es in kinds.values() for e in es if path in e.flat] for path in counts}
    taken: set[str] = set()
    number = len(found.runs)
    for path, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        several = len(found.kinds) > 1
        if path in named or not several:
            continue
        word = type_of(everywhere[path], path)
        if count == len(inner):
            taken.add(path)
            draft.put(("envelope", path), word, runs=number, seen=f"in {count:,} of {count:,} events of runs")
        elif spread[path] > 1 and count >= _OPTIONAL and spread[path] * 2 > len(found.kinds) and word != "any":
            taken.add(path)
            seen = f"in {count:,} of {len(inner):,} events of runs"
            draft.put(("envelope", f"{path}?"), word, runs=number, seen=seen)
    return taken


def _event(
    name: str, events: list[Seen], found: Runs, left_out: set[str], pieces: set[tuple[str, str]], draft: Draft
) -> None:
    held = runs_of(events, found)
    runs, of = (held, "run") if held else (len(events), "event")
    entry = draft.document.get("events", {}).get(name)
    table = dict(entry) if entry is not None else {}
    if found.scope and name not in found.kinds:
        table["scope"] = "session"
    ways = {event.direction for event in events}
    if len(ways) == 1 and None not in ways:
        table["direction"] = ways.pop()
    if entry is None:
        draft.put(("events", name), table, runs=runs, of=of, seen=count_of(len(events), "event"))
    else:
        entry.update(table)
    counts = Counter(path for event in events for path in event.flat)
    described = _described(events, counts)
    either = _either(events, counts, described - left_out)
    for paths in either:
        values = [event.flat[path] for event in events for path in paths if path in event.flat]
        word = "filled" if all(value not in ("", [], {}) for value in values) else "any"
        draft.put(
            ("events", name, "fields", "|".join(paths)), word, runs=runs, of=of,
            seen=f"one of them in {len(events):,} of {count_of(len(events), 'event')}",
        )  # fmt: skip
    for path in sorted(described - left_out - {path for paths in either for path in paths}):
        word = type_of((e.flat[path] for e in events if path in e.flat), path, piece=(name, path) in pieces)
        if counts[path] == len(events):
            word = word if len(events) >= _OPTIONAL or word in ("id", "object") else "any"
            seen = f"in {len(events):,} of {count_of(len(events), 'event')}"
            draft.put(("events", name, "fields", path), word, runs=runs, of=of, seen=seen)
        elif counts[path] >= _OPTIONAL and word != "any":
            seen = f"in {counts[path]:,} of {len(events):,} events"
            draft.put(("events", name, "fields", f"{path}?"), word, runs=runs, of=of, seen=seen)


def _described(events: list[Seen], counts: Counter[str]) -> set[str]:
    """The fields whose keys are words of the protocol. Those of an object of which no key is always there are data."""
    children: dict[str, set[str]] = defaultdict(set)
    for path in counts:
        children[path.rpartition(".")[0]].add(path)
    found: set[str] = set()

    def down(above: str, present: int) -> None:
        inner = children.get(above, set())
        fixed = [path for path in inner if counts[path] == present]
        deep = above.count(".") + 1 if above else 0
        if above and (
            len(inner) > _MANY or (not fixed and not _alternate(events, inner)) or (present < 2 and deep > 1)
        ):
            return
        for path in inner:
            found.add(path)
            down(path, counts[path])

    down("", len(events))
    return found


def _alternate(events: list[Seen], paths: set[str]) -> bool:
    """Whether of two fields beside one another each event has exactly one; of data, that would be chance."""
    few = sorted(paths) if len(paths) <= _FEW_KEYS and all(path.count(".") < 2 for path in paths) else []
    return any(_exactly_one(events, pair) for pair in combinations(few, 2))


def _either(events: list[Seen], counts: Counter[str], described: set[str]) -> list[tuple[str, ...]]:
    """Fields beside one another of which each event has exactly one."""
    siblings: dict[str, list[str]] = defaultdict(list)
    for path in sorted(described):
        if counts[path] < len(events):
            siblings[path.rpartition(".")[0]].append(path)
    found: list[tuple[str, ...]] = []
    for paths in siblings.values():
        for one in paths:
            rest = [other for other in paths if other > one]
            pair = next((other for other in rest if _exactly_one(events, (one, other))), None)
            if pair is not None and not any(one in each or pair in each for each in found):
                found.append((one, pair))
    return found


def _exactly_one(events: list[Seen], paths: tuple[str, ...]) -> bool:
    return len(events) > 2 and all(sum(path in event.flat for path in paths) == 1 for event in events)
