"""`canonry contract`."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

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
    loaded = load_contract(contract, profile=profile, policy=_pairs(policies, "--policy"))
    only = SessionFacts(user=_pairs(session, "--session")) if session else None
    facts = None if sessions is None else _facts(sessions)
    opened = ((name, _lines(name)) for name in recordings)
    examined = examine(loaded, opened, facts=facts, only=only, canaries=canaries, profile=profile)
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


def _pairs(texts: Iterable[str], option: str) -> dict[str, Any]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UserError(f"`{option} {text}` says nothing; expected `{option} NAME=VALUE`")
        found[name] = value
    return found


def _lines(name: str) -> Iterator[bytes]:
    if name == "-":
        yield from sys.stdin.buffer
        return
    try:
        with open(name, "rb") as stream:
            yield from stream
    except OSError as error:
        raise UserError(f"cannot read the recording `{name}`: {(error.strerror or '').lower()}") from None


def _facts(file: Path) -> dict[str, SessionFacts]:
    try:
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read `{file}`: {(error.strerror or '').lower()}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"`{file}` is no valid JSON: {error}") from None
    if not isinstance(document, dict):
        raise UserError(f"`{file}` holds no object; expected connection -> {{user_id, owned, canaries}}")
    return {name: _fact(file, name, entry) for name, entry in document.items()}


def _fact(file: Path, name: str, entry: Any) -> SessionFacts:
    if not isinstance(entry, dict):
        raise UserError(f"`{file}`: `{name}` is no object; expected `user_id`, `owned` and `canaries`")
    owned, canaries = entry.get("owned", {}), entry.get("canaries", [])
    if not isinstance(owned, dict) or not all(isinstance(ids, list) for ids in owned.values()):
        raise UserError(f"`{file}`: `owned` of `{name}` is no object of lists; expected field -> ids")
    if not isinstance(canaries, list) or not all(isinstance(text, str) for text in canaries):
        raise UserError(f"`{file}`: `canaries` of `{name}` is no list of texts")
    user = {key: value for key, value in entry.items() if key not in ("owned", "canaries")}
    for key, value in user.items():
        if not isinstance(value, str | int | float):
            raise UserError(f"`{file}`: `{key}` of `{name}` is no text or number")
    ids = {key: tuple(one for one in values if isinstance(one, str | int | float)) for key, values in owned.items()}
    return SessionFacts(user=user, owned=ids, canaries=tuple(canaries))
