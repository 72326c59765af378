"""The steps of `canonry load`: what was asked for, the run that it makes, once or in turn on two services."""

import os
import sys
from pathlib import Path

import click
import msgspec

from canonry.canon.options import Canon
from canonry.cli import _load_options as given
from canonry.cli._contract_options import pairs
from canonry.cli._output import painted, tell, write_report
from canonry.load import controller
from canonry.load import thresholds as bars
from canonry.load.chaos import RESTART
from canonry.load.compare import FEW, compare
from canonry.load.find import shipped_scenarios
from canonry.load.spec import LoadSpec
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.load import Comparison, LoadResult, LoadVerdict, Threshold
from canonry.report.load import compared as comparison_report
from canonry.report.load import render
from canonry.run.services import RunServices

_DEFAULT_TIME = "10s"
_STATUS = {LoadVerdict.PASSED: 0, LoadVerdict.FAILED: 1, LoadVerdict.PARTIAL: 130}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; each field is an option."""

    scenario: str | None
    url: str | None
    users: int
    duration: str | None
    turns: int | None
    ramp: str
    think: str
    pace: str
    rate: float | None
    seed: int
    processes: int | None
    contract: str | None
    profile: str | None
    policies: tuple[str, ...]
    options: tuple[str, ...]
    thresholds: tuple[str, ...]
    chaos: tuple[str, ...]
    services: tuple[str, ...]
    no_canaries: bool
    insecure: bool
    compared: tuple[str, str] | None
    rounds: int
    listing: bool
    output_format: str
    output_file: Path | None
    config: Path | None
    color: str
    quiet: bool


class Plan(msgspec.Struct, frozen=True):
    """A run that may begin: what every process does, how many of them, what has to be reached."""

    spec: LoadSpec
    processes: int
    thresholds: tuple[Threshold, ...]


def carry_out(asked: Asked) -> int:
    """Does what was asked for; returns the exit status. Raises UserError, NothingValidatedError."""
    if asked.listing:
        for line in given.listed(shipped_scenarios()):
            click.echo(line)
        return 0
    if asked.scenario is None:
        raise UserError("no scenario is named; `canonry load --list` lists those that are ready")
    given.require_together(
        asked.scenario,
        given.named_options(click.get_current_context()),
        is_compared=asked.compared is not None,
        output_format=asked.output_format,
    )
    with given.services_of(asked.services, asked.config) as (canon, running):
        plan = _planned(asked, asked.scenario, canon, running)
        return _once(asked, plan, running) if asked.compared is None else _in_turn(asked, asked.compared, plan)


def _planned(asked: Asked, scenario: str, canon: Canon, running: RunServices) -> Plan:
    started_at = running.address(asked.services[0]) if asked.services else None
    url = asked.compared[0] if asked.compared else asked.url
    address, profile = given.where(url, asked.profile, canon, started_at)
    spec = LoadSpec(
        scenario=scenario,
        url=address,
        users=asked.users,
        seconds=given.seconds(asked.duration or ("0s" if asked.turns else _DEFAULT_TIME), "--for"),
        ramp=given.seconds(asked.ramp, "--ramp"),
        think=given.span(asked.think, "--think"),
        pace=given.seconds(asked.pace, "--pace"),
        rate=asked.rate or 0.0,
        turns=asked.turns or 0,
        seed=asked.seed,
        contract=asked.contract or "",
        profile=profile,
        policy=given.policy(asked.policies),
        options={name: str(value) for name, value in pairs(asked.options, "--option").items()},
        canaries=not asked.no_canaries,
        verify_tls=not asked.insecure,
        disturbances=tuple(given.disturbance(text) for text in asked.chaos),
    )
    if spec.is_locust and not spec.seconds:
        raise UserError("how long should Locust run? write `--for 30s`")
    if asked.compared is not None and any(one.kind == RESTART for one in spec.disturbances):
        raise UserError("`--compare` restarts no service; leave the `--chaos restart=...` out")
    return Plan(spec, min(asked.processes or os.cpu_count() or 1, asked.users), _thresholds(asked, scenario, canon))


def _thresholds(asked: Asked, scenario: str, canon: Canon) -> tuple[Threshold, ...]:
    """Those of the command line, and those of the canon for what the command line does not speak of."""
    wanted = [bars.parse(text) for text in asked.thresholds]
    named = {one.measure for one in wanted}
    declared = bars.from_canon(canon.load.get(scenario, {}))
    return (*wanted, *(one for one in declared if one.measure not in named))


def _once(asked: Asked, plan: Plan, running: RunServices) -> int:
    contract = controller.prepare(plan.spec, plan.processes)
    restart = given.restarted(running, plan.spec.disturbances)
    tell(given.notes(plan.spec, contract), quiet=asked.quiet)
    with render.live(quiet=asked.quiet) as progress:
        result = controller.run(
            plan.spec,
            contract,
            processes=plan.processes,
            thresholds=plan.thresholds,
            tell=progress,
            restart=restart,
        )
    write_report(
        lambda out: render.result(result, asked.output_format, out, color=painted(asked.color, asked.output_file)),
        asked.output_file,
        terminal=asked.output_format == "full",
    )
    if asked.output_file is not None:
        why = f": {'; '.join(result.reasons)}" if result.reasons else ""
        tell([f"{result.verdict}{why}", f"the report is in {asked.output_file}"], quiet=asked.quiet)
    if result.verdict is LoadVerdict.NOTHING_JUDGED:
        raise NothingValidatedError("; ".join(result.reasons))
    sys.stdout.flush()
    return _STATUS[result.verdict]


def _in_turn(asked: Asked, urls: tuple[str, str], plan: Plan) -> int:
    specs = {url: msgspec.structs.replace(plan.spec, url=url) for url in urls}
    contracts = {url: controller.prepare(one, plan.processes) for url, one in specs.items()}
    tell(given.notes(plan.spec, contracts[urls[0]]), quiet=asked.quiet)
    if asked.rounds < FEW:
        few = f"{asked.rounds} rounds are few: only a large difference can be shown; take `--rounds 8`"
        tell([few], quiet=asked.quiet)

    def once(url: str) -> LoadResult:
        result = controller.run(specs[url], contracts[url], processes=plan.processes, thresholds=plan.thresholds)
        tell([f"{url}: {result.verdict}, {result.totals.done:,} turns"], quiet=asked.quiet)
        return result

    return _compared(asked, compare(once, *urls, rounds=asked.rounds))


def _compared(asked: Asked, comparison: Comparison) -> int:
    if comparison.effects:
        write_report(lambda out: comparison_report.render(comparison, asked.output_format, out), asked.output_file)
        if asked.output_file is not None:
            tell([f"the report is in {asked.output_file}"], quiet=asked.quiet)
    if comparison.interrupted:
        pairs_done = comparison.effects[0].pairs if comparison.effects else 0
        told = f"{LoadVerdict.PARTIAL}: interrupted; {pairs_done} pairs of runs are compared"
        tell([told], quiet=asked.quiet)
        return 130
    return 1 if comparison.failed else 0
