"""The reports of a run, which grow with it."""

import contextlib
import io
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import IO

import click

from canonry.cli._run_options import Values
from canonry.model.errors import UserError
from canonry.model.run_event import RunEvent
from canonry.report.run.formats import ReportOptions, RunReport, open_report


class Reports:
    """All reports of a run: the one on stdout or in the named file, and those of `--report`."""

    def __init__(
        self, values: Values, *, again: tuple[str, ...], here: str, expected: int = 0, replayed: bool = False
    ) -> None:
        self._values, self._again, self._here, self._expected = values, again, here, expected
        self._live = not replayed and not values.quiet
        self._stack = ExitStack()
        self._reports: list[RunReport] = []
        self._broken = False

    def __enter__(self) -> "Reports":
        values = self._values
        if values.output_file is not None:
            self._open(values.output_format, self._file(str(values.output_file)))
            if values.output_format != "full":
                self._open("full", sys.stdout)
        else:
            if values.output_format != "full" and isinstance(sys.stdout, io.TextIOWrapper):
                sys.stdout.reconfigure(encoding="utf-8")
            self._open(values.output_format, sys.stdout)
        for name, place in values.reports:
            self._open(name, self._file(place))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._stack:
            if not isinstance(error, UserError):
                for report in self._reports:
                    self._told(report.finish)

    def add(self, event: RunEvent) -> None:
        """Tells all reports."""
        for report in self._reports:
            self._told(lambda report=report: report.add(event))  # type: ignore[misc]

    def _told(self, action: Callable[[], None]) -> None:
        """What the disk refuses costs the report, not the run; it is said once."""
        try:
            action()
        except BrokenPipeError:
            raise
        except OSError as error:
            if not self._broken:
                self._broken = True
                with contextlib.suppress(OSError):
                    click.echo(
                        f"canonry: a report cannot be written ({(error.strerror or 'refused').lower()})", err=True
                    )

    def _open(self, name: str, out: IO[str]) -> None:
        values = self._values
        terminal = out is sys.stdout and sys.stdout.isatty()
        color = values.color == "always" or (values.color == "auto" and terminal and not os.environ.get("NO_COLOR"))
        options = ReportOptions(
            color=color,
            verbose=values.verbose,
            quiet=values.quiet,
            live=self._live and terminal and name == "full",
            again=self._again,
            here=self._here,
            expected=self._expected,
            durations=values.profile_durations,
        )
        self._reports.append(open_report(name, out, options))

    def _file(self, place: str) -> IO[str]:
        try:
            return self._stack.enter_context(open(place, "w", encoding="utf-8", errors="backslashreplace"))
        except OSError as error:
            raise UserError(f"`{place}` cannot be written ({error.strerror}); name another file") from error
