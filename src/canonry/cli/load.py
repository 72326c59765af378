"""`canonry load`."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from canonry.cli._contract_options import pairs, policy_option
from canonry.cli._output import color_option, output_file_option, painted, quiet_option, tell, write_report
from canonry.model.errors import NothingValidatedError, UserError


@click.command("load")
@click.argument("scenario", required=False)
@click.option("--url", metavar="URL", help="Where the service is; else the profile's.")
@click.option("--users", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="Virtual users.")
@click.option(
    "--for", "duration", metavar="TIME", help="How long, after the ramp [default: 10s, or until all turns are done]."
)
@click.option("--turns", type=click.IntRange(min=1), metavar="N", help="Turns of each user, at most.")
@click.option(
    "--ramp", default="0s", show_default=True, metavar="TIME", help="Time in which the users begin, one after another."
)
@click.option(
    "--think", default="0s", show_default=True, metavar="TIME[..TIME]", help="Pause of a user after each turn."
)
@click.option(
    "--pace", default="0s", show_default=True, metavar="TIME", help="A user's turns are meant to begin so far apart."
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Open workload: N turns a second arrive, whoever is free.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same choices.")
@click.option(
    "--processes", type=click.IntRange(min=1), metavar="N", help="Processes that drive the users [default: all cores]."
)
@click.option("--contract", metavar="CONTRACT", help="Judge by this contract instead of the scenario's.")
@click.option("--profile", metavar="NAME", help="A profile of the canon (its URL) and of the contract (its times).")
@policy_option
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="An option of the scenario.")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="MEASURE<=VALUE",
    help="Such as `answer.p99<=60s`, `failures<=0.1%`.",
)
@click.option(
    "--chaos", "chaos", multiple=True, metavar="KIND[:SHARE][@TIME]", help="Disturb connections: `cut:5%@10s`."
)
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="NAME",
    help="Start this service of the canon for the run; the first one's address is the default.",
)
@click.option("--no-canaries", is_flag=True, help="Plant no texts: leaks are then found by identifiers alone.")
@click.option("--insecure", is_flag=True, help="Take any TLS certificate.")
@click.option(
    "--compare", "compared", nargs=2, metavar="URL URL", help="Which of two services is faster, by interleaved runs."
)
@click.option(
    "--rounds",
    type=click.IntRange(min=2),
    default=6,
    show_default=True,
    metavar="N",
    help="Runs of each, with `--compare`.",
)
@click.option("--list", "listing", is_flag=True, help="List the scenarios and end.")
@click.option(
    "--output-format",
    type=click.Choice(["full", "json", "markdown", "html", "csv", "csv-history"]),
    default="full",
    show_default=True,
)
@output_file_option
@click.option("--config", type=click.Path(path_type=Path), help="Take the canon from this file.")
@color_option
@quiet_option
def command(  # one parameter per option, in the order of the help page
    scenario: str | None,
    *,
    url: str | None,
    users: int,
    duration: str | None,
    turns: int | None,
    ramp: str,
    think: str,
    pace: str,
    rate: float | None,
    seed: int,
    processes: int | None,
    contract: str | None,
    profile: str | None,
    policies: tuple[str, ...],
    options: tuple[str, ...],
    thresholds: tuple[str, ...],
    chaos: tuple[str, ...],
    services: tuple[str, ...],
    no_canaries: bool,
    insecure: bool,
    compared: tuple[str, str] | None,
    rounds: int,
    listing: bool,
    output_format: str,
    output_file: Path | None,
    config: Path | None,
    color: str,
    quiet: bool,
) -> int:
    """Let many virtual users do SCENARIO at once, and judge every event.

    SCENARIO is one that ships with canonry (`--list`), a class of your own: `path.py:Class`, or of a locustfile:
    `locust:path.py:Class`. Exits 1 when a rule is broken, a turn fails, or a threshold is missed, and 5 when nothing
    was judged.
    """
    try:
        from canonry.load import controller
        from canonry.load import thresholds as bars
        from canonry.load.chaos import RESTART
        from canonry.load.find import shipped_scenarios
        from canonry.load.spec import LoadSpec
    except ModuleNotFoundError as error:
        raise UserError(f"`canonry load` needs `{error.name}`; install `canonry[load]`") from None
    from canonry.cli import _load_options as given
    from canonry.report.load import render

    if listing:
        for line in given.listed(shipped_scenarios()):
            click.echo(line)
        return 0
    if scenario is None:
        raise UserError("no scenario is named; `canonry load --list` lists those that are ready")
    given.require_together(
        scenario,
        given.named_options(click.get_current_context()),
        is_compared=compared is not None,
        output_format=output_format,
    )
    with given.services_of(services, config) as (canon, running):
        at = running.address(services[0]) if services else None
        address, judged_profile = given.where(compared[0] if compared else url, profile, canon, at)
        policy = given.policy(policies)
        spec = LoadSpec(
            scenario=scenario,
            url=address,
            users=users,
            seconds=given.seconds(duration or ("0s" if turns else "10s"), "--for"),
            ramp=given.seconds(ramp, "--ramp"),
            think=given.span(think, "--think"),
            pace=given.seconds(pace, "--pace"),
            rate=rate or 0.0,
            turns=turns or 0,
            seed=seed,
            contract=contract or "",
            profile=judged_profile,
            policy=policy,
            options={name: str(value) for name, value in pairs(options, "--option").items()},
            canaries=not no_canaries,
            verify_tls=not insecure,
            disturbances=tuple(given.disturbance(text) for text in chaos),
        )
        if spec.is_locust and not spec.seconds:
            raise UserError("how long should Locust run? write `--for 30s`")
        if compared is not None and any(one.kind == RESTART for one in spec.disturbances):
            raise UserError("`--compare` restarts no service; leave the `--chaos restart=...` out")
        wanted = [bars.parse(text) for text in thresholds]
        named = {one.measure for one in wanted}
        wanted += [one for one in bars.from_canon(canon.load.get(scenario, {})) if one.measure not in named]
        count = min(processes or os.cpu_count() or 1, users)
        if compared is not None:
            return _compare(
                spec, compared, rounds, count, quiet=quiet, output_format=output_format, output_file=output_file
            )
        loaded = controller.prepare(spec, count)
        restart = given.restarted(running, spec.disturbances)
        tell(given.notes(spec, loaded), quiet=quiet)
        with render.live(quiet=quiet) as progress:
            result = controller.run(spec, loaded, processes=count, thresholds=wanted, tell=progress, restart=restart)
        write_report(
            lambda out: render.result(result, output_format, out, color=painted(color, output_file)),
            output_file,
            terminal=output_format == "full",
        )
        if output_file is not None:
            why = f": {'; '.join(result.reasons)}" if result.reasons else ""
            tell([f"{result.verdict}{why}", f"the report is in {output_file}"], quiet=quiet)
        return _exit(result)


def _compare(
    spec: Any, urls: tuple[str, str], rounds: int, processes: int, *, quiet: bool, output_format: str,
    output_file: Path | None,
) -> int:  # fmt: skip
    import msgspec

    from canonry.cli._load_options import notes
    from canonry.load import controller
    from canonry.load.compare import FEW, compare
    from canonry.model.load import LoadVerdict
    from canonry.report.load import compared as report

    specs = {url: msgspec.structs.replace(spec, url=url) for url in urls}
    contracts = {url: controller.prepare(one, processes) for url, one in specs.items()}
    tell(notes(spec, contracts[urls[0]]), quiet=quiet)
    if rounds < FEW:
        tell([f"{rounds} rounds are few: only a large difference can be shown; take `--rounds 8`"], quiet=quiet)

    def once(url: str) -> Any:
        result = controller.run(specs[url], contracts[url], processes=processes)
        tell([f"{url}: {result.verdict}, {result.totals.done:,} turns"], quiet=quiet)
        return result

    comparison = compare(once, *urls, rounds=rounds)
    if comparison.effects:
        write_report(lambda out: report.render(comparison, output_format, out), output_file)
        if output_file is not None:
            tell([f"the report is in {output_file}"], quiet=quiet)
    if comparison.interrupted:
        pairs = comparison.effects[0].pairs if comparison.effects else 0
        tell([f"{LoadVerdict.PARTIAL}: interrupted; {pairs} pairs of runs are compared"], quiet=quiet)
        return 130
    return 1 if comparison.failed else 0


def _exit(result: Any) -> int:
    from canonry.model.load import LoadVerdict

    if result.verdict is LoadVerdict.NOTHING_JUDGED:
        raise NothingValidatedError("; ".join(result.reasons))
    sys.stdout.flush()
    return {LoadVerdict.PASSED: 0, LoadVerdict.FAILED: 1, LoadVerdict.PARTIAL: 130}[result.verdict]
