"""The plan of a migration in waves, made of what the engine plans for each file."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from canonry.audit.breakdown import read_owners
from canonry.canon.options import Canon, Priority
from canonry.canon.selection import categories_of, matches
from canonry.changes.journal import now
from canonry.changes.splice import digest_of
from canonry.migrate.engine import Migrated
from canonry.migrate.waves.canary import canary_of
from canonry.migrate.waves.order import in_waves
from canonry.model.change_plan import FileChange
from canonry.model.edit import Grade
from canonry.model.errors import UserError
from canonry.model.migration import Item
from canonry.model.waves import HandFile, HandFinding, PlannedFile, Wave, WavePlan

_RANKS = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}
_NOT_CODEMODS = frozenset(("imports",))

Condemned = Mapping[tuple[str, str, str], str]
"""Path, digest before, digest after -> why an earlier wave could not keep that change."""


def plan_waves(
    found: Migrated,
    *,
    id: str,
    review: bool,
    size: int,
    issues: Mapping[int, str],
    condemned: Condemned,
    unreached: frozenset[str] = frozenset(),
    arguments: tuple[str, ...] = (),
) -> WavePlan:
    """The files of a migration dealt out to waves, the canary first.

    Changes that an earlier wave could not keep are left to a hand; ``unreached`` files come last. Raises `UserError`
    for the issue of a wave that there is not.
    """
    after = {path: digest_of(content) for path, content in found.after().items()}
    items = _by_path(found.summary.items)
    owners = read_owners(found.codeowners) if found.codeowners else None
    planned: list[PlannedFile] = []
    failed: dict[str, str] = {}
    for change in found.plan.files:
        why = condemned.get((change.path, change.digest or "", after[change.path]))
        if why is not None:
            failed[change.path] = why
            continue
        names = owners(change.path) if owners is not None else []
        file = _planned(change, after[change.path], items[change.path], found.canon, " ".join(names))
        renames, reached = found.renames.get(change.path, ()), change.path not in unreached
        planned.append(msgspec.structs.replace(file, renames=renames, reached=reached))
    waves = _numbered(planned, found, size=size)
    _refuse_unknown(issues, len(waves))
    return WavePlan(
        id=id,
        made=now(),
        commit=found.summary.commit,
        dirty=found.summary.dirty,
        canon=canon_digest(found.canon),
        target_python=found.summary.target_python,
        size=size,
        review=review,
        waves=tuple(msgspec.structs.replace(each, issue=issues.get(each.number, "")) for each in waves),
        by_hand=tuple(_by_hand(items, {each.path for each in planned}, failed)),
        arguments=arguments,
    )


def canon_digest(canon: Canon) -> str:
    """A digest of everything that a canon says."""
    return hashlib.sha256(msgspec.json.encode(canon, order="sorted")).hexdigest()


def _planned(change: FileChange, after: str, items: list[Item], canon: Canon, owner: str) -> PlannedFile:
    categories = categories_of(canon, change.path)
    ranks = [_RANKS[canon.categories[name].priority] for name in categories]
    if any(matches(change.path, flow.tests) for flow in canon.flows.values() if flow.tests):
        ranks.append(0)
    best = min(categories, key=lambda name: _RANKS[canon.categories[name].priority], default="")
    return PlannedFile(
        change=change,
        after=after,
        codemods=tuple(sorted({edit.rule for edit in change.edits} - _NOT_CODEMODS)),
        findings=sum(item.planned for item in items),
        owner=owner,
        category=best,
        priority=min(ranks, default=2),
        left=tuple(_left(items)),
    )


def _numbered(planned: list[PlannedFile], found: Migrated, *, size: int) -> list[Wave]:
    canary = canary_of(planned, is_test=found.settings.is_test_path)
    first = {each.path for each in canary}
    others = in_waves([each for each in planned if each.path not in first], size=size)
    waves = [Wave(number=1, files=tuple(canary), canary=True)] if canary else []
    return waves + [Wave(number=number, files=tuple(files)) for number, files in enumerate(others, len(waves) + 1)]


def _refuse_unknown(issues: Mapping[int, str], count: int) -> None:
    unknown = sorted(number for number in issues if not 1 <= number <= count)
    if unknown:
        there = f"there are {count}" if count != 1 else "there is one"
        raise UserError(f"there is no wave {unknown[0]} to carry issue {issues[unknown[0]]}; {there}")


def _by_path(items: Iterable[Item]) -> dict[str, list[Item]]:
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[item.path].append(item)
    return found


def _left(items: Iterable[Item]) -> Iterable[HandFinding]:
    """What stays of a file's findings; one that an edit elsewhere mends does not."""
    for item in items:
        if not item.planned and (item.edits or item.grade is not Grade.SAFE):
            yield _finding(item, item.grade, item.reason)


def _by_hand(items: Mapping[str, list[Item]], planned: set[str], failed: Mapping[str, str]) -> Iterable[HandFile]:
    for path in sorted(items):
        if path in planned:
            continue
        findings = list(_left(items[path]))
        if path in failed:
            findings += [_finding(item, Grade.MANUAL, failed[path]) for item in items[path] if item.planned]
        if findings:
            yield HandFile(path=path, findings=tuple(sorted(findings, key=lambda each: each.line)))


def _finding(item: Item, grade: Grade, reason: str) -> HandFinding:
    return HandFinding(line=item.line, codemod=item.codemod, rule=item.rule, grade=grade, reason=reason)
