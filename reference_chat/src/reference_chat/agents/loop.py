"""A minimal loop: it thinks, calls one tool, and quotes the question."""

import re
from collections.abc import Sequence
from typing import Any

from reference_chat.agents.context import Emit, UserExecutionContext
from reference_chat.faults import Faults
from reference_chat.settings import Settings
from reference_chat.store.store import Message


class AgentLoop:
    """One per process; holds nothing of any user."""

    def __init__(self, *, model: Any, breaker: Any, settings: Settings, faults: Faults) -> None:
        self._faults = faults

    async def run(self, context: UserExecutionContext, text: str, history: Sequence[Message], emit: Emit) -> str:
        """The answer."""
        import asyncio

        await emit("agent_started", {})
        await emit("agent_thinking", {"thought": "I look it up."})
        if stream := re.search(r"\[\[stream:(\d+)\]\]", text):
            for number in range(int(stream[1])):
                await emit("agent_thinking", {"thought": f"token {number}"})
        if slow := re.search(r"\[\[slow:([\d.]+)\]\]", text):
            await asyncio.sleep(float(slow[1]))
        await emit("tool_executing", {"tool_name": "search", "tool_call_id": "call_0", "arguments": {}})
        await emit("tool_completed", {"tool_name": "search", "tool_call_id": "call_0", "results": ["something"]})
        answer = f"You asked: {text}"
        await emit("agent_completed", {"final_response": answer})
        return answer
