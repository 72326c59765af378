"""Nobody sees anything of anybody else."""

import asyncio

import pytest

from canonry.testing import EventContract
from golden_path.conftest import Users

pytestmark = pytest.mark.anyio


async def test_two_users_see_their_own(users: Users, contract: EventContract) -> None:
    ada, grace = users(2)
    async with ada.connect(contract) as hers, grace.connect(contract) as also:
        await hers.welcome()
        await also.welcome()
        first = await hers.ask(f"remember {ada.canary}")
        second = await also.ask(f"remember {grace.canary}")
        both = await asyncio.gather(hers.ask(f"again {ada.canary}"), also.ask(f"again {grace.canary}"))
    contract.check()
    assert ada.canary in first.answer
    assert grace.canary in second.answer
    assert all(run.answer for run in both)
