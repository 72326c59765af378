"""The compiled checker: Python written for one contract, beside the interpreter that it falls back to."""

import datetime as dt
import math
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from types import MethodType
from typing import Any, cast

import msgspec

from canonry.contract.canary import RUN, TAG, Canaries
from canonry.contract.check import demands, isolation, scopes, spans
from canonry.contract.check.interpret import Event, Interpreter
from canonry.contract.check.isolation import KNOWN_IDS, joined_text
from canonry.contract.check.receive import TURN, Receive, Window
from canonry.contract.check.state import Closed, Record, State
from canonry.contract.compile.dispatch import dispatch_lines
from canonry.contract.compile.plan import Plan
from canonry.contract.compile.receiver import receiver_lines
from canonry.contract.compile.source import Handler, reads_of, variant_lines
from canonry.contract.compile.tree import Tree
from canonry.contract.language.field_types import PLACEHOLDERS, TEMPLATE_ENDS, ZULU, FieldKind, is_filled, is_id
from canonry.contract.language.paths import Path, items_at, lookup, parse_path

_MOST_NAMES = 4096
_PLAIN = frozenset((str, int, float))
_LASTS = frozenset(TEMPLATE_ENDS).union(word[-1:] for word in PLACEHOLDERS)
"""What a text that is no id ends with. Few others do."""
_BARE_ZONE = re.compile(r'[+-]\d{4}"')
"""What msgspec takes for a zone, and RFC 3339 does not."""
_REFUSED = (msgspec.ValidationError, msgspec.DecodeError, UnicodeError, RecursionError)


