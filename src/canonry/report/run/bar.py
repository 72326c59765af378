"""The live bar: how far the run is, what runs now, what is slow. Apart, because rich is slow to import."""

import time
from typing import IO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from canonry.model.run_event import AttemptEnded, AttemptStarted, RunEvent
from canonry.report.run.formats import ReportOptions
from canonry.report.style import printable
from canonry.run.summary import RunSummary

_PERIOD = 0.1
_RUNNING = 6
"""The running tests that are named."""
_NAMED_AFTER = 0.5
"""Seconds after which a running test is worth a line."""


class Bar:
    """Draws at most ten times a second, below whatever stays."""

    def __init__(self, out: IO[str], options: ReportOptions) -> None:
        console = Console(file=out, force_terminal=True, no_color=not options.color, highlight=False)
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._expected = options.expected
        self._running: dict[str, float] = {}
        self._drawn = 0.0
        self._begun = time.monotonic()
        self._shown = False

    def add(self, event: RunEvent, summary: RunSummary) -> None:
        """Draws where enough time has gone by."""
        now = time.monotonic()
        if isinstance(event, AttemptStarted):
            self._running[event.node] = now
        elif isinstance(event, AttemptEnded):
            self._running.pop(event.node, None)
        if now - self._drawn < _PERIOD:
            return
        self._drawn = now
        if not self._shown:
            self._live.start()
            self._shown = True
        self._live.update(self._picture(summary, now), refresh=True)

    def hide(self) -> None:
        """Takes the bar away until the next event."""
        if self._shown:
            self._live.stop()
            self._shown = False

    def close(self) -> None:
        """Takes the bar away."""
        self.hide()

    def _picture(self, summary: RunSummary, now: float) -> Group:
        total = max(self._expected, sum(summary.collected.values()), summary.tests)
        bad, flaky = len(summary.bad()), len(summary.flaky())
        row = Table.grid(padding=(0, 1))
        words = (
            f"{summary.tests:,} of {total:,}"
            + (f", {bad:,} bad" if bad else "")
            + (f", {flaky} flaky" if flaky else "")
        )
        row.add_row(
            f"{now - self._begun:6.1f}s", ProgressBar(total=max(total, 1), completed=summary.tests, width=28), words
        )
        longest = sorted(self._running.items(), key=lambda each: each[1])[:_RUNNING]
        lines = [
            Text(f"  {now - began:6.1f}s {printable(node)}", no_wrap=True, overflow="ellipsis")
            for node, began in longest
            if now - began > _NAMED_AFTER
        ]
        return Group(row, *lines)


def open_bar(out: IO[str], options: ReportOptions) -> Bar:
    """A bar on a terminal."""
    return Bar(out, options)
