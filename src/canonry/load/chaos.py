"""What is done to connections while they are in use, on a schedule; what has to hold meanwhile is the contract."""

import asyncio
import random
from collections.abc import Callable, Sequence

from canonry.load.connection import JudgedConnection
from canonry.load.spec import Disturbance

KINDS = {
    "cut": "the line breaks, without a close frame",
    "slow": "nothing is read for a while, then all of it",
    "half-open": "nothing is read and no ping is answered for a while, then the line breaks",
    "skew": "the user's clock is wrong by so much: what is sent carries a `timestamp` of that clock",
    "restart": "a service that was started for the run stops, and starts again after a while",
}
"""Disturbance -> what happens to a connection, or to a service."""
RESTART = "restart"


async def disturb(
    connections: Callable[[], Sequence[JudgedConnection]],
    disturbance: Disturbance,
    *,
    seed: str,
    met: Callable[[str], None],
) -> None:
    """Meets a share of the open connections again and again, chosen by ``seed``, and tells ``met`` of each.

    Ends when it is cancelled.
    """
    chance = random.Random(f"chaos:{disturbance.kind}:{seed}")
    await asyncio.sleep(disturbance.start)
    running: set[asyncio.Task[None]] = set()
    try:
        while True:
            await asyncio.sleep(disturbance.every)
            there = connections()
            for connection in chance.sample(there, min(len(there), _share(len(there), disturbance.share, chance))):
                met(disturbance.kind)
                task = asyncio.create_task(_meet(connection, disturbance))
                running.add(task)
                task.add_done_callback(running.discard)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _meet(connection: JudgedConnection, disturbance: Disturbance) -> None:
    match disturbance.kind:
        case "skew":
            connection.skew = disturbance.lasting
        case "slow":
            await connection.pause(disturbance.lasting)
        case "half-open":
            await connection.pause(disturbance.lasting)
            await connection.cut()
        case _:
            await connection.cut()


def _share(count: int, share: float, chance: random.Random) -> int:
    """So many of ``count``, the broken part by chance, so that small crowds are met too."""
    exact = count * share
    return int(exact) + (chance.random() < exact - int(exact))
