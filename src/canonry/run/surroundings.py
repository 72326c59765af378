"""What the workers of a run find around them; which services are meant, before any is started."""

from collections.abc import Mapping
from typing import Protocol

from canonry.canon.options import Canon, Service, ServiceKind
from canonry.model.errors import UserError
from canonry.model.run_plan import RunPlan


class StartedServices(Protocol):
    """Services that run, for as long as the run does."""

    def unavailable(self, name: str) -> str:
        """Why a service did not start; empty where it did."""

    def probe(self, name: str) -> bool:
        """Whether the service answers now."""

    def environment(self, worker: int) -> Mapping[str, str]:
        """The variables with which a worker finds its share of the services."""

    def release(self, worker: int) -> None:
        """What a worker had of the services is free, and holds nothing of it."""


def services_of(canon: Canon, plan: RunPlan) -> dict[str, Service]:
    """The declared services that the categories of a plan name."""
    names = {name for category in plan.categories if category.work for name in category.policy.services}
    return {name: service for name, service in canon.services.items() if name in names}


def refuse_containers(services: Mapping[str, Service], *, why: str) -> None:
    """Raises `UserError` where one of the services is a container: never a fake in its place."""
    refused = [name for name, service in services.items() if service.kind is ServiceKind.CONTAINER]
    if refused:
        names = ", ".join(f"`{name}`" for name in refused)
        raise UserError(
            f"{why} refuses containers, and {names} {'is one' if len(refused) == 1 else 'are some'}; declare "
            "another kind for it, or leave out the categories that need it"
        )


class RunSurroundings:
    """What workers find around them: the profile's variables, and those of their services where there are any."""

    def __init__(self, variables: Mapping[str, str], services: StartedServices | None = None) -> None:
        self._variables = dict(variables)
        self._services = services

    def unavailable(self, name: str) -> str:
        """Why a service did not start; empty where it did."""
        return self._services.unavailable(name) if self._services is not None else f"nobody started `{name}`"

    def probe(self, name: str) -> bool:
        """Whether the service answers now; one that nobody started does not."""
        return self._services is not None and self._services.probe(name)

    def environment(self, worker: int) -> Mapping[str, str]:
        """The variables that a worker gets."""
        own = self._services.environment(worker) if self._services is not None else {}
        return {**self._variables, **own}

    def release(self, worker: int) -> None:
        """A worker is gone."""
        if self._services is not None:
            self._services.release(worker)
