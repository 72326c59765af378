"""Spans, whose events share an id or are named as pairs, and texts that come in pieces."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from canonry.contract.learn.draft import Draft, count_of
from canonry.contract.learn.runs import Run, Runs, bounds_of
from canonry.contract.learn.seen import Seen, Talk
from canonry.contract.learn.values import is_id_name, is_scalar, plain_name

_OPENING = frozenset(
    "start started begin began open opened executing created create added add request requested".split()
)
_CLOSING = frozenset(
    "end ended stop stopped finish finished complete completed done close closed result response failed error".split()
)


class Pair(msgspec.Struct, eq=False):
    """A span of one id: its events in their order. ``closed``: its last one closes it."""

    run: Run
    events: list[Seen]
    closed: bool


class FoundSpan(msgspec.Struct):
    """A span that is proposed. ``inside`` is the scope around it, empty for the session."""

    name: str
    opens: frozenset[str]
    closes: frozenset[str]
    during: frozenset[str]
    key: str
    inside: str
    pairs: list[Pair]


def find_spans(talks: list[Talk], found: Runs, draft: Draft) -> list[FoundSpan]:
    """Returns the spans, and proposes them."""
    spans: list[FoundSpan] = []
    taken: set[str] = {*found.bounds.opens, *found.bounds.closes}
    for name, paths in _shared(talks, found).items():
        span = _keyed(talks, found, name, paths, spans, draft)
        if span is not None:
            spans.append(span)
            taken |= span.opens | span.closes | span.during
    for opening, closing, stem in _named_alike(found, taken):
        span = _positional(found, opening, closing, stem, spans, draft)
        if span is not None:
            spans.append(span)
    return spans


def _shared(talks: list[Talk], found: Runs) -> dict[str, list[str]]:
    """Ids that several kinds of events carry, under one name or spelling."""
    paths: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for talk in talks:
        for event in talk.events:
            for path, value in event.flat.items():
                if is_scalar(value) and is_id_name(path) and path != found.key and path not in found.constant:
                    paths[plain_name(path)][path].add(event.name)
    return {
        name: sorted(spelled, key=lambda path: (-len(spelled[path]), path))
        for name, spelled in sorted(paths.items())
        if len(set().union(*spelled.values())) > 1 and not set(spelled) & set(found.bounds.marks)
    }


def _homes(talks: list[Talk], found: Runs, paths: list[str]) -> tuple[str, list[Run]]:
    """Where a span stands: inside runs, where all its events are theirs, otherwise inside the session."""
    names = {event.name for talk in talks for event in talk.events if any(path in event.flat for path in paths)}
    if found.scope and names <= found.kinds:
        return found.scope, found.runs
    return "", [Run(talk, (), talk.events) for talk in talks]


def _keyed(
    talks: list[Talk], found: Runs, name: str, paths: list[str], spans: list[FoundSpan], draft: Draft
) -> FoundSpan | None:
    inside, homes = _homes(talks, found, paths)
    groups: list[tuple[Run, list[Seen]]] = []
    silent = {event.name for talk in talks for event in talk.events if not is_scalar(_value(event, paths))}
    for home in homes:
        by_value: dict[Any, list[Seen]] = defaultdict(list)
        for event in home.events:
            if event.name not in silent:
                by_value[_value(event, paths)].append(event)
        groups += [(home, group) for group in by_value.values()]
    bounds = bounds_of(group for _, group in groups)
    opens, closes = bounds.opens, bounds.closes
    if bounds.marks or any(group[0].name not in opens for _, group in groups):
        return None
    longer = [group for _, group in groups if len(group) > 1]
    if not longer or not closes:
        return None
    after: frozenset[str] = frozenset()
    if any(group[-1].name not in closes for _, group in groups):
        ending = _ending([group for _, group in groups])
        if ending:
            closes, after = frozenset((ending,)), _after(longer, ending)
    if sum(any(event.name in closes for event in group) for _, group in groups) * 2 <= len(groups):
        return None
    pairs = [Pair(home, group, any(event.name in closes for event in group)) for home, group in groups]
    during = frozenset(event.name for _, group in groups for event in group) - opens - closes - after
    span = FoundSpan(
        _span_name(opens, closes, name, spans, found), opens, closes, during, "|".join(paths), inside, pairs
    )
    _propose(span, found, draft, after)
    return span


def _value(event: Seen, paths: list[str]) -> Any:
    return next((event.flat[path] for path in paths if path in event.flat), None)


def _ending(groups: list[list[Seen]]) -> str:
    """A kind that comes once in every stretch, after all that does not only follow it."""
    common = set.intersection(*({event.name for event in group[1:]} for group in groups)) if groups else set()
    for name in sorted(common):
        once = all(sum(event.name == name for event in group) == 1 for group in groups)
        before = {event.name for group in groups for event in group[: _place(group, name)]}
        behind = {event.name for group in groups for event in group[_place(group, name) + 1 :]}
        if once and not before & behind:
            return name
    return ""


def _after(groups: list[list[Seen]], name: str) -> frozenset[str]:
    return frozenset(event.name for group in groups for event in group[_place(group, name) + 1 :])


def _place(group: list[Seen], name: str) -> int:
    return next(index for index, event in enumerate(group) if event.name == name)


def _propose(span: FoundSpan, found: Runs, draft: Draft, after: frozenset[str]) -> None:
    closed = [pair for pair in span.pairs if pair.closed]
    table: dict[str, Any] = {"open": sorted(span.opens), "close": sorted(span.closes)}
    if span.key:
        table["key"] = [span.key]
    if span.inside:
        table["inside"] = span.inside
    if span.during:
        table["during"] = sorted(span.during)
    same = _same(closed, span, found) if span.key else []
    if same:
        table["same"] = same
    if after:
        table["refers"] = {"events": sorted(after), "closed": True}
    if not span.key:
        table |= {"concurrent": False, "reopen": True}
    if len(closed) < len(span.pairs):
        table["must_close"] = False
        draft.unknown.append(
            f"{span.name}: {len(span.pairs) - len(closed):,} of {len(span.pairs):,} were never closed; none has to be"
        )
    runs = len({id(pair.run) for pair in span.pairs})
    most = max(_open_at_once(span, run) for run in {id(pair.run): pair.run for pair in span.pairs}.values())
    if span.key and most < 2:
        draft.unknown.append(f"{span.name}: never were two open at once; whether that is allowed was not seen")
    draft.put(
        ("spans", span.name), table, runs=runs, seen=f"{count_of(len(closed), 'pair')}, at most {most} open at once"
    )


def _same(pairs: list[Pair], span: FoundSpan, found: Runs) -> list[str]:
    """Fields that every close repeats from its opening, and that are not the same in all spans."""
    if len(pairs) < 2:
        return []
    firsts = [pair.events[0].flat for pair in pairs]
    lasts = [next(event.flat for event in pair.events if event.name in span.closes) for pair in pairs]
    both = set.intersection(*map(set, [*firsts, *lasts])) - set(span.key.split("|")) - {found.key, *found.constant}
    return sorted(
        path
        for path in both
        if all(is_scalar(one[path]) and one[path] == other[path] for one, other in zip(firsts, lasts, strict=True))
        and len({one[path] for one in firsts}) > 1
    )


def _open_at_once(span: FoundSpan, run: Run) -> int:
    most = current = 0
    for event in run.events:
        if event.name in span.opens:
            current += 1
            most = max(most, current)
        elif event.name in span.closes:
            current -= 1
    return most


def _span_name(opens: frozenset[str], closes: frozenset[str], key: str, spans: list[FoundSpan], found: Runs) -> str:
    first, last = _words(min(opens)), _words(min(closes))
    common = []
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        common.append(one)
    name = "_".join(common) or key.removesuffix("id") or key
    known = {span.name for span in spans} | {found.scope}
    while name in known:
        name += "_span"
    return name


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)]


def _named_alike(found: Runs, taken: set[str]) -> Iterator[tuple[str, frozenset[str], str]]:
    """Kinds whose names differ in a word of opening and one of closing."""
    free = sorted(found.kinds - taken)
    for opening in free:
        *stem, last = _words(opening) or [""]
        if last not in _OPENING or not stem:
            continue
        closing = frozenset(name for name in free if _words(name)[:-1] == stem and _words(name)[-1] in _CLOSING)
        if closing:
            yield opening, closing, "_".join(stem)


def _positional(
    found: Runs, opening: str, closing: frozenset[str], stem: str, spans: list[FoundSpan], draft: Draft
) -> FoundSpan | None:
    """A span without an id: openings and closings take turns in every run."""
    pairs = []
    for run in found.runs:
        current: Pair | None = None
        for event in run.events:
            if event.name == opening:
                if current is not None:
                    return None
                current = Pair(run, [event], closed=False)
                pairs.append(current)
            elif event.name in closing:
                if current is None:
                    return None
                current.events.append(event)
                current.closed, current = True, None
    if not any(pair.closed for pair in pairs):
        return None
    name = stem if stem not in {span.name for span in spans} | {found.scope} else f"{stem}_span"
    span = FoundSpan(name, frozenset((opening,)), closing, frozenset(), "", found.scope, pairs)
    _propose(span, found, draft, frozenset())
    return span


def propose_folds(found: Runs, spans: list[FoundSpan], draft: Draft) -> set[tuple[str, str]]:
    """Proposes texts that pieces add up to; returns (kind, field) of the pieces, which may be empty."""
    pieces: set[tuple[str, str]] = set()
    stretches: list[tuple[str, list[tuple[Run, list[Seen]]]]] = [
        (f"span:{span.name}", [(pair.run, pair.events) for pair in span.pairs]) for span in spans if span.key
    ]
    if found.scope:
        stretches.append((found.scope, [(run, run.events) for run in found.runs]))
    for over, groups in stretches:
        for kind, path, whole_kind, whole_path, joined, runs in _sums(groups):
            if (kind, path) in pieces:
                continue
            pieces.add((kind, path))
            value = {"of": path, "over": over, "equals": f"{whole_kind}.{whole_path}", "events": [kind]}
            draft.put(("fold", -1), value, runs=runs, seen=f"{count_of(joined, 'text')} compared")
    return pieces


def _sums(groups: list[tuple[Run, list[Seen]]]) -> Iterator[tuple[str, str, str, str, int, int]]:
    """Kinds and fields of pieces and of the whole that they add up to; how often, in how many runs."""
    candidates: dict[tuple[str, str, str, str], list[int]] = {}
    texts: list[tuple[int, dict[tuple[str, str], list[str]]]] = []
    for run, events in groups:
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for event in events:
            for path, value in event.flat.items():
                if isinstance(value, str) and not is_id_name(path):
                    found[event.name, path].append(value)
        texts.append((id(run), found))
        for piece, values in found.items():
            if len(values) > 1 and len(set(values)) > 1:
                total = "".join(values)
                for whole, told in found.items():
                    if whole[0] != piece[0] and told == [total]:
                        candidates.setdefault((*piece, *whole), [])
    for kind, path, whole_kind, whole_path in sorted(candidates):
        both = [(run, found) for run, found in texts if (whole_kind, whole_path) in found]
        if all("".join(found.get((kind, path), ())) == found[whole_kind, whole_path][-1] for _, found in both):
            yield kind, path, whole_kind, whole_path, len(both), len({run for run, _ in both})
