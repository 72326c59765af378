"""The table of styles and ways, and whether it is as it has to be."""

from collections.abc import Mapping, Sequence

from canonry.testing.canary.styles import ASYNC, Style
from canonry.testing.canary.ways import Way

Results = Mapping[str, Mapping[Style, bool | None]]
"""By the name of the way."""
_WORDS = {True: "passes", False: "fails", None: "did not run"}


def is_right(style: Style, passed: bool | None) -> bool:
    """Whether it did what it has to."""
    return passed is style.passes


def lies(results: Results) -> list[tuple[str, Style, bool | None]]:
    """What did not do what it has to: the way, the style, and what it did."""
    return [
        (way, style, passed)
        for way, outcomes in results.items()
        for style, passed in outcomes.items()
        if not is_right(style, passed)
    ]


def render(styles: Sequence[Style], ways: Sequence[Way], results: Results) -> str:
    """The table as text, wrong cells marked."""
    rows = [("style", "base", *(way.name for way in ways))]
    for style in styles:
        cells = [results[way.name][style] for way in ways]
        told = [_WORDS[each] + ("" if is_right(style, each) else "  <- wrong") for each in cells]
        rows.append((style.name, "async" if style.base == ASYNC else "sync", *told))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"
