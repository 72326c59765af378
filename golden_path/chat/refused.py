"""With what the service refuses somebody who wants to connect."""

import asyncio

from canonry.testing.connection import HandshakeError, RealConnection
from canonry.testing.users import websocket_url
from golden_path.chat.target import Target


async def refusal(chat: Target, headers: dict[str, str], path: str = "/ws") -> int:
    """The status or the code with which somebody is refused, 0 where he is let in."""
    connection = RealConnection(websocket_url(chat.url, path), headers=headers)
    try:
        await connection.open(limit=10)
    except HandshakeError as error:
        await asyncio.sleep(0.01)  # so that the loop lets go of the socket
        return error.status
    try:
        await connection.receive(limit=0.3)
    except AssertionError:
        return connection.close_code or 0
    finally:
        await connection.close()
    return 0
