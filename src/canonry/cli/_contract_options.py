"""Options that several verbs of `canonry contract` have, and how the contract is loaded by them."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from canonry.model.errors import UserError

if TYPE_CHECKING:
    from canonry.contract.load import LoadedContract

profile_option = click.option("--profile", metavar="NAME", help="Times and choices of this profile of the contract.")
policy_option = click.option(
    "--policy", "policies", multiple=True, metavar="NAME=ALTERNATIVE", help="Another choice than the contract's."
)
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="The same seed gives the same streams."
)
format_option = click.option("--output-format", type=click.Choice(["full", "json"]), default="full", show_default=True)


def load(contract: str, profile: str | None, policies: Iterable[str]) -> "LoadedContract":
    """Return the contract that was named, as the options choose. Raises UserError."""
    from canonry.contract.load import load_contract

    return load_contract(contract, profile=profile, policy=pairs(policies, "--policy"))


def pairs(texts: Iterable[str], option: str) -> dict[str, Any]:
    """Return what an option says as NAME=VALUE, several times."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UserError(f"`{option} {text}` says nothing; expected `{option} NAME=VALUE`")
        found[name] = value
    return found


def lines_of(name: str) -> Iterator[bytes]:
    """Yield the lines of a recording; `-` is stdin."""
    if name == "-":
        yield from sys.stdin.buffer
        return
    try:
        with open(name, "rb") as stream:
            yield from stream
    except OSError as error:
        raise UserError(f"cannot read the recording `{name}`: {(error.strerror or '').lower()}") from None
