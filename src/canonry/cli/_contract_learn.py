"""`canonry contract learn`."""

import io
from pathlib import Path

import click

from canonry.cli._contract_options import lines_of
from canonry.cli._output import quiet_option, tell, write_report
from canonry.model.errors import UserError


@click.command("learn")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING...")
@click.option("--name", default="learned/1", show_default=True, metavar="NAME/VERSION", help="What it is called.")
@click.option("--discriminator", metavar="FIELD", help="The field that names an event [default: found].")
@click.option(
    "--margin", type=click.FloatRange(min=1.0), default=3.0, show_default=True,
    help="Deadlines are the longest time that was seen, times this.",
)  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it here instead of stdout.")
@quiet_option
def learn(
    recordings: tuple[str, ...],
    *,
    name: str,
    discriminator: str | None,
    margin: float,
    output: Path | None,
    quiet: bool,
) -> int:
    """Propose a contract from good RECORDINGs: what held in all of them, each guess with what it rests on.

    The proposal is YAML that loads and that accepts all the recordings. It is a beginning: keep what is meant, widen
    what was chance. RECORDINGs are those of `canonry contract check`; `-` reads stdin.
    """
    from canonry.contract.learn.propose import learn as propose
    from canonry.contract.load import read_contract
    from canonry.report.learned import render

    if output is not None and output.exists():
        raise UserError(
            f"`{output}` is there already; name another file, for a contract that somebody edited is no guess"
        )
    found = propose(
        ((each, lines_of(each)) for each in recordings), name=name, discriminator=discriminator, margin=margin
    )
    text = io.StringIO()
    render(found, text)
    read_contract(text.getvalue(), file="the learned contract")
    write_report(lambda out: render(found, out), output, terminal=False)
    thin = sum(guess.thin for guess in found.guesses.values())
    notes = [
        f"{len(found.guesses):,} guesses from {found.runs:,} runs, {thin:,} of them thin; all recordings are accepted"
    ]
    if not found.enough:
        notes.append("so few runs say little; record five at least, of every kind that there is")
    notes += [f"not known: {each}" for each in found.unknown]
    tell(notes, quiet=quiet)
    return 0
