"""JSON lines: the events themselves, as a recording holds them."""

from typing import IO

from canonry.model.run_event import RunEvent, encode
from canonry.report.run.formats import ReportOptions


def open_report(out: IO[str], options: ReportOptions) -> "EventLines":
    """One event a line, as it happens."""
    return EventLines(out)


class EventLines:
    """Writes each event at once."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def add(self, event: RunEvent) -> None:
        """Writes one event."""
        self._out.write(encode(event).decode("utf-8"))

    def finish(self) -> None:
        """Hands over what is left."""
        self._out.flush()
