"""`canonry report --verify`."""

from pathlib import Path

import click

from canonry.cli._output import quiet_option
from canonry.model.errors import NothingValidatedError, UserError


@click.command("verify")
@click.argument("documents", nargs=-1, required=True, metavar="DOC...", type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Bring stale figures up to date; `canonry changes rollback` takes it back.")
@quiet_option
def verify(*, documents: tuple[Path, ...], write: bool, quiet: bool) -> int:
    """Recompute the figures that documents quote, and refuse those that are stale.

    A quote is `<!-- canonry COMMAND | JSON-PATH -->value<!-- /canonry -->`: COMMAND is a canonry command that only
    reads (`audit`, `gate`, `report`, `migrate status`, ...), JSON-PATH names a figure of its JSON, such as
    `compliance.percent` or `rules[code=RUN001].count`. Nothing else is run, and never a shell. Exit 1 where a figure is
    stale or cannot be found, 5 where no document quotes one.
    """
    from canonry.report.style import plural, printable
    from canonry.standing.quoted import asks, checked, rewritten

    compute, bad, count = asks(Path()), 0, 0
    for document in documents:
        text = _read(document)
        figures = checked(text, compute)
        count += len(figures)
        after = rewritten(text, figures) if write else text
        if after != text:
            _write(document, text, after)
        for each in figures:
            place = f"{printable(str(document))}:{each.quote.line}"
            if each.problem:
                bad += 1
                click.echo(f"{place}: {printable(each.problem)}")
            elif not each.holds:
                bad += not write
                told = "updated" if write else "stale"
                source = f"`canonry {printable(each.quote.command.removeprefix('canonry '))}` at `{each.quote.path}`"
                click.echo(f"{place}: {told}: quoted {printable(each.quote.value)}, found {each.found} ({source})")
    if not count:
        raise NothingValidatedError("no figure is quoted in a mark, so nothing was verified; see docs/report.md")
    if not quiet:
        click.echo(f"canonry: {plural(count, 'figure')}, {bad:,} of them stale or without a source", err=True)
    return 1 if bad else 0


def _read(document: Path) -> str:
    try:
        return document.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"`{document}` is no UTF-8 text; name a Markdown document") from None
    except OSError as error:
        raise UserError(f"`{document}` cannot be read ({(error.strerror or 'refused').lower()})") from error


def _write(document: Path, before: str, after: str) -> None:
    """Writes a document as a change of the tree that holds it."""
    from canonry.changes.apply import apply_plan
    from canonry.changes.splice import replace_file
    from canonry.model.change_plan import ChangePlan, Verification
    from canonry.source.trees.tree import open_reading_tree

    tree = open_reading_tree(document.parent)
    root = tree.root.resolve()
    tree.close()
    path = document.resolve().relative_to(root).as_posix()
    change = replace_file(path, before.encode(), after.encode(), rule="report-verify", reason="what the commands say")
    plan = ChangePlan(
        files=(change,),
        reason="brings quoted figures up to date",
        origin="report verify",
        verification=Verification.OWN,
    )
    apply_plan(root, plan, verify=lambda _path, _before, _after: None)
