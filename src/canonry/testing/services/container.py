"""A service in a container, through testcontainers, where a daemon runs."""

import logging
import time
from collections.abc import Callable
from typing import Any

from canonry.testing.services.answers import answer
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.service import Service


def run_container(service: Service) -> tuple[str, Callable[[], None]]:
    """The URL of a container's port and what ends it. Raises ServiceError where none can be had."""
    if not service.image:
        raise ServiceError(f"{service.table} names no `image`; add the one to start it from")
    if service.port is None:
        raise ServiceError(f"{service.table} names no `port`; add the one that the container listens on")
    try:
        from testcontainers.core.container import DockerContainer
    except ModuleNotFoundError as error:
        raise ServiceError(
            "containers take the package `testcontainers`; install it with `pip install 'canonry[services]'`"
        ) from error
    logging.getLogger("testcontainers").setLevel(logging.WARNING)
    container: Any = None
    try:
        container = DockerContainer(service.image).with_exposed_ports(service.port)
        for name, value in service.env.items():
            container = container.with_env(name, value)
        container.start()
        return _ready(service, container), container.stop
    except ServiceError:
        container.stop()
        raise
    except BaseException as error:
        if container is not None and getattr(container, "_container", None) is not None:
            container.stop()
        if not isinstance(error, Exception):
            raise
        # docker's own exceptions are not ours to import: what it says is told, whatever it is
        raise ServiceError(
            f"no container of `{service.image}` can be started: {error}; start the Docker daemon, or declare another "
            "kind such as `command` or `url`"
        ) from error


def _ready(service: Service, container: Any) -> str:
    host, port = container.get_container_host_ip(), container.get_exposed_port(service.port)
    url = (service.url or "tcp://{host}:{port}").replace("{host}", str(host)).replace("{port}", str(port))
    deadline = time.monotonic() + service.limit
    while said := answer(url, ready=service.ready):
        if time.monotonic() > deadline:
            raise ServiceError(f"its container is not ready after {service.limit:g} s: {said}")
        time.sleep(0.1)
    return url
