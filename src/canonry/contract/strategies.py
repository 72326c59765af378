"""Hypothesis strategies made of contracts. Hypothesis is the tests' dependency, not ours: it is imported when asked."""

from random import Random
from typing import TYPE_CHECKING

from canonry.contract.compile.plan import Plan
from canonry.contract.generate.stream import Stream
from canonry.contract.generate.streams import Generator
from canonry.contract.load import LoadedContract, load_contract
from canonry.model.errors import UserError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def valid_streams(
    contract: str | LoadedContract | Plan, *, runs: int = 1, sessions: int = 1
) -> "SearchStrategy[Stream]":
    """Return a strategy of valid streams of a contract, which is given by name, by file, or loaded.

    Raises UserError where Hypothesis is not installed, ContractError for a broken contract.
    """
    try:
        from hypothesis import strategies
    except ImportError:
        raise UserError("`valid_streams` needs Hypothesis; install it with `pip install hypothesis`") from None
    if isinstance(contract, str):
        contract = load_contract(contract)
    plan = contract if isinstance(contract, Plan) else contract.plan

    generator = Generator(plan)

    def made(rng: Random) -> Stream:
        return generator.stream_from(rng, runs=runs, sessions=sessions)

    return strategies.randoms(note_method_calls=False, use_true_random=False).map(made)
