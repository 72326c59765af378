"""An operation of the HTTP part, as its route and its description need it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation: what it takes, what it answers, and with which other statuses it may refuse."""

    method: str
    path: str
    summary: str
    handle: Callable[[Request], Awaitable[Response]]
    answer: type[msgspec.Struct] | None
    body: type[msgspec.Struct] | None = None
    status: int = 200
    refuses: Sequence[int] = ()
    bearer: bool = True
