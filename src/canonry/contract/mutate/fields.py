"""Edits of single events: frames that are none, fields that are missing or of another type, the wrong direction."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from canonry.contract.check.checker import Checker
from canonry.contract.compile.plan import FieldRule, Kind, Plan
from canonry.contract.generate.compose import Composer, UnfitError
from canonry.contract.generate.stream import Line
from canonry.contract.generate.values import Persona
from canonry.contract.language.paths import EACH
from canonry.contract.language.schemas import problems
from canonry.contract.mutate.scene import Edit, Scene, leaves

_OTHERS: tuple[Any, ...] = ("", "   ", "x", 0, 1.5, True, [], {}, ["x"], {"x": 1})
_MOST_LINES = 10


def frames(scene: Scene, rule: str) -> Iterator[Edit]:
    """Yield streams with a frame or line that is broken as a whole."""
    where = len(scene.lines)
    last = scene.lines[-1]
    between = msgspec.structs.replace(last, closed=None, event=None, kind="")
    if last.closed is not None:
        where -= 1
    way = "out" if "out" in scene.plan.contract.transport.direction else "in"

    def added(title: str, **what: Any) -> Edit:
        return Edit(title, scene.inserted(where, msgspec.structs.replace(between, direction=way, **what)))

    match rule:
        case "frame.json":
            yield added("cut a frame off in its middle", raw='{"type": "agent')
        case "frame.size":
            text = msgspec.json.encode({"text": "x" * scene.plan.contract.transport.max_bytes}).decode()
            yield added("send a frame that is too long", raw=text)
        case "frame.event":
            yield added("send an object that names no event", event={"nothing": True})
        case "recording.line":
            for n, line in enumerate(scene.lines):
                yield Edit(
                    "write a receive time in words", scene.replaced((n, msgspec.structs.replace(line, at="soon")))
                )
        case "frame.duplicate_key":
            for n, line in enumerate(scene.lines):
                if isinstance(line.event, dict) and line.event:
                    yield Edit("write the first key of an object twice", scene.replaced((n, _doubled(line))))
        case "events.unknown":
            yield from _unknown(scene, where, between)


def field(scene: Scene, rule: str) -> Iterator[Edit]:
    """Yield streams in which one field of one event is missing or of another type."""
    kinds = [(kind, each) for kind in scene.plan.kinds for each in kind.fields if each.rule == rule]
    for kind, each in kinds:
        for n in scene.of([kind.index])[:_MOST_LINES]:
            answers = _answers(scene, kind.index, n) if each.path.text in _keys(scene.plan) else []
            for title, line in _wrong(scene, scene.lines[n], kind, each):
                yield Edit(title, scene.replaced((n, line)))
                if answers:  # nobody can answer what has no id
                    lines = scene.replaced((n, line))
                    kept = tuple(one for m, one in enumerate(lines) if m not in answers)
                    yield Edit(f"{title}, and answer nothing", kept)
    for kind, each in kinds:
        for n in scene.of([kind.index])[:_MOST_LINES]:
            for title, line in _wrong(scene, scene.again(scene.lines[n]), kind, each):
                yield Edit(f"send one more `{kind.name}`, and {title}", scene.inserted(n + 1, line))
    for kind, each in kinds:
        invented = None if scene.of([kind.index]) else invent(scene, kind)
        if invented is not None:
            for title, line in _wrong(scene, invented, kind, each):
                yield Edit(f"send one more `{kind.name}`, and {title}", scene.inserted(len(scene.lines), line))


def beside(scene: Scene, rule: str) -> Iterator[Edit]:
    """Yield streams in which something beside a wrapped event is missing or of another type."""
    below = scene.plan.contract.discriminator.below
    for each in (one for one in scene.plan.beside if one.rule == rule):
        name = str(each.path.ways[0][0])
        for n, line in enumerate(scene.lines):
            if isinstance(line.event, dict) and below in line.event:
                for value in (value for value in _OTHERS if not each.kind.holds(value)):
                    changed = msgspec.structs.replace(line, event={**line.event, name: value})
                    yield Edit(f"make `{name}` beside `{below}` another", scene.replaced((n, changed)))


def schema(scene: Scene, rule: str) -> Iterator[Edit]:
    """Yield streams in which one value of one event does not follow its schema."""
    for kind in scene.plan.kinds:
        for known, written in kind.schemas:
            if known != rule:
                continue
            for n in scene.of([kind.index])[:_MOST_LINES]:
                body = scene.body(scene.lines[n])
                for title, changed in _torn(body, [*_OTHERS, *_constants(written)]):
                    if next(problems(written, changed), None) is not None:
                        yield Edit(f"{title} of `{kind.name}`", scene.replaced((n, _with_body(scene, n, changed))))


def direction(scene: Scene, rule: str) -> Iterator[Edit]:
    """Yield streams in which one event goes the wrong way."""
    for kind in scene.plan.kinds:
        if kind.way_rule == rule:
            name = kind.name
            other = "in" if kind.direction == "out" else "out"
            for n in scene.of([kind.index])[:_MOST_LINES]:
                line = msgspec.structs.replace(scene.lines[n], direction=other)
                yield Edit(f"send `{name}` the other way", scene.replaced((n, line)))
                answers = _answers(scene, kind.index, n)
                if answers:
                    turned = [(m, _turned(scene.lines[m])) for m in answers]
                    yield Edit(f"send `{name}` the other way, and its answer", scene.replaced((n, line), *turned))


def _keys(plan: Plan) -> set[str]:
    """The first way of each key under which one side answers the other."""
    return {str(path.ways[0][0]) for span in plan.spans if span.across for path in span.key if len(path.ways[0]) == 1}


def _answers(scene: Scene, kind: int, n: int) -> list[int]:
    """The events that answer one, where who opens something has it closed by the other side."""
    return [
        m
        for span in scene.plan.spans
        if span.across and kind in span.opens
        for m in scene.of(span.closes | span.token_events | span.abandons)
        if m > n
        and (key := scene.key(scene.lines[m], span.key)) is not None
        and key == scene.key(scene.lines[n], span.key)
    ]


def _turned(line: Line) -> Line:
    return msgspec.structs.replace(line, direction="in" if line.direction == "out" else "out")


def invent(scene: Scene, kind: Kind) -> Line | None:
    """Return an event of a kind that the stream does not have, of its last connection; None where none can be made."""
    rng = Random(kind.name)
    last = scene.lines[-1]
    session = Checker(scene.plan, keep=0, interpreted=True).session(last.connection)
    composer = Composer(scene.plan, Persona(scene.plan, 99, rng), rng)
    for _ in range(5):
        try:
            draft = composer.compose(kind, session.state, 0.0)
        except UnfitError:
            continue
        return Line(
            connection=last.connection, at=last.at, direction=draft.direction, event=draft.event(), kind=kind.name
        )
    return None


def _wrong(scene: Scene, line: Line, kind: Kind, rule: FieldRule) -> Iterator[tuple[str, Line]]:
    path = rule.path
    if not rule.kind.holds(None) and scene.value(line, path) is not None:
        yield f"drop `{path.text}` of `{kind.name}`", scene.put(line, path, None)
    sort = [value for value in _OTHERS if not rule.kind.holds(value)]
    old = scene.value(line, path)
    sort.sort(key=lambda value: (type(value) is type(old)) * -1)
    for value in sort[:4]:
        shown = msgspec.json.encode(value).decode()
        yield f"make `{path.text}` of `{kind.name}` `{shown}`", _put_every(scene, line, rule, value)


def _put_every(scene: Scene, line: Line, rule: FieldRule, value: Any) -> Line:
    """The line with the value at every way that the field may stand at, as one that is right would do."""
    if len(rule.path.ways) == 1 or all(EACH in way for way in rule.path.ways):
        return scene.put(line, rule.path, value)
    for way in rule.path.ways[1:]:
        line = scene.put(line, type(rule.path)(rule.path.text, (way,)), None)
    return scene.put(line, type(rule.path)(rule.path.text, rule.path.ways[:1]), value)


def _torn(body: Any, others: list[Any]) -> Iterator[tuple[str, Any]]:
    """Every way to take one value of an event away, or to make it another."""
    ways = dict.fromkeys(way[:length] for way, _ in leaves(body) for length in range(len(way), 0, -1))
    for way in ways:
        shown = ".".join(map(str, way))
        changed = copy.deepcopy(body)
        container = changed
        for part in way[:-1]:
            container = container[part]
        if isinstance(container, dict):
            old = container.pop(way[-1])
            yield f"drop `{shown}`", copy.deepcopy(changed)
            for value in others:
                if value != old:
                    container[way[-1]] = value
                    yield f"make `{shown}` `{msgspec.json.encode(value).decode()}`", copy.deepcopy(changed)


def _constants(schema: Any) -> list[Any]:
    """Every value that a schema names: it may ask more of an event that has one."""
    if isinstance(schema, list):
        return [value for each in schema for value in _constants(each)]
    if not isinstance(schema, dict):
        return []
    own = [schema["const"]] if "const" in schema else list(schema.get("enum", ()))
    return [*own, *(value for each in schema.values() for value in _constants(each))]


def _with_body(scene: Scene, n: int, body: Any) -> Line:
    line = scene.lines[n]
    below = scene.plan.contract.discriminator.below
    event = body if scene.body(line) is line.event else {**line.event, below: body}
    return msgspec.structs.replace(line, event=event)


def _unknown(scene: Scene, where: int, like: Line) -> Iterator[Edit]:
    rule = scene.plan.contract.discriminator
    name = "never_heard_of"
    events: list[dict[str, Any]] = []
    if rule.jsonrpc:
        events = [{"jsonrpc": "2.0", "method": name}, {"jsonrpc": "2.0", "method": name, "id": 1}]
    elif rule.keys_present:
        known = {kind.base for kind in scene.plan.kinds}
        events = [{key: {}} for key in rule.keys_present if key not in known]
    else:
        body: dict[str, Any] = {}
        inner = body
        *above, last = rule.field.split(".")
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = name
        events = [body]
    for event in events:
        for way in ("out", "in"):
            line = msgspec.structs.replace(like, event=event, direction=way)
            yield Edit("send an event that the contract does not have", scene.inserted(where, line))


def _doubled(line: Line) -> Line:
    name, value = next(iter(line.event.items()))
    pair = f"{msgspec.json.encode(name).decode()}:{msgspec.json.encode(value).decode()}"
    text = line.encode().decode()
    inner = msgspec.json.encode(line.event).decode()
    return msgspec.structs.replace(line, text=text.replace(inner, "{" + pair + "," + inner[1:]))
