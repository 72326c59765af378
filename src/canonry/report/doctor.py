"""What `canonry doctor` found, as text and as JSON."""

import json
from typing import IO

import msgspec

from canonry.report.style import paint, plural, printable
from canonry.run.doctor import Examination, State

_STYLES = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "red"}


def render(found: list[Examination], out: IO[str], *, color: bool = False) -> None:
    """Writes a line for each thing that was looked at, and what to do about those that are not as they should be."""
    for each in found:
        label = paint(f"{each.state.value:>7}", _STYLES[each.state], color=color)
        out.write(f"{label} {each.kind} {printable(each.name)}: {printable(each.detail)}\n")
        if each.next:
            out.write(f"        next: {printable(each.next)}\n")
    failed = sum(each.state is State.FAILED for each in found)
    out.write(
        f"{plural(len(found), 'examination')}: {failed:,} failed\n"
        if failed
        else f"{plural(len(found), 'examination')}: all is there\n"
    )


def render_json(found: list[Examination], out: IO[str]) -> None:
    """Writes the same as one object."""
    document = {
        "failed": sum(each.state is State.FAILED for each in found),
        "examinations": [msgspec.to_builtins(each) for each in found],
    }
    out.write(json.dumps(document, indent=2) + "\n")
