"""The options of `canonry run`, group by group, and the request that they make."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from canonry.canon.durations import PATTERN, seconds
from canonry.report.run.formats import RunFormat
from canonry.run.request import RunRequest, Shard

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
DRAWN = -1
"""Stands for a seed that is drawn."""
DECLARED = float("nan")
"""Stands for the reliability that the canon declares."""
MOST_RUNS = 200
"""How many runs `--prove` makes at most."""


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says beside the request: what to do with the tests, and how to tell it."""

    list_: bool
    plan: bool
    explain: str | None
    collect: bool
    order_check: bool
    parallel_check: bool
    watch: bool
    replay: str | None
    prove: float | None
    max_runs: int
    compare: str | None
    profile_durations: bool
    warm: bool | None
    cover: bool
    as_script: str | None
    output_format: str
    output_file: Path | None
    reports: tuple[tuple[str, str], ...]
    color: str
    quiet: bool
    verbose: bool


class Time(click.ParamType[float]):
    """A duration such as `90s`, or a number of seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds."""
        import re

        if isinstance(value, float):
            return value
        text = str(value)
        if re.fullmatch(PATTERN, text):
            return seconds(text)
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if number <= 0:
            self.fail(f"`{text}` is no duration such as `90s`, `500ms` or `10m`", param, ctx)
        return number


class ShardOf(click.ParamType[Shard]):
    """`K/N`."""

    name = "K/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        """The part."""
        if isinstance(value, Shard):
            return value
        number, _, count = str(value).partition("/")
        if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
            self.fail(f"`{value}` is no part such as `2/4`", param, ctx)
        return Shard(int(number), int(count))


class ReportTo(click.ParamType[tuple[str, str]]):
    """`FORMAT=FILE`."""

    name = "FORMAT=FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The format and the file."""
        if isinstance(value, tuple):
            return value
        name, separator, place = str(value).partition("=")
        known = [each.value for each in RunFormat]
        if name not in known or not separator or not place:
            self.fail(f"`{value}` is no report such as `junit=report.xml`; formats are {', '.join(known)}", param, ctx)
        return name, place


def _several(*options: Decorator) -> Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


