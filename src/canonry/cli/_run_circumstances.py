"""What every kind of run needs beside its plan: profile, services, and Ctrl-C that lets it finish."""

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from canonry.canon.options import Service
from canonry.run.execute import StopSignal
from canonry.run.prepare import Prepared
from canonry.run.profiles import canon_under, require_ready
from canonry.run.quarantine import told
from canonry.run.session import Circumstances, Emit
from canonry.run.surroundings import StartedServices, refuse_containers, services_of


def circumstances_of(prepared: Prepared, stop: StopSignal, *, arguments: tuple[str, ...] = ()) -> Circumstances:
    """The circumstances of a run. Raises `UserError` where its environment is not ready or refuses a service."""
    profile, plan, project = prepared.profile, prepared.plan, prepared.project
    canon = canon_under(project.canon, profile)
    services = services_of(canon, plan)
    containers = prepared.request.containers is not False and profile.keys.containers is not False
    if not containers:
        why = "`--no-docker`" if prepared.request.containers is False else f"the profile `{profile.name}`"
        refuse_containers(services, why=why)
    said = require_ready(profile, os.environ)

    def start(named: Mapping[str, Service], emit: Emit) -> AbstractContextManager[StartedServices]:
        from canonry.run.services import started  # loads what starts servers, which few runs have

        return started(named, canon, root=project.root, emit=emit, containers=containers)

    return Circumstances(
        profile=profile,
        arguments=arguments,
        asked=prepared.selection.asked,
        notes=(*prepared.notes, *((said,) if said else ())),
        services=services,
        start_services=start,
        stop=stop,
        quarantine=tuple(told(prepared.quarantine, project.session.today, project.place)),
    )


@contextmanager
def interruptible(stop: StopSignal) -> Iterator[None]:
    """Ctrl-C, or an order to end, asks the run to finish; a second one to stop now."""

    def ask(number: int, _frame: FrameType | None) -> None:
        stop.request()
        if stop.level == 1 and number == signal.SIGINT:
            with contextlib.suppress(OSError):
                os.write(2, b"\ncanonry: finishes what runs and reports; Ctrl-C again stops now\n")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
