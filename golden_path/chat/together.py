"""Sockets of several users in one process of the service, where what they share would be shared."""

from canonry.testing import EventContract
from golden_path.chat.conversation import Conversation
from golden_path.chat.user import ChatUser

_ATTEMPTS = 60


async def beside(user: ChatUser, contract: EventContract, worker: str) -> Conversation:
    """An open socket of a user in the process of that name, behind its welcome; in any, where none has a name.

    Raises `AssertionError` where that process takes no connection in a row of attempts.
    """
    for _ in range(_ATTEMPTS):
        found = user.connect(contract)
        await found.open()
        if not worker or worker_of(await found.welcome()) == worker:
            return found
        await found.close()
        contract.streams.remove(found.stream)
    raise AssertionError(f"`{worker}` takes no connections")


async def together(contract: EventContract, *users: ChatUser) -> list[Conversation]:
    """Open sockets of users, all in one process, behind their welcomes."""
    first = users[0].connect(contract)
    await first.open()
    worker = worker_of(await first.welcome())
    return [first, *[await beside(user, contract, worker) for user in users[1:]]]


def worker_of(welcome: dict[str, object]) -> str:
    """The process that welcomes, empty where it does not say."""
    payload = welcome.get("payload")
    return str(payload.get("worker", "")) if isinstance(payload, dict) else ""