class Compiled:
    """Judges events of one plan, each as a struct of what its rules read. ``source`` is the Python that does it."""

    _decode: Callable[[bytes | str], Any]

    def __init__(self, plan: Plan, canaries: Canaries, states: type[State]) -> None:
        self.plan = plan
        self._states = states
        self.interpreter = Interpreter(plan, canaries)
        self._namespace = self._names(canaries)
        way = plan.contract.discriminator
        simple = "." not in way.field and "|" not in way.field and "[" not in way.field
        tagged = (
            bool(way.field)
            and simple
            and not (way.template or way.below)
            and not any("*" in name for name in plan.families)
        )
        self._searched = False
        self.source = self._tagged(way.field) if tagged else self._untagged()
        self._namespace |= {"decode": self._decode, "REFUSED": _REFUSED}
        self._receive: dict[int, Callable[..., int]] = {}

    def get(self, path: Path, event: Any, state: State | None = None) -> Any:
        """Return what stands at a path of an event, be it a struct or what the interpreter has."""
        if event.__class__ is Event:
            return lookup(path, event.body, event.meta)
        return event.GET[path.text](event, state)

    def receiver(self, state: State, window: Window) -> Receive:
        """Return what receives for a session."""
        return cast(Receive, MethodType(self._receives(window.mask), state))

    def _receives(self, mask: int) -> Callable[..., int]:
        """What receives for any session that keeps so many frames: one function, as it runs for every event."""
        if mask not in self._receive:
            most, wrapped = self.plan.contract.transport.max_bytes, bool(self.plan.contract.discriminator.below)
            self._run(receiver_lines(mask=mask, turn=TURN, most=most, wrapped=wrapped, text=self._searched))
            self._receive[mask] = self._namespace["receive"]
        return self._receive[mask]

    def _slow(self, state: State, raw: bytes | str, at: float | None, direction: str | None) -> int:
        """Let the interpreter judge a frame in which something is unusual."""
        state.at = at
        state.direction = direction
        kind = self.interpreter.judge(state, raw, state.whose)
        if not -1 < kind < self.plan.other.index:
            state.strange += 1
        state.n += 1
        return kind

    def _names(self, canaries: Canaries) -> dict[str, Any]:
        way = self.plan.contract.discriminator
        pattern = re.escape(way.template).replace(r"\{kind\}", "(?P<kind>.+)").replace(r"\{phase\}", "(?P<phase>[^_]+)")

        captured = (
            {f"CAPTURED_{group}": _Captured(pattern, group) for group in ("kind", "phase")} if way.template else {}
        )

        def whole(raw: str) -> Any:
            body = msgspec.json.decode(raw)
            return body[way.below] if way.below and isinstance(body.get(way.below), dict) else body

        return {
            "slow": self._slow, "whole": whole, "PLAN": self.plan, "SCOPES": self.plan.scopes, "SPANS": self.plan.spans,
            "WATCH": canaries, "TAG": TAG, "RUN": RUN, "PLAIN": _PLAIN,
            "PLACEHOLDERS": PLACEHOLDERS, "ENDS": frozenset(TEMPLATE_ENDS), "LASTS": _LASTS, "is_id": is_id,
            "BARE_ZONE": _BARE_ZONE.search, "ZULU": ZULU.fullmatch, "INFINITY": math.inf,
            "NUMBERS": frozenset((int, float)), "UTC": dt.UTC, "Closed": Closed, "Record": Record,
            "OBJECTS": (dict, msgspec.Struct), "MOST_CLOSED": spans.MOST_CLOSED, "MOST_IDS": KNOWN_IDS,
            "NAMES": frozenset((str, int)), "NOTHING": {}, "NEW": object.__new__, "NOBODY": self._states.nobody,
            **{f"Instance{index}": shape for index, shape in enumerate(self._states.shapes)},
            "demands": demands, "isolation": isolation, "scopes": scopes, "spans": spans,
            "is_filled": is_filled, "hashable": _hashable, "joined_text": joined_text, "items_at": items_at,
            "down": _down, "each": _each, "each_holds": _each_holds, "one_of": _one_of, **captured,
        }  # fmt: skip

    def _tagged(self, tag: str) -> str:
        plan = self.plan
        text: list[str] = []
        classes: list[tuple[str, int, Tree]] = []
        for number, (family, members) in enumerate(plan.families.items()):
            kinds = [plan.kinds[index] for index in members]
            tree = Tree(
                kinds[-1].fields,
                [path for kind in kinds for path in (*reads_of(plan, kind), *_variant_paths(kind, kinds[-1]))],
                tag=tag,
            )
            text += self._handlers(kinds, tree, family)
            classes.append((family, number, tree))
        self._namespace["name_of"] = lambda event: event.__struct_config__.tag
        self._run(text)
        structs = [
            tree.struct(
                f"Event{number}",
                {"judge": self._namespace[f"kind_{plan.families[family][-1]}"], "GET": self._getters(tree)},
                tag_field=tag,
                tag=family,
            )
            for family, number, tree in classes
        ]
        # a union asks for the tag, which a single struct does without
        union: Any = msgspec.defstruct("Nothing", [], namespace={"judge": _no_event}, tag_field=tag, tag="")
        for each in structs:
            union = union | each
        self._decode = msgspec.json.Decoder(union).decode
        return "\n".join(text)

    def _untagged(self) -> str:
        plan = self.plan
        way = plan.contract.discriminator
        bases = [plan.kinds[members[-1]] for members in plan.families.values()]
        common = [rule for rule in bases[0].fields if all(_has(kind, rule) for kind in bases)] if bases else []
        fields = [rule for kind in (bases if way.keys_present else plan.kinds) for rule in kind.fields]
        objects = [rule.path for rule in fields if rule.kind.words == ("object",) and not rule.kind.values]
        reads = [path for kind in plan.kinds for path in reads_of(plan, kind)]
        typed = [rule.path for rule in common] + [
            rule.path for rule in fields if way.keys_present and str(rule.path.ways[0][0]) in way.keys_present
        ]
        reads += [rule.path for rule in fields if rule.path not in objects and rule.path not in typed]
        reads += [
            path
            for members in plan.families.values()
            for index in members
            for path in _variant_paths(plan.kinds[index], plan.kinds[members[-1]])
        ]
        reads += [Path("id", (("id",),))] if way.below else []
        extra = ["method", "id", "result", "error"] if way.jsonrpc else list(way.keys_present) or [way.field]
        paths = [path for text in extra if (path := parse_path(text)) is not None]
        tree = Tree(
            fields,
            [*reads, *(() if way.keys_present or way.jsonrpc else paths)],
            present=[*objects, *paths],
            common=common,
            keys=way.keys_present,
            named=None if way.keys_present or way.jsonrpc else paths[0],
            template=bool(way.template),
        )
        text: list[str] = []
        for family, members in plan.families.items():
            text += self._handlers([plan.kinds[index] for index in members], tree, family)
        names = {key: tree.expression(path) for key, path in zip(extra, paths, strict=False)}
        text += dispatch_lines(way, names)
        self._run(text)
        handlers = {family: self._namespace[f"kind_{members[-1]}"] for family, members in plan.families.items()}
        self._namespace |= {
            "name_of": self._namespace["the_name"],
            "HANDLERS": _Handlers(handlers, "", self._unknown),
            "REQUESTS": _Handlers(handlers, "request:", self._unknown),
            "NOTIFICATIONS": _Handlers(handlers, "notification:", self._unknown),
        }
        judge = self._namespace["judge"]
        event = tree.struct("Event", {"judge": judge, "GET": self._getters(tree)})
        self._namespace |= tree.types
        if way.below:
            event, self._namespace["unwrap"] = _wrapper(event, plan, tree)
        self._decode = msgspec.json.Decoder(event).decode
        return "\n".join(text)

    def _unknown(self, event: Any, state: State, n: int, raw: str, at: float | None, way: str | None) -> int:
        """Judge an event that the contract does not name."""
        return self._slow(state, raw, at, way)

    def _handlers(self, kinds: list[Any], tree: Tree, family: str) -> list[str]:
        lines: list[str] = []
        for kind in kinds:
            handler = Handler(self.plan, kind, tree)
            if handler.may_be_fresh():
                fresh = Handler(self.plan, kind, tree, fresh=True)
                lines += [*fresh.lines(), ""]
                self._namespace |= fresh.constants
            lines += [*handler.lines(() if kind is not kinds[-1] else variant_lines(self.plan, family, tree)), ""]
            self._namespace |= handler.constants
            self._searched = self._searched or handler.searches
        return lines

    def _getters(self, tree: Tree) -> dict[str, Any]:
        """For every path that shared steps may ask for, how this struct has it."""
        return _Getters(tree, self._namespace)

    def _run(self, text: list[str]) -> None:
        exec(compile("\n".join(text), f"<contract {self.plan.contract.contract}>", "exec"), self._namespace)


