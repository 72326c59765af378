"""Access tokens: short, signed with HS256 and nothing else, for this service alone."""

import time
from dataclasses import dataclass
from typing import Any

import jwt

from reference_chat.errors import ChatError, unauthorized
from reference_chat.faults import Faults
from reference_chat.ids import new_id
from reference_chat.settings import Settings

_AUDIENCE, _ISSUER = "reference-chat", "reference-chat/auth"
_REQUIRED = ["sub", "sid", "aud", "iss", "iat", "exp"]


@dataclass(frozen=True, slots=True)
class Claims:
    """Who a token is for, of which session, until when (`time.time`)."""

    user_id: str
    session_id: str
    expires_at: float


class Tokens:
    """Issues and reads them."""

    def __init__(self, settings: Settings, faults: Faults) -> None:
        self._settings, self._faults = settings, faults

    def issue(self, user_id: str, session_id: str) -> str:
        """A token of `access_ttl`."""
        now = time.time()
        claims: dict[str, Any] = {"sub": user_id, "sid": session_id, "aud": _AUDIENCE, "iss": _ISSUER}
        claims |= {"jti": new_id("tok"), "iat": now, "exp": now + self._settings.access_ttl}
        return jwt.encode(claims, self._settings.secret_key, algorithm="HS256")

    def read(self, token: str) -> Claims:
        """What a token says. Raises `ChatError` where it is not this service's, or not good any more."""
        signed = not self._faults.on("skip_signature")
        # PyJWT counts whole seconds; moments are compared here.
        options: Any = {"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_signature": signed}
        try:
            claims = jwt.decode(
                token,
                self._settings.secret_key,
                algorithms=["HS256"],
                audience=_AUDIENCE,
                issuer=_ISSUER,
                options=options if signed else {"verify_signature": False},
            )
            self._check_moments(float(claims["iat"]), float(claims["exp"]))
            return Claims(str(claims["sub"]), str(claims["sid"]), float(claims["exp"]))
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
            raise unauthorized() from None

    def _check_moments(self, issued_at: float, expires_at: float) -> None:
        now = time.time()
        if not issued_at <= now + self._settings.leeway:
            raise unauthorized("the token is of the future")
        if not now < expires_at and not self._faults.on("accept_expired"):
            raise ChatError("token_expired", "the token has expired; refresh it", status=401)
