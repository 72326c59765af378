"""What to do next: what failed, then what is unproven, then what is left to move; each with its command."""

from collections.abc import Iterator, Sequence

from canonry.model.standing import Absent, Action, FlowLine, Gate, Judged, Migration, Run

_MOST = 20


def actions_of(
    gates: Sequence[Gate], run: Run | Absent, flows: Sequence[FlowLine], migration: Migration | Absent
) -> tuple[Action, ...]:
    """The next actions, P0 first; effort only where it was measured, value where the canon says whom a flow serves."""
    found = list(_found(gates, run, flows, migration))
    return tuple(sorted(found, key=lambda action: action.priority)[:_MOST])


def time_of(seconds: float) -> str:
    """A duration in words: ``48 s``, ``5.3 min``, ``2.1 h``."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _found(
    gates: Sequence[Gate], run: Run | Absent, flows: Sequence[FlowLine], migration: Migration | Absent
) -> Iterator[Action]:
    values = {f"flow {flow.name}": flow.value for flow in flows}
    lasted = _lasted(run) if isinstance(run, Run) else {}
    for gate in gates:
        if gate.state is Judged.FAILED:
            yield Action(
                priority=gate.priority,
                said=f"{gate.name}: {gate.said}",
                command=gate.command,
                effort=lasted.get(gate.command, ""),
                value=values.get(gate.name, ""),
            )
        elif gate.state is Judged.UNKNOWN:
            yield Action(
                priority=max(1, gate.priority),
                said=f"not known yet: {gate.name} ({gate.said})",
                command=gate.command,
                effort=lasted.get(gate.command, ""),
                value=values.get(gate.name, ""),
            )
    if isinstance(migration, Migration) and migration.files_left:
        left, pace = migration.files_left, migration.files_per_hour
        yield Action(
            priority=2,
            said=f"take the next wave: {left:,} files are left in waves",
            command="canonry migrate next --write",
            effort=f"{pace:,.0f} files an hour so far, so {time_of(left * 3600 / pace)} are left" if pace else "",
        )


def _lasted(run: Run) -> dict[str, str]:
    """What commands took when they ran last, as far as the shown run says it."""
    found = {"canonry run": f"the shown run took {time_of(run.seconds)}"} if run.seconds else {}
    for each in run.categories:
        if each.name and each.seconds:
            found[f"canonry run --category {each.name}"] = f"its tests took {time_of(each.seconds)}"
    return found
