"""`canonry run --flow NAME --prove`."""

import math
from pathlib import Path

import click
import msgspec

from canonry.cli._run_call import Call, opened_output
from canonry.cli._run_circumstances import circumstances_of, interruptible
from canonry.cli._run_options import MOST_RUNS
from canonry.history.reliability import Trial, first_outcomes, trial_of
from canonry.history.statistics.claims import walk
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.outcome import Outcome
from canonry.model.reliability import TARGET, ClaimState
from canonry.model.run_event import RunEnded, RunEvent
from canonry.report.run.proved import progress, render, render_json
from canonry.report.style import plural
from canonry.run.execute import StopSignal
from canonry.run.fingerprint import fingerprint
from canonry.run.flow_claims import flow_tests, is_narrowed, is_of_flow
from canonry.run.prepare import Prepared, prepare
from canonry.run.project import open_project
from canonry.run.proving import Ground, Proof, Round, better_than, keep_proof, kept_proof, missing_evidence, prove
from canonry.run.recorded import environment_of, recorded_summary
from canonry.run.recording import find_recording
from canonry.run.session import run_plan
from canonry.run.summary import INTERRUPT

_STATUS = {ClaimState.PROVEN: 0, ClaimState.REFUTED: 1}


def prove_flow(prepared: Prepared, call: Call) -> int:
    """Runs a flow until its reliability is proven (0), refuted (1), or cannot be decided (5).

    Raises `UserError` where what is to be proved is not one flow at one commit.
    """
    project, values = prepared.project, call.values
    name = _flow(prepared)
    flow = project.canon.flows[name]
    if prepared.project.commit is None or project.session.tree.dirty:
        why = "has uncommitted changes" if project.commit is not None else "is no commit"
        raise UserError(f"the tree {why}, so what would be proved is of no commit; commit first, then prove")
    given = _target(call, flow.reliability)
    tests = flow_tests(project, flow)
    if not tests:
        raise NothingValidatedError(f"the flow `{name}` has no test, so nothing was validated")
    stop = StopSignal()
    ground = Ground(
        flow=name,
        target=given,
        commit=project.commit or "",
        environment=_environment(prepared, stop),
        profile=prepared.profile.name,
    )
    proof = Proof(ground=ground, rounds=tuple(kept_proof(project.root, ground)), most=values.max_runs)
    if proof.rounds and not values.quiet:
        click.echo(f"canonry: goes on behind {plural(len(proof.rounds), 'round')} made before", err=True)

    def tell(now: Proof) -> None:
        try:
            keep_proof(project.root, now)
        except OSError as error:  # the proof goes on; only what is done would be lost with this process
            click.echo(f"canonry: the proof is not kept ({(error.strerror or 'refused').lower()})", err=True)
        if not values.quiet:
            click.echo(f"canonry: {progress(now)}", err=True)

    with interruptible(stop):
        proof = prove(proof, lambda: _round(call, ground, tests, stop), told=tell)
    with opened_output(values) as out:
        (render_json if values.output_format == "json" else render)(proof, out)
    return _STATUS.get(proof.state, 5)


def _target(call: Call, declared: float | None) -> float:
    """The reliability to prove. Raises `UserError` for one that the runs that may be made can never prove.

    Of what the canon declares the usual number must be enough; fewer are a part of a proof that goes on.
    """
    values = call.values
    is_given = values.prove is not None and not math.isnan(values.prove)  # `_run_options.DECLARED`
    given = values.prove if values.prove is not None and is_given else declared or TARGET
    if not 0 < given < better_than(given) < 1:
        raise UserError(f"no number of runs proves a reliability of {given!r}; declare one between 0 and 1")
    most = values.max_runs if is_given else max(values.max_runs, MOST_RUNS)
    needed = walk(0, 0, target=given, better=better_than(given)).left
    if needed > most:
        raise UserError(
            f"{plural(most, 'run')} can never prove a reliability of {given!r}: that takes {needed:,} clean runs; "
            "declare less, or allow more with `--max-runs`"
        )
    return given


def _flow(prepared: Prepared) -> str:
    """The one flow that is asked for, whole."""
    names = tuple(dict.fromkeys(prepared.request.flows))
    if len(names) != 1:
        raise UserError("`--prove` proves one flow; name it with `--flow`")
    if is_narrowed(prepared):
        raise UserError(
            "`--prove` is of all tests of a flow; leave out what narrows them (paths, `-c`, `-k`, `-m`, `--changed`, "
            "`--failed`, `--rerun`, `--shard`, options of pytest, `categories` of the profile)"
        )
    return names[0]


def _environment(prepared: Prepared, stop: StopSignal) -> str:
    """The word for the environment in which the rounds will run, as their recordings will have it."""
    services = circumstances_of(prepared, stop).services
    kept = prepared.project.state / "packages.json"
    return environment_of(fingerprint(services={name: each.kind.value for name, each in services.items()}, kept=kept))


def _round(call: Call, ground: Ground, tests: frozenset[str], stop: StopSignal) -> Round:
    """One run of the flow from the files as they are now, recorded like any other.

    Raises `UserError` where the tree is not that of the proof any more, `KeyboardInterrupt` for Ctrl-C.
    """
    request = msgspec.structs.replace(call.request, retries=0, repeat=None, max_failures=None, until_fail=False)
    with open_project(config=request.config) as project:
        tree = project.session.tree
        if tree.commit != ground.commit or tree.dirty:
            raise UserError(
                f"the tree is not `{ground.commit[:10]}` any more, so the proof ends here; go back to that commit, "
                "and the same command goes on"
            )
        prepared = prepare(project, request)
        usual = circumstances_of(prepared, stop, arguments=call.arguments)
        told: list[RunEvent] = []
        summary = run_plan(project, prepared.plan, usual, listeners=(told.append,))
        flow, root = project.canon.flows[ground.flow], project.root
    if summary.ended is None or summary.ended.reason == INTERRUPT:
        raise KeyboardInterrupt
    recorded = recorded_summary(summary)
    run, attempts = recorded.run, recorded.attempts
    if run.environment != ground.environment:
        raise UserError("the environment changed while the proof went on (packages, Python or services); begin it anew")
    firsts = first_outcomes(attempts, lambda node: is_of_flow(flow, node))
    trial = trial_of(firsts, tests)
    if trial is Trial.SUCCEEDED and isinstance(told[-1], RunEnded):  # else it is told that no history has the run
        _forget(root, run.id)
    bad = {node for node, outcome in firsts.items() if outcome is not Outcome.PASSED}
    return Round(
        run=run.id, trial=trial, seconds=run.duration, failing=missing_evidence(bad or (tests - firsts.keys()))
    )


def _forget(root: Path, run: str) -> None:
    """A clean round's recording goes: what it says stands in the history, and dozens would push out the others."""
    try:
        find_recording(root, run).unlink(missing_ok=True)
    except UserError:  # it was not recorded, which has been said
        return
