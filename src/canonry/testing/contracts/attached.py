"""A contract attached to the connections of a test."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from canonry.contract.check.checker import Checker
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.check.shrink import shrink
from canonry.contract.check.violation import Violation
from canonry.contract.load import LoadedContract, load_contract
from canonry.model.errors import NothingValidatedError
from canonry.testing import context, events
from canonry.testing.contracts.stream import JudgedStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SHOWN, _LONGEST = 5, 400


class ContractViolationError(AssertionError):
    """A stream is not what its contract says, or nothing was judged. ``violations`` are all of them, in order."""

    def __init__(self, message: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(message)
        self.violations = tuple(violations)


class EventContract:
    """A contract (a shipped name or a YAML file) for all connections of a test, each held against the others.

    As a context manager it checks at the end of the block; an exception of the block's own is raised in its place, with
    what the contract says as a note. Raises `UserError` for a contract that is not there or contradicts itself.

    ``canaries`` are texts that must appear on no connection, ``profile`` and ``policy`` choices of the contract. A run
    records what was judged, for the test ``node`` and its ``flow``.
    """

    def __init__(
        self,
        contract: str | Path | LoadedContract,
        *,
        profile: str | None = None,
        policy: Mapping[str, str] | None = None,
        canaries: Iterable[str] = (),
        node: str = "",
        flow: str = "",
    ) -> None:
        self._node, self._flow, self._told_of = node, flow, False
        self.contract = (
            contract
            if isinstance(contract, LoadedContract)
            else load_contract(str(contract), profile=profile, policy=policy)
        )
        self._canaries = tuple(canaries)
        self.checker = Checker(self.contract.plan, canaries=self._canaries)
        self.streams: list[JudgedStream] = []

    def stream(
        self,
        name: str = "",
        *,
        owned: Mapping[str, Iterable[Any]] | None = None,
        canaries: Iterable[str] = (),
        **user: Any,
    ) -> JudgedStream:
        """Another connection, of the user that ``user`` names by the contract's fields (``user_id="ada"``).

        ``owned`` are the ids that are this user's (field -> ids), ``canaries`` texts that only this user may see.
        """
        facts = SessionFacts(
            user=user,
            owned={field: tuple(ids) for field, ids in (owned or {}).items()},
            canaries=tuple(canaries),
        )
        name = name or f"connection {len(self.streams) + 1}"
        stream = JudgedStream(self.checker.session(name, facts), name, facts)
        self.streams.append(stream)
        return stream

    def watch(self, connection: Any, name: str = "", **facts: Any) -> Any:
        """`stream` and its `JudgedStream.watch` in one."""
        return self.stream(name, **facts).watch(connection)

    @property
    def judged(self) -> int:
        """How many events were judged so far."""
        return sum(stream.session.judged for stream in self.streams)

    def check(self) -> None:
        """Ends all connections. Raises `ContractViolationError` for what is violated, and where nothing was judged."""
        found = [(stream, violation) for stream in self.streams for violation in stream.end()]
        self._record(violation for _, violation in found)
        if found:
            raise ContractViolationError(self._told(found), [violation for _, violation in found])
        for stream in self.streams:
            if stream.handed != stream.session.judged:
                name = self.contract.contract.contract
                raise ContractViolationError(
                    f"`{stream.name}` handed {stream.handed:,} frames over, and `{name}` judged "
                    f"{stream.session.judged:,}; something stands between the connection and its checker"
                )
        silent = [stream for stream in self.streams if not stream.session.judged]
        if silent or not self.streams:
            who = f"`{silent[0].name}` received no event" if silent else "no connection was attached"
            raise ContractViolationError(
                f"{who}, so `{self.contract.contract.contract}` judged nothing; hand it what the test receives "
                "(`stream.watch(connection)`, `stream.receive(frame)`)"
            )

    def __enter__(self) -> EventContract:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.check()
            return
        try:
            self.check()
        except ContractViolationError as said:
            if said.violations:
                error.add_note(str(said))

    async def __aenter__(self) -> EventContract:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _record(self, violations: Iterable[Violation]) -> None:
        """Tells the run what was judged, once."""
        if self._told_of or not events.is_listening():
            return
        self._told_of = True
        from canonry.model.run_event import ContractJudged

        here = context.current(self._node or None)
        events.emit(
            ContractJudged(
                at=time.time(),
                worker=here.worker,
                node=self._node or here.node,
                contract=self.contract.contract.contract,
                flow=self._flow,
                connections=len(self.streams),
                received=sum(stream.session.received for stream in self.streams),
                judged=self.judged,
                violations=tuple(dict.fromkeys(violation.rule for violation in violations)),
                seen=self._exercised(),
            )
        )

    def _exercised(self) -> tuple[tuple[str, str, int], ...]:
        """What the connections exercised of the contract; recorded streams are none."""
        from canonry.contract.cover import cover

        live = [stream for stream in self.streams if not stream.is_recorded and stream.frames]
        lines = [line for stream in live for line in stream.lines()]
        try:
            found = cover(self.contract.plan, [lines], facts={stream.name: stream.facts for stream in live})
        except NothingValidatedError:
            return ()
        return tuple((item.group, item.name, count) for item, count in found.items.items() if count)

    def _told(self, found: list[tuple[JudgedStream, Violation]]) -> str:
        rules = {rule.id: (rule.sentence, self.contract.line(rule.path)) for rule in self.contract.plan.rules}
        lines = [f"{len(found)} violation{'' if len(found) == 1 else 's'} of `{self.contract.contract.contract}`"]
        seen: set[str] = set()
        for stream, violation in found:
            if violation.rule in seen:
                continue
            seen.add(violation.rule)
            if len(seen) > _SHOWN:
                break
            place = f"event {violation.index + 1}" if violation.index < stream.session.received else "the end"
            lines.append(f"{stream.name}, {place}: {violation.rule}: {violation.message}")
            sentence, line = rules.get(violation.rule, ("", None))
            if sentence:
                lines.append(f"  rule: {sentence}" + (f" ({self.contract.file}:{line})" if line else ""))
            lines += self._example(stream, violation)
        others = {violation.rule for _, violation in found} - seen
        if others:
            lines.append(f"also violated: {', '.join(sorted(others))}")
        return "\n".join(lines)

    def _example(self, stream: JudgedStream, violation: Violation) -> Iterable[str]:
        frames = stream.frames
        if violation.index < len(frames):
            frames = frames[: violation.index + 1]
        elif stream.session.received > len(frames):
            return  # what was kept ends before it
        yield "  smallest example:"
        for index in shrink(self.contract.plan, frames, 0, violation, facts=stream.facts, canaries=self._canaries):
            raw, _, direction = frames[index]
            text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
            shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ... ({len(text):,} characters)"
            yield f"    {index + 1:>3} {'>' if direction == 'in' else '<'} {shown}"
