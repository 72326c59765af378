"""The kinds of services that are started from programs of the machine, each in a module of its own."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, cast

from canonry.testing.services.description import Description
from canonry.testing.services.place import Place
from canonry.testing.services.service import Service
from canonry.testing.services.supervise import Launch

_MODULES = {"postgres": "postgres", "redis": "redis", "command": "command"}


class Kind(Protocol):
    """What the module of a kind gives."""

    isolates: bool
    """Whether `lease` gives parts of it."""

    def refuses_root(self) -> bool:
        """Whether its server does not run as root."""

    def launch(
        self, service: Service, place: Place, port: int, *, root: Path, environment: Mapping[str, str]
    ) -> Launch:
        """How it is started there. Raises ServiceError where its programs are absent."""

    def fill(self, description: Description, *, log: int, limit: float) -> Description:
        """What is done once it answers: databases are made, the setup runs."""

    def lease(self, description: Description, worker: str) -> tuple[str, Callable[[], None]]:
        """The URL of a fresh part, and what gives it back."""


def kind_of(name: str) -> Kind | None:
    """The module of a kind; None for kinds that start no program here."""
    if name not in _MODULES:
        return None
    return cast(Kind, importlib.import_module(f"canonry.testing.services.{_MODULES[name]}"))
