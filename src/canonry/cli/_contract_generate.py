"""`canonry contract generate` and `canonry contract export`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO

import click

from canonry.cli._contract_options import load, policy_option, profile_option, seed_option
from canonry.cli._output import write_report

output_option = click.option(
    "--output", "output_file", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of stdout."
)


@click.command("generate")
@click.argument("contract")
@seed_option
@click.option("--runs", type=click.IntRange(min=1), default=1, show_default=True, help="Runs of each session.")
@click.option(
    "--sessions", type=click.IntRange(min=1), default=1, show_default=True, help="Users with a connection each."
)
@profile_option
@policy_option
@output_option
@click.option(
    "--facts", type=click.Path(path_type=Path), metavar="FILE",
    help="Write whose the connections are, for `check --sessions FILE`.",
)  # fmt: skip
def generate(  # one parameter per option, in the order of the help page
    *,
    contract: str,
    seed: int,
    runs: int,
    sessions: int,
    profile: str | None,
    policies: tuple[str, ...],
    output_file: Path | None,
    facts: Path | None,
) -> int:
    """Write a recording that keeps every rule of CONTRACT, as JSON lines."""
    from canonry.contract.generate.streams import generate as generated_by

    stream = generated_by(load(contract, profile, policies).plan, seed=seed, runs=runs, sessions=sessions)

    def recording(out: IO[str]) -> None:
        out.writelines(line.decode() for line in stream.encode())

    write_report(recording, output_file, terminal=False)
    if facts is not None:
        document = json.dumps(stream.sessions(), indent=2) + "\n"
        write_report(writer(document), facts, terminal=False)
    return 0


@click.command("export")
@click.argument("contract")
@click.option("--to", "target", type=click.Choice(["json-schema", "asyncapi"]), required=True, help="What to write.")
@profile_option
@policy_option
@output_option
def export(
    *, contract: str, target: str, profile: str | None, policies: tuple[str, ...], output_file: Path | None
) -> int:
    """Write CONTRACT as a JSON Schema of its events, or as an AsyncAPI 3.0 document."""
    from canonry.contract.export.asyncapi import asyncapi
    from canonry.contract.export.json_schema import events_schema

    plan = load(contract, profile, policies).plan
    document = events_schema(plan) if target == "json-schema" else asyncapi(plan)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    write_report(writer(text), output_file, terminal=False)
    return 0


def writer(text: str) -> Callable[[IO[str]], None]:
    """Return what writes a text as it is."""

    def write(out: IO[str]) -> None:
        out.write(text)

    return write
