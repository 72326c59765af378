"""What runs always did: how often events came, in which order, how numbers counted, how a status moved."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from canonry.contract.learn.draft import Draft, count_of
from canonry.contract.learn.pairs import FoundSpan
from canonry.contract.learn.runs import Run, Runs
from canonry.contract.learn.seen import Seen, Talk
from canonry.contract.learn.values import is_id_name, is_scalar

_RUNS = 3
"""Fewer runs say nothing of how often something comes."""
_BOTH = 6
"""In so many runs two kinds have to be, in one order, for it to be no chance: at random 1 of 64."""
_STEPS = 4
_UNIQUE = 5
_STATES = 12


def propose_counts(found: Runs, spans: list[FoundSpan], draft: Draft) -> None:
    """Proposes what comes in every run, and what comes at most once."""
    whole = [run for run in found.runs if run.whole]
    if len(whole) < _RUNS:
        draft.unknown.append(
            f"counts and order: {count_of(len(whole), 'whole run')}, and it takes {_RUNS} to say anything"
        )
        return
    edges = found.bounds.opens | found.bounds.closes
    spanned = {name for span in spans for name in span.opens | span.closes | span.during}
    per_run = [Counter(event.name for event in run.events) for run in whole]
    for name in sorted(found.kinds - edges - spanned):
        often = [counts[name] for counts in per_run]
        if any(often):
            _count(name, often, draft)
    for span in spans:
        if span.inside == found.scope and len(span.opens) == 1:
            (opening,) = span.opens
            _count(f"span:{span.name}", [counts[opening] for counts in per_run], draft)


def _count(name: str, often: list[int], draft: Draft) -> None:
    low, high = min(often), max(often)
    present = sum(map(bool, often))
    seen = f"{low:,} to {high:,} times in a run" if low < high else f"{low:,} times in each run"
    if low == high == 1 and len(often) >= 2 * _RUNS:
        draft.put(("count", name), 1, runs=len(often), seen=seen)
    elif low >= 1:
        draft.put(("count", name), "1..", runs=len(often), seen=seen)
    elif high == 1 and present >= 2 * _RUNS:
        draft.put(("count", name), "..1", runs=len(often), seen=seen)


def propose_order(found: Runs, spans: list[FoundSpan], draft: Draft) -> None:
    """Proposes which first events always came before which, without what follows from others."""
    edges = found.bounds.opens | found.bounds.closes
    later = {name for span in spans for name in span.closes | span.during}
    orders: list[list[str]] = [
        list(dict.fromkeys(event.name for event in run.events if event.name in found.kinds - edges - later))
        for run in found.runs
    ]
    together: Counter[tuple[str, str]] = Counter()
    before: Counter[tuple[str, str]] = Counter()
    alone: Counter[str] = Counter()
    for order in orders:
        for place, one in enumerate(order):
            alone[one] += 1
            for other in order[place + 1 :]:
                before[one, other] += 1
                together[min(one, other), max(one, other)] += 1
    held = {pair for pair, count in before.items() if count == together[min(pair), max(pair)] >= _BOTH}
    for one, other in sorted(held):
        between = any(
            (one, middle) in held and (middle, other) in held and alone[middle] >= alone[other] for middle in alone
        )
        if not between:
            runs = before[one, other]
            table: dict[str, Any] = {"before": one, "event": other}
            if runs == alone[other]:
                table["mode"] = "required"
            draft.put(("order", -1), table, runs=runs, seen=f"{count_of(runs, 'run')} with both")


def propose_numbers(talks: list[Talk], found: Runs, spans: list[FoundSpan], draft: Draft) -> None:
    """Proposes numbers that count events, in a run, a span or a connection, where every step is the same."""
    for path in _numbers(talks, found):
        kinds = {event.name for talk in talks for event in talk.events if path in event.flat}
        places: list[tuple[str, list[tuple[Run, list[Seen]]]]] = []
        if found.scope and kinds & found.kinds:
            places.append((found.scope, [(run, run.events) for run in found.runs]))
        span = next((each for each in spans if each.key and kinds <= each.opens | each.closes | each.during), None)
        if span is not None:
            places.append((f"span:{span.name}", [(pair.run, pair.events) for pair in span.pairs]))
        places.append(("session", [(Run(talk, (), talk.events), talk.events) for talk in talks]))
        tries = [(even, per, groups) for even in (True, False) for per, groups in places]
        next(
            (True for even, per, groups in tries if _sequence(path, kinds, per, groups, found, draft, even=even)), None
        )


def _numbers(talks: list[Talk], found: Runs) -> list[str]:
    counts: Counter[str] = Counter()
    wrong: set[str] = set()
    for talk in talks:
        for event in talk.events:
            for path, value in event.flat.items():
                if isinstance(value, int) and not isinstance(value, bool):
                    counts[path] += 1
                else:
                    wrong.add(path)
    return sorted(path for path in counts if path not in wrong and path != found.key and path not in found.constant)


def _sequence(
    path: str,
    kinds: set[str],
    per: str,
    groups: list[tuple[Run, list[Seen]]],
    found: Runs,
    draft: Draft,
    *,
    even: bool,
) -> bool:
    """Proposes a number, where it counts ``even`` or only rises."""
    values = [(run, [e.flat[path] for e in events if path in e.flat]) for run, events in groups]
    values = [(run, numbers) for run, numbers in values if numbers]
    steps = [after - before for _, numbers in values for before, after in pairwise(numbers)]
    if len(steps) < _STEPS or not all(step > 0 for step in steps) or even != (len(set(steps)) == 1):
        return False
    table: dict[str, Any] = {"field": path}
    firsts = {numbers[0] for run, numbers in values if run.whole}
    if even:
        if len(firsts) == 1 and len(values) > 1:
            table["start"] = next(iter(firsts))
        if steps[0] != 1:
            table["step"] = steps[0]
    else:
        table["mode"] = "rises"
    table["per"] = per
    # a number that a kind carries only now and then, or that only some kinds carry, is passed over elsewhere
    if not found.kinds <= kinds:
        table["events"] = sorted(kinds)
    seen = f"{count_of(len(steps), 'step')} of {steps[0]}" if even else f"{count_of(len(steps), 'rise')}"
    draft.put(("sequence", -1), table, runs=len({id(run) for run, _ in values}), seen=seen)
    return True


def propose_uniques(talks: list[Talk], found: Runs, draft: Draft) -> None:
    """Proposes ids that no two events share."""
    values: dict[str, list[Any]] = defaultdict(list)
    kinds: dict[str, set[str]] = defaultdict(set)
    for number, talk in enumerate(talks):
        for event in talk.events:
            for path, value in event.flat.items():
                if is_id_name(path) and is_scalar(value):
                    values[path].append((number, value))
                    kinds[path].add(event.name)
    for path, seen in sorted(values.items()):
        if len(seen) >= _UNIQUE and len(set(seen)) == len(seen) and len(kinds[path]) > 1 and path != found.key:
            draft.put(("unique", -1), path, runs=len(found.runs), seen=f"{len(seen):,} different values")


def propose_states(talks: list[Talk], found: Runs, draft: Draft) -> None:
    """Proposes how a status moves."""
    for path in _statuses(talks):
        edges: dict[str, set[str]] = defaultdict(set)
        moves, runs, firsts = 0, 0, set()
        for run in found.runs:
            states = [state for event in run.events if isinstance(state := event.flat.get(path), str)]
            if not states:
                continue
            runs += 1
            firsts.add(states[0])
            edges.update({state: edges[state] for state in states})
            for before, after in pairwise(states):
                if before != after:
                    moves += 1
                    edges[before].add(after)
        pairs = sum(map(len, edges.values()))
        if pairs and moves >= 2 * pairs and runs >= _RUNS and len(edges) <= _STATES:
            table = {
                "field": path,
                "edges": {state: sorted(after) for state, after in sorted(edges.items())},
                "initial": sorted(firsts),
                **({} if found.scope else {"per": "session"}),
            }
            draft.put(("states", -1), table, runs=runs, seen=count_of(moves, "move"))


def _statuses(talks: list[Talk]) -> Iterable[str]:
    paths = {
        path
        for talk in talks
        for event in talk.events
        for path, value in event.flat.items()
        if isinstance(value, str) and path.rpartition(".")[2].lower() in ("state", "status", "phase")
    }
    return sorted(paths)
