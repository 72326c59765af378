"""A valid stream as a mutator sees it: which line is which event, whose it is, how it looks when one thing changes."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from canonry.contract.compile.plan import SESSION, Kind, Plan, ScopePlan, SequencePlan
from canonry.contract.generate.draft import Way, captured, nodes, put_at
from canonry.contract.generate.stream import Line, Stream
from canonry.contract.language.paths import Path, lookup
from canonry.contract.language.rules import SequenceMode

Lines = tuple[Line, ...]


class Edit(msgspec.Struct, frozen=True):
    """A changed stream: what was changed in words, and how many lines are other than before."""

    title: str
    lines: Lines
    size: int = 1


class Scene:
    """The lines of one stream. Edits give new lines and leave these as they are."""

    def __init__(self, plan: Plan, stream: Stream) -> None:
        self.plan = plan
        self.stream = stream
        self.lines = stream.lines
        self._kinds = {kind.name: kind for kind in plan.kinds}
        self._new = 0

    # looking

    def kind(self, line: Line) -> Kind | None:
        """Return the kind that an event was made as."""
        return self._kinds.get(line.kind)

    def of(self, kinds: Iterable[int]) -> list[int]:
        """Return the indices of the events of some kinds."""
        wanted = set(kinds)
        return [
            n for n, line in enumerate(self.lines) if (kind := self.kind(line)) is not None and kind.index in wanted
        ]

    def body(self, line: Line) -> Any:
        """Return what paths begin in."""
        below = self.plan.contract.discriminator.below
        inner = line.event.get(below) if below and isinstance(line.event, dict) else None
        return inner if isinstance(inner, dict) else line.event

    def value(self, line: Line, path: Path) -> Any:
        """Return what stands at a path of an event."""
        number = line.event.get("id") if isinstance(line.event, dict) else None
        meta = {"$direction": line.direction, "$id": number, **self._captured(line)}
        return lookup(path, self.body(line), meta)

    def key(self, line: Line, paths: Sequence[Path]) -> Any:
        """Return the values of a key, None where one is missing."""
        found = tuple(self.value(line, path) for path in paths)
        return None if any(not isinstance(one, str | int | float) for one in found) else found

    def group(self, line: Line, scope: ScopePlan) -> list[int]:
        """Return the events of the same connection that belong to the same scope as this one."""
        key = self.key(line, scope.key)
        return [
            n
            for n, other in enumerate(self.lines)
            if other.connection == line.connection
            and (kind := self.kind(other)) is not None
            and scope.index in (*kind.needed, *kind.possible)
            and self.key(other, scope.key) == key
        ]

    def groups(self, scope: int) -> list[list[int]]:
        """Return the events of each scope, of each connection for the session; a positional scope counts as one run."""
        found: dict[Any, list[int]] = {}
        turns: dict[str, int] = {}
        plan = None if scope == SESSION else self.plan.scopes[scope]
        for n, line in enumerate(self.lines):
            kind = self.kind(line)
            if kind is None:
                continue
            key: Any = ()
            if plan is not None:
                key = self.key(line, plan.key)
                if key is None or scope not in (*kind.needed, *kind.possible):
                    continue
                if not plan.key and kind.index in plan.opens:
                    turns[line.connection] = turns.get(line.connection, 0) + 1
                key = (key, 0 if plan.key else turns.get(line.connection, 0))
            found.setdefault((line.connection, key), []).append(n)
        return list(found.values())

    def new_id(self, like: Any = None) -> Any:
        """Return an id that the stream does not have, of the type of another."""
        self._new += 1
        return (
            900_000 + self._new if isinstance(like, int | float) and not isinstance(like, bool) else f"new-{self._new}"
        )

    # changing

    def put(self, line: Line, path: Path, value: Any) -> Line:
        """Return a line whose event has another value at a path; None takes the field away."""
        event = copy.deepcopy(line.event)
        changed = msgspec.structs.replace(line, event=event)
        body = self.body(changed)
        if path.text == "$kind":
            return self._renamed(changed, str(value))
        here = [way for way in path.ways if lookup(Path(path.text, (way,)), body, {}) is not None]
        if (
            "$id" in (way[0] for way in path.ways)
            and isinstance(event, dict)
            and body is not event
            and event.get("id") is not None
        ):
            event["id"] = value
        elif here and value is None:
            for way in here:
                for container, key in list(nodes(body, way)):
                    _remove(container, key)
        elif here:
            for container, key in nodes(body, here[0]):
                container[key] = value
        elif value is not None:
            put_at(body, self._way(line, path), value)
        return changed

    def without(self, *gone: int) -> Lines:
        """Return the lines but for some."""
        return tuple(line for n, line in enumerate(self.lines) if n not in gone)

    def replaced(self, *pairs: tuple[int, Line]) -> Lines:
        """Return the lines with some replaced."""
        new = dict(pairs)
        return tuple(new.get(n, line) for n, line in enumerate(self.lines))

    def inserted(self, at: int, *new: Line) -> Lines:
        """Return the lines with new ones before index ``at``."""
        return (*self.lines[:at], *new, *self.lines[at:])

    def moved(self, source: int, target: int) -> Lines:
        """Return the lines with one at another index, at the time of the one that stood there."""
        rest = list(self.without(source))
        rest.insert(target, msgspec.structs.replace(self.lines[source], at=self.lines[target].at))
        return tuple(rest)

    def delayed(self, first: int, seconds: float) -> Lines:
        """Return the lines with all from index ``first`` on later."""
        return tuple(later(line, seconds) if n >= first else line for n, line in enumerate(self.lines))

    def again(self, line: Line, *, at: float | None = None) -> Line:
        """Return a second event like this one, with ids of its own where no two events may share them."""
        found = line if at is None else msgspec.structs.replace(line, at=at)
        for unique in self.plan.uniques:
            if self.value(found, unique.path) is not None:
                found = self.put(found, unique.path, self.new_id())
        return found

    def rekeyed(self, line: Line, paths: Sequence[Path], key: Sequence[Any]) -> Line:
        """Return a line with another key."""
        for path, value in zip(paths, key, strict=True):
            if self.value(line, path) != value:
                line = self.put(line, path, value)
        return line

    def new_key(self, line: Line, paths: Sequence[Path]) -> tuple[Any, ...]:
        """Return the key of a line with a new last part."""
        key = tuple(self.value(line, path) for path in paths)
        return (*key[:-1], self.new_id(key[-1])) if key else ()

    def renumbered(self, lines: Lines) -> Lines:
        """Return lines whose numbers count without gap again, as those of a sender that did what was changed.

        Numbers that name a span stay: another number would be another span.
        """
        keys = {path.text for scope in self.plan.scopes for path in scope.key}
        keys |= {path.text for span in self.plan.spans for path in span.key}
        for plan in self.plan.sequences:
            if plan.path.text in keys:
                continue
            last: dict[Any, Any] = {}
            turns: dict[str, int] = {}
            done = []
            for line in lines:
                value = self.value(line, plan.path) if line.event is not None else None
                group = self._counted_in(line, plan, turns)
                if group is None or not isinstance(value, int | float):
                    done.append(line)
                    continue
                due = _due(plan, last.get(group), value)
                last[group] = due
                done.append(line if due == value else self.put(line, plan.path, due))
            lines = tuple(done)
        return lines

    def _captured(self, line: Line) -> dict[str, Any]:
        rule = self.plan.contract.discriminator
        name = self.body(line).get(rule.field) if rule.template and isinstance(self.body(line), dict) else None
        return captured(rule.template, name) if isinstance(name, str) else {}

    def _renamed(self, line: Line, kind: str) -> Line:
        """The line, its own event named after another kind of the template."""
        rule = self.plan.contract.discriminator
        phase = self._captured(line).get("$phase")
        if phase is not None:
            self.body(line)[rule.field] = rule.template.replace("{kind}", kind).replace("{phase}", phase)
        return line

    def _counted_in(self, line: Line, plan: SequencePlan, turns: dict[str, int]) -> Any:
        """What a number of an event counts in, None where it counts in nothing. ``turns`` counts positional scopes."""
        kind = self.kind(line)
        if kind is None:
            return None
        if plan.span < 0 and plan.scope != SESSION and kind.index in self.plan.scopes[plan.scope].opens:
            turns[line.connection] = turns.get(line.connection, 0) + (not self.plan.scopes[plan.scope].key)
        if plan.kinds and kind.index not in plan.kinds:
            return None
        if plan.span >= 0:
            span = self.plan.spans[plan.span]
            paths = (span.token_get,) if span.token_get is not None and kind.index in span.token_events else span.key
            return line.connection, self.key(line, paths)
        if plan.scope == SESSION:
            return line.connection
        if plan.scope not in (*kind.needed, *kind.possible):
            return None
        scope = self.plan.scopes[plan.scope]
        key = self.key(line, scope.key)
        return None if key is None else (line.connection, key, turns.get(line.connection, 0))

    def _way(self, line: Line, path: Path) -> Way:
        kind = self.kind(line)
        known = [
            way for rule in (kind.fields if kind is not None else ()) for way in rule.path.ways if way in path.ways
        ]
        skip = self.plan.contract.discriminator.keys_present
        base = kind.base if kind is not None else ""
        fitting = [way for way in path.ways if way[0] not in skip or way[0] == base]
        return (known or fitting or list(path.ways))[0]


def later(line: Line, seconds: float) -> Line:
    """Return a line of a later time."""
    return line if line.at is None else msgspec.structs.replace(line, at=round(line.at + seconds, 6))


def leaves(value: Any, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    """Yield the way to each value of an event that holds no other values, and the value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*way, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*way, index))
    else:
        yield way, value


def _remove(container: Any, key: str | int) -> None:
    if isinstance(container, dict):
        container.pop(key, None)
    else:
        container[key] = None


def _due(plan: SequencePlan, last: Any, value: Any) -> Any:
    if last is None:
        return value if plan.start is None else plan.start
    match plan.mode:
        case SequenceMode.STRICT:
            return last + plan.step
        case SequenceMode.RISES:
            return max(last + 1, value)
        case _:
            return max(last, value)
