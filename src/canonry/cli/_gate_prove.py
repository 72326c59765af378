"""`canonry gate prove` and `canonry gate proofs`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from canonry.cli._output import color_option, config_option, painted, quiet_option
from canonry.model.errors import UserError
from canonry.model.gate import ProofState

if TYPE_CHECKING:
    from canonry.canon.options import Canon

_repo = click.option("--repo", type=click.Path(path_type=Path), default=".", metavar="PATH", help="The working tree.")
_format = click.option("--output-format", type=click.Choice(["full", "json"]), default="full", show_default=True)


@click.command("prove")
@_repo
@config_option
@click.option("--select", multiple=True, metavar="CODE", help="Plant only violations of these rules (repeatable).")
@click.option("--tests", multiple=True, metavar="FILE", help="Enforcement tests, from the top [default: found].")
@_format
@color_option
@quiet_option
@click.option("-v", "--verbose", is_flag=True, help="Every test that turned red.")
def prove(
    *,
    repo: Path,
    config: Path | None,
    select: tuple[str, ...],
    tests: tuple[str, ...],
    output_format: str,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Plant one violation of each rule in a copy of the tree, and list the enforcement tests that turn red.

    A rule whose violation turns none red is unproven: nobody would notice. Exit 1 where there is one. The tree itself
    is not touched.
    """
    from canonry.gate.prove import prove as try_all
    from canonry.report.progress import show_progress
    from canonry.report.proving import render_json, render_proving
    from canonry.rules.registry import all_rules
    from canonry.rules.selection import select_rules

    root, canon = opened(repo, config)
    chosen = select_rules(select, (), all_rules())
    rules = [
        rule for code, rule in all_rules().items() if (not rule.preview and chosen is None) or code in (chosen or ())
    ]
    with show_progress(quiet=quiet) as progress:
        found = try_all(root, canon, rules, tests, told=progress)
    if output_format == "json":
        render_json(found, sys.stdout)
    else:
        render_proving(found, sys.stdout, color=painted(color), verbose=verbose)
    return 1 if any(each.place and not each.proven for each in found.planted) else 0


@click.command("proofs")
@_repo
@config_option
@click.option("--run", "run_id", default="last", show_default=True, metavar="ID", help="The recorded run to judge by.")
@_format
@color_option
def proofs(*, repo: Path, config: Path | None, run_id: str, output_format: str, color: str) -> int:
    """Judge the tests marked with `canonry.testing.proves`: red while their finding is open, green once it is closed.

    A test that was skipped, timed out or did not run proves nothing, and unproven is not green. Exit 1 where one is
    unproven or contradicted, 5 where there is none.
    """
    from canonry.audit.request import Request
    from canonry.gate.proofs import judge_proofs
    from canonry.report.proving import render_json, render_proofs

    root, _ = opened(repo, config)
    found = judge_proofs(root, Request(repository=repo, config=config, history=False), run_id)
    if output_format == "json":
        render_json(found, sys.stdout)
    else:
        render_proofs(found, sys.stdout, color=painted(color))
    return 1 if any(each.standing is not ProofState.PROVEN for each in found) else 0


def opened(repo: Path, config: Path | None) -> "tuple[Path, Canon]":
    """The top of a working tree, and its canon. Raises `UserError` where there are no files to write to."""
    from canonry.audit.request import Request
    from canonry.audit.session import open_session

    session = open_session(Request(repository=repo, config=config, cache=False))
    try:
        if session.tree.by_blob:
            raise UserError(f"`{repo}` is a git directory, which holds no files; name a working tree")
        return session.tree.root, session.loaded.canon
    finally:
        session.close()
