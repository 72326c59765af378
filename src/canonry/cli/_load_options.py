"""What the options of `canonry load` say, read: times, spans, disturbances, and where the service is."""

import contextlib
import inspect
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import click
from click.core import ParameterSource

from canonry.canon.options import Canon
from canonry.cli._contract_options import pairs
from canonry.contract.load import LoadedContract
from canonry.load.chaos import KINDS, RESTART
from canonry.load.scenario import Scenario
from canonry.load.spec import Disturbance, LoadSpec
from canonry.model.errors import UserError
from canonry.run.profiles import resolve_profile
from canonry.run.project import open_project
from canonry.run.services import RunServices, started

_TIME = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|)")
_UNITS = {"ms": 1e-3, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_CHAOS = re.compile(
    rf"(?P<kind>[a-z-]+)(?:=(?P<service>[\w-]+))?(?::(?P<share>{_NUMBER})%)?"
    rf"(?:@(?P<every>{_NUMBER}(?:ms|s|m|h|)))?(?:/(?P<lasting>{_NUMBER}(?:ms|s|m|h|)))?"
)
OFTENEST = 0.01
"""Seconds between two disturbances, at least: more often, the client does nothing else."""
_NOT_LOCUST = {
    "turns": "counts no turns; end the run with `--for`",
    "rate": "has its own workload: the class's `wait_time`",
    "think": "has its own workload: the class's `wait_time`",
    "pace": "has its own workload: the class's `wait_time`",
    "seed": "draws its own random numbers",
    "chaos": "has connections of its own, which nothing disturbs",
    "insecure": "has TLS options of its own, in the class",
    "options": "knows no options of scenarios",
    "no_canaries": "plants no canaries",
}
"""Parameter -> what a class of a locustfile does instead."""
_NOT_COMPARED = {
    "url": "names both services itself",
}


def seconds(text: str, option: str) -> float:
    """Return a time in seconds. Raises UserError."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UserError(f"`{option} {text}` is no time; write `{option} 30s`, `500ms` or `2m`")
    return float(match[1]) * _UNITS[match[2]]


def span(text: str, option: str) -> tuple[float, float]:
    """Return the bounds of `1s..3s`; one time is both. Raises UserError."""
    low, dots, high = text.partition("..")
    bounds = seconds(low, option), seconds(high if dots else low, option)
    if bounds[0] > bounds[1]:
        raise UserError(f"`{option} {text}` ends before it begins; write the shorter time first")
    return bounds


def disturbance(text: str) -> Disturbance:
    """Return what `cut:5%@10s` says: 5 % of the connections every 10 seconds; `/2s` how long it lasts."""
    match = _CHAOS.fullmatch(text.strip())
    if match is None or match["kind"] not in KINDS:
        known = ", ".join(f"`{kind}` ({what})" for kind, what in KINDS.items())
        raise UserError(
            f"`--chaos {text}` is no disturbance; write `KIND:SHARE%@EVERY`, such as `cut:5%@10s`. Kinds: {known}"
        )
    if (match["kind"] == RESTART) != bool(match["service"]):
        raise UserError(f"`--chaos {text}` restarts nothing; write `--service NAME --chaos restart=NAME@20s/2s`")
    default = Disturbance(match["kind"])
    share = float(match["share"]) / 100 if match["share"] else default.share
    if not 0 < share <= 1:
        raise UserError(f"`--chaos {text}` meets nobody, or more than all; write a share of up to 100%")
    every = seconds(match["every"], "--chaos") if match["every"] else default.every
    if every < OFTENEST:
        raise UserError(f"`--chaos {text}` leaves no time between; write `@{OFTENEST * 1000:g}ms` or more")
    return Disturbance(
        kind=match["kind"],
        service=match["service"] or "",
        share=share,
        every=every,
        lasting=seconds(match["lasting"], "--chaos") if match["lasting"] else default.lasting,
    )


@contextlib.contextmanager
def services_of(names: tuple[str, ...], config: Path | None) -> Iterator[tuple[Canon, RunServices]]:
    """The canon of the project around, or of a file, and these services of it, started until the end of the block.

    Raises UserError for a service that is not declared or does not start.
    """
    with open_project(config=config) as project:
        canon = project.canon
        unknown = [name for name in names if name not in canon.services]
        if unknown:
            declared = ", ".join(f"`{name}`" for name in canon.services) or "none"
            raise UserError(f"there is no service `{unknown[0]}`; the canon declares {declared}")
        wanted = {name: canon.services[name] for name in names}
        with started(wanted, canon, root=project.root, emit=lambda _event: None) as running:
            for name in names:
                if why := running.unavailable(name):
                    raise UserError(f"the service `{name}` does not start: {why}")
            yield canon, running


def restarted(services: RunServices, disturbances: Iterable[Disturbance]) -> Callable[[str, float], None]:
    """What restarts a service of the run. Raises UserError for a disturbance of one that was not started for it."""
    for one in disturbances:
        if one.kind == RESTART and services.address(one.service) is None:
            raise UserError(f"`{one.service}` was not started for this run; add `--service {one.service}`")
    return services.restart


def require_together(scenario: str, named: Mapping[str, str], *, is_compared: bool, output_format: str) -> None:
    """Raises UserError for options that say nothing beside each other. ``named``: parameters given -> their options."""
    if "pace" in named and (other := next((named[one] for one in ("rate", "think") if one in named), None)):
        raise UserError(f"`--pace` and `{other}` both say when a turn begins; write one of them")
    if scenario.startswith("locust:"):
        for name, why in _NOT_LOCUST.items():
            if name in named:
                raise UserError(f"`{named[name]}` does nothing here: Locust {why}")
        if "duration" not in named:
            raise UserError("how long should Locust run? write `--for 30s`")
    if is_compared:
        for name, why in _NOT_COMPARED.items():
            if name in named:
                raise UserError(f"`{named[name]}` does nothing here: `--compare` {why}")
        if output_format not in ("full", "json"):
            raise UserError(f"a comparison has no {output_format} report; write `--output-format full` or `json`")


def named_options(context: click.Context) -> dict[str, str]:
    """Return the parameters that the command line gives, each with what its option is called."""
    return {
        one.name: one.opts[-1]
        for one in context.command.params
        if one.name and context.get_parameter_source(one.name) is ParameterSource.COMMANDLINE
    }


def policy(texts: Iterable[str]) -> dict[str, str]:
    """Return the choices of a contract's policies."""
    return {name: str(value) for name, value in pairs(texts, "--policy").items()}


def where(url: str | None, profile: str | None, canon: Canon, started_at: str | None) -> tuple[str, str | None]:
    """Return the service's address, and the profile that the contract has to know. Raises UserError."""
    url = url or started_at
    declared = profile in canon.profiles if profile else False
    if url is None and declared:
        url = resolve_profile(canon, profile).keys.url
    if url is None:
        hint = f"; the profile `{profile}` names none" if profile else ""
        raise UserError(f"where is the service? write `--url http://HOST:PORT`{hint}")
    return url, profile


def notes(spec: LoadSpec, contract: LoadedContract) -> list[str]:
    """Return what a run will not judge, a sentence each."""
    plan = contract.plan.isolation
    name = contract.contract.contract
    found = []
    if spec.is_locust:
        found.append(
            "times are what Locust is told, from the begin of each request: who had to wait before is not charged"
        )
        found.append(
            "whose a connection is, only its first event says, and no canaries are planted"
            if plan.session
            else f"no field of `{name}` says whose a connection is: nobody's events are compared with anybody else's"
        )
        return found
    if not (plan.session or plan.owned or plan.forbid or plan.canary):
        found.append(f"`{name}` has no isolation rules: nobody's events are compared with anybody else's")
    elif not spec.canaries:
        found.append("no canaries are planted: a leak is found by identifiers alone")
    elif not plan.canary:
        found.append(f"`{name}` has no rule about canaries: a leak is found by identifiers alone")
    return found


def listed(scenarios: Mapping[str, type[Scenario]]) -> Iterator[str]:
    """Yields a line for each scenario, and one for each of its options."""
    for name, kind in scenarios.items():
        yield f"{name:<14} {(inspect.getdoc(kind) or '').partition(chr(10))[0]}"
        for option, (default, sentence) in kind.OPTIONS.items():
            yield f"    --option {option}={shlex.quote(default)}: {sentence}"
