"""What is sent to the HTTP part, and what it answers; the OpenAPI document is made of these types."""

import asyncio
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from reference_chat.errors import ChatError

Email = Annotated[str, msgspec.Meta(max_length=254, pattern=r"^[^@\x00-\x20]{1,64}@[^@\x00-\x20]{1,190}$")]
Password = Annotated[str, msgspec.Meta(min_length=8, max_length=256)]
Name = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00]+$")]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class Register(msgspec.Struct, forbid_unknown_fields=True):
    """A new account."""

    email: Email
    password: Password
    name: Name


class LogIn(msgspec.Struct, forbid_unknown_fields=True):
    """Address and password."""

    email: Email
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Refresh(msgspec.Struct, forbid_unknown_fields=True):
    """A refresh token, good once."""

    refresh_token: Secret


class User(msgspec.Struct):
    """A user."""

    user_id: str
    email: str
    name: str
    created_at: str


class Session(msgspec.Struct):
    """What a log-in gives; `expires_in` in seconds."""

    user_id: str
    access_token: str
    refresh_token: str
    expires_in: float
    token_type: str = "bearer"


class Ticket(msgspec.Struct):
    """Good for one connection, `expires_in` seconds long."""

    ticket: str
    expires_in: float


class Thread(msgspec.Struct):
    """A conversation."""

    thread_id: str
    title: str
    created_at: str


class Threads(msgspec.Struct):
    """The newest conversations first."""

    threads: list[Thread]


class Said(msgspec.Struct):
    """A message of a conversation."""

    message_id: str
    run_id: str
    role: str
    text: str
    created_at: str


class Run(msgspec.Struct):
    """One answer in the making, or made: `running`, `completed` or `failed`."""

    run_id: str
    status: str
    started_at: str


class Conversation(msgspec.Struct):
    """A thread with all that was said."""

    thread_id: str
    messages: list[Said]
    runs: list[Run]


class Events(msgspec.Struct):
    """Events of a run, as they were sent; `more` where this was not all."""

    run_id: str
    events: list[msgspec.Raw]
    more: bool


class Live(msgspec.Struct):
    """The process answers."""

    status: str


class Ready(msgspec.Struct):
    """What the service needs, and whether it works."""

    status: str
    checks: dict[str, bool]


class Fail(msgspec.Struct):
    """What was wrong: a code for programs, a sentence for people."""

    code: str
    message: str


class Error(msgspec.Struct):
    """Every answer that is not 2xx, readiness apart."""

    error: Fail


T = TypeVar("T", bound=msgspec.Struct)


async def read_body(request: Request, shape: type[T], *, limit: int, timeout: float) -> T:
    """The body of a request. Raises `ChatError` where it is too long, too slow, no JSON, or of another shape."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ChatError("unsupported", "the body has to be `application/json`", status=415)
    body = bytearray()
    try:
        async with asyncio.timeout(timeout):
            async for part in request.stream():
                body += part
                if len(body) > limit:
                    raise ChatError("too_large", f"the body has more than {limit} bytes", status=413)
    except TimeoutError:
        raise ChatError("too_slow", "the body took too long", status=408) from None
    except ClientDisconnect:
        raise ChatError("gone", "the client left", status=400) from None
    try:
        return msgspec.json.decode(bytes(body), type=shape)
    except msgspec.ValidationError as error:
        raise ChatError("invalid", f"the body does not fit: {error}", status=422) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise ChatError("malformed", "the body is not JSON", status=400) from None
