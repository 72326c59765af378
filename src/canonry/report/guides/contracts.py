"""The contracts that flows of a canon name, each read or with a sentence on why it could not be."""

from pathlib import Path

from canonry.canon.options import Canon
from canonry.contract.load import LoadedContract, load_contract
from canonry.model.errors import UserError


def contracts_of(canon: Canon, root: Path) -> dict[str, LoadedContract | str]:
    """By the name that flows use, in their order. The sentence names no place outside of the tree."""
    found: dict[str, LoadedContract | str] = {}
    for flow in canon.flows.values():
        name = flow.contract
        if not name or name in found:
            continue
        there = root / name
        try:
            found[name] = load_contract(str(there) if there.is_file() else name)
        except UserError as error:
            found[name] = str(error).replace(f"{root}/", "").splitlines()[0]
    return found
