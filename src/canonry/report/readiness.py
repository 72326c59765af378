"""Whether profiles are ready, as text, Markdown and JSON."""

import json
from collections.abc import Sequence
from typing import IO

from canonry.model.readiness import Blocker, Readiness, ReadinessState
from canonry.report.style import paint, printable

FORMATS = ("full", "markdown", "json")
_STYLES = {ReadinessState.READY: "green", ReadinessState.NOT_READY: "red", ReadinessState.NOT_ENOUGH: "yellow"}


def render(found: Sequence[Readiness], out: IO[str], *, output_format: str, color: bool) -> None:
    """Writes them in a format of `FORMATS`."""
    if output_format == "json":
        _json(found, out)
    elif output_format == "markdown":
        _markdown(found, out)
    else:
        _text(found, out, color=color)


def _text(found: Sequence[Readiness], out: IO[str], *, color: bool) -> None:
    for each in found:
        out.write(f"{paint(each.state.value, _STYLES[each.state], 'bold', color=color)}  {printable(each.profile)}\n")
        for label, items in (("P0", each.blockers), ("?", each.lacking)):
            for item in items:
                out.write(f"  {label:<2}  {printable(item.said)}\n      {printable(item.command)}\n")
        for note in each.notes:
            out.write(f"  {printable(note)}\n")
        if each.command:
            out.write(f"next  {printable(each.command)}\n")


def _markdown(found: Sequence[Readiness], out: IO[str]) -> None:
    out.write("# Readiness\n\n| profile | state | P0 blockers | not known | next |\n| -- | -- | --: | --: | -- |\n")
    for each in found:
        command = f"`{each.command}`" if each.command else "-"
        row = (each.profile, f"**{each.state.value}**", str(len(each.blockers)), str(len(each.lacking)), command)
        out.write(f"| {' | '.join(_cell(part) for part in row)} |\n")
    for each in found:
        if each.blockers or each.lacking:
            out.write(f"\n## {_cell(each.profile)}: {each.state.value}\n\n")
            out.writelines(_point("P0", item) for item in each.blockers)
            out.writelines(_point("not known", item) for item in each.lacking)
        out.writelines(f"\n{_cell(note)}\n" for note in each.notes)


def _point(label: str, item: Blocker) -> str:
    return f"- [ ] {label}: {_cell(item.said)}: `{item.command}`\n"


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|").replace("<", "&lt;")


def _json(found: Sequence[Readiness], out: IO[str]) -> None:
    profiles = [
        {
            "profile": each.profile,
            "state": each.state.value,
            "commit": each.commit,
            "blockers": [_item(item) for item in each.blockers],
            "lacking": [_item(item) for item in each.lacking],
            "notes": list(each.notes),
            "next": each.command,
        }
        for each in found
    ]
    out.write(json.dumps({"schema": 1, "profiles": profiles}, indent=2) + "\n")


def _item(item: Blocker) -> dict[str, str]:
    return {"about": item.about.value, "said": item.said, "command": item.command}
