"""The formats of a run: one member here, one module of that name beside this file."""

import importlib
from collections.abc import Callable
from enum import StrEnum
from typing import IO, Protocol, cast

import msgspec

from canonry.model.run_event import RunEvent


class RunFormat(StrEnum):
    """A name for ``--output-format``; the module ``canonry.report.run.<name>`` has its ``open_report``."""

    FULL = "full"
    JSON = "json"
    JSONL = "jsonl"
    JUNIT = "junit"
    CTRF = "ctrf"
    GITHUB = "github"
    MARKDOWN = "markdown"


class ReportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader asked for. ``live`` draws a bar, which only a terminal can; ``again`` are the options of the run
    that a command to rerun one of its tests has to repeat.
    """

    color: bool = False
    verbose: bool = False
    quiet: bool = False
    live: bool = False
    again: tuple[str, ...] = ()
    here: str = ""
    """The folder of the tree in which such a command will be given."""
    expected: int = 0
    """How many tests are expected, where history knows; 0 where it does not."""
    durations: bool = False
    """Whether the slowest tests are listed at the end."""


class RunReport(Protocol):
    """A report that grows with the run."""

    def add(self, event: RunEvent) -> None:
        """Takes one event."""

    def finish(self) -> None:
        """Ends the report, also of a run that was cut off."""


def open_report(name: str, out: IO[str], options: ReportOptions) -> RunReport:
    """A report in this format; its module is imported only now."""
    module = importlib.import_module(f"canonry.report.run.{RunFormat(name).value}")
    return cast(Callable[[IO[str], ReportOptions], RunReport], module.open_report)(out, options)
