"""For each event, span and isolation rule of a contract a stream that shows it, and streams that break its rules."""

from collections.abc import Iterable, Iterator

import msgspec

from canonry.contract.compile.plan import OTHER, SESSION, Kind, Plan, Rule
from canonry.contract.generate.stream import Stream
from canonry.contract.generate.streams import Generator
from canonry.contract.load import LoadedContract
from canonry.contract.mutate.judge import judge
from canonry.contract.mutate.matrix import Mutant, Outcome, kill_matrix

_TRIES = 60
_MOST_JUDGED = 2500
"""How many events are judged to make one broken stream shorter."""
_MOST_OF_SPAN = 4
"""How many rules of a span are broken in tests; `canonry contract mutants` breaks all."""


class Broken(msgspec.Struct, frozen=True):
    """A stream that breaks one rule: what was changed in a valid one."""

    rule: str
    title: str
    stream: Stream


class Case(msgspec.Struct, frozen=True):
    """One event, span or isolation rule: a stream that has it and is right, and streams that are wrong at it.

    ``what`` is ``event``, ``span`` or ``isolation``. ``good`` is the place of a stream in `Asked.streams`, None where
    no generated one shows it.
    """

    what: str
    name: str
    good: int | None
    broken: tuple[Broken, ...]


class SpanNames(msgspec.Struct, frozen=True):
    """Which events open a span and which close it; ``closes`` may be empty."""

    name: str
    opens: tuple[str, ...]
    closes: tuple[str, ...]


