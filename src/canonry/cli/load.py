"""`canonry load`."""

from pathlib import Path
from typing import Any

import click

from canonry.cli._contract_options import policy_option
from canonry.cli._output import color_option, output_file_option, quiet_option
from canonry.model.errors import UserError


@click.command("load")
@click.argument("scenario", required=False)
@click.option("--url", metavar="URL", help="Where the service is; else the profile's.")
@click.option("--users", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="Virtual users.")
@click.option(
    "--for", "duration", metavar="TIME", help="How long, after the ramp [default: 10s, or until all turns are done]."
)
@click.option("--turns", type=click.IntRange(min=1), metavar="N", help="Turns of each user, at most.")
@click.option(
    "--ramp", default="0s", show_default=True, metavar="TIME", help="Time in which the users begin, one after another."
)
@click.option(
    "--think", default="0s", show_default=True, metavar="TIME[..TIME]", help="Pause of a user after each turn."
)
@click.option(
    "--pace", default="0s", show_default=True, metavar="TIME", help="A user's turns are meant to begin so far apart."
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Open workload: N turns a second arrive, whoever is free.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same choices.")
@click.option(
    "--processes", type=click.IntRange(min=1), metavar="N", help="Processes that drive the users [default: all cores]."
)
@click.option("--contract", metavar="CONTRACT", help="Judge by this contract instead of the scenario's.")
@click.option("--profile", metavar="NAME", help="A profile of the canon (its URL) and of the contract (its times).")
@policy_option
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="An option of the scenario.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="MEASURE<=VALUE",
    help="Such as `answer.p99<=60s`, `failures<=0.1%`.",
)
@click.option(
    "--chaos", "chaos", multiple=True, metavar="KIND[:SHARE][@TIME]", help="Disturb connections: `cut:5%@10s`."
)
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="NAME",
    help="Start this service of the canon for the run; the first one's address is the default.",
)
@click.option("--no-canaries", is_flag=True, help="Plant no texts: leaks are then found by identifiers alone.")
@click.option("--insecure", is_flag=True, help="Take any TLS certificate.")
@click.option(
    "--compare", "compared", nargs=2, metavar="URL URL", help="Which of two services is faster, by interleaved runs."
)
@click.option(
    "--rounds",
    type=click.IntRange(min=2),
    default=6,
    show_default=True,
    metavar="N",
    help="Runs of each, with `--compare`.",
)
@click.option("--list", "listing", is_flag=True, help="List the scenarios and end.")
@click.option(
    "--output-format",
    type=click.Choice(["full", "json", "markdown", "html", "csv", "csv-history"]),
    default="full",
    show_default=True,
)
@output_file_option
@click.option("--config", type=click.Path(path_type=Path), help="Take the canon from this file.")
@color_option
@quiet_option
def command(**given: Any) -> int:
    """Let many virtual users do SCENARIO at once, and judge every event.

    SCENARIO is one that ships with canonry (`--list`), a class of your own: `path.py:Class`, or of a locustfile:
    `locust:path.py:Class`. Exits 1 when a rule is broken, a turn fails, or a threshold is missed, and 5 when nothing
    was judged.
    """
    try:
        from canonry.cli._load_run import Asked, carry_out
    except ModuleNotFoundError as error:
        raise UserError(f"`canonry load` needs `{error.name}`; install `canonry[load]`") from None
    return carry_out(Asked(**given))
