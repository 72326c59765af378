"""The versioned JSON report of a repair run (schema 1)."""

from typing import IO, Any

import msgspec

from canonry import __version__
from canonry.audit.result import legible
from canonry.model.repair import RepairSummary
from canonry.report.repair import grades, verdicts

SCHEMA = 1


def render(summary: RepairSummary, out: IO[str]) -> None:
    """Writes one JSON object; the fields of a file are those of `FileRepair`."""
    out.write(msgspec.json.format(msgspec.json.encode(describe(summary)), indent=2).decode() + "\n")


def describe(summary: RepairSummary) -> dict[str, Any]:
    """The object: where the numbers come from, counts, files, commits."""
    mended = [each for each in summary.repairs if each.verdict.value in ("broken", "commented-out")]
    return {
        "schema": SCHEMA,
        "tool": "canonry",
        "version": __version__,
        "commit": summary.commit,
        "dirty": summary.dirty,
        "source": summary.source,
        "target_python": summary.target_python,
        "population": {"files": summary.files, "damaged": len(summary.repairs), "left_out": summary.left_out},
        "verdicts": {verdict.value: count for verdict, count in sorted(verdicts(summary).items())},
        "grades": {grade.value: count for grade, count in sorted(grades(summary).items())},
        "tests": {
            "readable_before": sum(each.tests_before for each in mended),
            "collectable_now": sum(each.tests_now for each in mended),
        },
        "cpu_seconds": round(summary.cpu_seconds, 3),
        "plan": summary.plan or None,
        "written": sum(each.written for each in summary.repairs),
        "files": [_legible(msgspec.to_builtins(each)) for each in summary.repairs],
        "commits": [
            msgspec.to_builtins(each) | {"files": [legible(path) for path in each.files]} for each in summary.culprits
        ],
        "notes": list(summary.notes),
    }


def _legible(row: dict[str, Any]) -> dict[str, Any]:
    """The row with a path that JSON can hold."""
    source = row["source"] and row["source"] | {"path": legible(row["source"]["path"])}
    return row | {"path": legible(row["path"]), "source": source}
