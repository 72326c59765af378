"""`canonry contract mutants`."""

from pathlib import Path

import click

from canonry.cli._contract_options import format_option, load, policy_option, profile_option, seed_option
from canonry.cli._output import color_option, output_file_option, painted, quiet_option, tell, write_report
from canonry.model.errors import UserError


@click.command("mutants")
@click.argument("contract")
@click.option("--rule", metavar="RULE", help="The mutants of this rule only.")
@profile_option
@policy_option
@seed_option
@format_option
@output_file_option
@color_option
@quiet_option
def mutants(  # one parameter per option, in the order of the help page
    *,
    contract: str,
    rule: str | None,
    profile: str | None,
    policies: tuple[str, ...],
    seed: int,
    output_format: str,
    output_file: Path | None,
    color: str,
    quiet: bool,
) -> int:
    """Break every rule of CONTRACT, and see that it is noticed.

    Each mutant is a valid stream with the smallest change that breaks one rule. Exits 1 where no mutant turns a rule
    red: it is unproven.
    """
    from canonry.contract.mutate.matrix import kill_matrix
    from canonry.report.contract_mutants import render_json, render_table

    loaded = load(contract, profile, policies)
    if rule is not None and all(each.id != rule for each in loaded.plan.rules):
        raise UserError(f"`{contract}` has no rule `{rule}`; without `--rule` all of them are listed")
    matrix = kill_matrix(loaded.plan, seed=seed, only=frozenset([rule]) if rule is not None else None)
    tell(loaded.notes, quiet=quiet)
    if output_format == "json":
        write_report(lambda out: render_json(matrix, loaded, out), output_file, terminal=False)
    else:
        write_report(lambda out: render_table(matrix, out, color=painted(color, output_file)), output_file)
    return 1 if matrix.unproven or matrix.living else 0
