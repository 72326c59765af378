"""Nobody sees anything of anybody else."""

import asyncio

import pytest

from canonry.testing import EventContract
from golden_path.chat.together import together
from golden_path.conftest import Users

pytestmark = pytest.mark.anyio


async def test_two_users_see_their_own(users: Users, contract: EventContract) -> None:
    ada, grace = users(2)
    hers, also = await together(contract, ada, grace)
    async with hers, also:
        first = await hers.ask(f"remember {ada.canary}")
        second = await also.ask(f"remember {grace.canary}")
        both = await asyncio.gather(hers.ask(f"again {ada.canary}"), also.ask(f"again {grace.canary}"))
        await asyncio.gather(hers.rest(), also.rest())
    contract.check()
    assert ada.canary in first.answer, f"not answered: {first.end}"
    assert grace.canary in second.answer, f"not answered: {second.end}"
    assert all(run.answer for run in both)


async def test_what_one_user_said_reaches_no_other_in_any_guise(users: Users, contract: EventContract) -> None:
    """Grace says nothing that could be found; only what comes of Ada's question can be, whole, encoded or in pieces."""
    ada, grace = users(2)
    hers, also = await together(contract, ada, grace)
    async with hers, also:
        assert ada.canary in (await hers.ask(f"remember {ada.canary}")).answer
        run = await also.ask("what do you remember?")
        await also.rest()
    contract.check()
    assert run.answer
