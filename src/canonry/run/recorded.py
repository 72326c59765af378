"""A run as the history keeps it: of a recording, whose lines are decoded only where they count, or of a summary."""

import contextlib
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from canonry.history.store.records import Recorded
from canonry.model.errors import UserError
from canonry.model.history import KeptFailure, KeptFlow, KeptRun
from canonry.model.outcome import Outcome
from canonry.model.run_event import (
    AttemptEnded,
    Collected,
    ContractJudged,
    FlowCovered,
    RunEnded,
    RunStarted,
    Uncollectable,
    decode,
)
from canonry.run.naming import of_tree
from canonry.run.recording import first_event, read_recording
from canonry.run.summary import FAILED, RunSummary

_CUT = "its recording was cut off"
_SAME = ("python", "implementation", "platform", "machine")
"""What of a fingerprint makes an environment, beside versions of packages and services."""
_AS_WRITTEN = b'{"event":"run-started"'
_ATTEMPT = b'{"event":"attempt-ended"'
_WANTED = (
    _ATTEMPT,
    *(
        b'{"event":"%s"' % tag.encode()
        for tag in ("run-ended", "collected", "uncollectable", "contract-judged", "flow-covered")
    ),
)
"""How the lines begin that count; `Recorder` writes the tag first."""
_UNCOLLECTABLE = Outcome.UNCOLLECTABLE.value
_KNOWN = frozenset(each.value for each in Outcome)
_BAD = frozenset(each.value for each in Outcome if each.is_bad)


_FARTHEST = 1e11
"""Seconds: some 3,000 years. What claims more is damaged."""
_Time = Annotated[float, msgspec.Meta(ge=-_FARTHEST, le=_FARTHEST)]
_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class _Ended(msgspec.Struct, frozen=True, gc=False, tag_field="event", tag="attempt-ended"):
    """An `AttemptEnded` without what no history keeps, and with a plain word as its outcome."""

    node: str
    outcome: str
    attempt: _Count = 1
    category: str = ""
    at: _Time = 0.0
    duration: _Time = 0.0
    worker: _Count = 0
    reason: str = ""
    path: str = ""
    line: _Count = 0
    text: str = ""


_DECODER = msgspec.json.Decoder(_Ended)


def recorded_run(path: Path) -> Recorded:
    """The run of a recording, up to where that was cut off. Raises `UserError` where it is none or a newer one."""
    try:
        with open(path, "rb") as file:
            first = file.readline()
            started = first_event(first, path)
            if first.startswith(_AS_WRITTEN):
                attempts, others = _read([line for line in file if line.startswith(_WANTED)])
            else:  # somebody else has written it again, in his own way
                attempts, others = _read_all(read_recording(path))
    except OSError as error:
        raise UserError(
            f"`{path}` cannot be read ({(error.strerror or 'refused').lower()}); name another recording"
        ) from error
    return _recorded(started, attempts, others)


def _read(lines: list[bytes]) -> tuple[list[_Ended], list[object]]:
    """The attempts, and what else counts; in the order of the lines. Ends where a line is cut off."""
    if lines and not lines[-1].endswith(b"\n"):
        del lines[-1]
    wanted = [line for line in lines if line.startswith(_ATTEMPT)]
    others: list[object] = []
    if len(wanted) < len(lines):
        for line in lines:
            if not line.startswith(_ATTEMPT):
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):  # of a later canonry
                    others.append(decode(line))
    try:
        attempts = _DECODER.decode_lines(b"".join(wanted))
    except (msgspec.DecodeError, UnicodeDecodeError):
        attempts = [each for line in wanted for each in _one(line)]
    if not {each.outcome for each in attempts} <= _KNOWN:
        attempts = [each for each in attempts if each.outcome in _KNOWN]
    return attempts, others


def _one(line: bytes) -> Iterable[_Ended]:
    try:
        return (_DECODER.decode(line),)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()


def _read_all(events: Iterable[object]) -> tuple[list[_Ended], list[object]]:
    attempts: list[_Ended] = []
    others: list[object] = []
    for event in events:
        if isinstance(event, AttemptEnded):
            attempts.append(_ended(event))
        else:
            others.append(event)
    return attempts, others


