"""How far repair and migration are, and what they took: from the journal of changes and from waves."""

from pathlib import Path

from canonry.changes.folder import ChangesFolder
from canonry.changes.history import read_history
from canonry.migrate.waves.folder import WavesFolder
from canonry.migrate.waves.status import read_status
from canonry.model.errors import UserError
from canonry.model.standing import Absent, ChangeLine, Compliance, Migration, Origin, Repair, WaveLine
from canonry.model.waves import Status, WaveStatus

_REPAIR = "repair"


def changes_of(root: Path, notes: list[str]) -> tuple[ChangeLine, ...]:
    """Every change that canonry made here, the oldest first; none, noted, where the journal cannot be read."""
    try:
        history = read_history(ChangesFolder(root))
    except UserError as error:
        notes.append(str(error))
        return ()
    return tuple(
        ChangeLine(
            id=each.header.id,
            made=each.header.made,
            origin=each.header.origin,
            state=each.state,
            files=len(each.header.files),
            standing=len(each.standing),
        )
        for each in history
    )


def repair_of(compliance: Compliance, changes: tuple[ChangeLine, ...]) -> Repair:
    """The files that do not parse now, and those that repairs wrote and that stand."""
    repairs = tuple(each for each in changes if each.origin.split(" ")[0] == _REPAIR)
    origin = compliance.origin
    return Repair(
        origin=Origin(
            command="canonry repair --output-format json",
            population=f"{compliance.files:,} Python files, {len(repairs):,} changes by `canonry repair`",
            commit=origin.commit,
            dirty=origin.dirty,
            at=origin.at,
        ),
        unparsable=compliance.unparsable,
        repaired=sum(each.standing for each in repairs),
        changes=repairs,
    )


def migration_of(root: Path, *, at: float, notes: list[str]) -> Migration | Absent:
    """The current plan of waves, where there is one that can be read."""
    if not any(WavesFolder(root).place.glob("*.json")):
        return Absent("no migration is planned here", "canonry migrate plan")
    try:
        status = read_status(root)
    except UserError as error:
        return Absent(str(error), "canonry migrate plan")
    notes.extend(status.notes)
    waves, files, seconds = status.measured
    return Migration(
        origin=Origin(
            command="canonry migrate status --output-format json",
            population=f"{len(status.waves):,} waves with {status.plan.files:,} files, plan {status.plan.id}",
            commit=status.plan.commit,
            dirty=status.plan.dirty,
            at=at,
        ),
        plan=status.plan.id,
        waves=tuple(_wave(each, status) for each in status.waves),
        by_hand=len(status.plan.by_hand),
        waves_tried=waves,
        files_tried=files,
        seconds=seconds,
    )


def _wave(each: WaveStatus, status: Status) -> WaveLine:
    wave, judged = each.wave, each.judged
    return WaveLine(
        number=wave.number,
        state=each.state.value,
        files=len(wave.files),
        landed=len(judged.files) if judged is not None and each.change and each.state.value.startswith("landed") else 0,
        priority=min((file.priority for file in wave.files), default=2),
        grade=wave.grade.value,
        codemods=wave.codemods,
        issue=wave.issue,
        seconds=judged.seconds if judged is not None else 0.0,
    )
