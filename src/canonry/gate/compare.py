"""Two states of a tree held against each other: what is worse, what is better, what nobody is to overlook."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from canonry.gate.declared import weakened
from canonry.gate.demanded import demanded
from canonry.gate.renamed import Bodies, match_tests
from canonry.model.finding import Confidence, Severity
from canonry.model.gate import Change, Direction, Exemption, Kind, State, Violation

_WORSE, _BETTER, _TOLD = Direction.WORSE, Direction.BETTER, Direction.TOLD


def compare(
    base: State,
    head: State,
    *,
    bodies: Bodies,
    least: Severity = Severity.WARNING,
    moved: Mapping[str, str] | None = None,
    rules: Collection[str] | None = None,
) -> Iterator[Change]:
    """All changes from one state to the other.

    ``least`` is the severity from which a violation counts; one that wants a reader (confidence `review`) never
    refuses. ``moved`` are paths of files whose content has only moved, from the base's to the head's.
    """
    matched = match_tests(base, head, bodies)
    yield from _parsing(base, head, moved or {})
    yield from _tests(base, head, matched)
    yield from demanded(base, head, matched, bodies)
    yield from _violations(base, head, matched, least, moved or {}, rules)
    yield from _exemptions(base.exemptions, head.exemptions)
    yield from _quarantine(base.quarantine, head.quarantine)
    yield from _contracts(base, head)
    for key, said in weakened(base.canon, head.canon):
        yield Change(kind=Kind.CANON, direction=_WORSE, message=f"`{key}`: {said}", rule=key)


def _parsing(base: State, head: State, moved: Mapping[str, str]) -> Iterator[Change]:
    """A file that does not parse where none did: nothing else makes up for it, but a file that moved is the same."""
    known = {*base.broken, *(moved.get(path, path) for path in base.broken)}
    for path, (line, message) in sorted(head.broken.items()):
        if path not in known:
            yield Change(kind=Kind.PARSING, direction=_WORSE, message=message, path=path, line=line)
    for path in sorted(base.broken.keys() - head.broken.keys()):
        if moved.get(path, path) not in head.broken:
            yield Change(kind=Kind.PARSING, direction=_BETTER, message="parses again, or is gone", path=path)


def _tests(base: State, head: State, matched: Mapping[str, str]) -> Iterator[Change]:
    """Tests that are gone, and new ones. ``matched``: test of the base -> the head's."""
    for node in sorted(base.tests.keys() - matched.keys()):
        path, _, name = node.partition("::")
        why = "its file does not parse" if path in head.broken else "it is gone"
        yield Change(kind=Kind.TESTS, direction=_WORSE, message=f"`{name}`: {why}", path=path, rule=node)
    for node in sorted(head.tests.keys() - set(matched.values())):
        path, _, name = node.partition("::")
        line = head.tests[node].line
        yield Change(kind=Kind.TESTS, direction=_BETTER, message=f"`{name}` is new", path=path, line=line, rule=node)


# violations ----------------------------------------------------------------------------------------------------------


def _violations(
    base: State,
    head: State,
    matched: Mapping[str, str],
    least: Severity,
    moved: Mapping[str, str],
    rules: Collection[str] | None,
) -> Iterator[Change]:
    """Violations beyond those that there were. A fingerprint knows no path: what moved is the same, a swap is not."""
    new = _beyond(head.violations, base.violations)
    gone = _beyond(base.violations, head.violations)
    new, gone = _without_renamed(new, gone, matched)
    revealed = {moved.get(path, path) for path in base.broken}
    for violation, count in new:
        if rules is not None and violation.code not in rules:
            continue
        said = _said(violation, count)
        if violation.path in revealed:
            yield _change(violation, count, _TOLD, f"{said} (the file did not parse before)")
        elif violation.severity.rank > least.rank or violation.confidence is Confidence.REVIEW:
            yield _change(violation, count, _TOLD, said)
        else:
            yield _change(violation, count, _WORSE, said)
    for violation, count in gone:
        if rules is not None and violation.code not in rules:
            continue
        counts = violation.severity.rank <= least.rank and violation.path not in head.broken
        if counts and violation.confidence is not Confidence.REVIEW:
            yield _change(violation, count, _BETTER, violation.message)


def _said(violation: Violation, count: int) -> str:
    if violation.weight > 1 and count < violation.weight:
        return f"{violation.message} ({_plural(count, 'more place')})"
    return violation.message


def _change(violation: Violation, count: int, direction: Direction, message: str) -> Change:
    return Change(
        kind=Kind.VIOLATIONS,
        direction=direction,
        message=message,
        path=violation.path,
        line=violation.line,
        rule=violation.code,
        fingerprint=violation.fingerprint,
        count=count,
    )


_Beyond = list[tuple[Violation, int]]


