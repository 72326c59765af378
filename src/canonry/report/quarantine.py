"""The quarantine of a tree with the days that are left, as text, Markdown and JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import IO

import msgspec

from canonry.model.outcome import Outcome
from canonry.model.quarantine import Entry
from canonry.report.markdown import code, plain
from canonry.report.style import plural, printable


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """A quarantine: entries with the days left of each (below nought: expired), how many may be live, of how many tests
    there are.

    ``last`` holds the last outcome of what history knows, by node id.
    """

    entries: Sequence[tuple[Entry, int]]
    allowed: int
    tests: int
    last: Mapping[str, Outcome] = {}

    @property
    def live(self) -> int:
        """How many entries count."""
        return sum(days >= 0 for _, days in self.entries)


def render(shelf: Shelf, out: IO[str]) -> None:
    """Writes a row for each entry, what expires first before the others, then the numbers."""
    for entry, days in _ordered(shelf):
        last = shelf.last.get(entry.test)
        said = f", last {last.value}" if last is not None else ""
        out.write(f"{_days(days):>14}  {printable(entry.test)}{said}\n")
        out.write(f"{'':14}  {printable(entry.reason)} ({printable(entry.owner)}, {printable(entry.issue)})\n")
    expired = len(shelf.entries) - shelf.live
    out.write(
        f"{plural(shelf.live, 'test')} in quarantine, {shelf.allowed:,} of {plural(shelf.tests, 'test')} may be"
        + (f"; {expired:,} expired, which {'counts' if expired == 1 else 'count'} no more" if expired else "")
        + "\n"
    )


def render_markdown(shelf: Shelf, out: IO[str]) -> None:
    """Writes a table."""
    out.write(f"### Quarantine: {plural(shelf.live, 'test')} of {shelf.allowed:,} that may be\n\n")
    if shelf.entries:
        out.write("| test | days left | owner | issue | reason |\n| :-- | --: | :-- | :-- | :-- |\n")
    for entry, days in _ordered(shelf):
        left = str(days) if days >= 0 else "expired"
        out.write(
            f"| {code(entry.test)} | {left} | {plain(entry.owner)} | {plain(entry.issue)} | {plain(entry.reason)} |\n"
        )


def render_json(shelf: Shelf, out: IO[str]) -> None:
    """Writes one object."""
    document = {
        "live": shelf.live,
        "allowed": shelf.allowed,
        "tests": shelf.tests,
        "entries": [
            {**msgspec.to_builtins(entry), "days": days, "live": days >= 0, "last": shelf.last.get(entry.test)}
            for entry, days in _ordered(shelf)
        ],
    }
    out.write(json.dumps(document, indent=2) + "\n")


def _ordered(shelf: Shelf) -> list[tuple[Entry, int]]:
    return sorted(shelf.entries, key=lambda each: (each[1], each[0].test))


def _days(days: int) -> str:
    if days < 0:
        return "expired"
    return "last day" if days == 0 else f"{plural(days, 'day')} left"