class _Getters(dict[str, Any]):
    """Accessors by the text of a path, made when they are first asked for."""

    def __init__(self, tree: Tree, namespace: dict[str, Any]) -> None:
        super().__init__()
        self._tree = tree
        self._namespace = namespace

    def __missing__(self, text: str) -> Any:
        path = parse_path(text)
        try:
            expression = "None" if path is None else self._tree.expression(path)
        except KeyError:  # no rule reads it in this event
            expression = "None"
        found = self[text] = eval(f"lambda e, S: {expression}", self._namespace)
        return found


class _Handlers(dict[str, Callable[..., int]]):
    """Handlers by the name of an event after a prefix; those of patterns are found when they are first asked for."""

    def __init__(self, handlers: dict[str, Callable[..., int]], prefix: str, unknown: Callable[..., int]) -> None:
        super().__init__(
            {name[len(prefix) :]: one for name, one in handlers.items() if name.startswith(prefix) and "*" not in name}
        )
        self._prefix = prefix
        self._patterns = [(name, one) for name, one in handlers.items() if "*" in name]
        self._unknown = unknown

    def __missing__(self, name: str) -> Callable[..., int]:
        whole = self._prefix + name
        found = next((one for pattern, one in self._patterns if fnmatchcase(whole, pattern)), self._unknown)
        if len(self) < _MOST_NAMES:
            self[name] = found
        return found


class _Captured(dict[str, str | None]):
    """What a template finds in names of events, by the name."""

    def __init__(self, pattern: str, group: str) -> None:
        super().__init__()
        self._match = re.compile(pattern).fullmatch
        self._group = group

    def __missing__(self, name: str) -> str | None:
        match = self._match(name)
        found = match[self._group] if match else None
        if len(self) < _MOST_NAMES:
            self[name] = found
        return found


def _no_event(*_: Any) -> int:
    raise msgspec.ValidationError


def _has(kind: Any, rule: Any) -> bool:
    """Whether a kind asks for the same field in the same way."""
    return any(one.path == rule.path and one.kind == rule.kind for one in kind.fields)


def _variant_paths(kind: Any, base: Any) -> list[Path]:
    """What only a variant asks of its fields is looked at by its handler, so the decoder has to keep it."""
    return [rule.path for rule in kind.fields if rule not in base.fields]


def _each(value: Any, name: str) -> Any:
    """What the items of a list have below a key, None where none has any."""
    if value.__class__ is not list:
        return None
    return [found for item in value if item.__class__ is dict and (found := item.get(name)) is not None] or None


def _down(value: Any, way: tuple[str | int, ...]) -> Any:
    return None if value is None else lookup(Path("", (("_", *way),)), {"_": value}, {})


def _each_holds(value: Any, kind: FieldKind) -> bool:
    return all(kind.holds(one) for one in value) if isinstance(value, list) else kind.holds(value)


def _one_of(value: Any, values: tuple[Any, ...]) -> bool:
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in values)


def _hashable(value: Any) -> bool:
    return value.__class__ in _PLAIN


def _wrapper(event: type[msgspec.Struct], plan: Plan, tree: Tree) -> tuple[type[msgspec.Struct], Callable[[Any], Any]]:
    """An event that may be a wrapper, and what takes an event out of its wrapper. What is odd is refused."""
    way = plan.contract.discriminator
    fields: list[Any] = [("inner_", event | None, None)]
    rename = {"inner_": way.below}
    beside: list[tuple[str, FieldKind]] = []
    for number, rule in enumerate(plan.beside):
        name = str(rule.path.ways[0][0])
        known = tree.root.below.get(name)
        attribute = known.attribute if known is not None else f"beside_{number}_"
        if known is None:
            fields.append((attribute, Any, None))
            rename[attribute] = name
        beside.append((attribute, rule.kind))
    others = [node.attribute for key in way.keys_present if (node := tree.root.below.get(key)) is not None]
    outer = msgspec.defstruct("Outer", fields, bases=(event,), rename=rename, gc=False)

    def unwrap(whole: Any) -> Any:
        for attribute, kind in beside:
            if not kind.holds(getattr(whole, attribute)):
                raise msgspec.ValidationError
        for attribute in others:
            if getattr(whole, attribute) is not None:
                raise msgspec.ValidationError
        return whole.inner_

    return outer, unwrap
