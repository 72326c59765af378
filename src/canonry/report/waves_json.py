"""Waves as JSON: every file once, with its wave, its grade, and what became of it."""

import json
from typing import IO, Any

import msgspec

from canonry.model.waves import Guilty, HandFinding, Judged, PlannedFile, Status, WaveStatus

_SCHEMA_VERSION = 1


def render_json(status: Status, out: IO[str]) -> None:
    """Writes the plan, the waves with their files, what is left to a hand, the measured effort."""
    plan = status.plan
    count, files, seconds = status.measured
    json.dump(
        {
            "schema": _SCHEMA_VERSION,
            "plan": plan.id,
            "made": plan.made,
            "commit": plan.commit,
            "dirty": plan.dirty,
            "target_python": plan.target_python,
            "size": plan.size,
            "review": plan.review,
            "arguments": plan.arguments,
            "files": plan.files,
            "measured": {"waves": count, "files": files, "seconds": round(seconds, 3)},
            "left": {"waves": len(status.open), "files": sum(len(each.wave.files) for each in status.open)},
            "waves": [wave_data(each) for each in status.waves],
            "by_hand": [
                {"path": file.path, "findings": [_finding(each) for each in file.findings]} for file in plan.by_hand
            ],
            "notes": status.notes,
        },
        out,
        indent=1,
    )
    out.write("\n")


def wave_data(each: WaveStatus) -> dict[str, Any]:
    """One wave."""
    wave, judged = each.wave, each.judged
    guilty = {one.path: one for one in judged.guilty} if judged is not None else {}
    landed = set(judged.files) if judged is not None and each.change else set()
    return {
        "number": wave.number,
        "canary": wave.canary,
        "issue": wave.issue or None,
        "state": each.state.value,
        "change": each.change or None,
        "grade": wave.grade.value,
        "codemods": wave.codemods,
        "owners": wave.owners,
        "proof": _proof(judged),
        "files": [_file(file, each, guilty.get(file.path), landed=file.path in landed) for file in wave.files],
    }


def _file(file: PlannedFile, each: WaveStatus, guilty: Guilty | None, *, landed: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "path": file.path,
        "grade": file.grade.value,
        "codemods": file.codemods,
        "edits": len(file.change.edits),
        "findings": file.findings,
        "owner": file.owner or None,
        "category": file.category or None,
        "priority": f"P{file.priority}",
        "landed": landed,
        "edited": file.path in each.edited,
        "left": [_finding(one) for one in file.left],
    }
    if guilty is not None:
        data["guilty"] = {
            "reason": guilty.reason,
            "unmasks": guilty.unmasks,
            "tests": msgspec.to_builtins(guilty.tests),
        }
    return data


def _proof(judged: Judged | None) -> dict[str, Any] | None:
    if judged is None:
        return None
    return {
        "at": judged.at,
        "decision": judged.decision.value,
        "level": judged.level.value,
        "place": judged.place,
        "reason": judged.reason,
        "seconds": judged.seconds,
        "unmasked": msgspec.to_builtins(judged.unmasked),
        "flaky": judged.flaky,
        "unproved": len(judged.unproved),
        **msgspec.to_builtins(judged.measured),
    }


def _finding(each: HandFinding) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(each)
    return data
