"""Who wants to connect: by an Authorization header, a subprotocol, or a ticket; all that are given have to agree."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from reference_chat.auth.accounts import Accounts
from reference_chat.auth.tickets import Tickets
from reference_chat.auth.tokens import Claims
from reference_chat.errors import ChatError, unauthorized
from reference_chat.faults import Faults
from reference_chat.settings import Settings

PROTOCOL = "chat.v1"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody brought along."""

    tokens: Sequence[str]
    tickets: Sequence[str]


class Handshake:
    """Decides who may connect. Raises `ChatError`."""

    def __init__(self, *, settings: Settings, accounts: Accounts, tickets: Tickets, faults: Faults) -> None:
        self._settings, self._accounts, self._tickets, self._faults = settings, accounts, tickets, faults

    async def identify(self, scope: Scope) -> Claims:
        """Who it is. A ticket is taken only when everything else is good."""
        headers = Headers(scope=scope)
        self._check_origin(headers)
        given = _credentials(scope, headers, stripped=self._faults.on("strip"))
        claims = [await self._accounts.authenticate(token) for token in given.tokens]
        if len(given.tickets) > 1 or not (claims or given.tickets):
            raise unauthorized("log in first, and connect with the token or a ticket")
        claims += [await self._redeemed(ticket) for ticket in given.tickets]
        if len({claim.user_id for claim in claims}) > 1 and not self._faults.on("get_then_delete"):
            raise unauthorized("the credentials belong to different users")
        return claims[-1]

    async def holds(self, session_id: str, user_id: str) -> bool:
        """Whether nobody logged the session out meanwhile."""
        return await self._accounts.is_open(session_id, user_id)

    async def _redeemed(self, ticket: str) -> Claims:
        holder = await self._tickets.redeem(ticket)
        if holder is None or not await self._accounts.is_open(holder.session_id, holder.user_id):
            raise unauthorized("the ticket is not valid; get another one")
        return Claims(holder.user_id, holder.session_id, time.time() + self._settings.access_ttl)

    def _check_origin(self, headers: Headers) -> None:
        """A page of another origin may not connect; programs, which send none, may."""
        origin = headers.get("origin")
        if origin is None or origin in self._settings.origins:
            return
        try:
            parts = urlsplit(origin)
        except ValueError:  # as for `http://[`
            parts = None
        if parts is None or parts.scheme not in ("http", "https") or parts.netloc != headers.get("host"):
            raise ChatError("forbidden", "pages of this origin may not connect", status=403)


def _credentials(scope: Scope, headers: Headers, *, stripped: Mapping[str, Any] | None) -> Credentials:
    tokens = [value for value in (_bearer(header) for header in headers.getlist("authorization")) if value is not None]
    gone = () if stripped is None else (stripped["only"],) if stripped["only"] else ("subprotocol", "ticket")
    if "subprotocol" not in gone:
        tokens += [name.removeprefix("bearer.") for name in scope["subprotocols"] if name.startswith("bearer.")]
    if "ticket" in gone:
        return Credentials(tokens, [])
    try:
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=16)
    except ValueError:
        raise ChatError("malformed", "the query has too many fields") from None
    return Credentials(tokens, query.get("ticket", []))


def _bearer(header: str) -> str | None:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
