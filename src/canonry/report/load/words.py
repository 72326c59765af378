"""Numbers of a load run in words."""

from canonry.model.load import LoadResult

LATE = 0.25
"""Seconds of the client's own lateness from which a report speaks of it."""


def took(seconds: float) -> str:
    """A time with its unit."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.3g} s"


def size(count: float) -> str:
    """Bytes in MB."""
    return f"{count / 1e6:,.0f} MB"


def share(value: float) -> str:
    """A share in percent; what is not nothing does not look like it."""
    return "0 %" if not value else f"{value * 100:.3g} %"


def facts(result: LoadResult) -> list[tuple[str, str]]:
    """What a run was and did, as pairs of a name and words."""
    totals, per_cpu = result.totals, result.events_per_cpu_second
    failed = f"{totals.failed:,} failed ({share(result.failure_share)})"
    late = f"by up to {took(result.lag)}: times and deadlines hold that too; take fewer users, or more processes"
    broken_off = (
        f"{many(totals.left_open, 'conversation')} broken off by the client; what was not due yet is not judged"
    )
    refused = f", {totals.refused:,} could not begin" if totals.refused else ""
    missed = f", {totals.missed:,} arrivals nobody was free for" if totals.missed else ""
    sent = totals.received - totals.frames
    return [
        ("service", str(result.spec.get("url", ""))),
        ("workload", _workload(result)),
        ("users", f"{totals.users:,} in {many(result.processes, 'process', 'processes')}{refused}"),
        ("time", f"{result.seconds:.1f} s, {result.steady[1]:.1f} s of it with all users"),
        ("turns", f"{totals.done:,} done, {failed}, {totals.cut_off:,} cut off at the end{missed}"),
        ("connections", f"{totals.connections:,} in {many(totals.streams, 'conversation')}"),
        ("events", f"{totals.frames:,} received, {result.events_per_second:,.0f} a second"),
        ("judged", f"{totals.judged:,}: {totals.frames:,} received and {sent:,} sent"),
        ("client", f"{result.cpu:.1f} CPU s, {per_cpu:,.0f} events a CPU second, {size(result.memory)}"),
        ("contract", _contract(result)),
        ("isolation", _isolation(result)),
        *([("chaos", ", ".join(f"{kind}: {count:,} met" for kind, count in result.disturbed.items()))]
          if result.disturbed else ()),
        *([("client late", late)] if result.lag > LATE else ()),
        *([("left open", broken_off)] if totals.left_open else ()),
    ]  # fmt: skip


def alike(result: LoadResult, rule: str, shown: int) -> str:
    """How many violations of a rule there are beside those shown, and how far they reach; empty where all are shown."""
    more = result.rules[rule] - min(shown, sum(one.rule == rule for one in result.leaks))
    if more < 1:
        return ""
    reach = result.reach.get(rule)
    if reach is None:
        return f"{more:,} more alike"
    return (
        f"{more:,} more alike; all of them in {many(reach.streams, 'conversation')}, "
        f"{took(reach.first)} to {took(reach.last)} after the begin"
    )


def many(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def _workload(result: LoadResult) -> str:
    spec = result.spec
    names = {"rate": "{} turns a second", "pace": "a turn every {} s", "ramp": "ramp {} s", "seconds": "for {} s"}
    said = [words.format(f"{spec[name]:g}") for name, words in names.items() if spec.get(name)]
    if spec.get("turns"):
        said.append(f"{many(spec['turns'], 'turn')} each")
    if any(spec.get("think", ())):
        low, high = spec["think"]
        said.append(f"thinking {low:g} to {high:g} s")
    chaos = [f"{one['kind']} {one.get('service', '')}".strip() for one in spec.get("disturbances", ())]
    return ", ".join([*said, f"seed {spec.get('seed', 0)}", *(f"chaos {one}" for one in chaos)])


def _contract(result: LoadResult) -> str:
    if not result.totals.streams:
        return f"{result.contract}: nothing was judged"
    return f"{result.contract}: {result.concurrent_success * 100:.4g} % of users hold every rule"


def _isolation(result: LoadResult) -> str:
    if not result.totals.streams:
        return "nothing was judged"
    if not result.isolation:
        return "not judged: the contract has no such rules"
    held = "each connection by its first event" if _is_locust(result) else "every user against all others"
    old = f"; {result.ids_forgotten:,} ids are too old to be compared with later ones" if result.ids_forgotten else ""
    return f"{', '.join(result.isolation)}: {held}{old}"


def began(result: LoadResult) -> str:
    """What a step is timed from."""
    return "begin, as Locust is told it" if _is_locust(result) else "intended begin"


def _is_locust(result: LoadResult) -> bool:
    return result.scenario.startswith("locust:")
