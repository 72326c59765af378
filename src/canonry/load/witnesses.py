"""The violations that a process keeps: the first of each rule with the frames around them; of all others how many
conversations they were in, and from when to when. A million alike take no more room than a hundred.
"""

from collections.abc import Iterable, Mapping

from canonry.contract.check.checker import Session
from canonry.model.load import WITNESSES, Leak, Reach


class Witnesses:
    """What is kept of the violations of a process. Moments are seconds of the clock that said ``begun``."""

    def __init__(self, begun: float, *, most: int = WITNESSES) -> None:
        self._begun, self._most = begun, most
        self._kept: dict[str, list[Leak]] = {}
        self._reach: dict[str, _Reach] = {}

    @property
    def leaks(self) -> list[Leak]:
        """The first violations of each rule."""
        return [leak for kept in self._kept.values() for leak in kept]

    @property
    def reach(self) -> dict[str, Reach]:
        """How far the violations of each rule reach."""
        return {rule: Reach(one.streams, one.first, one.last) for rule, one in self._reach.items()}

    def take(self, session: Session, user: str, at: float, *, only: Mapping[str, int] | None = None) -> None:
        """Takes what a session has told since the last time, so that the session keeps none of it.

        With ``only``, so many of each rule count: what is merely open where the client broke off is nobody's fault.
        """
        told = session.state.violations
        left = None if only is None else dict(only)
        frames: tuple[tuple[str, str], ...] | None = None
        for one in told:
            if left is not None:
                if left.get(one.rule, 0) < 1:
                    continue
                left[one.rule] -= 1
            self._reached(one.rule, at).last = at - self._begun
            kept = self._kept.setdefault(one.rule, [])
            if len(kept) < self._most:
                frames = _frames(session) if frames is None else frames
                kept.append(Leak(user, one.rule, one.message, one.event, frames, one.index, at - self._begun))
        told.clear()

    def ended(self, rules: Iterable[str], at: float) -> None:
        """Notes which rules a conversation broke that has ended."""
        for rule in rules:
            self._reached(rule, at).streams += 1

    def _reached(self, rule: str, at: float) -> "_Reach":
        reach = self._reach.get(rule)
        if reach is None:
            reach = self._reach[rule] = _Reach(at - self._begun)
        return reach


class _Reach:
    __slots__ = ("first", "last", "streams")

    def __init__(self, at: float) -> None:
        self.streams = 0
        self.first = self.last = at


def _frames(session: Session) -> tuple[tuple[str, str], ...]:
    return tuple(
        (direction or "", raw if isinstance(raw, str) else raw.decode("utf-8", "replace"))
        for raw, _, direction in session.window.last(session.received)
    )