def _ended(event: AttemptEnded) -> _Ended:
    return _Ended(
        event.node,
        event.outcome.value,
        event.attempt,
        event.category,
        event.at,
        event.duration,
        event.worker,
        event.reason,
        event.path,
        event.line,
        event.text,
    )


def recorded_summary(summary: RunSummary) -> Recorded:
    """The run that has just ended here."""
    attempts = [_ended(each) for result in summary.results.values() for each in result.attempts]
    ended = summary.ended or RunEnded()
    others: list[object] = [
        msgspec.structs.replace(ended, status=summary.status()),
        *(Collected(path=path, nodes=("",) * count) for path, count in summary.collected.items()),
        *summary.uncollectable.values(),
        *summary.contracts,
        *summary.flows.values(),
    ]
    return _recorded(summary.started, attempts, others)


def _recorded(started: RunStarted, attempts: list[_Ended], others: Iterable[object]) -> Recorded:
    place = started.place
    ended: RunEnded | None = None
    uncollectable: set[str] = set()
    collected: set[str] = set()
    flows: list[FlowCovered] = []
    walked: dict[str, set[str]] = {}
    for event in others:
        match event:
            case RunEnded():
                ended = event
            case Uncollectable():
                uncollectable.add(event.path)
            case Collected():
                collected.add(event.path)
            case FlowCovered():
                flows.append(event)
            case ContractJudged() if event.flow:
                walked.setdefault(event.flow, set()).add(of_tree(event.node, place))
    if place:
        attempts = [msgspec.structs.replace(each, node=of_tree(each.node, place)) for each in attempts]
    absent = {each.node for each in attempts if each.outcome == _UNCOLLECTABLE and "::" in each.node}
    healed = {of_tree(path, place) for path in collected - uncollectable}
    return Recorded(
        run=_run(started, ended, attempts),
        attempts=attempts,
        failures=_failures(started.run, attempts),
        flows=[
            KeptFlow(run=started.run, covered=flow, tests=tuple(sorted(walked.get(flow.flow, ())))) for flow in flows
        ],
        gone=absent | healed,
    )


def _run(started: RunStarted, ended: RunEnded | None, attempts: list[_Ended]) -> KeptRun:
    if not abs(started.at) <= _FARTHEST:
        started = msgspec.structs.replace(started, at=0.0)
    if ended is not None and not (abs(ended.duration) <= _FARTHEST and abs(ended.status) < 2**31):
        ended = None
    last = started.at if ended is not None else max((each.at for each in attempts), default=started.at)
    return KeptRun(
        id=started.run,
        at=started.at,
        commit=started.commit,
        dirty=started.dirty,
        profile=started.profile,
        status=FAILED if ended is None else ended.status,
        duration=max(0.0, last - started.at) if ended is None else ended.duration,
        machine=started.host,
        environment=environment_of(started.fingerprint),
        fingerprint=started.fingerprint,
        reason=_CUT if ended is None else ended.reason,
        whole=ended is not None,
        root=started.root,
    )


def _failures(run: str, attempts: Iterable[_Ended]) -> list[KeptFailure]:
    return [
        KeptFailure(
            run=run,
            node=each.node,
            attempt=each.attempt,
            reason=each.reason,
            path=each.path,
            line=each.line,
            text=each.text,
        )
        for each in attempts
        if each.outcome in _BAD and (each.reason or each.text)
    ]


def environment_of(fingerprint: Mapping[str, str]) -> str:
    """One word for what a run stood on, alike where Python, platform, packages and services are.

    Names of variables, kernel, time zone and number of cores do not count: they differ between any two shells.
    """
    if not fingerprint:
        return ""
    counted = [
        f"{key}={value}"
        for key, value in sorted(fingerprint.items())
        if key in _SAME or key.startswith(("package:", "service:"))
    ]
    digest = hashlib.blake2b("\n".join(counted).encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    return f"{fingerprint.get('platform', '').lower()}-{fingerprint.get('python', '')}-{digest}".strip("-")
