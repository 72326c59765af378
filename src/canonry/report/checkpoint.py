"""A checkpoint as text, Markdown and JSON."""

import json
from typing import IO

from canonry.history.checkpoints import moment
from canonry.model.checkpoint import Checkpoint, Figure, Moved
from canonry.report.style import paint, printable

FORMATS = ("full", "markdown", "json")
_STYLES = {Moved.WORSE: "red", Moved.LOST: "red", Moved.BETTER: "green", Moved.TOLD: "yellow"}
_SAID = {Moved.LOST: "not measured any more", Moved.TOLD: "lower, and still as demanded"}


def render(found: Checkpoint, out: IO[str], *, output_format: str, color: bool) -> None:
    """Writes it in a format of `FORMATS`."""
    if output_format == "json":
        _json(found, out)
    elif output_format == "markdown":
        _markdown(found, out)
    else:
        _text(found, out, color=color)


def _text(found: Checkpoint, out: IO[str], *, color: bool) -> None:
    out.write(f"{found.period.value} checkpoint of {_tree(found.commit)} at {moment(found.at)}\n")
    if found.before is not None:
        out.write(f"compared with {_tree(found.before_commit)} at {moment(found.before)}\n")
    width = max((len(each.name) for each in found.figures), default=0)
    for each in found.figures:
        word = paint(f"{_word(each.moved):<6}", *([_STYLES[each.moved]] if each.moved in _STYLES else []), color=color)
        said = f"  ({each.said})" if each.said else ""
        out.write(f"  {word}  {printable(each.name):<{width}}  {_way(each)}{printable(said)}\n")
    for each in found.worse:
        out.write(f"next  {printable(each.command)}\n")
    for note in found.notes:
        out.write(f"note  {printable(note)}\n")


def _markdown(found: Checkpoint, out: IO[str]) -> None:
    verdict = "worse" if found.worse else "nothing became worse" if found.before is not None else "the first"
    out.write(f"# {found.period.value.capitalize()} checkpoint: {verdict}\n\n")
    out.write(f"{_tree(found.commit)} at {moment(found.at)}")
    if found.before is not None:
        out.write(f", compared with {_tree(found.before_commit)} at {moment(found.before)}")
    out.write(f". `canonry report checkpoint {found.period.value} --no-keep` reproduces it at that commit.\n\n")
    out.write("| figure | before | now | | of | command |\n| -- | --: | --: | -- | -- | -- |\n")
    for each in found.figures:
        word = f"**{each.moved.value}**" if each in found.worse else each.moved.value
        row = (each.name, _value(each, each.before), _value(each, each.now), word, each.said, f"`{each.command}`")
        out.write(f"| {' | '.join(_cell(part) for part in row)} |\n")
    out.writelines(f"\n- {_cell(note)}\n" for note in found.notes)


def _json(found: Checkpoint, out: IO[str]) -> None:
    document = {
        "schema": 1,
        "period": found.period.value,
        "at": found.at,
        "commit": found.commit,
        "dirty": found.dirty,
        "before": None if found.before is None else {"at": found.before, "commit": found.before_commit},
        "worse": [each.name for each in found.worse],
        "figures": [
            {
                "name": each.name,
                "before": each.before,
                "now": each.now,
                "unit": each.unit,
                "moved": each.moved.value,
                "said": each.said,
                "command": each.command,
            }
            for each in found.figures
        ],
        "notes": list(found.notes),
    }
    out.write(json.dumps(document, indent=2) + "\n")


def _tree(commit: str | None) -> str:
    return commit[:10] if commit else "a tree without a commit"


def _word(moved: Moved) -> str:
    return "" if moved in (Moved.SAME, Moved.TOLD) else moved.value


def _way(figure: Figure) -> str:
    more = f", {_SAID[figure.moved]}" if figure.moved in _SAID else ""
    if figure.moved in (Moved.NEW, Moved.SAME):
        return _value(figure, figure.now)
    return f"{_value(figure, figure.before)} -> {_value(figure, figure.now)}{more}"


def _value(figure: Figure, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{_percent(value)} %" if figure.unit == "%" else f"{value:,.0f}"


def _percent(share: float) -> str:
    """Two decimals; 100 only where nothing is left."""
    percent = round(100 * share, 2)
    return f"{percent if share >= 1 else min(percent, 99.99):g}"


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|").replace("<", "&lt;")
