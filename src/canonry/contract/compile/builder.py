"""What all steps of planning share: names, paths, rules with their ids, mistakes."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from canonry.contract.compile.plan import NO_LIMIT, SESSION, Rule
from canonry.contract.language.contract import Contract, listed
from canonry.contract.language.marks import KeyPath, Mark, Mistake
from canonry.contract.language.names import Names, typo_of
from canonry.contract.language.paths import Path, parse_path
from canonry.contract.language.shape import format_path, nearest

_RANGE = re.compile(r"(\d+)?\.\.(\d+)?")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Builder:
    """The contract that is planned, its names, and everything that was found wrong on the way."""

    def __init__(self, contract: Contract, marks: Mapping[KeyPath, Mark]) -> None:
        self.contract = contract
        self.marks = marks
        self.names = Names(contract, marks)
        self.mistakes: list[Mistake] = list(self.names.mistakes)
        self.notes: list[str] = []
        self.rules: dict[str, Rule] = {}
        self.numbers = {name: index for index, name in enumerate(self.names.events)}
        self.scopes = {name: index for index, name in enumerate(contract.scopes)}
        self.spans = {name: index for index, name in enumerate(contract.spans)}
        self.default = 0 if contract.scopes else SESSION

    def mistake(self, path: KeyPath, message: str) -> None:
        """Notes what is wrong at ``path``."""
        self.mistakes.append(Mistake(path, message))

    def line(self, path: KeyPath) -> str:
        """Return `` (line 7)`` where the contract says so, for messages about two places."""
        for length in range(len(path), 0, -1):
            mark = self.marks.get(path[:length])
            if mark is not None:
                return f" (line {mark.line})"
        return ""

    def rule(self, name: str, sentence: str, path: KeyPath) -> str:
        """Return the id of a new rule: ``name``, with a number where it is taken."""
        known = name
        count = 1
        while known in self.rules and self.rules[known].path != path:
            count += 1
            known = f"{name}#{count}"
        self.rules.setdefault(known, Rule(known, sentence, path))
        return known

    def kinds(self, names: str | Iterable[str] | None) -> frozenset[int]:
        """Return the numbers of the events that ``names`` mean."""
        return frozenset(self.numbers[name] for name in self.names.resolve(listed(names)))  # type: ignore[arg-type]

    def time(self, text: str | None, where: KeyPath) -> None:
        """Notes a time in which nothing can happen."""
        if text is not None and seconds(text) == 0:
            self.mistake(where, f"`{format_path(where)}` is {text}: nothing takes no time; expected a longer one")

    def path(self, text: str, where: KeyPath) -> Path:
        """Return the path; a malformed one is a mistake."""
        found = parse_path(text)
        if found is None:
            self.mistake(
                where, f"`{format_path(where)}` expects a field such as `payload.name` or `a|b`, not the text `{text}`"
            )
            return Path(text, (("?",),))
        return found

    def paths(self, texts: Iterable[str], where: KeyPath) -> tuple[Path, ...]:
        """Return the paths of a list."""
        return tuple(self.path(text, (*where, index)) for index, text in enumerate(texts))

    def scope(self, name: str, where: KeyPath) -> int:
        """Return the number of a scope; the session for an unknown one, which is a mistake."""
        if name == "session":
            return SESSION
        if name in self.scopes:
            return self.scopes[name]
        self.mistake(where, f"`{format_path(where)}` names the scope `{name}`; {self._hint(name, self.scopes)}")
        return SESSION

    def span(self, name: str, where: KeyPath) -> int | None:
        """Return the number of a span; None for an unknown one: a mistake where it looks like a slip, else a note."""
        if name in self.spans:
            return self.spans[name]
        near = typo_of(name, self.spans) or nearest(name, self.spans)
        if near:
            self.mistake(
                where,
                f"`{format_path(where)}` names the span `{name}`; did you mean `{near}`{self.line(('spans', near))}?",
            )
        else:
            self.notes.append(
                f"`{format_path(where)}` names the span `{name}`, which nothing declares: it judges nothing"
            )
        return None

    def span_or_scope(self, name: str, where: KeyPath) -> tuple[int, int] | None:
        """Return scope and span (-1 for none) that ``run``, ``session``, ``span:x`` or ``token:x`` name."""
        if name.startswith(("span:", "token:")):
            span = self.span(name.partition(":")[2], where)
            return None if span is None else (SESSION, span)
        return (self.default if not name else self.scope(name, where)), -1

    def range(self, value: Any, where: KeyPath) -> tuple[int, int]:
        """Return the bounds of a count; ``NO_LIMIT`` where there is no upper one."""
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value, value
        text = str(value).strip()
        match = _RANGE.fullmatch(text)
        if match is not None and (match[1] or match[2]):
            low, high = int(match[1] or 0), NO_LIMIT if match[2] is None else int(match[2])
            if high in (NO_LIMIT, max(low, high)):
                return low, high
        elif text.isdigit():
            return int(text), int(text)
        self.mistake(where, f"`{format_path(where)}` expects a count such as `1`, `1..` or `2..5`, not `{value}`")
        return 0, NO_LIMIT

    def _hint(self, name: str, known: Iterable[str]) -> str:
        names = list(known)
        near = nearest(name, names)
        if near:
            return f"did you mean `{near}`{self.line(('scopes', near))}?"
        return "expected one of " + ", ".join(f"`{one}`" for one in [*names, "session"])


def seconds(text: str) -> float:
    """Return a duration such as ``300ms`` in seconds."""
    match = _DURATION.fullmatch(text)
    return float(match[1]) * _UNITS[match[2]] if match else 0.0
