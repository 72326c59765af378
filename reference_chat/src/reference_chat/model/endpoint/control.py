"""How the endpoint is told to misbehave for everybody, and what it counted."""

from collections import Counter

import msgspec


class Orders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What happens to every request: a share of them fails with `status`, all are `slow` seconds late, or hang."""

    error_rate: float = 0.0
    slow: float = 0.0
    hang: bool = False
    status: int = 500

    def __post_init__(self) -> None:
        if not 0 <= self.error_rate <= 1:
            raise ValueError("`error_rate` is a share between 0 and 1")
        if not 0 <= self.slow <= 3_600:
            raise ValueError("`slow` is a number of seconds up to 3600")
        if not 400 <= self.status <= 599:
            raise ValueError("`status` is a status of errors, 400 to 599")


class Census:
    """Counts upstream calls. `disconnected` ones were given up by the caller before their end."""

    def __init__(self) -> None:
        self.calls = self.active = self.peak = self.disconnected = 0
        self.by_status: Counter[int] = Counter()

    def opened(self) -> None:
        """A call came in."""
        self.calls += 1
        self.active += 1
        self.peak = max(self.peak, self.active)

    def closed(self, status: int | None) -> None:
        """A call ended with an answer of `status`, or because the caller left (None)."""
        self.active -= 1
        if status is None:
            self.disconnected += 1
        else:
            self.by_status[status] += 1

    def shown(self) -> dict[str, object]:
        """The numbers, as the census route answers."""
        by_status = {str(status): count for status, count in sorted(self.by_status.items())}
        numbers = {"calls": self.calls, "active": self.active, "peak": self.peak, "disconnected": self.disconnected}
        return {**numbers, "by_status": by_status}

    def restart(self) -> None:
        """Counts from zero; calls that are open stay so."""
        self.calls = self.peak = self.active
        self.disconnected = 0
        self.by_status.clear()


class Control:
    """The orders in force. Failures are spread evenly: at a rate of 0.8 every fifth request succeeds."""

    def __init__(self) -> None:
        self.orders = Orders()
        self._due = 0.0

    def order(self, orders: Orders) -> None:
        """Puts new orders in the place of the old ones."""
        self.orders = orders
        self._due = 0.0

    def fails(self) -> bool:
        """Whether the request that has just come fails by order."""
        self._due += self.orders.error_rate
        fails = self._due > 1 - 1e-9
        self._due -= fails
        return fails
