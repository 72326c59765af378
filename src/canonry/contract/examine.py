"""Recordings held against a contract: every connection a session, every violation with the lines that show it."""

from array import array
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from canonry.contract.check.checker import Checker, Result, Session
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.check.receive import Frame
from canonry.contract.check.shrink import shrink
from canonry.contract.check.violation import Verdict, Violation
from canonry.contract.language.shape import nearest
from canonry.contract.load import LoadedContract
from canonry.contract.recording import read_recording
from canonry.model.errors import NothingValidatedError, UserError

_KEPT = 4096
_MOST_SHRUNK = 20


class Place(msgspec.Struct, frozen=True):
    """A line of a recording, and the event on it."""

    file: str
    line: int
    event: str = ""


class Finding(msgspec.Struct, frozen=True):
    """A violation in a recording. ``place`` is None at the end of a stream; ``example`` are the fewest lines for it."""

    file: str
    violation: Violation
    place: Place | None
    witnesses: tuple[Place, ...]
    example: tuple[Place, ...] = ()


class Examined(msgspec.Struct, frozen=True):
    """What was found: results by connection as (file, result), findings in their order, sentences for the user."""

    contract: str
    profile: str | None
    results: tuple[tuple[str, Result], ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def received(self) -> int:
        """How many events came."""
        return sum(result.received for _, result in self.results)

    @property
    def judged(self) -> int:
        """How many events were judged; equal to `received`, or the checker was bypassed."""
        return sum(result.judged for _, result in self.results)

    @property
    def violated(self) -> bool:
        """Whether any rule was violated."""
        return any(result.verdict is Verdict.VIOLATED for _, result in self.results)


class _Followed:
    """A session of a recording with what is needed to point at its lines."""

    def __init__(self, session: Session, file: str) -> None:
        self.session = session
        self.file = file
        self.lines = array("Q")
        self.events: list[str] = []
        self.last: float | None = None
        self.close: int | str | None = None
        self.windows: dict[str, tuple[Violation, int, list[Frame]]] = {}

    def note(self, before: int) -> None:
        """Keeps the frames up to the first violation of each rule."""
        for violation in self.session.violations[before:]:
            if violation.rule not in self.windows:
                frames = self.session.window.last(self.session.received)
                self.windows[violation.rule] = (violation, self.session.received - len(frames), frames)

    def place(self, index: int) -> Place | None:
        """The line of an event."""
        return Place(self.file, self.lines[index], self.events[index]) if index < len(self.lines) else None


def examine(
    contract: LoadedContract,
    recordings: Iterable[tuple[str, Iterable[bytes]]],
    *,
    facts: Mapping[str, SessionFacts] | None = None,
    only: SessionFacts | None = None,
    canaries: Sequence[str] = (),
    profile: str | None = None,
    examples: bool = True,
    interpreted: bool = False,
) -> Examined:
    """Return what recordings, as (name, lines), are under a contract.

    ``facts`` say whose each connection is, ``only`` whose the only one is. Raises NothingValidatedError where no event
    was there that the contract names, UserError where ``only`` is given for several connections.
    """
    plan = contract.plan
    if not plan.isolation.canary and (canaries or any(fact.canaries for fact in (facts or {}).values())):
        raise UserError(
            f"`{contract.contract.contract}` says nothing of other users' texts, so canaries would judge nothing; "
            "add `isolation: {canary: $canary}` to it"
        )
    checker = Checker(plan, facts=facts, canaries=canaries, keep=_KEPT, interpreted=interpreted)
    followed: dict[tuple[str, str], _Followed] = {}
    for name, lines in recordings:
        for line in read_recording(lines, plan):
            one = followed.get((name, line.connection))
            if one is None:
                if only is not None and followed:
                    raise UserError(
                        f"`{name}` holds a second connection, `{line.connection}`; `--session` is for one: give "
                        f"`--sessions FILE`"
                    )
                one = _Followed(checker.session(line.connection, only), name)
                followed[name, line.connection] = one
            before = len(one.session.violations)
            if line.close is not None and not line.raw:
                one.last = line.at if line.at is not None else one.last
                if not line.faults:
                    one.close = line.close
                    continue
            faults = line.faults
            if one.close is not None:
                faults = (*faults, ("recording.line", "a frame comes after the connection was closed"))
            if faults:
                kind = one.session.receive_faulty(line.raw, faults, at=line.at, direction=line.direction)
            else:
                kind = one.session.receive(line.raw, at=line.at, direction=line.direction)
            one.lines.append(line.number)
            one.events.append(one.session.name(kind))
            one.last = line.at if line.at is not None else one.last
            one.close = line.close if line.close is not None else one.close
            if len(one.session.violations) > before:
                one.note(before)
    results, findings = [], []
    for one in followed.values():
        before = len(one.session.violations)
        # counted here, line by line, and not by the checker, whose own count is held against it
        result = msgspec.structs.replace(one.session.end(one.last, one.close), received=len(one.lines))
        one.note(before)
        results.append((one.file, result))
        findings += _findings(one, result, facts or {}, only, canaries, plan_examples=contract if examples else None)
    _refuse_nothing([result for _, result in results])
    heard = {connection for _, connection in followed}
    unknown = _unheard(facts or {}, heard)
    said = {path.text for path, _ in plan.isolation.session} | {path.name for path, _ in plan.isolation.session}
    idle = [name for name in (only.user if only is not None else {}) if name not in said]
    notes = [*contract.notes, *(f"the contract has no `{name}` of a session, so it judges nothing" for name in idle)]
    notes += [f"not judged: the connection `{name}`, which no recording holds" for name in unknown]
    if facts:
        notes += [
            f"nothing is said of whose `{name}` is, so its user was not judged" for name in sorted(heard - facts.keys())
        ]
    return Examined(contract.contract.contract, profile, tuple(results), tuple(findings), tuple(notes))


def _unheard(facts: Mapping[str, SessionFacts], heard: set[str]) -> list[str]:
    """The connections that facts are given of and no recording holds. Raises UserError where that is all of them."""
    unknown = [name for name in facts if name not in heard]
    if facts and len(unknown) == len(facts):
        near = nearest(unknown[0], sorted(heard))
        known = ", ".join(f"`{name}`" for name in sorted(heard)[:5])
        raise UserError(
            f"no recording holds the connection `{unknown[0]}` that is spoken of; "
            + (f"did you mean `{near}`?" if near else f"there are {known}")
        )
    return unknown


def require_known(contract: LoadedContract, facts: Iterable[SessionFacts]) -> None:
    """Raises UserError where what is said of a session is nothing that the contract looks at."""
    known = {name for path, _ in contract.plan.isolation.session for name in (path.text, path.name)}
    for fact in facts:
        if known and fact.user and not known & fact.user.keys():
            given = next(iter(fact.user))
            near = nearest(given, sorted(known))
            raise UserError(
                f"`{contract.contract.contract}` knows no `{given}` of a session; "
                + (f"did you mean `{near}`?" if near else f"name {', '.join(f'`{one}`' for one in sorted(known))}")
            )


def _findings(
    one: _Followed,
    result: Result,
    facts: Mapping[str, SessionFacts],
    only: SessionFacts | None,
    canaries: Sequence[str],
    *,
    plan_examples: LoadedContract | None,
) -> list[Finding]:
    found = []
    shrunk = 0
    for violation in result.violations:
        example: tuple[Place, ...] = ()
        window = one.windows.get(violation.rule)
        if plan_examples is not None and window is not None and window[0] == violation and shrunk < _MOST_SHRUNK:
            shrunk += 1
            known = only or facts.get(violation.connection)
            indices = shrink(plan_examples.plan, window[2], window[1], violation, facts=known, canaries=canaries)
            example = tuple(place for index in indices if (place := one.place(index)))
        witnesses = tuple(place for index in violation.witnesses if (place := one.place(index)))
        found.append(Finding(one.file, violation, one.place(violation.index), witnesses, example))
    return found


def _refuse_nothing(results: list[Result]) -> None:
    received = sum(result.received for result in results)
    if not received:
        raise NothingValidatedError("no event was there to be judged; is this the right recording?")
    if received != (judged := sum(result.judged for result in results)):
        raise NothingValidatedError(f"{received:,} events were handed to the checker, which judged {judged:,}")
    if not any(result.known or result.counted for result in results):
        raise NothingValidatedError(
            f"none of the {received:,} events is one of the contract's, so nothing was judged; is this the right "
            f"contract?"
        )
