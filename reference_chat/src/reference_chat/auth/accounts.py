"""Accounts and sessions: an account and its profile come to be together, a refresh token is good once."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from reference_chat.auth.tokens import Claims, Tokens
from reference_chat.errors import ChatError, unauthorized
from reference_chat.faults import Faults
from reference_chat.ids import new_id, timestamp
from reference_chat.settings import Settings
from reference_chat.store.schema import profiles, sessions, users


@dataclass(frozen=True, slots=True)
class Session:
    """What a log-in gives."""

    user_id: str
    access_token: str
    refresh_token: str
    expires_in: float


class ReusedError(ChatError):
    """A refresh token was used again, and its session has ended."""

    def __init__(self, user_id: str, session_id: str) -> None:
        super().__init__("unauthorized", "the refresh token was used before; log in", status=401)
        self.user_id, self.session_id = user_id, session_id


class Accounts:
    """Who has an account, and who is logged in."""

    def __init__(self, *, settings: Settings, engine: AsyncEngine, tokens: Tokens, faults: Faults) -> None:
        self._settings, self._engine, self._tokens, self._faults = settings, engine, tokens, faults
        self._hasher = PasswordHasher(time_cost=settings.argon2_time, memory_cost=settings.argon2_memory, parallelism=1)
        self._nobody = self._hasher.hash(secrets.token_hex())
        self._hashing = asyncio.Semaphore(2)

    async def register(self, email: str, password: str, name: str) -> dict[str, Any]:
        """The profile of a new user, which is in one commit with the account. Raises `ChatError`.

        What it returns is what it wrote: nothing that is asked afterwards can hide that the account is there.
        """
        hashed = await self._hash(password)
        user_id, folded, now = new_id("usr"), _folded(email), timestamp()
        account = sa.insert(users).values(id=user_id, email=folded, password_hash=hashed, created_at=now)
        profile = sa.insert(profiles).values(user_id=user_id, name=name)
        try:
            async with self._engine.begin() as connection:
                await connection.execute(account)
                if self._faults.on("fail_second_write"):
                    await connection.commit()
                    raise RuntimeError("the profile cannot be written")
                await connection.execute(profile)
        except IntegrityError:
            raise ChatError("email_taken", "there is an account with this `email`; log in", status=409) from None
        except DBAPIError:
            if not await self._has_profile(user_id):  # where the line broke in the commit, the database knows
                raise
        return {"user_id": user_id, "email": folded, "name": name, "created_at": now}

    async def log_in(self, email: str, password: str) -> Session:
        """A new session. Raises `ChatError`; an unknown address takes as long as a wrong password."""
        query = sa.select(users.c.id, users.c.password_hash).where(users.c.email == _folded(email))
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        if not await self._matches(row.password_hash if row else self._nobody, password) or row is None:
            raise unauthorized("`email` or `password` is wrong")
        refresh, now = secrets.token_urlsafe(32), time.time()
        values = {"id": new_id("ses"), "user_id": row.id, "refresh_hash": digest(refresh)}
        async with self._engine.begin() as connection:
            await connection.execute(
                sa.delete(sessions).where(sessions.c.expires_at < now, sessions.c.user_id == row.id)
            )
            await connection.execute(sa.insert(sessions).values(**values, expires_at=now + self._settings.refresh_ttl))
        return self._session(row.id, values["id"], refresh)

    async def refresh(self, token: str) -> Session:
        """The session with a new refresh token; the old one, used again, ends it: one of the two is a thief."""
        refresh, now, old = secrets.token_urlsafe(32), time.time(), digest(token)
        turned = (
            sa.update(sessions)
            .where(sessions.c.refresh_hash == old, sessions.c.expires_at > now)
            .values(refresh_hash=digest(refresh), previous_hash=old, expires_at=now + self._settings.refresh_ttl)
            .returning(sessions.c.user_id, sessions.c.id)
        )
        async with self._engine.begin() as connection:
            row = (await connection.execute(turned)).first()
            stolen = sa.delete(sessions).where(sessions.c.previous_hash == old)
            ended = (
                None if row else (await connection.execute(stolen.returning(sessions.c.user_id, sessions.c.id))).first()
            )
        if ended is not None:
            raise ReusedError(ended.user_id, ended.id)
        if row is None:
            raise unauthorized("the refresh token is not valid; log in")
        return self._session(row.user_id, row.id, refresh)

    async def log_out(self, claims: Claims) -> None:
        """Ends a session: its tokens are refused from now on."""
        async with self._engine.begin() as connection:
            await connection.execute(sa.delete(sessions).where(sessions.c.id == claims.session_id))

    async def authenticate(self, token: str) -> Claims:
        """Whose token it is. Raises `ChatError` also where its session has ended."""
        claims = self._tokens.read(token)
        if not await self.is_open(claims.session_id, claims.user_id):
            raise unauthorized("the session has ended; log in")
        return claims

    async def is_open(self, session_id: str, user_id: str) -> bool:
        """Whether nobody logged the session out."""
        if self._faults.on("skip_signature"):
            return True
        query = sa.select(sessions.c.id).where(sessions.c.id == session_id, sessions.c.user_id == user_id)
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).first() is not None

    async def open_sessions(self, session_ids: Collection[str]) -> Collection[str]:
        """Those of the sessions that nobody logged out."""
        if self._faults.on("skip_signature"):
            return session_ids
        query = sa.select(sessions.c.id).where(sessions.c.id.in_(session_ids))
        async with self._engine.connect() as connection:
            return set((await connection.execute(query)).scalars())

    async def profile(self, user_id: str) -> dict[str, Any]:
        """Address and name of a user."""
        query = sa.select(users.c.email, users.c.created_at, profiles.c.name).select_from(
            users.join(profiles, users.c.id == profiles.c.user_id)
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query.where(users.c.id == user_id))).first()
        if row is None:
            raise ChatError("not_found", "the account has no profile", status=404)
        return {"user_id": user_id, "email": row.email, "name": row.name, "created_at": row.created_at}

    async def _has_profile(self, user_id: str) -> bool:
        async with self._engine.connect() as connection:
            query = sa.select(profiles.c.user_id).where(profiles.c.user_id == user_id)
            return (await connection.execute(query)).first() is not None

    def _session(self, user_id: str, session_id: str, refresh: str) -> Session:
        access = self._tokens.issue(user_id, session_id)
        return Session(user_id, access, refresh, self._settings.access_ttl)

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def _matches(self, hashed: str, password: str) -> bool:
        async with self._hashing:
            try:
                return await asyncio.to_thread(self._hasher.verify, hashed, password)
            except VerificationError:
                return False


def digest(secret: str) -> str:
    """What is stored of a random secret instead of it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _folded(email: str) -> str:
    return email.strip().casefold()
