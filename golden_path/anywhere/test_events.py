"""The five events of a run, as the contract has them."""

import pytest

from canonry.testing import EventContract
from golden_path.chat.user import ChatUser

pytestmark = pytest.mark.anyio


async def test_a_question_is_answered(user: ChatUser, contract: EventContract) -> None:
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        run = await conversation.ask(f"what is the weather in {user.canary}?")
        await conversation.rest()
    contract.check()
    assert user.canary in run.answer, f"not answered: {run.end}"
    assert set(run.types) == {"agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"}
