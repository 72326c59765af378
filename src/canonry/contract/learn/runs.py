"""Runs: the stretches of a connection that one event opens and another closes, and the field that tells them apart."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import msgspec

from canonry.contract.learn.draft import Draft, count_of
from canonry.contract.learn.seen import Seen, Talk
from canonry.contract.learn.values import is_id_name, is_scalar, plain_name

_NAMES = (
    "run",
    "response",
    "task",
    "execution",
    "job",
    "request",
    "turn",
    "message",
    "conversation",
    "thread",
    "session",
)
_WIDE = 0.6
"""The part of all events that has to carry a field for it to tell runs apart."""
_SURE = 0.9
"""The part of stretches that has to begin and to end alike."""


class Run(msgspec.Struct, eq=False):
    """The events of one run in their order. ``whole`` runs have their opening and their closing event."""

    talk: Talk
    key: Any
    events: list[Seen]
    whole: bool = True


class Bounds(msgspec.Struct, frozen=True):
    """What opens and what closes stretches. ``marks``: a field that makes an event another one -> the kinds."""

    opens: frozenset[str]
    closes: frozenset[str]
    score: float
    marks: dict[str, frozenset[str]] = {}


class Runs(msgspec.Struct):
    """All runs of the recordings. Without ``key`` a connection has one at a time, without ``scope`` there are none."""

    runs: list[Run]
    scope: str = ""
    key: str = ""
    bounds: Bounds = Bounds(frozenset(), frozenset(), 0.0)
    kinds: frozenset[str] = frozenset()
    constant: tuple[str, ...] = ()


def find_runs(talks: list[Talk], draft: Draft) -> Runs:
    """Returns the runs, and proposes their scope. Where nothing opens and closes, each connection counts as a run."""
    found = _by_key(talks) or _by_position(talks)
    if found is None:
        draft.unknown.append(
            "runs: nothing always opens and nothing always closes them, so every rule speaks of whole connections"
        )
        kinds = frozenset(event.name for talk in talks for event in talk.events)
        return Runs([Run(talk, (), talk.events) for talk in talks], kinds=kinds)
    step = _rename(found)
    _propose(found, draft)
    if step:
        _propose_step(found, step, draft)
    return found


def bounds_of(stretches: Iterable[list[Seen]]) -> Bounds:
    """Return which kinds stand only first and only last, and how many of the stretches begin and end so."""
    groups = [group for group in stretches if group]
    firsts, lasts = Counter(group[0].name for group in groups), Counter(group[-1].name for group in groups)
    later = {event.name for group in groups for event in group[1:]}
    earlier = {event.name for group in groups for event in group[:-1]}
    opens = frozenset(name for name in firsts if name not in later)
    closes = frozenset(name for name in lasts if name not in earlier and name not in firsts)
    marks: dict[str, frozenset[str]] = {}
    for name, edge in [(name, 0) for name in firsts if name in later] + [(n, -1) for n in lasts if n in earlier]:
        mark = _mark(groups, name, edge)
        if mark:
            marks[mark] = marks.get(mark, frozenset()) | {name}
            opens, closes = (opens | {name}, closes) if edge == 0 else (opens, closes | {name})
    held = sum(firsts[name] for name in opens) + sum(lasts[name] for name in closes)
    return Bounds(opens, closes, held / (2 * len(groups)) if groups else 0.0, marks)


def _mark(groups: list[list[Seen]], name: str, edge: int) -> str:
    """The field that events of a kind carry exactly when they do not stand at the edge of a stretch."""
    at_edge = [group[edge] for group in groups if group[edge].name == name]
    inside = [event for group in groups for event in group if event.name == name and event is not group[edge]]
    common = set.intersection(*(set(event.flat) for event in inside)) - {key for event in at_edge for key in event.flat}
    named = sorted((path for path in common if is_id_name(path)), key=lambda path: (path.count("."), path))
    return named[0] if named else ""


def _by_key(talks: list[Talk]) -> Runs | None:
    events = [event for talk in talks for event in talk.events]
    carried = Counter(
        path for event in events for path, value in event.flat.items() if path.count(".") < 2 and is_scalar(value)
    )
    best: tuple[Any, ...] = ()
    chosen: tuple[str, Bounds, dict[tuple[int, Any], list[Seen]]] | None = None
    for path, count in carried.items():
        if count < _WIDE * len(events):
            continue
        groups = _groups(talks, path)
        if len(groups) * 2 > count or not is_id_name(path):
            continue
        bounds = bounds_of(groups.values())
        if bounds.score < _SURE or not bounds.opens or not bounds.closes:
            continue
        rank = next((len(_NAMES) - at for at, word in enumerate(_NAMES) if word in path.lower()), 0)
        mark = (len(groups), bounds.score, rank, count, -path.count("."), path)
        if mark > best:
            best, chosen = mark, (path, bounds, groups)
    if chosen is None:
        return None
    path, bounds, groups = chosen
    by_number = {id(event): index for index, talk in enumerate(talks) for event in talk.events}
    runs = [Run(talks[by_number[id(group[0])]], key[1], group) for key, group in groups.items()]
    without = {event.name for event in events if not is_scalar(event.flat.get(path))}
    kinds = frozenset(event.name for event in events) - without
    return _ended(Runs(runs, _scope_name(path), path, bounds, kinds))


def _groups(talks: list[Talk], path: str) -> dict[tuple[int, Any], list[Seen]]:
    found: dict[tuple[int, Any], list[Seen]] = defaultdict(list)
    for index, talk in enumerate(talks):
        for event in talk.events:
            value = event.flat.get(path)
            if is_scalar(value):
                found[index, value].append(event)
    return found


def _by_position(talks: list[Talk]) -> Runs | None:
    """Runs of which a connection has one at a time: after each close comes an opening, or nothing of a run."""
    for opens in _openings(talks):
        closes = _endings(talks, opens)
        runs: list[Run] = []
        outside: set[str] = set()
        for talk in talks:
            current: Run | None = None
            for event in talk.events:
                if event.name in opens and current is None:
                    current = Run(talk, (), [])
                    runs.append(current)
                if current is None:
                    outside.add(event.name)
                    continue
                current.events.append(event)
                if event.name in closes:
                    current = None
        bounds = bounds_of(run.events for run in runs)
        kinds = frozenset(event.name for talk in talks for event in talk.events) - outside
        fit = bounds.score >= _SURE and not bounds.marks and bounds.opens and bounds.closes
        if fit and bounds.opens <= kinds and bounds.closes <= kinds:
            return _ended(Runs(runs, "run", "", bounds, kinds))
    return None


def _endings(talks: list[Talk], opens: frozenset[str]) -> frozenset[str]:
    """Kinds that stand last on connections, and elsewhere only right before an opening."""
    lasts = frozenset(talk.events[-1].name for talk in talks)
    followed = {one.name for talk in talks for one, other in pairwise(talk.events) if other.name not in opens}
    return lasts - followed - opens


def _openings(talks: list[Talk]) -> Iterable[frozenset[str]]:
    """Kinds that may open: what stands first on connections, or second or third, after what greets a client."""
    orders = [[event.name for event in talk.events] for talk in talks]
    for place in range(3):
        found = frozenset(order[place] for order in orders if len(order) > place)
        if found:
            yield found


def _ended(found: Runs) -> Runs:
    for run in found.runs:
        run.whole = run.events[0].name in found.bounds.opens and run.events[-1].name in found.bounds.closes
    return found


def _scope_name(path: str) -> str:
    name = plain_name(path)
    return name.removesuffix("uuid").removesuffix("id").removesuffix("key") or name or "run"


def _rename(found: Runs) -> str:
    """Makes variants of the events that stand at the edge of a run only without a field; returns that field."""
    marks = found.bounds.marks
    for mark, names in marks.items():
        stem = _scope_name(mark)
        for run in found.runs:
            for event in run.events:
                if event.name in names and mark in event.flat:
                    event.name = f"{stem}_{event.name}"
        found.kinds |= {f"{stem}_{name}" for name in names}
    return next(iter(marks), "") if len(marks) == 1 else ""


def _propose(found: Runs, draft: Draft) -> None:
    runs = found.runs
    number = len(runs)
    for mark, names in found.bounds.marks.items():
        for name in sorted(names):
            count = sum(event.name == f"{_scope_name(mark)}_{name}" for run in runs for event in run.events)
            draft.put(
                ("events", f"{_scope_name(mark)}_{name}"), {"of": name, "where": {mark: "present"}},
                runs=sum(any(event.name == f"{_scope_name(mark)}_{name}" for event in run.events) for run in runs),
                seen=f"{count_of(count, 'event')}, each inside a {found.scope}",
            )  # fmt: skip
    opened = sum(run.events[0].name in found.bounds.opens for run in runs)
    closed = sum(run.events[-1].name in found.bounds.closes for run in runs)
    table: dict[str, Any] = {
        "key": [found.key] if found.key else [],
        "open": sorted(found.bounds.opens),
        "close": sorted(found.bounds.closes),
    }
    if not found.key:
        del table["key"]
    if opened < number:
        table["strict"] = False
        draft.unknown.append(f"{found.scope}: {number - opened} of {number} began before they were recorded")
    if closed < number:
        table["must_close"] = False
        draft.unknown.append(f"{found.scope}: {number - closed} of {number} were not closed when the recording ended")
    found.constant = _constant(found)
    if found.constant:
        table["constant"] = list(found.constant)
    seen = f"{opened:,} opened, {closed:,} closed, {sum(len(run.events) for run in runs):,} events"
    draft.put(("scopes", found.scope), table, runs=number, seen=seen)
    if found.key:
        _ambiguous(found, draft)


def _constant(found: Runs) -> tuple[str, ...]:
    """The fields that never change in a run: those that differ between runs, or are called as ids are."""
    paths = Counter(
        path
        for run in found.runs
        for path in {p for event in run.events for p, v in event.flat.items() if is_scalar(v)}
    )
    chosen = []
    for path, count in paths.items():
        if path == found.key or path.count(".") > 1 or count < len(found.runs):
            continue
        told = [[event.flat[path] for event in run.events if path in event.flat] for run in found.runs]
        if not all(is_scalar(value) for each in told for value in each):
            continue
        values = [set(each) for each in told]
        if not all(len(each) == 1 for each in values):
            continue
        carried = sum(path in event.flat for run in found.runs for event in run.events)
        events = sum(len(run.events) for run in found.runs)
        differs = len({str(value) for each in values for value in each}) > 1
        if (carried * 2 > events and is_id_name(path)) or (carried == events > len(values) and differs):
            chosen.append(path)
    return tuple(sorted(chosen))


def _ambiguous(found: Runs, draft: Draft) -> None:
    same = []
    for path in found.constant:
        values = {(id(run.talk), run.events[0].flat.get(path)) for run in found.runs}
        if len(values) == len(found.runs):
            same.append(f"`{path}`")
    if same:
        draft.unknown.append(
            f"{found.scope}: `{found.key}` and {', '.join(same)} change together here; which of them is the key is a "
            "guess by name (record a connection on which they differ)"
        )


def _propose_step(found: Runs, mark: str, draft: Draft) -> None:
    """A scope inside the run, where events that carry a field open and close it by their variants."""
    names = found.bounds.marks[mark]
    stem = _scope_name(mark)
    opens = sorted(f"{stem}_{name}" for name in names if name in found.bounds.opens)
    closes = sorted(f"{stem}_{name}" for name in names if name in found.bounds.closes)
    groups: dict[tuple[int, Any], list[str]] = defaultdict(list)
    for index, run in enumerate(found.runs):
        for event in run.events:
            if is_scalar(event.flat.get(mark)):
                groups[index, event.flat[mark]].append(event.name)
    opened = [group for group in groups.values() if any(name in opens for name in group)]
    ended = [group for group in opened if group[0] in opens and group[-1] in closes]
    if not opens or not closes or len(ended) < len(opened) or not found.key or stem == found.scope:
        return
    table = {"key": [found.key, mark], "inside": found.scope, "open": opens, "close": closes, "strict": False}
    draft.put(
        ("scopes", stem), table, runs=len({index for index, _ in groups}), seen=f"{len(ended):,} opened and closed"
    )
