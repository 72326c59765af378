"""A contract interpreted over plain dictionaries: slow, simple, and what the compiled checker is held against."""

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from canonry.contract.canary import Canaries
from canonry.contract.check import demands, scopes, spans
from canonry.contract.check.isolation import isolate, search_unread, split_canary
from canonry.contract.check.receive import TURN, Receive, Window
from canonry.contract.check.state import Instance, State
from canonry.contract.compile.plan import SESSION, FieldRule, Kind, Plan
from canonry.contract.language.item_test import item_holds
from canonry.contract.language.paths import EACH, Path, below, follow, items_at, lookup
from canonry.contract.language.schemas import problems
from canonry.contract.language.unread import why_unread

_MOST_NAMES = 4096


class Event:
    """An event as the interpreter has it: the body that paths begin in, and what stands beside it."""

    __slots__ = ("body", "meta")

    def __init__(self, body: Any, meta: Mapping[str, Any]) -> None:
        self.body = body
        self.meta = meta


def get(path: Path, event: Event) -> Any:
    """Return what stands at a path of an event, None where there is nothing."""
    return lookup(path, event.body, event.meta)


class Interpreter:
    """Judges events of one plan, each as a dictionary."""

    def __init__(self, plan: Plan, canaries: Canaries) -> None:
        self.plan = plan
        self.canaries = canaries
        way = plan.contract.discriminator
        pattern = re.escape(way.template).replace(r"\{kind\}", "(?P<kind>.+)").replace(r"\{phase\}", "(?P<phase>[^_]+)")
        self._template = re.compile(pattern) if way.template else None
        self._patterns = [name for name in plan.families if "*" in name]
        self._found: dict[str, str | None] = {}
        self._allowed = dict(plan.allowed)

    def receiver(self, state: State, window: Window) -> Receive:
        """Return what receives for a session."""

        def receive(raw: bytes | str, *, at: float | None = None, direction: str | None = None) -> int:
            if state.n and not state.n & TURN:
                state.turn()
            state.at = at
            state.direction = direction
            window.put(state.n, raw, at, direction)
            kind = self.judge(state, raw, state.whose)
            state.strange += not -1 < kind < self.plan.other.index
            state.n += 1
            return kind

        return receive

    def judge(self, state: State, raw: bytes | str, owner: Any) -> int:
        """Judge one frame; returns the number of its kind, -1 where it is none."""
        state.flawed = False
        state.event = ""
        if len(raw) > self.plan.contract.transport.max_bytes:
            state.report("frame.size", f"the frame has {len(raw):,} bytes")
            unread(state, self.canaries, raw, owner)
            return -1
        body = decode(state, raw, batches=self.plan.contract.discriminator.jsonrpc)
        if body is None:
            unread(state, self.canaries, raw, owner)
            return -1
        if isinstance(body, list):
            return [self.judge_body(state, each, msgspec.json.encode(each), owner) for each in body][-1]
        return self.judge_body(state, body, raw, owner)

    def judge_body(self, state: State, body: Any, raw: bytes | str, owner: Any) -> int:
        """Judge one event that is decoded."""
        direction = state.direction
        event, kind = self.classify(state, body)
        if event is None:
            unread(state, self.canaries, raw, owner)
            return -1
        if kind is None:
            kind = self.plan.other
            if not self._is_allowed(state):
                state.report("events.unknown", f"`{demands.shown(state.event)}` is no event of this contract")
                state.unplaced()
        elif kind.direction:
            if state.direction is None:
                state.direction = kind.direction
            elif state.direction != kind.direction:
                state.report(
                    kind.way_rule,
                    f"`{kind.name}` goes {state.direction}, and only {kind.direction} is allowed",
                )
        self.fields(state, kind, event)
        self.step(state, kind, event, raw, owner)
        state.direction = direction
        return kind.index

    def classify(self, state: State, body: Any) -> tuple[Event | None, Kind | None]:
        """Return an event with its kind: no event where it says of none, no kind where the contract has none."""
        way = self.plan.contract.discriminator
        whole = body
        if way.below and isinstance(body, dict) and isinstance(body.get(way.below), dict):
            body = body[way.below]
        meta: dict[str, Any] = {"$direction": state.direction}
        if way.below and isinstance(whole, dict):
            meta["$id"] = state.wrapped = whole.get("id")
        name = self._name(whole if way.jsonrpc else body, meta)
        if name is None and self._goes_untold(state):
            return Event(body, meta), None
        if name is None:
            state.report("frame.event", "the frame does not say which event it is")
            return None, None
        meta["$type"] = state.event = name
        if body is not whole:
            self._wrapper(state, whole, meta)
        family = self._family(name)
        event = Event(body, meta)
        if family is None:
            return event, None
        for number in self.plan.families[family]:
            kind = self.plan.kinds[number]
            if all(test.holds(get(test.path, event)) for test in kind.tests):
                if kind.tests:
                    state.event = kind.name
                return event, kind
        return event, None

    def _wrapper(self, state: State, whole: dict[str, Any], meta: dict[str, Any]) -> None:
        """Judge what stands beside a wrapped event."""
        way = self.plan.contract.discriminator
        others = [key for key in way.keys_present if whole.get(key) is not None]
        if others:
            state.report("frame.event", f"`{others[0]}` stands beside `{way.below}`, and the frame says two things")
        for rule in self.plan.beside:
            check_field(state, rule, Event(whole, meta))

    def fields(self, state: State, kind: Kind, event: Event) -> None:
        """Judge the fields and schemas of an event by themselves."""
        for rule in kind.fields:
            check_field(state, rule, event)
        for rule_id, schema in kind.schemas:
            for problem in list(problems(schema, event.body))[:3]:
                state.report(rule_id, problem)

    def step(self, state: State, kind: Kind, event: Event, raw: bytes | str, owner: Any) -> None:
        """Move the session by an event."""
        plan, number = self.plan, kind.index
        demands.silences(state, number)
        if plan.isolation.canary and self.canaries.active:
            leak = self.canaries.find(raw, owner) or split_canary(state, self.canaries, event, event.body, owner)
            if leak is not None:
                state.report(plan.isolation.canary, f"a text of another user comes: `{demands.shown(leak)}`")
        isolate(state, event)
        for index, unique in enumerate(plan.uniques):
            _unique(state, index, unique.rule, unique.path, number, unique.kinds, event)
        if state.implied:
            spans.end_implied(state, number)
        if plan.exchanges:
            scopes.exchanges(state, number, event)
        current: dict[int, Instance] = {SESSION: state.root}
        for index in (*kind.needed, *kind.possible):
            inst = scopes.enter(state, plan.scopes[index], kind, event, current, needed=index in kind.needed)
            if inst is not None:
                current[index] = inst
        for inst in current.values():
            demands.constants(state, inst, event) if inst.scope != SESSION else None
            demands.sequences(state, inst, number, event)
            demands.states(state, inst, event)
            demands.orders(state, inst, number)
            demands.counts(state, inst, number)
            demands.deadlines(state, inst, "event", number)
            inst.folds = demands.pieces(state, inst.folds, inst.scope, -1, number, event)
        for span in plan.spans:
            if number in span.touched or number in span.refers_unless:
                home = current.get(span.home)
                if home is not None:
                    spans.step(state, span, number, home, event)
        for inst in reversed(list(current.values())):
            scopes.due(state, inst, number)
            if inst.scope != SESSION:
                if number in plan.scopes[inst.scope].closes:
                    scopes.close(state, inst, number)
                else:
                    scopes.pause(state, inst, number)

    def _name(self, body: Any, meta: dict[str, Any]) -> str | None:
        way = self.plan.contract.discriminator
        if not isinstance(body, dict):
            return None
        if way.jsonrpc:
            return rpc_name(body)
        if way.keys_present:
            present = [key for key in way.keys_present if body.get(key) is not None]
            return present[0] if len(present) == 1 else None
        found = lookup(_path_of(way.field), body, meta)
        if not isinstance(found, str) or not found:
            return None
        match = self._template.fullmatch(found) if self._template else None
        if match is not None:
            meta["$kind"], meta["$phase"] = match["kind"], match["phase"]
        return found

    def _family(self, name: str) -> str | None:
        if name in self.plan.families:
            return name
        if not self._patterns:
            return None
        if name not in self._found:
            if len(self._found) > _MOST_NAMES:
                self._found.clear()
            self._found[name] = next((each for each in self._patterns if fnmatchcase(name, each)), None)
        return self._found[name]

    def _goes_untold(self, state: State) -> bool:
        """Whether a frame goes a way of which the contract tells nothing."""
        ways = self.plan.contract.transport.direction
        return bool(ways) and state.direction is not None and state.direction not in ways

    def _is_allowed(self, state: State) -> bool:
        patterns = self._allowed.get(state.direction or "out", ())
        return any(fnmatchcase(state.event, pattern) for pattern in patterns)


