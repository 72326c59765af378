"""One run from its first event to its last: executed, recorded, told to whoever listens, kept in the history."""

import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

import msgspec

from canonry.canon.options import Service
from canonry.model.errors import UserError
from canonry.model.run_event import InQuarantine, Note, RunEnded, RunEvent, RunStarted
from canonry.model.run_plan import RunPlan
from canonry.run.execute import StopSignal, execute
from canonry.run.fingerprint import fingerprint
from canonry.run.keeping import keep
from canonry.run.kept_bytecode import prune_bytecode
from canonry.run.profiles import ResolvedProfile
from canonry.run.project import Project
from canonry.run.recording import Recorder, new_run_id, prune, runs_folder
from canonry.run.summary import FAILED, INTERRUPT, USER_ERROR, RunSummary
from canonry.run.surroundings import RunSurroundings, StartedServices

Emit = Callable[[RunEvent], None]
StartServices = Callable[[Mapping[str, Service], Emit], AbstractContextManager[StartedServices]]
"""Starts services, and stops them at the end of the block."""


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is beside its plan. ``arguments`` are the command line's, for the recording.

    ``asked`` are the categories that were named, ``services`` those that its categories need.
    """

    profile: ResolvedProfile
    arguments: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    services: Mapping[str, Service] = {}
    start_services: StartServices
    stop: StopSignal
    recorded: bool = True
    resumes: str = ""
    quarantine: tuple[InQuarantine, ...] = ()
    measure: Callable[[RunSummary], Iterable[RunEvent]] | None = None
    """What is to be told of the whole run before it ends."""


def run_plan(
    project: Project, plan: RunPlan, circumstances: Circumstances, *, listeners: Iterable[Emit] = ()
) -> RunSummary:
    """Runs a plan. Every event goes into the recording, into the summary that is returned, and to the listeners.

    Raises `UserError` where pytest refuses to start.
    """
    run = new_run_id()
    recorder = Recorder(runs_folder(project.root), run) if circumstances.recorded else None
    summary = RunSummary()
    told = list(listeners)
    said = ""

    def emit(event: RunEvent) -> None:
        nonlocal said
        summary.add(event)
        if recorder is not None:
            recorder.emit(event)
        for listener in told:
            listener(event)
        if recorder is not None and recorder.trouble != said:
            said = recorder.trouble
            emit(Note(text=said, at=time.time()))

    begun = time.monotonic()
    emit(_started(project, plan, circumstances, run))
    for note in dict.fromkeys((*project.notes, *circumstances.notes)):
        emit(Note(text=note, at=time.time()))
    for entry in circumstances.quarantine:
        emit(entry)
    try:
        reason = _execute(plan, circumstances, run, emit)
    except BaseException as error:
        status = USER_ERROR if isinstance(error, UserError) else FAILED
        said = f"{str(error).partition(chr(10))[0] or type(error).__name__}"
        if recorder is not None:
            recorder.emit(RunEnded(status=status, reason=said, duration=time.monotonic() - begun, at=time.time()))
            recorder.close()
        raise
    for event in circumstances.measure(summary) if circumstances.measure is not None else ():
        emit(event)
    ended = RunEnded(reason=reason, duration=time.monotonic() - begun, at=time.time())
    summary.ended = ended
    emit(msgspec.structs.replace(ended, status=summary.status()))
    if recorder is not None:
        recorder.close()
        trouble = keep(project.root, summary, project.canon.history)
        if trouble:
            for listener in told:
                listener(Note(text=trouble, at=time.time()))
        prune(project.root, keep=project.canon.run.keep)
        prune_bytecode(project.root)
    return summary


def _started(project: Project, plan: RunPlan, circumstances: Circumstances, run: str) -> RunStarted:
    tree = project.session.tree
    packages = project.state / "packages.json"
    return RunStarted(
        at=time.time(),
        run=run,
        root=str(project.root),
        place=project.place,
        here=project.here,
        host=platform.node(),
        resumes=circumstances.resumes,
        commit=tree.commit,
        dirty=tree.dirty,
        arguments=circumstances.arguments,
        profile=circumstances.profile.name,
        fingerprint=fingerprint(
            services={name: each.kind.value for name, each in circumstances.services.items()},
            kept=packages if circumstances.recorded or packages.exists() else None,
        ),
        flaky_warns=tuple(each.name for each in plan.categories if not each.policy.flaky_fails),
        asked=circumstances.asked,
    )


def _execute(plan: RunPlan, circumstances: Circumstances, run: str, emit: Emit) -> str:
    """Executes the plan between the start and the end of its services; why it ended early, else empty."""
    variables = {**circumstances.profile.environment(os.environ), "CANONRY_RUN": run}
    starting: AbstractContextManager[StartedServices | None] = nullcontext()
    if circumstances.services:
        starting = circumstances.start_services(circumstances.services, emit)
    try:
        with starting as services:
            done = execute(
                plan,
                emit=emit,
                services=RunSurroundings(variables, services),
                stop=circumstances.stop,
            )
    except KeyboardInterrupt:
        return INTERRUPT
    if done.usage_error:
        raise UserError(done.usage_error)
    return done.reason
