"""The pieces of markup that the sections of the page are made of; words of others are escaped, always."""

from collections.abc import Iterable, Sequence
from html import escape

from canonry.model.standing import Absent, Origin
from canonry.report.standing.words import origin_of
from canonry.report.style import printable


def section(name: str, heading: str, body: str, source: Origin | None = None) -> str:
    """A section with its heading, and where its figures come from."""
    return f'<section id="{name}"><h2>{heading}</h2>{body}{origin(source) if source is not None else ""}</section>'


def origin(source: Origin) -> str:
    """Where figures come from."""
    return f"<p class='origin'>{code(source.command)} {text(origin_of(source))}</p>"


def absent(found: Absent) -> str:
    """Says that there is no data, and what makes some."""
    makes = f"; {code(found.command)} makes it" if found.command else ""
    return f"<p class='absent'>Not enough data: {sentence(found.said)}{makes}.</p>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, cards: bool = False) -> str:
    """A table of cells that are markup already; a head that begins with ``#`` is of numbers.

    ``cards``: on a phone each row is a paragraph, for tables of sentences.
    """
    right = [name.startswith("#") for name in heads]
    kinds = [' class="number"' if each else "" for each in right]
    first = "".join(f"<th{kind}>{escape(name.lstrip('#'))}</th>" for name, kind in zip(heads, kinds, strict=True))
    named = [f' data-head="{escape(name.lstrip("#"))}"' if cards and name.startswith("#") else "" for name in heads]
    marks = [kind + name for kind, name in zip(kinds, named, strict=True)]
    body = "".join(
        "<tr>" + "".join(f"<td{mark}>{cell}</td>" for cell, mark in zip(row, marks, strict=True)) + "</tr>"
        for row in rows
    )
    kind = "wide cards" if cards else "wide"
    return f"<div class='{kind}'><table><thead><tr>{first}</tr></thead><tbody>{body}</tbody></table></div>"


def text(words: str) -> str:
    """Words of others: never markup."""
    return escape(printable(words))


def sentence(words: str) -> str:
    """A message: what stands between two backticks is code."""
    parts = printable(words).split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner
        parts[-2:] = ["`".join(parts[-2:])]
    return "".join(f"<code>{escape(part)}</code>" if at % 2 else escape(part) for at, part in enumerate(parts))


def code(words: str) -> str:
    """A command or a path."""
    return f"<code>{text(words)}</code>" if words else ""


def state(word: str) -> str:
    """The state of something, in its colour."""
    return f"<span class='state {kind_of(word)}'>{escape(word)}</span>"


def priority(rank: int) -> str:
    """P0 to P3."""
    return f"<span class='tight'>P{rank}</span>"


def number(value: int) -> str:
    """A count."""
    return f"{value:,}"


def kind_of(word: str) -> str:
    """The class of a state."""
    return {"passed": "good", "ready": "good", "failed": "bad", "not ready": "bad"}.get(word, "open")
