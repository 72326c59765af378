"""Where a plan stands. What landed is read from the journal of changes, which alone knows what is in the tree."""

from collections.abc import Mapping
from pathlib import Path

from canonry.changes.folder import ChangesFolder
from canonry.changes.history import Change, read_history
from canonry.changes.recover import recover
from canonry.changes.splice import digest_of
from canonry.migrate.waves.folder import WavesFolder
from canonry.model.errors import UserError
from canonry.model.waves import Begun, Decision, Entry, GivenUp, Judged, State, Status, Wave, WavePlan, WaveStatus
from canonry.source.trees.tree import read_file

_OF_CHANGES = {"rolled back": State.ROLLED_BACK, "partly rolled back": State.PARTLY}
_STANDING = ("sealed", "rolled back", "partly rolled back")


def read_status(root: Path) -> Status:
    """The current plan and where each wave stands; a change that was cut off is undone first, which a note says.

    Raises `UserError` where there is no plan.
    """
    folder = WavesFolder(root)
    plan = folder.current()
    try:
        notes = recover(root)
    except UserError as error:
        notes = (str(error),)
    log = folder.log(plan)
    history = read_history(ChangesFolder(root))
    by_origin = {change.header.origin: change for change in history if change.state in _STANDING}
    waves = tuple(_status(root, plan, wave, log, by_origin) for wave in plan.waves)
    return Status(plan=plan, waves=waves, log=log, notes=notes, earlier=folder.measured_before(plan))


def edited_since(root: Path, wave: Wave) -> tuple[str, ...]:
    """The files of a wave that are not what was planned on any more."""
    return tuple(file.path for file in wave.files if _digest(root / file.path) != file.change.digest)


def _status(
    root: Path, plan: WavePlan, wave: Wave, log: tuple[Entry, ...], by_origin: Mapping[str, Change]
) -> WaveStatus:
    mine = [entry for entry in log if entry.wave == wave.number]
    judged = next((entry for entry in reversed(mine) if isinstance(entry, Judged)), None)
    change = by_origin.get(plan.origin(wave.number))
    state = _state(wave, mine, judged, change)
    return WaveStatus(
        wave=wave,
        state=state,
        change=change.header.id if change is not None else "",
        judged=judged,
        edited=edited_since(root, wave) if state.is_open else (),
    )


def _state(wave: Wave, mine: list[Entry], judged: Judged | None, change: Change | None) -> State:
    if change is not None:
        whole = State.LANDED if len(change.header.files) == len(wave.files) else State.PARTLY
        return _OF_CHANGES.get(change.state, whole)
    if mine and isinstance(mine[-1], Begun):
        return State.INTERRUPTED
    if judged is None or (mine and isinstance(mine[-1], GivenUp)):
        return State.STOPPED if judged is not None and judged.decision is Decision.STOP else State.WAITING
    if judged.decision is Decision.LAND:  # it was to land, and the journal does not know it
        return State.INTERRUPTED
    return State.STOPPED if judged.decision is Decision.STOP else State.REFUSED


def _digest(path: Path) -> str | None:
    content = read_file(path)
    return None if content is None else digest_of(content)
