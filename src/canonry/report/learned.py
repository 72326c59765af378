"""A learned contract as YAML: every guess with what it rests on beside it."""

import json
import re
import textwrap
from collections.abc import Iterator
from typing import IO, Any

from canonry.contract.learn.draft import FEW, Guess
from canonry.contract.learn.propose import Learned
from canonry.report.style import plural, printable

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS = frozenset("true false null yes no on off y n".split())
_WIDTH = 110
_NESTED = ("envelope", "events", "scopes", "spans", "count", "isolation", "close_codes")
"""Tables whose entries are guesses of their own, one a line."""


def render(learned: Learned, out: IO[str]) -> None:
    """Writes the contract. It loads as it is; the same recordings give the same bytes."""
    out.write("\n".join([*_head(learned), "", *_body(learned)]) + "\n")


def _head(learned: Learned) -> Iterator[str]:
    runs = f"{plural(learned.runs, 'run')} on {plural(learned.connections, 'connection')}"
    yield from _comment(f"Learned from {runs}, {plural(learned.events, 'event')}. It accepts all of them.")
    yield from _comment(
        "Every entry is a guess: it held in all that was recorded, without a counter-example. Keep what is meant, and "
        f"widen what was chance. A guess is called thin where fewer than {FEW} runs bear it out."
    )
    if not learned.enough:
        yield from _comment(f"These recordings are too few: record {FEW} runs at least, of every kind that there is.")
    if learned.unknown:
        yield "#"
        yield from _comment("What these recordings cannot say:")
    for each in learned.unknown:
        yield from _comment(f"- {each}")
    if learned.dropped:
        yield "#"
        yield from _comment("Tried and taken back, because the recordings do not keep it:")
    for each in learned.dropped:
        yield from _comment(f"- {each}")


def _body(learned: Learned) -> Iterator[str]:
    for key, value in learned.document.items():
        if key == "events":
            yield "events:"
            for name, entry in value.items():
                yield from _event(name, entry, learned)
        elif key in _NESTED:
            yield f"{key}:"
            for name, entry in value.items():
                yield from _because(learned.guesses.get((key, name)), "  ")
                yield from _entry(f"  {_text(name)}:", entry, "  ")
        elif isinstance(value, list):
            yield f"{key}:"
            for index, entry in enumerate(value):
                yield from _because(learned.guesses.get((key, index)), "  ")
                yield from _entry("  -", entry, "  ")
        else:
            yield from _because(learned.guesses.get((key,)), "")
            yield f"{key}: {_flow(value)}"


def _event(name: str, entry: dict[str, Any], learned: Learned) -> Iterator[str]:
    yield from _because(learned.guesses.get(("events", name)), "  ")
    rest = {key: value for key, value in entry.items() if key != "fields"}
    fields = entry.get("fields", {})
    if not fields:
        yield f"  {_text(name)}: {_flow(rest)}"
        return
    yield f"  {_text(name)}:"
    for key, value in rest.items():
        yield f"    {key}: {_flow(value)}"
    yield "    fields:"
    for path, word in fields.items():
        guess = learned.guesses.get(("events", name, "fields", path))
        yield f"      {_text(path)}: {_flow(word)}" + (f"  # {_why(guess)}" if guess else "")


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    """One entry, on a line of its own where it fits, otherwise one key a line."""
    line = f"{head} {_flow(value)}"
    if len(line) <= _WIDTH or not isinstance(value, dict):
        yield line
        return
    first = head if head.endswith("-") else None
    if first is None:
        yield head
    for key, inner in value.items():
        yield f"{first} {_text(key)}: {_flow(inner)}" if first else f"{indent}  {_text(key)}: {_flow(inner)}"
        first = None


def _because(guess: Guess | None, indent: str) -> Iterator[str]:
    if guess is not None:
        yield f"{indent}# {_why(guess)}"


def _why(guess: Guess) -> str:
    word = "thin guess" if guess.thin else "guess"
    return f"{word}: {printable(guess.seen)}; no counter-example in {plural(guess.held, guess.of)}"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(printable(text), _WIDTH)]


def _flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{_text(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case _:
            return _text(str(value))


def _text(text: str) -> str:
    """A text as YAML reads it back: quoted unless it is a plain word."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text)
