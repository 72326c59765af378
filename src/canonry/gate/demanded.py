"""Tests that are there on both sides, and demand less than they did, or more."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from canonry.gate.merged import is_shared
from canonry.gate.renamed import Bodies
from canonry.gate.strength import covered, weaker
from canonry.model.gate import Change, Direction, Kind, State

_WORSE, _BETTER, _TOLD = Direction.WORSE, Direction.BETTER, Direction.TOLD


class _Counted(NamedTuple):
    """The assertions of a function on both sides, and what is asserted on one side alone (not known: empty).

    ``calls`` are the functions that it calls now and did not; ``covered`` are those of its assertions about parts of a
    thing that one about the whole replaces."""

    node: str
    now: str
    before: int
    left: int
    gone: Counter[str] = Counter()
    new: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    covered: int = 0


def demanded(base: State, head: State, matched: Mapping[str, str], bodies: Bodies) -> Iterator[Change]:
    """What became of the cases, excuses and assertions of the tests that both sides have.

    ``matched``: test of the base -> the head's. Against a side whose texts nobody has, assertions are counted alone.
    """
    counted: list[_Counted] = []
    shared = is_shared(matched)
    for node, now in matched.items():
        before, left = base.tests[node].assertions, head.tests[now].assertions
        both = bodies.strengths(node, now)
        if both is None:
            counted.append(_Counted(node, now, before, left))
            continue
        if now not in shared:
            yield from _cases(node, now, head, both[0].cases, both[1].cases)
        if both[1].excused and not both[0].excused:
            yield _change(Kind.TESTS, _WORSE, now, head, f"{both[1].excused}, and was not")
        for was, became in weaker(*both):
            said = f"`{_short(was.text)}` became `{_short(became.text)}`"
            yield _change(Kind.ASSERTIONS, _WORSE, now, head, said, rule=node)
        texts = [Counter(each.text for each in side.assertions) for side in both]
        before, left = (len(side.assertions) for side in both)
        calls = Counter(both[1].calls) - Counter(both[0].calls)
        counted.append(
            _Counted(node, now, before, left, texts[0] - texts[1], texts[1] - texts[0], calls, covered(*both))
        )
    counted += _helpers(base, head, bodies)
    if any(each.left < each.before for each in counted):
        yield from _fewer(base, head, counted, bodies, _gained(head, matched, bodies))
    for each in sorted(counted, key=_by_place):
        if (more := each.left - each.before) > 0:
            said = f"has {_plural(more, 'more assertion')}"
            yield _change(Kind.ASSERTIONS, _BETTER, each.now, head, said, count=more, separator=" ")


def _cases(node: str, now: str, head: State, before: int | None, left: int | None) -> Iterator[Change]:
    if before is None or left is None or before == left:
        return
    if left < before:
        said = f"had {_plural(before, 'case')} to pass, has {left:,}"
        yield _change(Kind.TESTS, _WORSE, now, head, said, count=before - left)
    else:
        said = f"has {_plural(left - before, 'more case')}"
        yield _change(Kind.TESTS, _BETTER, now, head, said, count=left - before, separator=" ")


def _fewer(base: State, head: State, counted: list[_Counted], bodies: Bodies, gained: Counter[str]) -> Iterator[Change]:
    """Tests and their helpers that assert less, but for what stands elsewhere now. ``gained`` is what new tests say."""
    pool = sum((each.new for each in counted), gained)
    fewer: list[tuple[_Counted, int]] = []
    elsewhere = 0
    for each in sorted(counted, key=_by_place):
        lost = each.before - each.left
        if lost <= 0:
            continue
        moved = each.gone & pool
        pool = pool - moved
        here = min(lost, moved.total() + each.covered + _called(each, head, bodies))
        elsewhere += here
        if lost > here:
            fewer.append((each, lost - here))
    moved_out = max(0, sum(head.helpers.values()) - sum(base.helpers.values()))
    if sum(lost for _, lost in fewer) > moved_out:
        for each, lost in fewer:
            said = f"had {_plural(each.before, 'assertion')}, has {each.left}"
            yield _change(Kind.ASSERTIONS, _WORSE, each.now, head, said, count=lost, rule=each.node)
    else:
        elsewhere += sum(lost for _, lost in fewer)
    if elsewhere:
        said = (
            f"{_plural(elsewhere, 'assertion')} of tests moved into other tests, into functions that they may call, "
            "or into one about the whole"
        )
        yield Change(kind=Kind.ASSERTIONS, direction=_TOLD, message=said, count=elsewhere)


def _called(counted: _Counted, head: State, bodies: Bodies) -> int:
    """How many assertions are in the functions of test code that a test calls now and did not, at each call."""
    path, others = counted.now.partition("::")[0], sorted(head.helpers)
    return sum(times * bodies.called(path, name, others) for name, times in counted.calls.items())


def _helpers(base: State, head: State, bodies: Bodies) -> Iterator[_Counted]:
    """The functions of test code beside the tests that assert less than they did."""
    for path in sorted(base.helpers):
        if base.helpers[path] <= head.helpers.get(path, 0) or path in head.broken:
            continue
        before, now = bodies.both(path)
        for name in before.keys() & now.keys():
            node = f"{path}::{name.replace('.', '::')}"
            one, other = before[name].assertions, now[name].assertions
            if node not in base.tests and node not in head.tests and len(other) < len(one):
                texts = Counter(each.text for each in one), Counter(each.text for each in other)
                yield _Counted(node, node, len(one), len(other), texts[0] - texts[1], texts[1] - texts[0])


def _by_place(counted: _Counted) -> str:
    return counted.now


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _gained(head: State, matched: Mapping[str, str], bodies: Bodies) -> Counter[str]:
    """What tests assert that only the head has."""
    found: Counter[str] = Counter()
    for node in head.tests.keys() - set(matched.values()):
        if (strength := bodies.strength(1, node)) is not None:
            found.update(each.text for each in strength.assertions)
    return found


def _change(
    kind: Kind,
    direction: Direction,
    node: str,
    head: State,
    said: str,
    *,
    count: int = 1,
    rule: str = "",
    separator: str = ": ",
) -> Change:
    path, _, name = node.partition("::")
    known = head.tests.get(node)
    return Change(
        kind=kind,
        direction=direction,
        message=f"`{name}`{separator}{said}",
        path=path,
        line=known.line if known is not None else 0,
        rule=rule,
        count=count,
    )


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
