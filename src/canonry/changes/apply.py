"""A change plan put onto the disk: all of it or nothing, checked before, journalled, and with a way back."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from canonry.changes.check import check_result, object_to_grade
from canonry.changes.checks.as_read import object_to_change
from canonry.changes.checks.settled import PlanAgain
from canonry.changes.files import new_file_mode
from canonry.changes.folder import ChangesFolder
from canonry.changes.git_state import head_of, names, refuse_conflicts, repository_of, warnings
from canonry.changes.journal import FileRecord, Header, next_id, now
from canonry.changes.recover import recover_locked, told
from canonry.changes.splice import digest_of, result_of
from canonry.changes.targets import (
    LeftOut,
    missing_folders,
    nothing_left_out,
    owner_of,
    read_target,
    refuse_left_out,
    resolve,
)
from canonry.changes.transaction import Outcome, Prove, Step, no_proof, no_step, replace_files
from canonry.model.change_plan import ChangePlan, FileChange, Verification
from canonry.model.errors import UserError
from canonry.source.syntax.versions import RUNNING, Version
from canonry.source.trees.git import Git

Verify = Callable[[str, bytes, bytes], str | None]
"""Given a path, its bytes and what they are to become: the objection, None where there is none."""


class Objection(msgspec.Struct, frozen=True):
    """Why the planned result of a file must not be written: a sentence without its subject."""

    path: str
    reason: str


class RefusedError(UserError):
    """A plan's result does not pass a check; nothing was written. ``objection`` says which file's. Exit status 2."""

    def __init__(self, objection: Objection) -> None:
        super().__init__(f"`{objection.path}` is not changed, nor any other file of the plan: {objection.reason}")
        self.objection = objection


def apply_plan(
    root: Path,
    plan: ChangePlan,
    *,
    verify: Verify | None = None,
    target: Version = RUNNING,
    plan_again: PlanAgain | None = None,
    left_out: LeftOut = nothing_left_out,
    resolves: Collection[str] = (),
    prove: Prove = no_proof,
    step: Step = no_step,
) -> Outcome:
    """Makes all changes of a plan below ``root`` (the top of the working tree), or raises and leaves every byte.

    Before a byte is written every file is compared with what was planned on, and every result is checked: with the
    six checks at the ``target`` Python where the plan's verification is ``edits`` (``plan_again`` is the planner, for
    the fourth), with ``verify``, which is required, where it is ``own``. ``left_out`` says which paths are none of
    ours, ``resolves`` which may be in conflict, because the plan resolves them. ``prove`` judges the tree while the
    changes stand in it; only then they are sealed.

    Raises `UserError`, one sentence and the next step, where it refuses, and `UndoneError` where something failed on
    the way and was undone.
    """
    _require(plan, verify)
    if not plan.files:
        raise UserError("the plan changes no file; there is nothing to apply")
    folder = ChangesFolder(root)
    git = repository_of(root)
    with folder.locked(), told(notes := recover_locked(folder)):
        if git is not None:
            refuse_conflicts(git, but=resolves)
        records, contents = _prepare(root, plan, git, left_out)
        for objection in _objections(plan, records, contents, verify, target, plan_again):
            raise RefusedError(objection)
        said = warnings(git, planned_at=plan.commit) if git is not None else []
        header = Header(
            id=next_id(folder.journal),
            made=now(),
            reason=plan.reason,
            origin=plan.origin,
            verification=plan.verification.value,
            files=tuple(records),
            head=head_of(git),
        )
        replace_files(folder, header, contents, prove=prove, step=step)
    return Outcome(id=header.id, files=tuple(record.path for record in records), notes=(*notes, *said))


def object_to_plan(
    root: Path,
    plan: ChangePlan,
    *,
    verify: Verify | None = None,
    target: Version = RUNNING,
    plan_again: PlanAgain | None = None,
    left_out: LeftOut = nothing_left_out,
) -> list[Objection]:
    """What `apply_plan` would refuse to write, file by file, for a preview; nothing is written, locked or recovered.

    Raises `UserError` where the plan as a whole cannot be applied, as `apply_plan` does.
    """
    _require(plan, verify)
    records, contents = _prepare(root, plan, repository_of(root), left_out)
    return list(_objections(plan, records, contents, verify, target, plan_again))


def _require(plan: ChangePlan, verify: Verify | None) -> None:
    if plan.verification is Verification.OWN and verify is None:
        raise ValueError("a plan with its own verification needs `verify`")


def _prepare(
    root: Path, plan: ChangePlan, git: Git | None, left_out: LeftOut
) -> tuple[list[FileRecord], Mapping[str, bytes]]:
    """What is to be done with each file, and the bytes of all digests that are spoken of."""
    paths = [resolve(root, change.path) for change in plan.files]
    twice = sorted({path for path in paths if paths.count(path) > 1}) if len(set(paths)) < len(paths) else []
    if twice:
        raise UserError(f"the plan changes {names(twice)} twice; plan each file once")
    refuse_left_out(root, git, paths, left_out)
    contents: dict[str, bytes] = {}
    records = [_record(root, path, change, contents) for path, change in zip(paths, plan.files, strict=True)]
    return records, contents


def _record(root: Path, path: str, change: FileChange, contents: dict[str, bytes]) -> FileRecord:
    found = read_target(root, path)
    before, mode = found if found is not None else (None, change.mode if change.mode is not None else new_file_mode())
    objection = object_to_change(before, change.digest)
    if objection:
        raise UserError(f"`{change.path}` {objection}")
    after = result_of(change, before)
    if after == before:
        raise UserError(f"the plan leaves `{change.path}` as it is; plan only files that change")
    for content in (before, after):
        if content is not None:
            contents[digest_of(content)] = content
    return FileRecord(
        path=path,
        before=None if before is None else digest_of(before),
        after=None if after is None else digest_of(after),
        mode=mode,
        owner=owner_of(root / path),
        folders=missing_folders(root, path),
        reason=change.reason,
        grade=change.grade,
        rules=tuple(sorted({edit.rule for edit in change.edits})),
    )


def _objections(
    plan: ChangePlan,
    records: Sequence[FileRecord],
    contents: Mapping[str, bytes],
    verify: Verify | None,
    target: Version,
    plan_again: PlanAgain | None,
) -> Iterator[Objection]:
    """The first objection to each file that there is one to."""
    own = plan.verification is Verification.OWN
    for change, record in zip(plan.files, records, strict=True):
        before = None if record.before is None else contents[record.before]
        after = b"" if record.after is None else contents[record.after]
        if record.after is None:
            reason = object_to_grade(change)
        else:
            reason = check_result(change, before, after, target=target, plan_again=plan_again, own=own)
        if reason is None and record.after is not None and verify is not None:
            reason = verify(change.path, before or b"", after)
        if reason is not None:
            yield Objection(change.path, reason)
