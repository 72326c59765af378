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
    broken_off = f"{totals.left_open:,} conversations were broken off by the client; what was pending is not judged"
    return [
        ("service", str(result.spec.get("url", ""))),
        ("users", f"{totals.users:,} in {result.processes} process{'' if result.processes == 1 else 'es'}"),
        ("time", f"{result.seconds:.1f} s"),
        ("turns", f"{totals.done:,} done, {failed}, {totals.cut_off:,} cut off at the end"),
        ("connections", f"{totals.connections:,} in {totals.streams:,} conversations"),
        ("events", f"{totals.frames:,} received, {result.events_per_second:,.0f} a second; {totals.judged:,} judged"),
        ("client", f"{result.cpu:.1f} CPU s, {per_cpu:,.0f} events a CPU second, {size(result.memory)}"),
        ("contract", f"{result.contract}: {result.concurrent_success * 100:.4g} % of conversations hold every rule"),
        ("isolation", _isolation(result)),
        *([("client late", late)] if result.lag > LATE else ()),
        *([("left open", broken_off)] if totals.left_open else ()),
    ]


def _isolation(result: LoadResult) -> str:
    if not result.isolation:
        return "not judged: the contract has no such rules"
    return f"{', '.join(result.isolation)}: every user against all others"