def _beyond(mine: Iterable[Violation], others: Iterable[Violation]) -> _Beyond:
    """The violations of which there are more than on the other side, with how many more.

    Of those with one fingerprint the ones at paths that the other side does not have are named first.
    """
    mine, others = list(mine), list(others)
    stock: Counter[tuple[str, str]] = Counter()
    here: set[tuple[str, str]] = set()
    for each in others:
        stock[each.code, each.fingerprint] += each.weight
        here.add((each.path, each.fingerprint))
    groups: defaultdict[tuple[str, str], list[Violation]] = defaultdict(list)
    totals: Counter[tuple[str, str]] = Counter()
    for each in mine:
        key = each.code, each.fingerprint
        groups[key].append(each)
        totals[key] += each.weight
    found: _Beyond = []
    for key, group in groups.items():
        left = totals[key] - stock[key]
        if left <= 0:
            continue
        group.sort(key=lambda each: ((each.path, each.fingerprint) in here, each.path, each.line))
        for each in group:
            if left <= 0:
                break
            found.append((each, min(left, each.weight)))
            left -= each.weight
    return sorted(found, key=lambda pair: (pair[0].path, pair[0].line, pair[0].code))


def _without_renamed(new: _Beyond, gone: _Beyond, matched: Mapping[str, str]) -> tuple[_Beyond, _Beyond]:
    """Without the violations in tests that only got another name, which is part of a fingerprint."""
    names = {node: now for node, now in matched.items() if node.partition("::")[2] != now.partition("::")[2]}
    if not names:
        return new, gone
    stock: Counter[tuple[str, str, str]] = Counter()
    for each, count in gone:
        node = names.get(f"{each.path}::{each.symbol.replace('.', '::')}")
        if node is not None:
            path, _, symbol = node.partition("::")
            stock[each.code, path, symbol.replace("::", ".")] += count
    used: Counter[tuple[str, str, str]] = Counter()
    left: _Beyond = []
    for each, count in new:
        key = each.code, each.path, each.symbol
        same = min(count, stock[key] - used[key])
        used[key] += same
        if count > same:
            left.append((each, count - same))
    remaining: _Beyond = []
    for each, count in gone:
        node = names.get(f"{each.path}::{each.symbol.replace('.', '::')}", "")
        path, _, symbol = node.partition("::")
        key = each.code, path, symbol.replace("::", ".")
        same = min(count, used[key]) if node else 0
        used[key] -= same
        if count > same:
            remaining.append((each, count - same))
    return left, remaining


# what is declared ----------------------------------------------------------------------------------------------------


def _exemptions(base: Iterable[Exemption], head: Iterable[Exemption]) -> Iterator[Change]:
    """Where in total more is exempt than was: each exemption that the base did not have. Where less is, it is told."""
    base, head = list(base), list(head)
    before, now = _exempt(base), _exempt(head)
    known = Counter((each.unit, each.rule, each.path, each.reason) for each in base)
    anywhere = Counter((each.unit, each.rule, each.reason) for each in base)
    for unit, rule in sorted(now.keys() | before.keys()):
        count, old = now[unit, rule], before[unit, rule]
        said = f"{_UNITS[unit]} of `{rule}`: {count:,}, there {'was' if old == 1 else 'were'} {old:,}"
        if unit == "collection":
            said = f"pytest is told to leave out tests by `{rule}`"
        if count < old:
            yield Change(kind=Kind.EXEMPTIONS, direction=_BETTER, message=said, rule=rule, count=old - count)
        if count <= old:
            continue
        mine = [each for each in head if (each.unit, each.rule) == (unit, rule)]
        new = [each for each in mine if not known[unit, rule, each.path, each.reason]]
        new = [each for each in new if not anywhere[unit, rule, each.reason]] or new or mine
        place = new[0]
        yield Change(
            kind=Kind.EXEMPTIONS,
            direction=_WORSE,
            message=said,
            path=place.path,
            line=place.line,
            rule=rule,
            count=count - old,
        )


_UNITS = {
    "statement": "statements exempt",
    "file": "whole files exempt",
    "canon": "files exempt by the canon",
    "exclude": "files left out by `exclude`",
    "collection": "places that leave tests out of pytest's collection",
}


def _exempt(exemptions: Iterable[Exemption]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for each in exemptions:
        found[each.unit, each.rule] += each.count
    return found


def _quarantine(base: Mapping[str, str], head: Mapping[str, str]) -> Iterator[Change]:
    from canonry.model.quarantine import FILE as QUARANTINE

    for test in sorted(head.keys() - base.keys()):
        said = f"`{test}` went into quarantine ({head[test] or 'nothing is said of it'})"
        yield Change(kind=Kind.QUARANTINE, direction=_WORSE, message=said, path=QUARANTINE, rule=test)
    for test in sorted(base.keys() - head.keys()):
        said = f"`{test}` is in quarantine no longer"
        yield Change(kind=Kind.QUARANTINE, direction=_TOLD, message=said, path=QUARANTINE, rule=test)
    for test in sorted(base.keys() & head.keys()):
        if base[test] != head[test]:
            said = f"`{test}`: what is said of it became `{head[test]}`"
            yield Change(kind=Kind.QUARANTINE, direction=_WORSE, message=said, path=QUARANTINE, rule=test)


def _contracts(base: State, head: State) -> Iterator[Change]:
    for said in sorted(base.contracts - head.contracts):
        path = said[1 : said.index("`", 1)] if said.startswith("`") else ""
        yield Change(kind=Kind.CONTRACTS, direction=_WORSE, message=f"{said}: holds no longer", path=path, rule=said)
    for said in sorted(head.contracts - base.contracts):
        yield Change(kind=Kind.CONTRACTS, direction=_TOLD, message=f"{said}: is new", rule=said)


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
