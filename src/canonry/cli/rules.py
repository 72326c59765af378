"""``canonry rules``: rules of one's own, put to the proof."""

import sys
from pathlib import Path

import click

from canonry.cli._output import color_option, painted
from canonry.model.errors import NothingValidatedError


@click.group("rules")
def command() -> None:
    """Rules of one's own: declared in the canon, or written in Python."""


@command.command("test")
@click.argument("path", required=False, default=".", type=click.Path(exists=True, path_type=Path))
@click.option("--builtin", is_flag=True, help="Run the examples of the built-in rules instead.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Take the canon from FILE.")
@color_option
def test(*, path: Path, builtin: bool, config: Path | None, color: str) -> int:
    """Run the bad and the good examples of rules through the engine, each in a folder of its own.

    PATH is the tree whose canon declares the rules (default: the project around the current folder). Exit 1 when an
    example fails or a rule has no bad one, 5 when there is no rule of one's own.
    """

    from canonry.audit.examples import prove
    from canonry.report.rules import render_proofs
    from canonry.rules.catalogue import Catalogue

    if builtin:
        catalogue = Catalogue()
        rules = list(catalogue.rules.values())
    else:
        from canonry.cli.canon import load, root_of
        from canonry.rules.catalogue import catalogue_of

        root = root_of(path)
        catalogue = catalogue_of(load(root, config), root=root)
        rules = list(catalogue.own.values())
    if not rules:
        raise NothingValidatedError(
            "no rule of your own is declared, so nothing was validated; `[[tool.canonry.rules]]` declares one, and "
            "`--builtin` runs the built-in ones"
        )
    coloured = painted(color)
    return 1 if render_proofs(prove(rules, catalogue), sys.stdout, color=coloured) else 0