def unread(state: State, canaries: Canaries, raw: bytes | str, owner: Any) -> None:
    """Take note of a frame that is no event: it came, it may have had a number, and it may hold another's text."""
    demands.silences(state, -1)
    state.unplaced()
    search_unread(state, canaries, raw, owner)


def decode(state: State, raw: bytes | str, *, batches: bool = False) -> Any:
    """Return what a frame holds: an object, or a batch of them; None where it is neither, which is reported."""
    try:
        found = msgspec.json.decode(raw)
    except msgspec.ValidationError:
        try:
            found = json.loads(raw)  # a number is out of range
        except (ValueError, RecursionError) as error:
            state.report("frame.json", why_unread(error, "the frame"))
            return None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        state.report("frame.json", why_unread(error, "the frame"))
        return None
    if batches and isinstance(found, list) and found and all(isinstance(each, dict) for each in found):
        return found
    if not isinstance(found, dict):
        state.report("frame.event", "the frame is no object")
        return None
    return found


def rpc_name(body: Any) -> str | None:
    """Return what a JSON-RPC 2.0 message is."""
    method = body.get("method")
    if isinstance(method, str) and method:
        return f"request:{method}" if body.get("id") is not None else f"notification:{method}"
    if body.get("error") is not None:
        return "error"
    return "response" if "result" in body else "error" if "error" in body else None


