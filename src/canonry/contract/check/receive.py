"""What a session receives with, and the frames that it keeps for counter-examples."""

from typing import Any, Protocol

from canonry.contract.check.state import UNIQUE, State

TURN = UNIQUE - 1
"""After so many events, and one, what is remembered of unique values is halved."""
Frame = tuple[bytes | str, float | None, str | None]
"""A frame, when it was received, which way it went."""


class Receive(Protocol):
    """Judges one frame. ``at`` is when it was received, in seconds, taken before anything was parsed.

    Returns the number of the event's kind, -1 where it is none.
    """

    def __call__(self, raw: bytes | str, *, at: float | None = None, direction: str | None = None) -> int:
        """Judge one frame."""
        ...


class Judge(Protocol):
    """What makes the receiver of a session, by interpreting or compiled."""

    def receiver(self, state: State, window: "Window") -> Receive:
        """Return what receives."""
        ...


class Window:
    """The last frames of a session, by their index: at least ``keep``. Compiled receivers write into ``frames``."""

    __slots__ = ("frames", "mask")

    def __init__(self, keep: int) -> None:
        size = 1 << max(keep - 1, 0).bit_length()
        self.mask = size - 1
        self.frames: list[Any] = [None] * size

    def put(self, n: int, raw: bytes | str, at: float | None, direction: str | None) -> None:
        """Keep a frame."""
        self.frames[n & self.mask] = raw, at, direction

    def last(self, n: int) -> list[Frame]:
        """Return the frames that are kept, of ``n`` that came."""
        return [self.frames[index & self.mask] for index in range(max(0, n - self.mask - 1), n)]
