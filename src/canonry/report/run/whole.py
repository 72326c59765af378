"""A report that is written at once, when the run is over."""

from collections.abc import Callable
from typing import IO

from canonry.model.run_event import RunEvent
from canonry.report.run.formats import ReportOptions
from canonry.run.summary import RunSummary

Write = Callable[[RunSummary, IO[str], ReportOptions], None]


class WholeReport:
    """Gathers events and writes their summary at the end."""

    def __init__(self, out: IO[str], options: ReportOptions, write: Write) -> None:
        self._out, self._options, self._write = out, options, write
        self._summary = RunSummary()

    def add(self, event: RunEvent) -> None:
        """Takes one event."""
        self._summary.add(event)

    def finish(self) -> None:
        """Writes the report."""
        self._write(self._summary, self._out, self._options)
        self._out.flush()
