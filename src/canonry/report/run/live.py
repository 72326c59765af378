"""What a terminal shows while a run goes on; nothing elsewhere."""

from typing import Protocol

from canonry.model.run_event import RunEvent
from canonry.run.summary import RunSummary


class Live(Protocol):
    """A part of the screen that is drawn again and again."""

    def add(self, event: RunEvent, summary: RunSummary) -> None:
        """Draws what has changed."""

    def hide(self) -> None:
        """Gives the lines back, for something that stays."""

    def close(self) -> None:
        """Ends it."""


class _NoLive:
    def add(self, event: RunEvent, summary: RunSummary) -> None:
        pass

    def hide(self) -> None:
        pass

    def close(self) -> None:
        pass


def no_live() -> Live:
    """What draws nothing."""
    return _NoLive()
