"""The part of a service that one worker or one test has for itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self


def _nothing() -> None:
    """Gives nothing back."""


@dataclass(slots=True, kw_only=True)
class Lease:
    """A database, or whatever the kind isolates by, until `release`.

    ``isolated`` is False where the service knows no parts: then it is all of it, shared with everybody.
    """

    service: str
    url: str
    variables: Mapping[str, str]
    """Environment variables for tests, by name."""
    isolated: bool = True
    give_back: Callable[[], None] = field(default=_nothing, repr=False)

    def release(self) -> None:
        """Gives it back; what it held is gone. A second call does nothing. Never raises where the service is gone."""
        give_back, self.give_back = self.give_back, _nothing
        give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
