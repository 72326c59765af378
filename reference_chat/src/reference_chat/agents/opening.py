"""The agents of one process, made from its settings: the model, its breaker, the loop."""

import contextlib
import secrets
from collections.abc import AsyncIterator

from reference_chat.agents.breaker import Breaker
from reference_chat.agents.circuit import Policy
from reference_chat.agents.loop import AgentLoop
from reference_chat.agents.rendezvous import SharedRendezvous
from reference_chat.faults import Faults
from reference_chat.model.client import ModelClient
from reference_chat.model.endpoint.app import MODEL, create_endpoint
from reference_chat.model.endpoint.server import EmbeddedServer
from reference_chat.settings import Settings


@contextlib.asynccontextmanager
async def open_agents(settings: Settings, faults: Faults) -> AsyncIterator[AgentLoop]:
    """The loop, ready for runs, with the model of the settings or the embedded one; closes both behind it."""
    async with contextlib.AsyncExitStack() as stack:
        url, key, name = settings.model_url, settings.model_key, settings.model
        if not url:
            key, name = secrets.token_hex(16), MODEL
            url = await _start_embedded(stack, key, settings.test_secret)
        model = ModelClient(url=url, key=key, model=name, connect_timeout=settings.model_connect)
        stack.push_async_callback(model.close)
        breaker = Breaker(breaker_policy(settings), faults)
        meeting = None
        if settings.redis_url:
            meeting = SharedRendezvous(settings.redis_url)
            stack.push_async_callback(meeting.close)
        yield AgentLoop(model=model, breaker=breaker, settings=settings, faults=faults, meeting=meeting, model_url=url)


def breaker_policy(settings: Settings) -> Policy:
    """When the breaker opens, as the settings say."""
    return Policy(
        window=settings.breaker_window,
        minimum=settings.breaker_minimum,
        failure_rate=settings.breaker_failure_rate,
        slow_rate=settings.breaker_slow_rate,
        slow_after=settings.model_slow,
        call_timeout=settings.model_timeout,
        open_for=settings.breaker_open,
    )


async def _start_embedded(stack: contextlib.AsyncExitStack, key: str, test_secret: str) -> str:
    server = EmbeddedServer(create_endpoint(key=key, test_secret=test_secret))
    stack.push_async_callback(server.stop)
    await server.start()
    return f"{server.url}/v1"
