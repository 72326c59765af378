"""Who is connected: user -> connections. The only place that knows."""

from collections.abc import Collection, Iterator

from reference_chat.realtime.connection import Connection


class ConnectionRegistry:
    """The open connections of this process."""

    def __init__(self) -> None:
        self._users: dict[str, dict[str, Connection]] = {}
        self.opened = self.closed = 0

    def add(self, connection: Connection) -> None:
        """From now on the connection receives."""
        self._users.setdefault(connection.user_id, {})[connection.id] = connection
        self.opened += 1

    def remove(self, connection: Connection) -> None:
        """Nothing is sent to it any more."""
        mine = self._users.get(connection.user_id, {})
        if mine.pop(connection.id, None) is not None:
            self.closed += 1
        if not mine:
            self._users.pop(connection.user_id, None)

    def of(self, user_id: str) -> Collection[Connection]:
        """The connections of one user."""
        return self._users.get(user_id, {}).values()

    def users(self) -> dict[str, int]:
        """How many each user has."""
        return {user: len(connections) for user, connections in self._users.items()}

    def __iter__(self) -> Iterator[Connection]:
        return iter([connection for mine in self._users.values() for connection in mine.values()])

    def __len__(self) -> int:
        return self.opened - self.closed
