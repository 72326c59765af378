"""Which format a load run is rendered in, and the line that moves while it runs."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import IO

import msgspec
from rich.console import Console
from rich.status import Status

from canonry.model.load import LoadResult, Sample
from canonry.report.load import csv, full, html, markdown


def result(found: LoadResult, output_format: str, out: IO[str], *, color: bool) -> None:
    """Writes a result in one of the formats of `canonry load`."""
    match output_format:
        case "json":
            out.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        case "markdown":
            markdown.render(found, out)
        case "html":
            html.render(found, out)
        case "csv":
            csv.render(found, out)
        case "csv-history":
            csv.render_history(found, out)
        case _:
            full.render(found, out, color=color)


@contextlib.contextmanager
def live(*, quiet: bool) -> Iterator[Callable[[Sample], None]]:
    """What shows how far a run is: a line that moves, on a terminal; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda _sample: None
        return
    with Status("starting", console=Console(file=sys.stderr)) as status:
        yield lambda sample: status.update(
            f"{sample.at:.0f} s: {sample.users:,} users, {sample.connections:,} connections, {sample.events:,} events, "
            f"{sample.turns:,} turns, {sample.failed:,} failed, {sample.violations:,} violations"
        )
