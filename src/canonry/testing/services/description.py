"""What another process needs to know of a service that runs."""

from dataclasses import dataclass

from canonry.testing.services.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What another process needs to use a service. ``directory`` and ``log`` are empty where we started nothing."""

    service: Service
    url: str
    root: str
    directory: str = ""
    log: str = ""
    pid: int = 0
    since: str = ""
    """When the process began, so that its number is not taken for another's."""
    template: str = ""
