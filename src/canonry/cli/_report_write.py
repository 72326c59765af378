"""`canonry report [PATH]`: where the suite stands, as a page, as Markdown or as JSON."""

import gc
import io
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from canonry.cli._output import config_option, quiet_option, workers_option, write_report
from canonry.model.errors import UserError

if TYPE_CHECKING:
    from canonry.model.standing import Standing

_FORMATS = ("html", "markdown", "json")
_NAME = "report.html"


class WithDefault(click.Group):
    """A group whose first word may be a path or an option: `write` is meant, or the command that the option names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with `--verify DOC` read as `verify DOC`, and `write` put before what names no command."""
        if args and args[0].startswith("--") and args[0][2:] in self.commands:
            args = [args[0][2:], *args[1:]]
        elif not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["write", *args]
        return super().parse_args(ctx, args)


@click.command("write")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--output-file", type=click.Path(path_type=Path), metavar="FILE",
    help=f"Write it here [default: .canonry/{_NAME}; Markdown and JSON go to stdout].",
)  # fmt: skip
@click.option("--output-format", type=click.Choice(_FORMATS), default="html", show_default=True)
@click.option("--run", "name", default="", metavar="ID", help="Show this recorded run (`last`: the newest).")
@click.option("--no-audit", is_flag=True, help="Leave audit and gate out: what is recorded alone, in a moment.")
@config_option
@workers_option
@quiet_option
def write(
    *,
    path: Path | None,
    output_file: Path | None,
    output_format: str,
    name: str,
    no_audit: bool,
    config: Path | None,
    workers: int | None,
    quiet: bool,
) -> int:
    """Say where the suite stands: gates, compliance, flows, failures, costs, progress, and what to do next.

    PATH is a working tree [default: the one around the current folder]. One self-contained HTML file is written, or
    Markdown or JSON printed. Every figure names the command that reproduces it; what lacks data says what makes some.
    A report is no verdict: the exit status is 0 whatever it says (`canonry gate` judges).
    """
    from canonry.audit.request import Request
    from canonry.report.progress import show_progress
    from canonry.standing.gather import Wanted, gather

    gc.disable()  # a short life with many small records
    request = Request(repository=path or Path(), config=config, workers=workers or 0)
    wanted = Wanted(run=name, audit=not no_audit, command=_command())
    with show_progress(quiet=quiet) as progress:
        root, standing = gather(request, wanted, progress=progress)
    _render(root, standing, output_format, output_file, quiet=quiet)
    return 0


def _command() -> str:
    words = sys.argv[1:]
    return shlex.join(["canonry", *(words if words[:1] == ["report"] else ["report"])])


def _render(root: Path, standing: "Standing", output_format: str, output_file: Path | None, *, quiet: bool) -> None:
    render = _renderer(output_format)
    if output_format == "html" and output_file is None:
        output_file = _default_place(root)
    if output_file is None:
        write_report(lambda out: render(standing, out), terminal=False)
    else:
        page = io.StringIO()  # a report that cannot be made leaves the one before as it is
        render(standing, page)
        write_report(lambda out: print(page.getvalue(), end="", file=out), output_file)
    if not quiet:
        click.echo(f"canonry: {_said(standing, output_file)}", err=True)


def _default_place(root: Path) -> Path:
    from canonry.model.state import STATE, make_state_folder

    if not (root / STATE).is_dir() and (root / "HEAD").is_file() and (root / "objects").is_dir():
        raise UserError("a git directory holds no `.canonry`; name a file with `--output-file`")
    make_state_folder(root / STATE)
    return root / STATE / _NAME


def _renderer(output_format: str) -> Any:
    if output_format == "html":
        from canonry.report.standing.html import render as render_html

        return render_html
    if output_format == "markdown":
        from canonry.report.standing.markdown import render as render_markdown

        return render_markdown
    from canonry.report.standing.json import render as render_json

    return render_json


def _said(standing: "Standing", place: Path | None) -> str:
    from canonry.report.style import printable

    counts: dict[str, int] = {}
    for gate in standing.gates:
        counts[gate.state.value] = counts.get(gate.state.value, 0) + 1
    gates = ", ".join(f"{count:,} {state}" for state, count in sorted(counts.items()))
    verdict = f"verdict: {standing.verdict.value} (gates: {gates})"
    return f"{verdict}; the report is `{printable(str(place))}`" if place is not None else verdict
