"""Loads, gate results and changes as the numbers that a history keeps."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from canonry.changes.history import Change
from canonry.model.errors import UserError
from canonry.model.gate import Judgement
from canonry.model.history import Measured, Source
from canonry.model.load import VERSION, LoadResult

T = TypeVar("T")
_LANDED = ("sealed", "partly rolled back", "rolled back")


def measured_load(data: bytes, *, named: str) -> Measured:
    """The numbers of a result of `canonry load --output-format json`. Raises `UserError` where it is none, or newer."""
    found = _decoded(data, LoadResult, f"`{named}` is no whole result of `canonry load --output-format json`")
    if found.version > VERSION:
        raise UserError(
            f"`{named}` was written by a newer canonry (version {found.version}, this one knows {VERSION}); "
            "update canonry"
        )
    totals = found.totals
    values = {name: float(value) for name, value in msgspec.structs.asdict(totals).items()} | {
        "seconds": found.seconds,
        "cpu": found.cpu,
        "memory": float(found.memory),
        "events-per-second": found.events_per_second,
        "failure-share": found.failure_share,
        "concurrent-success": found.concurrent_success,
        "passed": float(found.verdict.value == "passed"),
    }
    parts = {("rule", rule): float(count) for rule, count in found.rules.items()}
    parts |= {("failure", name): float(count) for name, count in found.failures.items()}
    for timing in found.timings:
        parts |= {(f"step-p{percentile}", timing.name): each for percentile, each in timing.percentiles.items()}
    return Measured(
        id=_digest(data),
        source=Source.LOAD,
        at=found.started,
        command=f"canonry load {found.scenario}",
        basis=f"{found.scenario} {found.contract}",
        values=values,
        parts=parts,
    )


def measured_gate(data: bytes, *, named: str, at: float) -> Measured:
    """The numbers of a judgement of `canonry gate --output-format json`. Raises `UserError` where it is none."""
    found = _decoded(data, Judgement, f"`{named}` is no whole judgement of `canonry gate --output-format json`")
    kinds: Counter[str] = Counter()
    for reason in found.reasons:
        kinds[reason.kind.value] += len(reason.changes)
    return Measured(
        id=_digest(data),
        source=Source.GATE,
        at=at,
        command="canonry gate",
        basis=f"{found.base} -> {found.head}",
        values={
            "refused": float(found.refused),
            "reasons": float(len(found.reasons)),
            "changes": float(len(found.changes)),
        },
        parts={("worse", kind): float(count) for kind, count in kinds.items()},
    )


def measured_changes(changes: Iterable[Change]) -> Iterator[Measured]:
    """The numbers of the changes that landed: how many files, by rule and grade, and whether they roll one back."""
    for change in changes:
        header = change.header
        if change.state not in _LANDED:
            continue
        rules = Counter(rule for file in header.files for rule in file.rules)
        grades = Counter(file.grade.value for file in header.files)
        digests = sorted((file.path, file.before or "", file.after or "") for file in header.files)
        yield Measured(
            id=_digest(repr((header.id, header.made, digests)).encode("utf-8", "surrogateescape")),
            source=Source.PLAN,
            at=dt.datetime.fromisoformat(header.made).timestamp(),
            commit=header.head,
            command=f"canonry changes show {header.id}",
            basis=header.origin,
            values={"files": float(len(header.files)), "rolls-back": float(header.undoes is not None)},
            parts={
                **{("rule", rule): float(count) for rule, count in rules.items()},
                **{("grade", grade): float(count) for grade, count in grades.items()},
            },
        )


def _decoded(data: bytes, kind: type[T], said: str) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UserError(f"{said} ({error}); make it anew") from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
