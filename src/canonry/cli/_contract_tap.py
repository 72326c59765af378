"""`canonry contract tap`."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from canonry.cli._contract_options import load, pairs, policy_option, profile_option
from canonry.cli._output import any_bytes, color_option, painted, quiet_option, tell
from canonry.model.errors import NothingValidatedError, UserError

if TYPE_CHECKING:
    from canonry.contract.tap.proxy import Tap


@click.command("tap")
@click.argument("contract")
@click.option("--target", required=True, metavar="URL", help="The service: `http://127.0.0.1:8000`, `wss://host`.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Listen here; 0: a free one.")
@click.option("--record", type=click.Path(path_type=Path), metavar="FILE", help="Record what is heard, as JSON lines.")
@click.option(
    "--path", "paths", multiple=True, metavar="PATTERN", help="Judge only these paths: `/ws/*` [default: all]."
)
@click.option(
    "--session", "session", multiple=True, metavar="FIELD=VALUE", help="Whose all connections are: `user_id=...`."
)
@click.option(
    "--sessions", type=click.Path(path_type=Path), metavar="FILE",
    help="JSON: connection (`c1`, `c2`, in their order) -> `user_id`, `owned`, `canaries`.",
)  # fmt: skip
@click.option(
    "--canary", "canaries", multiple=True, metavar="TEXT", help="A text that must not appear, in no encoding."
)
@profile_option
@policy_option
@click.option(
    "--until-idle", type=click.FloatRange(min=0, min_open=True), metavar="S", help="End when nothing moved so long."
)
@click.option("--max-connections", type=click.IntRange(min=1), metavar="N", help="Refuse more at once, with 503.")
@click.option("--output-format", type=click.Choice(["full", "json"]), default="full", show_default=True)
@color_option
@quiet_option
def tap(  # one parameter per option, in the order of the help page
    contract: str,
    *,
    target: str,
    port: int,
    record: Path | None,
    paths: tuple[str, ...],
    session: tuple[str, ...],
    sessions: Path | None,
    canaries: tuple[str, ...],
    profile: str | None,
    policies: tuple[str, ...],
    until_idle: float | None,
    max_connections: int | None,
    output_format: str,
    color: str,
    quiet: bool,
) -> int:
    """Judge live traffic: a proxy on loopback that passes every byte on to the target and back.

    WebSocket messages, JSON bodies of requests that name an event, and server-sent events are judged by CONTRACT and
    recorded; violations are written as they come, the sum at the end: on SIGINT or SIGTERM, when nothing moves, or when
    the target is gone. Exits 1 when a rule is violated, and 5 when nothing was judged.
    """
    import asyncio

    from canonry.cli._contract_facts import facts_of
    from canonry.contract.check.isolation import SessionFacts
    from canonry.contract.examine import require_known
    from canonry.contract.tap.proxy import Tap, read_target
    from canonry.contract.tap.watch import Heard, Watch
    from canonry.report.tap import LiveReport

    if session and sessions is not None:
        raise UserError("`--session` and `--sessions` both say whose the connections are; give one of them")
    loaded = load(contract, profile, policies)
    everyone = SessionFacts(user=pairs(session, "--session")) if session else None
    facts = None if sessions is None else facts_of(sessions)
    require_known(loaded, [*(facts or {}).values(), *([everyone] if everyone is not None else [])])
    where = read_target(target)
    report = LiveReport(loaded, any_bytes(), as_json=output_format == "json", color=painted(color))
    tell(loaded.notes, quiet=quiet)

    async def listen() -> tuple[Heard, str]:
        watch = Watch(loaded, tell=report.tell, facts=facts, everyone=everyone, canaries=canaries)
        proxy = Tap(where, watch, paths=paths, most=max_connections)
        with _stopped_by_signals(proxy):
            bound = await proxy.start(port)
            # said even when quiet: without the port nobody can use it
            with _recording(record) as watch.recording:
                click.echo(f"canonry: listening on 127.0.0.1:{bound} for {where.host}", err=True)
                await proxy.run(until_idle=until_idle)
                return watch.heard(), proxy.stopped

    heard, stopped = asyncio.run(listen())
    report.end(heard, stopped)
    tell([f"ended: {stopped}"], quiet=quiet)
    if heard.violations:
        return 1
    if not heard.known:
        raise NothingValidatedError(
            f"none of the {heard.received:,} events that went by is one of the contract's, so nothing was judged"
            if heard.received
            else "no event went by, so nothing was judged; do the clients connect to this port?"
        )
    return 0


@contextlib.contextmanager
def _recording(file: Path | None) -> Iterator[IO[bytes] | None]:
    if file is None:
        yield None
        return
    try:
        recording = open(file, "xb")  # noqa: SIM115 - what is raised while it is written is another matter
    except FileExistsError:
        raise UserError(f"`{file}` is there already; name another file") from None
    except OSError as error:
        raise UserError(f"cannot write the recording `{file}`: {(error.strerror or '').lower()}") from None
    with recording:
        yield recording


@contextlib.contextmanager
def _stopped_by_signals(proxy: "Tap") -> Iterator[None]:
    import asyncio
    import signal

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, proxy.stop, f"told by {number.name}")
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
