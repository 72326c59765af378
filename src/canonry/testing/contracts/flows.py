"""The flows that the canon of a project declares."""

import os
from functools import cache
from pathlib import Path

import msgspec

from canonry.contract.load import LoadedContract, load_contract
from canonry.model.errors import UserError
from canonry.model.selection import matches
from canonry.testing.canon_tables import canon_tables
from canonry.testing.events import project_root


class Flow(msgspec.Struct, frozen=True):
    """A flow of the canon: the patterns of its tests, and the contract that they have to hold, empty without one."""

    name: str
    tests: tuple[str, ...]
    contract: str


def flow_of(path: Path) -> Flow:
    """The flow that a test file walks, of which it holds the contract (a shipped name or an absolute path).

    Raises `UserError` where the file belongs to no flow with a contract, or to flows with different ones.
    """
    root = Path(project_root(str(path.parent)))
    relative = path.relative_to(root).as_posix()
    flows = [flow for flow in declared_flows(root) if matches(relative, flow.tests)]
    held = {flow.contract: flow for flow in flows if flow.contract}
    if len(held) == 1:
        (flow,) = held.values()
        there = root / flow.contract
        return msgspec.structs.replace(flow, contract=str(there) if there.is_file() else flow.contract)
    if held:
        names = ", ".join(f"`{flow.name}`" for flow in held.values())
        raise UserError(
            f'`{relative}` walks the flows {names}, which have different contracts; name one: `event_contract("...")`'
        )
    hint = (
        f"add `contract = ...` to `[tool.canonry.flows.{flows[0].name}]`"
        if flows
        else "declare it as `[tool.canonry.flows.NAME]` with `tests` and `contract`"
    )
    raise UserError(f'`{relative}` belongs to no flow with a contract; {hint}, or name one: `event_contract("...")`')


def profile_of(contract: str | Path | LoadedContract) -> str | None:
    """The profile of the run, where the contract has one of that name: another place has other times."""
    name = os.environ.get("CANONRY_PROFILE")
    if not name:
        return None
    loaded = contract if isinstance(contract, LoadedContract) else load_contract(str(contract))
    return name if name in loaded.contract.profiles else None


@cache
def declared_flows(root: Path) -> tuple[Flow, ...]:
    """The flows of the canon at ``root``, asked once. Raises `UserError` where the canon is wrong."""
    tables = canon_tables(root, "flows")
    return tuple(
        Flow(name, _texts(table.get("tests")), str(table.get("contract") or "")) for name, table in tables.items()
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
