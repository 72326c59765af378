"""A rule of a contract explained, for readers and programs."""

from typing import IO

import msgspec

from canonry import __version__
from canonry.contract.explain import Explained
from canonry.contract.mutate.matrix import Outcome
from canonry.report.style import paint, printable

SCHEMA = 1
_WIDEST = 200


def render_full(explained: Explained, out: IO[str], *, color: bool) -> None:
    """Writes what a rule demands, why, where that is written, and a stream that breaks it."""
    mutant = explained.mutant
    place = f"{explained.file}:{explained.line}" if explained.line else explained.file
    out.write(f"{paint(printable(explained.rule.id), 'bold', color=color)} of {explained.contract}\n")
    out.write(f"  demands: {printable(explained.rule.sentence)}\n")
    out.write(f"  because: {explained.why}\n")
    out.write(f"  written: {printable(place)}, `{'.'.join(map(str, explained.rule.path))}`\n")
    if explained.source:
        out.write(f"  source: {printable(explained.source)}\n")
    if mutant.outcome is Outcome.KILLED and mutant.violation is not None:
        out.write(f"  broken by: {printable(mutant.title)}\n")
        out.write(f"  says then: {printable(mutant.violation.message)}\n")
        if len(mutant.rules) > 1:
            out.write(f"  with it: {', '.join(rule for rule in mutant.rules if rule != mutant.rule)}\n")
        for line in explained.example:
            shown = line if len(line) <= _WIDEST else f"{line[: _WIDEST - 3]}..."
            out.write(f"    {printable(shown)}\n")
    else:
        out.write(f"  {paint('unproven', 'red', color=color)}: no mutant turns it red ({mutant.outcome})\n")
    if explained.others:
        out.write(f"  also in: {', '.join(explained.others)}\n")


def render_json(explained: Explained, out: IO[str]) -> None:
    """Writes one JSON object (schema 1)."""
    mutant = explained.mutant
    document = {
        "schema": SCHEMA,
        "tool": "canonry",
        "version": __version__,
        "contract": explained.contract,
        "rule": explained.rule.id,
        "sentence": explained.rule.sentence,
        "why": explained.why,
        "file": explained.file,
        "line": explained.line,
        "source": explained.source or None,
        "mutant": {
            "outcome": str(mutant.outcome),
            "change": mutant.title,
            "refused_by": mutant.rules,
            "message": mutant.violation.message if mutant.violation else None,
        },
        "example": list(explained.example),
        "others": list(explained.others),
    }
    out.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
