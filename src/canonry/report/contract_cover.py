"""What of a contract recordings exercised, for readers and programs."""

from typing import IO

import msgspec

from canonry import __version__
from canonry.contract.cover import Coverage
from canonry.report.style import paint, plural, printable

SCHEMA = 1


def render_table(coverage: Coverage, out: IO[str], *, color: bool) -> None:
    """Writes a line for each group of things, then everything that is missing."""
    for group, (done, known) in coverage.groups().items():
        state = "green" if done == known else "yellow"
        share = paint(f"{done / known:6.1%}", state, color=color)
        out.write(f"{group:12} {done:5} of {known:5} {share}\n")
    group = ""
    for item in coverage.missing:
        if item.group != group:
            group = item.group
            out.write(f"\nmissing {group}:\n")
        out.write(f"  {printable(item.name)}\n")
    done = len(coverage.items) - len(coverage.missing)
    out.write(
        f"\n{coverage.contract}: {done} of {plural(len(coverage.items), 'item')} exercised and judged "
        f"({done / max(len(coverage.items), 1):.1%}), {plural(coverage.judged, 'event')}\n"
    )


def render_json(coverage: Coverage, out: IO[str]) -> None:
    """Writes one JSON object (schema 1): groups, and every item with how often it was seen."""
    done = len(coverage.items) - len(coverage.missing)
    document = {
        "schema": SCHEMA,
        "tool": "canonry",
        "version": __version__,
        "contract": coverage.contract,
        "judged": coverage.judged,
        "exercised": done,
        "items": len(coverage.items),
        "groups": {group: {"exercised": one, "items": known} for group, (one, known) in coverage.groups().items()},
        "counts": [{"group": item.group, "name": item.name, "count": count} for item, count in coverage.items.items()],
        "missing": [{"group": item.group, "name": item.name} for item in coverage.missing],
    }
    out.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
