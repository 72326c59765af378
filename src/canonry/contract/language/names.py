"""Which events a contract knows, and which of them a name in a list means."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from canonry.contract.language.contract import Contract, listed
from canonry.contract.language.marks import KeyPath, Mark, Mistake
from canonry.contract.language.parts import EventType
from canonry.contract.language.shape import format_path

FAMILY = "any "
_SHORTEST_TYPO = 6


class Mention(msgspec.Struct, frozen=True):
    """A name of an event where a rule has it."""

    path: KeyPath
    name: str


class Names:
    """The events of a contract: declared ones, then those that rules mention. ``mistakes`` are misspelt names."""

    def __init__(self, contract: Contract, marks: Mapping[KeyPath, Mark]) -> None:
        self.events: dict[str, EventType] = {name: event or EventType() for name, event in contract.events.items()}
        self.origin: dict[str, KeyPath] = {name: ("events", name) for name in contract.events}
        self.mistakes: list[Mistake] = []
        self._marks = marks
        for mention in mentions(contract):
            self._learn(mention)
        for name, event in list(self.events.items()):
            if event.of and event.of not in self.events:
                self._variant_of_nothing(name, event.of)
        self._break_circles()
        self.variants: dict[str, list[str]] = {}
        for name, event in self.events.items():
            if event.of:
                self.variants.setdefault(event.of, []).append(name)

    def resolve(self, names: str | Iterable[str]) -> tuple[str, ...]:
        """Return the events that these names mean, in the order of the contract."""
        wanted: set[str] = set()
        for text in listed(names):
            name = str(text)
            if name.startswith(FAMILY):
                for one in self._matching(name.removeprefix(FAMILY).strip()):
                    wanted |= set(self.family(one))
            else:
                wanted |= set(self._matching(name))
        return tuple(name for name in self.events if name in wanted)

    def family(self, name: str) -> list[str]:
        """Return an event and all its variants."""
        return [name, *(each for variant in self.variants.get(name, ()) for each in self.family(variant))]

    def base(self, name: str) -> str:
        """Return the event on the wire that ``name`` is, or is a variant of."""
        event = self.events[name]
        return self.base(event.of) if event.of in self.events else name

    def _matching(self, name: str) -> list[str]:
        if "*" in name:  # itself, where it has an entry, among them
            return [each for each in self.events if fnmatchcase(each, name)]
        return [name] if name in self.events else []

    def _learn(self, mention: Mention) -> None:
        name = mention.name.removeprefix(FAMILY).strip()
        if name in self.events:
            return
        declared = [each for each in self.events if self.origin[each][0] == "events"]
        if "*" in name and any(fnmatchcase(each, name) for each in self.events):
            return
        near = typo_of(name, declared)
        if near is None:
            self.events[name] = EventType()
            self.origin[name] = mention.path
            return
        at = self._marks.get(("events", near))
        where = f" (line {at.line})" if at else ""
        self.mistakes.append(
            Mistake(
                mention.path,
                f"`{format_path(mention.path)}` names the event `{name}`, which `events` does not have; "
                f"did you mean `{near}`{where}?",
            )
        )

    def _variant_of_nothing(self, name: str, of: str) -> None:
        near = typo_of(of, self.events)
        if near is not None:
            message = f"`{name}` is a variant of `{of}`, which `events` does not have; did you mean `{near}`?"
            self.mistakes.append(Mistake(("events", name, "of"), message))
            return
        self.events = {of: EventType(), **self.events}
        self.origin[of] = ("events", name, "of")

    def _break_circles(self) -> None:
        for name in list(self.events):
            seen = [name]
            while (of := self.events[seen[-1]].of) in self.events:
                if of in seen:
                    self.mistakes.append(Mistake(("events", name, "of"), f"`{name}` is a variant of itself"))
                    self.events[name] = EventType()
                    break
                seen.append(of)


def typo_of(name: str, names: Iterable[str]) -> str | None:
    """Return the one of ``names`` that ``name`` is a slip of: at most two letters differ."""
    if len(name) < _SHORTEST_TYPO:
        return None
    near = [each for each in names if each != name and abs(len(each) - len(name)) <= 2 and _distance(each, name) <= 2]
    return min(near, key=lambda each: _distance(each, name)) if near else None


def mentions(contract: Contract) -> Iterator[Mention]:
    """Yield every name of an event in the rules of a contract, with its place."""
    for section in ("scopes", "spans"):
        for owner, part in getattr(contract, section).items():
            yield from _lists(part, (section, owner), ("open", "close", "pause", "during", "abandon", "forbids"))
            yield from _reopening(getattr(part, "reopen", None), (section, owner, "reopen"))
            repeat = getattr(part, "repeat", None)
            yield from (
                Mention((section, owner, "repeat", index), str(name))
                for index, name in enumerate(repeat if isinstance(repeat, list) else ())
            )
            before = part.must_close_before
            if isinstance(before, list):
                yield from _lists(part, (section, owner), ("must_close_before",))
    for owner, span in contract.spans.items():
        for key, fields in (
            ("implied", ("by", "kept_open_by", "closed_by")),
            ("refers", ("events", "unless")),
            ("token", ("events",)),
        ):
            if getattr(span, key) is not None:
                yield from _lists(getattr(span, key), ("spans", owner, key), fields)
        for index, known in enumerate(span.known_from):
            yield Mention(("spans", owner, "known_from", index, "event"), known.event)
    yield from _counted(contract.count, ("count",), contract)
    for index, order in enumerate(contract.order):
        yield from _lists(order, ("order", index), ("before", "event"))
    for section in ("sequence", "fold", "unique"):
        value = getattr(contract, section)
        for index, part in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(part, str):
                yield from _lists(part, (section, index) if isinstance(value, list) else (section,), ("events",))
    for index, exchange in enumerate(contract.exchange):
        yield Mention(("exchange", index, "in"), exchange.request)
        yield from _lists(exchange, ("exchange", index), ("reply",))


def _reopening(reopen: object, path: KeyPath) -> Iterator[Mention]:
    if isinstance(reopen, list):
        yield from (Mention((*path, index), str(name)) for index, name in enumerate(reopen))
    elif isinstance(reopen, dict):
        for opening, closings in reopen.items():
            yield Mention((*path, opening), opening)
            yield from (Mention((*path, opening, index), str(name)) for index, name in enumerate(closings))


def _counted(counts: Mapping[str, Any], path: KeyPath, contract: Contract) -> Iterator[Mention]:
    for name, value in counts.items():
        if isinstance(value, dict):
            yield from _counted(value, (*path, name), contract)
        elif not name.startswith("span:"):
            yield Mention((*path, name), name)


def _lists(part: object, path: KeyPath, keys: Iterable[str]) -> Iterator[Mention]:
    for key in keys:
        value = getattr(part, key, None)
        for index, name in enumerate(listed(value)):
            yield Mention((*path, key, index) if isinstance(value, list) else (*path, key), str(name))


def _distance(one: str, other: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two texts."""
    previous2: list[int] = []
    previous = list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        current = [row]
        for column, b in enumerate(other, 1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (a != b))
            if row > 1 and column > 1 and a == other[column - 2] and one[row - 2] == b:
                cost = min(cost, previous2[column - 2] + 1)
            current.append(cost)
        previous2, previous = previous, current
    return previous[-1]