selection = _several(
    click.option("--category", "-c", "categories", multiple=True, metavar="NAME", help="Tests of this category."),
    click.option("--with-needs", is_flag=True, help="Run what the named categories need, too."),
    click.option("--flow", "flows", multiple=True, metavar="NAME", help="Tests of this flow of the canon."),
    click.option("-k", "keyword", metavar="EXPRESSION", help="pytest's -k: tests whose names match."),
    click.option("-m", "marker", metavar="EXPRESSION", help="pytest's -m: tests whose markers match."),
    click.option(
        "--changed",
        is_flag=False,
        flag_value="HEAD",
        metavar="[REF]",
        help="Tests that a change since REF (HEAD) reaches: changed files, and what imports them.",
    ),
    click.option("--failed", is_flag=True, help="Tests whose last outcome was bad."),
    click.option("--rerun", metavar="ID", help="The tests of a recorded run (`last`: the newest)."),
    click.option("--resume", is_flag=True, help="What the newest interrupted run did not get to."),
    click.option("--shard", type=ShardOf(), help="Part K of N, by measured durations."),
    click.option("--profile", metavar="NAME", help="Where to run: local, ci, nightly, staging, or one of the canon."),
    click.option("--config", type=click.Path(path_type=Path), help="Take the canon from this file."),
)
execution = _several(
    click.option(
        "--workers", "--max-workers", type=click.IntRange(min=1), metavar="N", help="Processes that run tests."
    ),
    click.option("--max-failures", type=click.IntRange(min=1), metavar="N", help="End after N failures."),
    click.option("--fail-fast", "--fast-fail", is_flag=True, help="End after the first failure."),
    click.option("--no-docker", is_flag=True, help="Refuse services that are containers; other kinds start."),
    click.option("--retries", type=click.IntRange(min=0), metavar="N", help="Attempt a failed test N times more."),
    click.option("--repeat", type=click.IntRange(min=1), metavar="N", help="Run each test N times."),
    click.option("--until-fail", is_flag=True, help="Run again and again until a test fails (at most --repeat times)."),
    click.option(
        "--shuffle",
        is_flag=False,
        flag_value=DRAWN,
        type=int,
        metavar="[SEED]",
        help="Another order; the seed repeats it.",
    ),
    click.option("--timeout", "hard_limit", type=Time(), help="End a test, and its processes, after this time."),
    click.option(
        "--soft-timeout", "soft_limit", type=Time(), help="Tell a test as slow, with its stacks, after this time."
    ),
    click.option(
        "--leaks",
        type=click.Choice(["off", "warn", "fail"]),
        help="What state that a test leaves behind is worth.",
    ),
    click.option(
        "--global-leaks/--no-global-leaks",
        default=None,
        help="Look for globals of the project's modules that a test file changes, too.",
    ),
    click.option(
        "--cover",
        is_flag=True,
        help="Measure how far the tests cover the flows: those of --flow, or all of them.",
    ),
    click.option(
        "--warm/--cold", default=None, help="Keep a process with the imports done for the next calls, or end it."
    ),
)
modes = _several(
    click.option("--list", "list_", is_flag=True, help="Show the selected tests, and run none."),
    click.option("--plan", is_flag=True, help="Show waves, workers and expected durations, and run none."),
    click.option("--explain", metavar="NODE", help="Show why a test is selected and where it would run."),
    click.option("--collect", is_flag=True, help="Collect what would run, run nothing; exit 1 below 100 %."),
    click.option("--order-check", is_flag=True, help="Find tests whose outcome depends on others, and through what."),
    click.option("--parallel-check", is_flag=True, help="Find tests that fail while others run, and what they share."),
    click.option("--watch", is_flag=True, help="Run again whenever a file changes: what the change reaches."),
    click.option("--replay", metavar="ID", help="Show a recorded run again, run nothing (`last`: the newest)."),
    click.option(
        "--prove",
        is_flag=False,
        flag_value=DECLARED,
        type=float,
        metavar="[SHARE]",
        help="Run the flow until its reliability (default: the canon's) is proven or refuted.",
    ),
    click.option(
        "--max-runs",
        type=click.IntRange(min=1),
        default=MOST_RUNS,
        show_default=True,
        metavar="N",
        help="The most runs of --prove.",
    ),
    click.option(
        "--compare",
        metavar="REF",
        help="Run the tests here and at REF in turn: which became slower, and which faster. Exits 1 for slower ones.",
    ),
    click.option("--durations", "profile_durations", is_flag=True, help="Show the slowest tests at the end."),
    click.option("--as-script", metavar="PATH", help="Write a script at PATH that calls `canonry run`."),
)
output = _several(
    click.option(
        "--output-format", type=click.Choice([each.value for each in RunFormat]), default="full", show_default=True
    ),
    click.option("--output-file", type=click.Path(path_type=Path), help="Write the report here instead of stdout."),
    click.option("--report", "reports", type=ReportTo(), multiple=True, help="One more report, such as junit=r.xml."),
    click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
    click.option("-q", "--quiet", is_flag=True, help="The summary only."),
    click.option("-v", "--verbose", is_flag=True, help="A line for every test."),
)


def split(given: dict[str, Any], *, after: tuple[str, ...]) -> tuple[RunRequest, Values]:
    """The request and the rest, from all options by their names; ``after`` is for pytest."""
    import random

    rest = dict(given)
    seed = rest.pop("shuffle")
    if seed == DRAWN:
        seed = random.SystemRandom().randrange(1, 2**31)
    fail_fast, no_docker = rest.pop("fail_fast"), rest.pop("no_docker")
    if fail_fast:
        rest["max_failures"] = 1
    values = Values(**{name: rest.pop(name) for name in Values.__struct_fields__})
    request = RunRequest(
        paths=rest.pop("words"),
        pytest_arguments=after,
        shuffle=seed,
        containers=False if no_docker else None,
        **rest,
    )
    return request, values
