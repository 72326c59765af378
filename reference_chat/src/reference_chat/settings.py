"""Every setting of the service, read once from ``CHAT_*`` variables; nothing else reads the environment."""

import dataclasses
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LEAST = {"secret_key": 32, "test_secret": 8}
"""Bytes of secrets: of a key for HMAC-SHA256 as many as of the digest, RFC 7518 section 3.2."""


class SettingsError(Exception):
    """A setting that cannot be; one sentence."""


def _time(seconds: float) -> Any:
    """A duration in seconds, which `time_scale` multiplies."""
    return field(default=float(seconds), metadata={"time": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Read from ``CHAT_<NAME>``; times are seconds, already scaled by `time_scale`."""

    database_url: str = field(default="", repr=False)
    """``sqlite:///FILE`` or ``postgresql://...``; without one, a SQLite file in `data_dir`."""
    data_dir: str = "chat-data"
    redis_url: str = field(default="", repr=False)
    """Joins several processes; without one, this process is the only one."""
    secret_key: str = field(default="", repr=False)
    """Signs access tokens; generated where it is absent, which ends all of them with the process."""
    test_secret: str = field(default="", repr=False)
    """Opens ``/debug`` and the faults; absent in production."""
    origins: tuple[str, ...] = ()
    """Origins whose pages may connect, beside the service's own."""
    worker: str = ""
    """The name of this process among those of one database; one that starts again under its name ends its old runs."""

    host: str = "127.0.0.1"
    port: int = 8000
    port_file: str = ""
    workers: int = 1
    shared_port: bool = False
    """Other processes listen at this port, too."""
    lifeline: int = -1
    """A file descriptor that ends with the process that started this one, and then this one ends."""

    model_url: str = ""
    model_key: str = field(default="", repr=False)
    model: str = "embedded"

    max_connections: int = 10
    max_runs: int = 20
    """Of one user, at the same time, in one process."""
    max_text: int = 8192
    max_frame: int = 65_536
    max_body: int = 16_384
    max_rate: float = 100.0
    """Messages a second and connection, after a burst of twice as many."""
    outbox: int = 1024
    """Frames that may wait for a slow reader."""
    argon2_memory: int = 65_536
    argon2_time: int = 3

    breaker_window: int = 20
    breaker_minimum: int = 10
    breaker_failure_rate: float = 0.5
    breaker_slow_rate: float = 0.8

    time_scale: float = 1.0
    access_ttl: float = _time(900)
    refresh_ttl: float = _time(14 * 86_400)
    ticket_ttl: float = _time(30)
    leeway: float = _time(10)
    """How far a clock that signs tokens may be ahead."""
    heartbeat: float = _time(30)
    silence: float = _time(8)
    """How long a run may say nothing; then it says that it still waits."""
    tool_timeout: float = _time(45)
    model_connect: float = _time(5)
    model_timeout: float = _time(30)
    model_slow: float = _time(15)
    breaker_open: float = _time(10)
    run_timeout: float = _time(60)
    send_timeout: float = _time(20)
    """How long a connection may take no byte before it is dropped."""
    request_timeout: float = _time(15)
    """How long a client may take to send a request."""
    grace: float = _time(10)
    """How long runs may go on after SIGTERM."""

    def __post_init__(self) -> None:
        for name in ("secret_key", "worker"):
            if not getattr(self, name):
                object.__setattr__(self, name, secrets.token_hex(32 if name == "secret_key" else 6))
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{Path(self.data_dir).absolute() / 'chat.db'}")


def from_environment(environ: Mapping[str, str], **given: Any) -> Settings:
    """The settings that ``CHAT_*`` variables name; `given` stand above them. Raises `SettingsError`, all at once."""
    read: dict[str, Any] = {}
    wrong: list[str] = []
    for known in dataclasses.fields(Settings):
        variable = f"CHAT_{known.name.upper()}"
        value = environ.get(variable, "")
        if value == "":
            continue
        try:
            read[known.name] = _parsed(value, known.default)
        except ValueError:
            wrong.append(f"`{variable}` is `{value}`, which is no {_words(known.default)}")
    for name, least in _LEAST.items():
        if 0 < (size := len(str({**read, **given}.get(name, "")).encode())) < least:
            wrong.append(
                f"`CHAT_{name.upper()}` has {size} bytes of the {least} it needs; `openssl rand -hex 32` makes one"
            )
    if wrong:
        raise SettingsError("; ".join(wrong))
    read.update(given)
    scale = read.get("time_scale", 1.0)
    for known in dataclasses.fields(Settings):
        if known.metadata.get("time"):
            read[known.name] = read.get(known.name, known.default) * scale
    settings = Settings(**read)
    if settings.workers > 1 and not (settings.redis_url and settings.database_url.startswith("postgresql")):
        raise SettingsError("several workers need `CHAT_REDIS_URL` and a `CHAT_DATABASE_URL` of PostgreSQL")
    return settings


def _parsed(value: str, default: Any) -> Any:
    if isinstance(default, tuple):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(default, bool):
        return value not in ("0", "false", "no")
    if isinstance(default, int | float):
        number = type(default)(value)
        if not number >= 0:
            raise ValueError(value)
        return number
    return value


def _words(default: Any) -> str:
    return "whole number" if isinstance(default, int) else "number of at least 0"
