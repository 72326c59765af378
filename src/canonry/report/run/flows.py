"""How far flows are covered, as rows of a table."""

from collections.abc import Iterator

from canonry.model.run_event import FlowCovered, Measure
from canonry.report.style import printable

_SHOWN = 10
_UNITS = {
    "code": "statements and branches",
    "events": "events by direction and outcome",
    "transitions": "transitions",
    "faults": "rules under faults",
    "mutants": "rules that a mutant turns red",
}


def measures_of(flow: FlowCovered) -> Iterator[tuple[str, Measure]]:
    """The measures of a flow by name, those of the headline first."""
    for name in _UNITS:
        measure: Measure = getattr(flow, name)
        yield name, measure


def flow_table(flow: FlowCovered, *, verbose: bool) -> str:
    """One row for each measure, then what is missing of them: the first few, or all."""
    rows = []
    missing: list[str] = []
    for name, measure in measures_of(flow):
        share = measure.share
        if share is None:
            rows.append(f"{name:<12} {'-':>7}  not measured: {measure.note or 'there is nothing to cover'}")
            continue
        by = f", by {flow.tests:,} passing tests without mocks" if name == "code" else ""
        rows.append(f"{name:<12} {share:>7.1%}  {measure.part:,} of {measure.whole:,} {_UNITS[name]}{by}")
        shown = measure.missing if verbose else measure.missing[:_SHOWN]
        missing += [f"  {name}: {printable(each)}" for each in shown]
        if len(shown) < len(measure.missing):
            missing.append(f"  {name}: and {len(measure.missing) - len(shown):,} more (-v)")
    return "\n".join([*rows, *(["missing", *missing] if missing else [])])