class IsolationNeed(msgspec.Struct, frozen=True):
    """An isolation rule, and what a test has to say of users for it to judge anything.

    ``kind`` is ``user``, ``owned``, ``canaries`` or ``none``; ``names`` are those of the field, one of which is enough.
    """

    rule: str
    kind: str
    names: tuple[str, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """What tests are generated from. ``sent`` events go from service to client, ``taken`` ones the other way.

    ``ask`` is the event that a whole conversation ends with.
    """

    contract: str
    streams: tuple[Stream, ...]
    cases: tuple[Case, ...]
    sent: tuple[str, ...]
    taken: tuple[tuple[str, str], ...]
    spans: tuple[SpanNames, ...]
    isolation: tuple[IsolationNeed, ...]
    ask: str
    notes: tuple[str, ...]


def ask_of(loaded: LoadedContract, *, seed: int = 0) -> Asked:
    """Return what tests of a contract ask; the same contract and seed give the same. Raises `NoStreamError`."""
    plan = loaded.plan
    mutants = [each for each in kill_matrix(plan, seed=seed).mutants if _is_usable(each)]
    kinds = [kind for kind in plan.kinds if kind.name != OTHER and "*" not in kind.name]
    shown = _Shown(plan, seed)
    cases = [
        *(_event(plan, kind, mutants, shown) for kind in kinds),
        *(_span(plan, index, mutants, shown) for index in range(len(plan.spans))),
        *_isolation(plan, mutants, shown),
    ]
    unseen = [f"`{case.name}`: no generated stream shows it" for case in cases if case.good is None]
    unbroken = [f"`{case.name}`: no generated stream breaks a rule of it" for case in cases if not case.broken]
    patterns = [
        f"`{kind.name}` is a pattern: give it examples of your own"
        for kind in plan.kinds
        if "*" in kind.name and kind.name != OTHER
    ]
    return Asked(
        contract=plan.contract.contract,
        streams=tuple(shown.streams),
        cases=tuple(cases),
        sent=tuple(kind.name for kind in kinds if kind.direction != "in"),
        taken=tuple(_taken(kinds, shown)),
        spans=tuple(_names(plan)),
        isolation=tuple(_needs(plan)),
        ask=_ask(plan, kinds),
        notes=(*unseen, *unbroken, *patterns),
    )


class _Shown:
    """Valid streams, as few as show everything that was asked for."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self.streams: list[Stream] = []
        self._plan, self._seed = plan, seed
        self._generator = Generator(plan)

    def with_any(self, wanted: frozenset[int], sessions: int = 1) -> int | None:
        """The place of a stream that has an event of the kinds, and so many connections."""
        names = {self._plan.kinds[kind].name for kind in wanted}
        for index, stream in enumerate(self.streams):
            if _has(stream, names, sessions):
                return index
        for number in range(_TRIES):
            stream = self._generator.stream(self._seed + number, sessions=sessions, favour=wanted)
            if _has(stream, names, sessions):
                self.streams.append(stream)
                return len(self.streams) - 1
        return None


def _has(stream: Stream, names: set[str], sessions: int) -> bool:
    return len(stream.facts) == sessions and (not names or any(line.kind in names for line in stream.lines))


def _is_usable(mutant: Mutant) -> bool:
    """Whether a test can hand its frames to a contract: what is wrong with lines of recordings is none of tests."""
    if mutant.stream is None or mutant.violation is None or mutant.outcome is not Outcome.KILLED:
        return False
    return all(line.text is None for line in mutant.stream.lines)


def _event(plan: Plan, kind: Kind, mutants: list[Mutant], shown: _Shown) -> Case:
    rules = {rule.id: rule for rule in plan.rules}

    def is_own(mutant: Mutant) -> bool:
        return rules[mutant.rule].path[:2] == ("events", kind.name)

    told = [each for each in mutants if each.violation is not None and each.violation.event == kind.name]
    own = [each for each in mutants if is_own(each)]
    best = sorted([*own, *told], key=lambda mutant: (not is_own(mutant), len(mutant.rules)))[:1]
    broken = tuple(_broken(plan, each) for each in best)
    return Case("event", kind.name, shown.with_any(frozenset((kind.index,))), broken)


def _span(plan: Plan, index: int, mutants: list[Mutant], shown: _Shown) -> Case:
    span = plan.spans[index]
    rules = [rule for rule in plan.rules if rule.path[:2] == ("spans", span.name)]
    return Case("span", span.name, shown.with_any(span.opens or span.chunks), _of(plan, rules, mutants))


def _isolation(plan: Plan, mutants: list[Mutant], shown: _Shown) -> Iterator[Case]:
    for rule in plan.rules:
        if rule.path[0] == "isolation":
            yield Case("isolation", rule.id, shown.with_any(frozenset(), sessions=2), _of(plan, [rule], mutants))


def _of(plan: Plan, rules: Iterable[Rule], mutants: list[Mutant]) -> tuple[Broken, ...]:
    """The first mutant of each of the first rules."""
    first = {mutant.rule: mutant for mutant in reversed(mutants)}
    return tuple(_broken(plan, first[rule.id]) for rule in list(rules)[:_MOST_OF_SPAN] if rule.id in first)


def _broken(plan: Plan, mutant: Mutant) -> Broken:
    """A mutant without the lines that it breaks the same rules without."""
    assert mutant.stream is not None
    stream, rules = mutant.stream, set(mutant.rules)
    size, judged = len(stream.lines) // 2, 0
    while size:
        at = 0
        while at < len(stream.lines):
            fewer = Stream((*stream.lines[:at], *stream.lines[at + size :]), stream.facts)
            judged += len(fewer.lines)
            if judged > _MOST_JUDGED:
                return Broken(mutant.rule, mutant.title, stream)
            if {each.rule for each in judge(plan, fewer)} == rules:
                stream = fewer
            else:
                at += size
        size //= 2
    return Broken(mutant.rule, mutant.title, stream)


def _taken(kinds: list[Kind], shown: _Shown) -> Iterator[tuple[str, str]]:
    """The events of the client's, each with an example."""
    for kind in kinds:
        place = shown.with_any(frozenset((kind.index,))) if kind.direction == "in" else None
        if place is not None:
            line = next(line for line in shown.streams[place].lines if line.kind == kind.name)
            yield kind.name, msgspec.json.encode(line.event).decode()


def _names(plan: Plan) -> Iterator[SpanNames]:
    for span in plan.spans:
        opens = tuple(sorted(plan.kinds[kind].name for kind in span.opens if plan.kinds[kind].direction != "in"))
        closes = tuple(sorted(plan.kinds[kind].name for kind in span.closes)) if span.must_close else ()
        if opens:
            yield SpanNames(span.name, opens, closes)


def _needs(plan: Plan) -> Iterator[IsolationNeed]:
    isolation = plan.isolation
    for path, rule in isolation.session:
        yield IsolationNeed(rule, "user", tuple(dict.fromkeys((path.text, path.name))))
    for variable, path, rule in isolation.owned:
        yield IsolationNeed(rule, "owned", tuple(dict.fromkeys((path.text, variable))))
    if isolation.canary:
        yield IsolationNeed(isolation.canary, "canaries")
    if isolation.forbid and any(rule.id == isolation.forbid for rule in plan.rules):
        yield IsolationNeed(isolation.forbid, "none")


def _ask(plan: Plan, kinds: list[Kind]) -> str:
    """The event that a whole conversation ends with."""
    scope = next((each for each in plan.scopes if each.inside == SESSION and each.closes), None)
    closing = sorted(plan.kinds[kind].name for kind in scope.closes) if scope else []
    wanted = closing or [kind.name for kind in kinds if kind.direction != "in"]
    return wanted[0] if wanted else ""
