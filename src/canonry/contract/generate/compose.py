"""One event of a kind, made to fit what a session knows: its scopes, its spans, its numbers, its texts."""

from collections.abc import Iterable
from random import Random
from typing import Any

from canonry.contract.check.state import Instance, Record, State
from canonry.contract.compile.plan import SESSION, ExchangePlan, Kind, Plan, ScopePlan, SequencePlan, SpanPlan
from canonry.contract.generate import memory
from canonry.contract.generate.draft import Draft
from canonry.contract.generate.values import Persona, stamp
from canonry.contract.language.paths import EACH, Path, items_at
from canonry.contract.language.rules import SequenceMode

_OTHER_SIDE = {"in": "out", "out": "in"}


class UnfitError(Exception):
    """No event of this kind fits what is open."""


class Composer:
    """Makes events for one session. What it makes is likely to be right; who uses it asks the checker."""

    def __init__(self, plan: Plan, persona: Persona, rng: Random, *, favour: frozenset[int] = frozenset()) -> None:
        self.plan = plan
        self.persona = persona
        self.rng = rng
        self._words = _words(plan, plan.kinds)
        self._liked = _words(plan, [plan.kinds[number] for number in favour])[:-2] or self._words
        self._spans = {kind.index: [span for span in plan.spans if kind.index in span.touched] for kind in plan.kinds}
        self._state: State
        self._draft: Draft
        self._places: dict[int, Instance | None] = {}
        self._records: dict[int, Record | None] = {}

    def compose(self, kind: Kind, state: State, at: float) -> Draft:
        """Return an event of a kind. Raises UnfitError."""
        self._state = state
        self._draft = Draft(self.plan, kind, self.rng, word=self._word())
        self._places, self._records = {SESSION: state.root}, {}
        if self._draft.direction is None:
            self._draft.direction = self._direction(kind)
        for index in (*kind.needed, *kind.possible):
            self._place(kind, self.plan.scopes[index], needed=index in kind.needed)
        for exchange in self.plan.exchanges:
            self._exchange(kind, exchange)
        for span in self._spans[kind.index]:
            if span.home in self._places:
                self._span(kind, span)
        self._belong()
        self._count(kind)
        self._states(kind)
        self._variant(kind)
        self._fold(kind)
        for _, schema in kind.schemas:
            self._draft.body = self.persona.of_schema(schema, schema, self._draft.body)
        self._fill(kind, at)
        return self._draft

    def _word(self) -> str:
        return self.rng.choice(self._liked if self.rng.random() < 0.5 else self._words)

    def _direction(self, kind: Kind) -> str:
        known = [str(each) for each in self.plan.contract.transport.direction] or ["out"]
        if any(kind.index in each.request for each in self.plan.exchanges):
            wanted = "in"
        elif any(kind.index in each.reply for each in self.plan.exchanges) or not any(
            span.across and kind.index in span.touched for span in self.plan.spans
        ):
            wanted = "out" if self.rng.random() < 0.97 else "in"
        else:
            wanted = self.rng.choice(["in", "out"])
        return wanted if wanted in known else known[0]

    # scopes

    def _place(self, kind: Kind, scope: ScopePlan, *, needed: bool) -> None:
        if not scope.opens or (scope.inside != SESSION and scope.inside not in self._places and scope.strict):
            return
        live = [each for each in self._state.live[scope.index].values() if self._could_be(scope, each)]
        opens, closes = kind.index in scope.opens, kind.index in scope.closes
        again = (closes or kind.index in scope.repeat) and live and self.rng.random() < 0.5
        if opens and not again:
            self._begin(scope)
        elif live and (needed or self.rng.random() < 0.5):
            inst = self.rng.choice(live)
            self._put_key(scope.key, inst.key)
            for path, value in zip(scope.constant, memory.constants(self._state, inst), strict=True):
                if value is not None and self._draft.declared(path) is not None:
                    self._draft.put(path, value)
            self._places[scope.index] = inst
        elif needed and scope.strict:
            raise UnfitError

    def _begin(self, scope: ScopePlan) -> None:
        if not scope.key and self._state.live[scope.index]:
            raise UnfitError
        spent = memory.spent_scopes(self._state)[scope.index]
        if spent and scope.reopen and self.rng.random() < 0.3:
            self._put_key(scope.key, self.rng.choice(spent))
        else:
            self._new_key(scope.key)
        self._places[scope.index] = None

    def _could_be(self, scope: ScopePlan, inst: Instance) -> bool:
        if inst.ghost:
            return False
        parent = self._places.get(scope.inside) if scope.inside != SESSION else None
        return (parent is None or inst.parent is parent) and self._fits(scope.key, inst.key)

    # spans

    def _span(self, kind: Kind, span: SpanPlan) -> None:
        home = self._places[span.home]
        for snapshot, path, _ in span.known:
            if snapshot == kind.index and self._draft.declared(path) is None and self.rng.random() < 0.4:
                known = [each.key for each in home.spans[span.index].values()] if home is not None else []
                self._draft.put(path, self.rng.choice([*known, self.persona.new_id(path.ways[0])]))
        if kind.index in span.chunks:
            self._chunk(span)
        elif kind.index in span.refers:
            self._refer(span)
        elif kind.index in span.token_events:
            self._token(span)
        elif kind.index in span.opens | span.closes | span.during | span.abandons:
            records = list(home.spans[span.index].values()) if home is not None else []
            if kind.index in span.opens and not (kind.index in span.closes and records):
                self._open(span, home)
            else:
                self._continue(kind, span, records)

    def _open(self, span: SpanPlan, home: Instance | None) -> None:
        opened_here = span.outer in self._records and self._records[span.outer] is None
        self._records[span.index] = None
        if span.outer >= 0 and not opened_here:
            outer = self.plan.spans[span.outer]
            around = (
                [each for each in home.spans[outer.index].values() if self._fits(outer.key, _plain_key(outer, each))]
                if home
                else []
            )
            if not around:
                raise UnfitError
            record = self.rng.choice(around)
            self._put_key(outer.key, _plain_key(outer, record))
            if outer.across:
                self._draft.direction = _OTHER_SIDE.get(record.key[1], record.key[1])
        spent = memory.spent_spans(self._state, span.index) if span.reopen else []
        if spent and self.rng.random() < 0.2:
            key = self.rng.choice(spent)
            self._put_key(span.key, key[0] if span.across else key)
        else:
            self._new_key(span.key)
        if span.parents is not None:
            inside = list(home.spans[span.index].values()) if home is not None else []
            chosen = self.rng.choice([None, *inside]) if inside else None
            self._draft.put(span.parents, [] if chosen is None else [*chosen.parents, chosen.key])
        if span.token_set is not None and (self._draft.wants(span.token_set) or self.rng.random() < 0.5):
            self._draft.put(span.token_set, self.persona.new_id(("token",)))
        for path in span.same:
            if self._draft.declared(path) is None and not path.text.startswith("$") and self.rng.random() < 0.5:
                self._draft.put(path, self.persona.text())

    def _continue(self, kind: Kind, span: SpanPlan, records: list[Record]) -> None:
        fitting = [each for each in records if self._fits(span.key, _plain_key(span, each))]
        closes = kind.index in span.closes
        if span.across and (kind.direction or not closes):
            side = _OTHER_SIDE.get(kind.direction, "") if closes else kind.direction
            fitting = [each for each in fitting if not side or each.key[1] == side]
        if not fitting:
            raise UnfitError
        record = self.rng.choice(fitting)
        self._records[span.index] = record
        self._put_key(span.key, _plain_key(span, record))
        if span.across:
            side = record.key[1]
            self._draft.direction = _OTHER_SIDE.get(side, side) if closes else side
        for path, value in zip(span.same, record.same, strict=True):
            if closes and value is not None:
                self._draft.put(path, value)
        if span.parents is not None:
            self._draft.put(span.parents, list(record.parents))

    def _chunk(self, span: SpanPlan) -> None:
        current = self._state.implied.get(span.index)
        if current is not None and self.rng.random() < 0.8:
            self._records[span.index] = current[1]
            if self.rng.random() < 0.5:
                self._put_key(span.key, current[1].key)
            return
        self._records[span.index] = None
        self._new_key(span.key)

    def _refer(self, span: SpanPlan) -> None:
        seen = [
            key
            for key, how in memory.referable(self._state, span.index)
            if self._fits(span.key, key) and not ((how == 1 and span.refers_closed) or (how == 3 and span.refers_once))
        ]
        if not seen and span.index not in self._state.fired:
            raise UnfitError
        if seen:
            self._put_key(span.key, self.rng.choice(seen))
        else:
            self._new_key(span.key)

    def _token(self, span: SpanPlan) -> None:
        tokens = list(self._state.tokens[span.index].items())
        if not tokens or span.token_get is None:
            raise UnfitError
        (token, side), record = self.rng.choice(tokens)
        self._records[span.index] = record
        self._draft.put(span.token_get, token)
        self._draft.direction = _OTHER_SIDE.get(side, side) if span.across else side

    # what else is asked

    def _exchange(self, kind: Kind, exchange: ExchangePlan) -> None:
        if not exchange.key:
            return
        if kind.index in exchange.request:
            self._new_key(exchange.key)
        asked = self._state.asked[self.plan.exchanges.index(exchange)]
        if kind.index in exchange.reply and asked and self.rng.random() < 0.9:
            self._put_key(exchange.key, self.rng.choice(list(asked))[2])

    def _belong(self) -> None:
        facts = self.persona.facts
        for path, _ in self.plan.isolation.session:
            if self._draft.wants(path) or (self._draft.declared(path) is not None and self.rng.random() < 0.5):
                self._draft.put(path, facts.user[path.text])
        for name, path, _ in self.plan.isolation.owned:
            if self._draft.value(path) is None and (
                self._draft.wants(path) or (self._draft.declared(path) is not None and self.rng.random() < 0.5)
            ):
                self._draft.put(path, self.rng.choice(facts.owned[name]))

    def _count(self, kind: Kind) -> None:
        for index, plan in enumerate(self.plan.sequences):
            if plan.kinds and kind.index not in plan.kinds:
                continue
            if plan.span >= 0:
                if plan.span not in self._records:
                    continue
                owner: Record | Instance | None = self._records[plan.span]
            elif plan.scope in self._places:
                owner = self._places[plan.scope]
            else:
                continue
            last = None if owner is None else memory.last_number(self._state, owner, index, plan)
            if self._draft.wants(plan.path) or plan.kinds or self.rng.random() < 0.8:
                self._draft.put(plan.path, self._next(plan, last))

    def _next(self, plan: SequencePlan, last: Any) -> Any:
        if last is None:
            return self.rng.randrange(3) if plan.start is None else plan.start
        if plan.mode is SequenceMode.STRICT:
            return last + plan.step
        return last + self.rng.randint(1 if plan.mode is SequenceMode.RISES else 0, 3)

    def _states(self, kind: Kind) -> None:
        for index, plan in enumerate(self.plan.states):
            if plan.scope not in self._places:
                continue
            way = self._draft.way(plan.path)
            rule = self._draft.field_kind(way)
            tests = [test for test in kind.tests if way in test.path.ways]
            if rule is None and not tests and (way != plan.path.ways[0] or self.rng.random() < 0.5):
                continue
            inst = self._places[plan.scope]
            known = None if inst is None else memory.status(self._state, inst, index)
            if known is None:
                after = sorted(plan.initial or plan.edges)
            else:
                after = sorted(plan.edges[known] | ({known} if plan.stay else set()))
            fitting = [
                state
                for state in after
                if all(test.holds(state) for test in tests) and (rule is None or rule.holds(state))
            ]
            if not fitting:
                raise UnfitError
            self._draft.put_way(way, self.rng.choice(fitting))

    def _variant(self, kind: Kind) -> None:
        """Makes the conditions of this variant true, and one of each variant that would be taken before it false."""
        for test in kind.tests:
            if not self._draft.holds(test):
                self._satisfy(test.path, test.word, test.values, positive=not test.negated)
        for number in self.plan.families.get(kind.base, ()):
            if number == kind.index:
                return
            other = self.plan.kinds[number]
            if all(self._draft.holds(test) for test in other.tests):
                free = [test for test in other.tests if test not in kind.tests]
                if not free:
                    raise UnfitError
                test = self.rng.choice(free)
                self._satisfy(test.path, test.word, test.values, positive=test.negated)

    def _satisfy(self, path: Path, word: str, values: tuple[Any, ...], *, positive: bool) -> None:
        way = self._draft.way(path)
        rule = self._draft.field_kind(way)
        if word in ("present", "filled", "absent", "empty"):
            if (word in ("present", "filled")) == positive:
                self._draft.put_way(way, self._filled(path, way))
            else:
                empty = {"list": [], "object": {}, "str": ""}
                known = rule.words if rule is not None and not rule.holds(None) and word in ("filled", "empty") else ()
                self._draft.put_way(way, next((empty[each] for each in known if each in empty), None))
        elif positive:
            self._draft.put_way(way, self.rng.choice(values))
        elif rule is not None and rule.values:
            others = [value for value in rule.values if value not in values]
            self._draft.put_way(way, self.rng.choice(others) if others else None)
        else:
            needed = rule is not None and not rule.holds(None)
            self._draft.put_way(way, self._filled(path, way) if needed or self.rng.random() < 0.5 else None)

    def _filled(self, path: Path, way: tuple[str | int, ...]) -> Any:
        rule = self._draft.field_kind(way)
        if rule is None:
            return {"note": self.persona.text()} if self.rng.random() < 0.3 else self.persona.new_id(way)
        found = self.persona.of(rule, way, 0.0)
        return (
            found
            if found not in ("", [], {})
            else [self.persona.text()]
            if found == []
            else {"note": self.persona.text()}
        )

    def _fold(self, kind: Kind) -> None:
        for index, plan in enumerate(self.plan.folds):
            record: Record | Instance | None
            if plan.span >= 0:
                if plan.span not in self._records:
                    continue
                record = self._records[plan.span]
            elif plan.scope in self._places:
                record = self._places[plan.scope]
            else:
                continue
            if kind.index in plan.wholes:
                path = plan.wholes[kind.index]
                gathered = [] if record is None else memory.gathered(record, index)
                if self._draft.wants(path) or self._draft.declared(path) is not None or self.rng.random() < 0.5:
                    if EACH in path.ways[0]:
                        self._draft.add_each(path.ways[0], gathered)
                    else:
                        self._draft.put(path, "".join(gathered))
            elif kind.index in plan.kinds and self._draft.value(plan.path) is None:
                self._draft.put(plan.path, self.persona.text() + " ")

    def _fill(self, kind: Kind, at: float) -> None:
        own = self.plan.time
        unique = {each.path.text for each in self.plan.uniques if not each.kinds or kind.index in each.kinds}
        for rule in sorted(kind.fields, key=lambda rule: -max(map(len, rule.path.ways))):
            value = self._draft.value(rule.path)
            if value is not None and all(
                rule.kind.holds(one) for one in (value if EACH in rule.path.text else [value])
            ):
                continue
            optional = rule.kind.holds(None)
            if rule.items is not None and value is None:  # a list that need not be there
                optional = optional or not (items_at(rule.items[0], self._draft.body) or self._is_due(rule.items[0]))
            if optional and (value is not None or self.rng.random() > 0.25):
                continue
            way = self._draft.way(rule.path)
            if own is not None and way in own[0].ways:
                self._draft.put_way(way, stamp(at, unit=own[1]))
            elif rule.path.text in unique:
                self._draft.put_way(way, self.persona.new_id(way, rule.kind))
            else:
                self._draft.put_way(way, self.persona.of(rule.kind, way, at))

    def _is_due(self, way: tuple[str | int, ...]) -> bool:
        """Whether a list has to be there, and every list that it stands in."""
        lists = (way[:at] for at in range(len(way) + 1) if at == len(way) or way[at] == EACH)
        return all((kind := self._draft.field_kind(each)) is not None and not kind.holds(None) for each in lists)

    # keys

    def _put_key(self, paths: tuple[Path, ...], key: Any) -> None:
        if paths and key is not None:
            for path, value in zip(paths, (key,) if len(paths) == 1 else key, strict=True):
                self._draft.put(path, value)

    def _new_key(self, paths: tuple[Path, ...]) -> None:
        for path in paths:
            if self._draft.value(path) is None:
                way = self._draft.way(path)
                self._draft.put_way(way, self.persona.new_id(way, self._draft.field_kind(way)))

    def _fits(self, paths: tuple[Path, ...], key: Any) -> bool:
        """Whether the fields that are there already agree with a key."""
        parts = (key,) if len(paths) == 1 else key
        return not paths or all(
            self._draft.value(path) in (None, part) for path, part in zip(paths, parts, strict=True)
        )


def _plain_key(span: SpanPlan, record: Record) -> Any:
    return record.key[0] if span.across else record.key


def _words(plan: Plan, kinds: Iterable[Kind]) -> list[str]:
    """What stands where a pattern has a star: what other names have there, and two words of our own."""
    template = plan.contract.discriminator.template
    head = template.partition("{kind}")[0]
    found = [
        kind.base.removeprefix(head).rpartition("_")[0]
        for kind in kinds
        if template and "*" not in kind.base and kind.base.startswith(head)
    ]
    return [*dict.fromkeys(word for word in found if word), "chain", "model"]
