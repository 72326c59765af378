"""A service as it is declared."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from canonry.model.durations import seconds

_LIMIT, _LIMIT_OF_OTHERS = 60.0, 5.0
"""How long a service may take to become ready where the canon does not say, in seconds; one that runs already, less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The keys of one ``[tool.canonry.services.NAME]``; the canon describes each. ``timeout`` is in seconds."""

    name: str
    kind: str
    command: str | None = None
    url: str | None = None
    ready: str | None = None
    ready_log: str | None = None
    image: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    timeout: float | None = None
    setup: tuple[str, ...] = ()
    url_env: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    programs: str | None = None
    needs: tuple[str, ...] = ()

    @classmethod
    def from_table(cls, name: str, table: Mapping[str, Any]) -> Self:
        """The service that a table of the canon declares; keys that are None or absent keep their defaults."""
        keys = {key.replace("-", "_"): value for key, value in table.items() if value is not None}
        if "timeout" in keys:
            keys["timeout"] = seconds(keys["timeout"])
        for key in ("setup", "url_env", "needs"):
            value = keys.get(key, ())
            keys[key] = (value,) if isinstance(value, str) else tuple(value)
        return cls(name=name, **keys)

    @property
    def limit(self) -> float:
        """How long it may take to become ready, in seconds."""
        default = _LIMIT_OF_OTHERS if self.kind == "url" else _LIMIT
        return default if self.timeout is None else self.timeout

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that hold its URL for tests: ``url-env``, or ``NAME_URL``."""
        return self.url_env or (re.sub(r"\W", "_", self.name).upper() + "_URL",)

    @property
    def table(self) -> str:
        """The table of the canon that declares it, as its user writes it."""
        return f"[tool.canonry.services.{self.name}]"

    def to_builtins(self) -> dict[str, Any]:
        """What JSON can hold of it; `from_builtins` gives it back."""
        return asdict(self)

    @classmethod
    def from_builtins(cls, values: Mapping[str, Any]) -> Self:
        """The service of what `to_builtins` gave."""
        tuples = {key: tuple(values[key]) for key in ("setup", "url_env", "needs")}
        return cls(**{**values, **tuples})
