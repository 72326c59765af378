"""A migration as JSON, and as Markdown for a pull request."""

import json
from typing import IO

import msgspec

from canonry.model.edit import Grade
from canonry.model.migration import MigrationSummary
from canonry.report.migration import grades, origin

_SCHEMA_VERSION = 1


def render_json(summary: MigrationSummary, out: IO[str]) -> None:
    """Writes the whole run: its origin, the counts, every finding."""
    fields = msgspec.to_builtins(summary)
    items = fields.pop("items")
    counts = {name: {grade.value: count[grade] for grade in Grade} for name, count in grades(summary).items()}
    json.dump({"schema": _SCHEMA_VERSION, **fields, "grades": counts, "items": items}, out, indent=1)
    out.write("\n")


def render_markdown(summary: MigrationSummary, out: IO[str]) -> None:
    """Writes the counts and, by file, what wants a reader or a hand."""
    out.write(f"# Migration\n\n{origin(summary)}; edits of {summary.changed:,} files.\n\n")
    out.write("| codemod | safe | review | manual |\n| -- | --: | --: | --: |\n")
    for name, counts in grades(summary).items():
        out.write(f"| {name} | {counts[Grade.SAFE]:,} | {counts[Grade.REVIEW]:,} | {counts[Grade.MANUAL]:,} |\n")
    for grade, title in ((Grade.REVIEW, "Wants a reader"), (Grade.MANUAL, "By hand")):
        told = [item for item in summary.items if item.grade is grade]
        if told:
            out.write(f"\n## {title}\n\n")
            for item in told:
                out.write(f"- `{_safe(item.path)}:{item.line}` {item.codemod}: {_safe(item.reason)}\n")
                if item.detail:
                    code = "\n".join(f"  {line}".rstrip() for line in item.detail.splitlines())
                    out.write(f"\n  ```python\n{code}\n  ```\n\n")


def _safe(text: str) -> str:
    """Text that stays on its line."""
    return "".join(each if each.isprintable() else "?" for each in text).replace("|", "\\|")
