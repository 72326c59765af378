"""`canonry contract cover`."""

from pathlib import Path

import click

from canonry.cli._contract_options import format_option, lines_of, load, policy_option, profile_option
from canonry.cli._output import color_option, output_file_option, painted, quiet_option, tell, write_report


@click.command("cover")
@click.argument("contract")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING...")
@click.option(
    "--sessions", type=click.Path(path_type=Path), metavar="FILE", help="Whose the connections are, as for `check`."
)
@profile_option
@policy_option
@format_option
@output_file_option
@color_option
@quiet_option
def cover(  # one parameter per option, in the order of the help page
    *,
    contract: str,
    recordings: tuple[str, ...],
    sessions: Path | None,
    profile: str | None,
    policies: tuple[str, ...],
    output_format: str,
    output_file: Path | None,
    color: str,
    quiet: bool,
) -> int:
    """Say what of CONTRACT the RECORDINGs exercise, and what is missing.

    Counts events by direction and outcome, transitions, how runs end, spans and close codes; all of them that the
    contract has are the denominator. Exits 5 when nothing was judged.
    """
    from canonry.cli._contract_facts import facts_of
    from canonry.contract.cover import cover as covered_by
    from canonry.contract.examine import require_known
    from canonry.report.contract_cover import render_json, render_table

    loaded = load(contract, profile, policies)
    facts = None if sessions is None else facts_of(sessions)
    require_known(loaded, (facts or {}).values())
    coverage = covered_by(loaded.plan, (lines_of(name) for name in recordings), facts=facts)
    tell(loaded.notes, quiet=quiet)
    if output_format == "json":
        write_report(lambda out: render_json(coverage, out), output_file, terminal=False)
    else:
        write_report(lambda out: render_table(coverage, out, color=painted(color, output_file)), output_file)
    return 0