def check_field(state: State, rule: FieldRule, event: Event) -> None:
    """Report a field that is missing or of another type. Of several ways, one that is right is enough."""
    if rule.items is not None or rule.kind.words == ("one",):
        _check_items(state, rule, event)
        return
    wrong: Any = None
    for way in rule.path.ways:
        value = follow(way, event.body, event.meta)
        if value is None:
            continue
        if all(rule.kind.holds(one) for one in value) if EACH in way else rule.kind.holds(value):
            return
        wrong = value
    if wrong is not None:
        state.report(
            rule.rule, f"`{rule.path.text}` of `{state.event}` is {described(wrong)}, not {rule.kind.sentence()}"
        )
    elif not rule.kind.holds(None):
        state.report(rule.rule, f"`{state.event}` has no `{rule.path.text}`; expected {rule.kind.sentence()}")


def _check_items(state: State, rule: FieldRule, event: Event) -> None:
    """Report the first item of a list that has not what each has to have."""
    head, tails = rule.items if rule.items is not None else ((), rule.path.ways)
    for item in items_at(head, event.body) if rule.items is not None else [event.body]:
        if not item_holds(item, tails, rule.kind):
            there = [value for tail in tails if (value := below(item, tail)) is not None]
            expected = f"expected {rule.kind.sentence()}"
            if rule.kind.words == ("one",) and there:
                state.report(rule.rule, f"`{state.event}` has more than one of `{rule.path.text}`; {expected}")
            elif there:
                state.report(
                    rule.rule,
                    f"`{rule.path.text}` of `{state.event}` is {described(there[-1])}, not {rule.kind.sentence()}",
                )
            else:
                state.report(rule.rule, f"`{state.event}` has no `{rule.path.text}`; {expected}")
            return


def described(value: Any) -> str:
    """A value of an event in words."""
    if isinstance(value, str):
        return f"the text `{demands.shown(value)}`" if value else "an empty text"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    return "a list" if value else "an empty list"


def _unique(state: State, index: int, rule: str, path: Path, kind: int, kinds: frozenset[int], event: Event) -> None:
    if kinds and kind not in kinds:
        return
    value = get(path, event)
    if not isinstance(value, str | int | float):
        return
    before = state.unique[index].get(value)
    if before is not None:
        state.report(rule, f"`{path.text}` is `{demands.shown(value)}` a second time", before)
    state.unique[index].new[value] = state.n


_PATHS: dict[str, Path] = {}


def _path_of(text: str) -> Path:
    found = _PATHS.get(text)
    if found is None:
        from canonry.contract.language.paths import parse_path

        found = _PATHS[text] = parse_path(text) or Path(text, ((text,),))
    return found
