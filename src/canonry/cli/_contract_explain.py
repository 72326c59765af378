"""`canonry contract explain`."""

import click

from canonry.cli._contract_options import format_option, seed_option
from canonry.cli._output import color_option, painted, write_report


@click.command("explain")
@click.argument("rule")
@click.argument("contract", required=False)
@seed_option
@format_option
@color_option
def explain(*, rule: str, contract: str | None, seed: int, output_format: str, color: str) -> int:
    """Explain RULE: what it demands and why, and a stream that breaks it.

    Without CONTRACT it is that of the first shipped contract that has the rule.
    """
    from canonry.contract.explain import explain as explained_by
    from canonry.report.contract_rule import render_full, render_json

    explained = explained_by(rule, contract, seed=seed)
    if output_format == "json":
        write_report(lambda out: render_json(explained, out), terminal=False)
    else:
        write_report(lambda out: render_full(explained, out, color=painted(color)))
    return 0
