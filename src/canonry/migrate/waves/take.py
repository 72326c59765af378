"""A wave taken: tried, judged, and what may stay of it written as one change with a way back."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from canonry.canon.load import load_canon
from canonry.changes.apply import apply_plan, object_to_plan
from canonry.changes.git_state import names, refuse_conflicts, repository_of
from canonry.changes.journal import now
from canonry.changes.transaction import Step, no_step
from canonry.migrate.equivalence.ground import Ground, InPlace, copied
from canonry.migrate.equivalence.observe import Conditions
from canonry.migrate.equivalence.prove import Proof, Tell, Terms, prove
from canonry.migrate.waves.folder import WavesFolder
from canonry.migrate.waves.status import read_status
from canonry.model.change_plan import ChangePlan, FileChange
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.run_event import RunEvent
from canonry.model.waves import (
    Begun,
    Decision,
    GivenUp,
    Guilty,
    Judged,
    Landed,
    State,
    Status,
    Wave,
    WavePlan,
    WaveStatus,
)
from canonry.run.scratch import held_scratch, sweep
from canonry.source.syntax.versions import Version
from canonry.source.trees.tree import read_file

SCRATCH = "canonry-wave-"
"""How the names of the folders begin in which waves are tried."""
_TOO_MANY, _AT_LEAST = 0.2, 3
"""From this share of a wave's files on, and this number, guilty ones are no exception."""


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """How waves are taken. ``go_on``: past a stop, without the files that caused it."""

    conditions: Conditions = Conditions()
    terms: Terms = Terms()
    in_place: bool = False
    go_on: bool = False


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A wave that was taken; ``change`` names what was written, empty where nothing was."""

    wave: Wave
    judged: Judged
    change: str = ""
    notes: tuple[str, ...] = ()


def next_wave(status: Status, *, go_on: bool = False) -> WaveStatus | None:
    """The wave whose turn it is, None where all are done.

    Raises `UserError` where the plan has stopped, or files of the wave are not what was planned on any more.
    """
    stopped = status.stopped
    if stopped is not None and not go_on:
        assert stopped.judged is not None
        raise UserError(
            f"the plan has stopped at {stopped.wave.title}: {stopped.judged.reason}. `canonry migrate plan` plans "
            "again without what failed (`--without NAME` leaves a codemod out), `--go-on` takes the wave without it"
        )
    each = stopped or next(iter(status.open), None)
    if each is not None and each.edited:
        has = "is" if len(each.edited) == 1 else "are"
        raise UserError(
            f"{names(each.edited)} {has} not what {each.wave.title} was planned on at {status.plan.made}; `canonry "
            "migrate plan` plans again, and keeps what is done"
        )
    return each


class Work:
    """Everything that is the same for all waves of a call. ``step`` is told what is on the disk, for tests."""

    def __init__(
        self,
        root: Path,
        taking: Taking,
        *,
        tell: Tell = no_step,
        listener: Callable[[RunEvent], None] = lambda _event: None,
        step: Step = no_step,
    ) -> None:
        self.root, self.taking = root, taking
        self.tell, self.listener, self.step = tell, listener, step
        self.folder = WavesFolder(root)
        self.plan = self.folder.current()
        self.target = _version(self.plan)


def take_waves(work: Work) -> Iterator[Taken]:
    """Takes one wave after the other, as long as somebody asks for the next; ends where none is left.

    Raises what `next_wave` raises, `NothingValidatedError` where no test could prove a wave.
    """
    _refuse_other_canon(work.root, work.plan, work.taking.conditions.config)
    with work.folder.locked(), contextlib.ExitStack() as standing:
        sweep(work.root, SCRATCH, logged=work.folder.scratches())
        ground: Ground | None = None
        go_on = work.taking.go_on
        while True:
            chosen = next_wave(read_status(work.root), go_on=go_on)
            if chosen is None:
                return
            go_on = False  # past one stop, not past those to come
            git = repository_of(work.root)
            if git is not None:
                refuse_conflicts(git)
            begun = time.monotonic()
            ground = _begin(work, chosen.wave, ground, standing)
            try:
                taken = _take(work, chosen, ground, begun)
            except (UserError, NothingValidatedError, KeyboardInterrupt) as error:
                reason = str(error).partition("\n")[0] or "interrupted"
                work.folder.add(work.plan, GivenUp(wave=chosen.wave.number, at=now(), reason=reason))
                raise
            yield taken


def _begin(work: Work, wave: Wave, ground: Ground | None, standing: contextlib.ExitStack) -> Ground:
    """Says that a wave is begun, and where, before anything is made there."""
    place = ground.root if ground is not None and not work.taking.in_place else None
    if ground is None and not work.taking.in_place:
        place = standing.enter_context(held_scratch(work.root, SCRATCH)) / work.root.resolve().name
    work.folder.add(work.plan, Begun(wave=wave.number, at=now(), scratch=str(place or "")))
    work.step("begun")
    if ground is not None:
        return ground
    if place is None:
        return InPlace(work.root, target=work.target)
    work.tell("copies the tree")
    return standing.enter_context(copied(work.root, place))


def _take(work: Work, chosen: WaveStatus, ground: Ground, begun: float) -> Taken:
    plan, wave = work.plan, chosen.wave
    known = chosen.judged.guilty if chosen.state is State.STOPPED and chosen.judged is not None else ()
    out = {guilty.path for guilty in known}
    changes = tuple(file.change for file in wave.files if file.path not in out)
    proof = Proof(accepted=(), level=work.taking.terms.level)
    if changes:
        _object(work, wave, changes)
        terms, conditions = work.taking.terms, work.taking.conditions
        proof = prove(
            ground,
            changes,
            conditions,
            terms,
            renames={f"{file.path}::{old}": f"{file.path}::{new}" for file in wave.files for old, new in file.renames},
            clean=wave.canary,
            tell=lambda text: work.tell(f"{wave.title}: {text}"),
            listener=work.listener,
        )
    work.step("tried")
    decision, reason = decide(wave, proof)
    judged = Judged(
        wave=wave.number,
        at=now(),
        decision=decision,
        level=proof.level,
        place=ground.kind,
        files=tuple(change.path for change in proof.accepted) if decision is Decision.LAND else (),
        reason=reason,
        guilty=(*known, *proof.guilty),
        unmasked=proof.unmasked,
        flaky=proof.flaky,
        unproved=proof.unproved,
        measured=proof.measured,
        seconds=round(time.monotonic() - begun, 3),
    )
    work.folder.add(plan, judged)
    work.step("judged")
    if decision is not Decision.LAND:
        return Taken(wave=wave, judged=judged)
    change = _change(plan, wave, proof.accepted)
    outcome = apply_plan(work.root, change, target=work.target, step=work.step)
    work.folder.add(plan, Landed(wave=wave.number, at=now(), change=outcome.id))
    work.step("landed")
    ground.keep(proof.accepted)
    return Taken(wave=wave, judged=judged, change=outcome.id, notes=outcome.notes)


def decide(wave: Wave, proof: Proof) -> tuple[Decision, str]:
    """What a proof means for the wave, and for the plan."""
    hard = [guilty for guilty in proof.guilty if not guilty.unmasks]
    count = len(wave.files)
    if proof.hopeless:
        return Decision.STOP, proof.hopeless
    if wave.canary and hard:
        return Decision.STOP, f"tests break with {len(hard)} of its {_files(count)}{_suspects(wave, hard)}"
    if proof.slower:
        return Decision.STOP, f"{proof.slower} (`--accept-slower` takes it all the same)"
    if len(hard) >= max(_AT_LEAST, _TOO_MANY * count):
        return Decision.STOP, f"tests break with {len(hard)} of its {_files(count)}{_suspects(wave, hard)}"
    if not proof.accepted:
        return Decision.REFUSE, "none of its files may stay"
    return Decision.LAND, ""


def _suspects(wave: Wave, hard: Sequence[Guilty]) -> str:
    """The codemods of which every file in the wave is guilty."""
    guilty = {each.path for each in hard}
    names = [name for name in wave.codemods if {file.path for file in wave.files if name in file.codemods} <= guilty]
    return f", every one that {', '.join(f'`{name}`' for name in names)} edits among them" if names else ""


def _object(work: Work, wave: Wave, changes: tuple[FileChange, ...]) -> None:
    """Raises `UserError` for what could not be written once tests have run."""
    for first in object_to_plan(work.root, _change(work.plan, wave, changes), target=work.target):
        raise UserError(
            f"`{first.path}` must not be changed as planned: {first.reason}; `canonry migrate plan` plans again"
        )


def _change(plan: WavePlan, wave: Wave, changes: tuple[FileChange, ...]) -> ChangePlan:
    issue = f" for issue {wave.issue}" if wave.issue else ""
    return ChangePlan(
        files=changes,
        reason=f"{wave.title} of migration {plan.id}{issue}",
        origin=plan.origin(wave.number),
        commit=plan.commit,
    )


def _refuse_other_canon(root: Path, plan: WavePlan, config: Path | None) -> None:
    explicit = (str(config), config.read_bytes()) if config is not None else None
    if load_canon(lambda path: read_file(root / path), explicit=explicit).digest != plan.canon:
        raise UserError(
            f"the canon is not the one that plan {plan.id} was made by; `canonry migrate plan` plans again, and keeps "
            "what is done"
        )


def _version(plan: WavePlan) -> Version:
    major, _, minor = plan.target_python.partition(".")
    return int(major), int(minor)


def _files(count: int) -> str:
    return f"{count:,} {'file' if count == 1 else 'files'}"
