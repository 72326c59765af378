"""The tables, and the engine for queries; what is written while somebody waits for it goes through `writer` instead."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

metadata = sa.MetaData()

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("email", sa.String, nullable=False, unique=True),
    sa.Column("password_hash", sa.String, nullable=False),
    sa.Column("created_at", sa.String, nullable=False),
)
profiles = sa.Table(
    "profiles",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("name", sa.String, nullable=False),
)
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False),
    sa.Column("refresh_hash", sa.String, nullable=False, unique=True),
    sa.Column("previous_hash", sa.String, index=True),
    sa.Column("expires_at", sa.Float, nullable=False),
)
tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("hash", sa.String, primary_key=True),
    sa.Column("user_id", sa.String, nullable=False),
    sa.Column("session_id", sa.String, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
)
threads = sa.Table(
    "threads",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("created_at", sa.String, nullable=False),
)
messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("thread_id", sa.ForeignKey("threads.id"), nullable=False, index=True),
    sa.Column("run_id", sa.String, nullable=False),
    sa.Column("role", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("created_at", sa.String, nullable=False),
)
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("thread_id", sa.ForeignKey("threads.id"), nullable=False, index=True),
    sa.Column("user_id", sa.String, nullable=False),
    sa.Column("request_id", sa.String),
    sa.Column("worker", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("started_at", sa.String, nullable=False),
    sa.Index("runs_request", "user_id", "request_id", unique=True),
    sa.Index(
        "runs_running",
        "worker",
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    ),
)
# No foreign key: it would be looked up for every event; the run's row is committed with or before them.
events = sa.Table(
    "events",
    metadata,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("frame", sa.String, nullable=False),
)
workers = sa.Table(
    "workers",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.Column("scratch", sa.String, nullable=False),
)


def open_engine(url: str) -> AsyncEngine:
    """An engine for `url`: SQLite in WAL mode with ``synchronous = FULL``, or PostgreSQL through psycopg."""
    parsed = make_url(url)
    # Parameters hold digests and what users say; they have no place in the text of an error.
    common: Any = {"hide_parameters": True, "pool_timeout": 5}
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(parsed.set(drivername="sqlite+aiosqlite"), pool_size=4, max_overflow=0, **common)
        event.listen(engine.sync_engine, "connect", _prepare)
        return engine
    return create_async_engine(
        parsed.set(drivername="postgresql+psycopg"), pool_size=8, max_overflow=0, pool_pre_ping=True, **common
    )


async def create_tables(engine: AsyncEngine) -> None:
    """Makes the tables that are not there; of several processes that start at once, one makes them."""
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(sa.text("select pg_advisory_xact_lock(7310)"))
        await connection.run_sync(metadata.create_all)


def _prepare(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


PRAGMAS = (
    "pragma busy_timeout = 10000",
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma foreign_keys = on",
)
