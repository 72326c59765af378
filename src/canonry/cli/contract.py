"""`canonry contract`."""

import sys
from pathlib import Path

import click

from canonry.cli._contract_cover import cover
from canonry.cli._contract_explain import explain
from canonry.cli._contract_generate import export, generate
from canonry.cli._contract_learn import learn
from canonry.cli._contract_mutants import mutants
from canonry.cli._contract_options import lines_of, load, pairs, policy_option, profile_option
from canonry.cli._contract_scaffold import scaffold
from canonry.cli._contract_tap import tap
from canonry.cli._output import color_option, painted, quiet_option, tell
from canonry.model.errors import UserError


@click.group("contract")
def command() -> None:
    """Event contracts: what a conversation between a user and a service must look like on the wire."""


@command.command("check")
@click.argument("contract")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING...")
@click.option(
    "--session", "session", multiple=True, metavar="FIELD=VALUE", help="Whose the one connection is: `user_id=...`."
)
@click.option(
    "--canary", "canaries", multiple=True, metavar="TEXT", help="A text that must not appear, in no encoding."
)
@click.option(
    "--sessions", type=click.Path(path_type=Path), metavar="FILE",
    help="JSON: connection -> `user_id`, `owned` (field -> ids), `canaries` (its own).",
)  # fmt: skip
@profile_option
@policy_option
@click.option("--output-format", type=click.Choice(["full", "concise", "json"]), default="full", show_default=True)
@color_option
@quiet_option
def check(  # one parameter per option, in the order of the help page
    contract: str,
    recordings: tuple[str, ...],
    session: tuple[str, ...],
    canaries: tuple[str, ...],
    sessions: Path | None,
    profile: str | None,
    policies: tuple[str, ...],
    output_format: str,
    color: str,
    quiet: bool,
) -> int:
    """Judge RECORDINGs by CONTRACT.

    CONTRACT is the name of one that ships with canonry, or a YAML file. A RECORDING holds JSON lines: envelopes
    `{"v": 1, "dir": "out", "t": 1.5, "conn": "a", "event": {...}}` or bare events; `-` reads stdin. Exits 1 when a rule
    is violated, and 5 when nothing was judged.
    """
    from canonry.cli._contract_facts import facts_of
    from canonry.contract.check.isolation import SessionFacts
    from canonry.contract.examine import examine, require_known
    from canonry.report.contract import render_concise, render_full, render_json

    if session and sessions is not None:
        raise UserError("`--session` and `--sessions` both say whose the connections are; give one of them")
    loaded = load(contract, profile, policies)
    only = SessionFacts(user=pairs(session, "--session")) if session else None
    facts = None if sessions is None else facts_of(sessions)
    require_known(loaded, [*(facts or {}).values(), *([only] if only is not None else [])])
    opened = ((name, lines_of(name)) for name in recordings)
    examined = examine(loaded, opened, facts=facts, only=only, canaries=canaries, profile=profile)
    tell(examined.notes, quiet=quiet)
    if output_format == "json":
        render_json(examined, loaded, sys.stdout)
    elif output_format == "concise":
        render_concise(examined, sys.stdout)
    else:
        render_full(examined, loaded, sys.stdout, color=painted(color))
    return 1 if examined.violated else 0


for verb in (generate, mutants, cover, explain, export, learn, tap, scaffold):
    command.add_command(verb)
