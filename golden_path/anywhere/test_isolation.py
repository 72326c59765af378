"""Nobody sees anything of anybody else."""

import asyncio
import base64

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


async def test_two_users_see_their_own_in_every_encoding(users: Users, contract: EventContract) -> None:
    ada, grace = users(2)
    hers, also = await together(contract, ada, grace)
    async with hers, also:
        hidden = [base64.b64encode(f"{'x' * shift}{ada.canary}".encode()).decode() for shift in range(3)]
        for text in hidden:
            await hers.ask(text)
            await also.ask(f"mine {grace.canary}")
    contract.check()
