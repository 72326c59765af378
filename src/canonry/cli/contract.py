"""`canonry contract`."""

import os
import sys
from pathlib import Path

import click

from canonry.cli._contract_learn import learn
from canonry.cli._contract_recordings import opened, pairs, session_facts
from canonry.cli._contract_tap import tap
from canonry.contract.check.isolation import SessionFacts
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
@click.option("--profile", metavar="NAME", help="Times and choices of this profile of the contract.")
@click.option(
    "--policy", "policies", multiple=True, metavar="NAME=ALTERNATIVE", help="Another choice than the contract's."
)
@click.option("--output-format", type=click.Choice(["full", "concise", "json"]), default="full", show_default=True)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No narration on stderr.")
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
    from canonry.contract.examine import examine
    from canonry.contract.load import load_contract
    from canonry.report.contract import render_concise, render_full, render_json

    if session and sessions is not None:
        raise UserError("`--session` and `--sessions` both say whose the connections are; give one of them")
    loaded = load_contract(contract, profile=profile, policy=pairs(policies, "--policy"))
    only = SessionFacts(user=pairs(session, "--session")) if session else None
    facts = None if sessions is None else session_facts(sessions)
    named = ((name, opened(name)) for name in recordings)
    examined = examine(loaded, named, facts=facts, only=only, canaries=canaries, profile=profile)
    painted = color == "always" or (color == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    for note in () if quiet else examined.notes:
        click.echo(f"canonry: {note}", err=True)
    if output_format == "json":
        render_json(examined, loaded, sys.stdout)
    elif output_format == "concise":
        render_concise(examined, sys.stdout)
    else:
        render_full(examined, loaded, sys.stdout, color=painted)
    return 1 if examined.violated else 0


command.add_command(learn)
command.add_command(tap)
