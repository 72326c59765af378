"""Where a suite stands, for an issue or a pull request: a plan and progress document whose figures can be recomputed.

A comment holds 65,536 characters (GitHub), so lists are bounded and what is left out is counted. Figures stand in the
marks that `canonry report --verify` recomputes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO

from canonry.model.standing import Absent, Migration, Standing
from canonry.report.markdown import code, message, plain
from canonry.report.standing.words import (
    at_stake,
    claimed,
    commit_of,
    counted,
    day,
    effort,
    lasted,
    measures,
    origin_of,
    percent,
    percentage,
    when,
)
from canonry.report.style import plural

_FEW = 10
_NODES = 5
_ROOM = 60_000
_STATES = {
    "passed": "passed",
    "failed": "**failed**",
    "ready": "ready",
    "not ready": "**not ready**",
    "not enough data": "not enough data",
}


def render(standing: Standing, out: IO[str]) -> None:
    """Writes verdict, figures, next actions, gates, flows, failures, compliance, costs, progress, what lacks proof."""
    out.write(f"# {plain(standing.name)}: {standing.verdict.value}\n\n")
    where = commit_of(standing.commit, dirty=standing.dirty)
    out.write(
        f"{when(standing.at)}, {plain(where)}, canonry {plain(standing.version)}; made by {code(standing.command)}.\n"
    )
    for reason in standing.reasons[:_FEW]:
        out.write(f"- {message(reason)}\n")
    left = _ROOM
    for heading, section in _SECTIONS:
        body = "".join(section(standing))
        if not body:
            continue
        if len(body) > left:
            body = f"Left out, so that this fits into a comment; {code('canonry report')} shows it.\n"
        left -= len(body)
        out.write(f"\n## {heading}\n\n{body}")


def _figures(standing: Standing) -> Iterator[str]:
    """The figures in their marks."""
    compliance, run = standing.compliance, standing.run
    if isinstance(compliance, Absent):
        yield _absent(compliance)
    else:
        audit = compliance.origin.command.removeprefix("canonry ").removesuffix(" --output-format json")
        if compliance.percent is not None:
            yield f"- compliance: {_quoted(audit, 'compliance.percent', f'{compliance.percent:g}')} %\n"
        for said, path, value in (
            ("test files without an open error", "compliance.compliant", compliance.part),
            ("test files", "compliance.total", compliance.whole),
            ("test functions", "population.test_functions", compliance.tests),
            ("files that do not parse", "population.unparsable", compliance.unparsable),
        ):
            yield f"- {said}: {_quoted(audit, path, f'{value:,}')}\n"
        yield _origin(origin_of(compliance.origin))
    if isinstance(run, Absent):
        yield _absent(run)
    else:
        command = f"report --run {run.id} --no-audit"
        yield f"- tests that ran: {_quoted(command, 'run.tests.length', f'{len(run.tests):,}')}\n"
        for name, count in sorted(run.outcomes.items(), key=lambda pair: -pair[1]):
            yield f"- tests that ended as {name}: {_quoted(command, f'run.outcomes.{name}', f'{count:,}')}\n"
        yield f"- the run took {lasted(run.seconds)}\n"
        yield _origin(origin_of(run.origin))


def _actions(standing: Standing) -> Iterator[str]:
    if not standing.actions:
        yield "Nothing is left to do.\n"
    for each in standing.actions:
        more = "; ".join(message(part) for part in (each.effort, each.value) if part)
        yield f"- [ ] **P{each.priority}** {message(each.said)}: {code(each.command)}{f' ({more})' if more else ''}\n"


def _gates(standing: Standing) -> Iterator[str]:
    rows = [
        (
            _STATES[gate.state.value],
            f"P{gate.priority}",
            plain(gate.name),
            _cell(gate.said),
            code(gate.command, cell=True),
        )
        for gate in standing.gates
    ]
    yield _table(("state", "priority", "gate", "what is found", "command"), rows)


def _readiness(standing: Standing) -> Iterator[str]:
    if isinstance(standing.readiness, Absent):
        yield _absent(standing.readiness)
        return
    for each in standing.readiness:
        yield f"- {plain(each.profile)}: {_STATES[each.state.value]}\n"
        for grave, found in (("P0", each.blockers), ("not known", each.lacking)):
            for blocker in found[:_NODES]:
                yield f"  - {grave}: {message(blocker.said)} ({code(blocker.command)})\n"
            if len(found) > _NODES:
                yield f"  - and {len(found) - _NODES:,} more\n"


def _flows(standing: Standing) -> Iterator[str]:
    if isinstance(standing.flows, Absent):
        yield _absent(standing.flows)
        return
    lost, whole = at_stake(standing.flows)
    yield f"Flows of weight {lost:g} of {whole:g} do not hold, or lack data.\n"
    for flow in standing.flows:
        yield f"\n### {plain(flow.name)}: {_STATES[flow.state.value]}\n\n"
        if flow.value:
            yield f"- business value: {message(flow.value)} (weight {flow.weight:g})\n"
        else:
            yield f"- weight {flow.weight:g}; the canon says nothing of its `value`\n"
        yield f"- {message(flow.said)}\n- reliability {message(claimed(flow))}\n"
        if flow.coverage is None:
            yield f"- coverage: not measured; {code(f'canonry run --flow {flow.name} --cover')} measures it\n"
        else:
            said = ", ".join(f"{name} {message(value)}" for name, value in measures(flow.coverage))
            yield f"- coverage {percent(flow.coverage.headline)}: {said}\n"
        yield _origin(f"{flow.origin.command}; {origin_of(flow.origin)}")


def _failures(standing: Standing) -> Iterator[str]:
    run = standing.run
    if isinstance(run, Absent):
        yield _absent(run)
        return
    new = sum(each.new is True for each in run.failures)
    yield f"{counted(run)}; {new:,} new{f', compared with run {code(run.compared)}' if run.compared else ''}.\n"
    if run.cut:
        yield "The recording is cut short: tests may lack.\n"
    for cluster in run.clusters[:_FEW]:
        members = [run.failures[each] for each in cluster.failures]
        place = f" at {code(f'{cluster.path}:{cluster.line}')}" if cluster.path else ""
        known = [each.since for each in members if each.new is False]
        since = f", known since {day(min(known))}" if known else ""
        fresh = sum(each.new is True for each in members)
        yield f"- {plural(len(members), 'test')}: {plain(cluster.exception)}{place} ({fresh:,} new{since})\n"
        yield f"  - {message(members[0].reason.strip().partition(chr(10))[0])}\n"
        for each in members[:_NODES]:
            yield f"  - {code(run.tests[each.test].node)}\n"
        if len(members) > _NODES:
            yield f"  - and {len(members) - _NODES:,} more\n"
    yield from _more(len(run.clusters), "cluster")


def _compliance(standing: Standing) -> Iterator[str]:
    found = standing.compliance
    if isinstance(found, Absent):
        return
    files = plural(found.whole, "test file")
    yield f"{percentage(found.percent)}: {found.part:,} of {files} without an open error.\n\n"
    rules = [
        (each.code, plain(each.name), f"{each.errors:,}", f"{each.count:,}", f"{each.files:,}")
        for each in found.rules[:_FEW]
    ]
    yield _table(("rule", "", "errors", "findings", "files"), rows=rules)
    yield from _more(len(found.rules), "rule")
    for kind, parts in (("folder", found.folders), ("owner", found.owners)):
        rows = [
            (plain(each.name), percentage(each.percent), f"{each.part:,}", f"{each.whole:,}") for each in parts[:_FEW]
        ]
        if rows:
            yield "\n" + _table((kind, "compliance", "files", "of"), rows)
            yield from _more(len(parts), kind)


def _progress(standing: Standing) -> Iterator[str]:
    repair, migration = standing.repair, standing.migration
    if isinstance(repair, Absent):
        yield _absent(repair)
    else:
        yield f"- repair: {repair.unparsable:,} files do not parse, {repair.repaired:,} repaired ones stand\n"
    if isinstance(migration, Migration):
        by_hand = plural(migration.by_hand, "file")
        yield f"- migration {plain(migration.plan)}: {message(effort(migration))}; {by_hand} by hand\n\n"
        rows = [
            (
                str(each.number), f"P{each.priority}", each.state, f"{each.files:,}", f"{each.landed:,}", each.grade,
                plain(", ".join(each.codemods)), lasted(each.seconds) if each.seconds else "",
            )
            for each in migration.waves
        ]  # fmt: skip
        yield _table(("wave", "priority", "state", "files", "landed", "grade", "codemods", "took"), rows)
        yield _origin(f"{migration.origin.command}; {origin_of(migration.origin)}")
    else:
        yield _absent(migration)


def _costs(standing: Standing) -> Iterator[str]:
    if isinstance(standing.flaky, Absent):
        yield _absent(standing.flaky)
    else:
        for each in standing.flaky[:_FEW]:
            bounds = f", {percent(each.low)} to {percent(each.high)} flaky" if each.mean is not None else ""
            trees = f"{each.mixed:,} of {each.runs:,} trees"
            yield f"- flaky: {code(each.node)}, {trees}{bounds}, cost {lasted(each.cost)}\n"
        yield from _more(len(standing.flaky), "flaky test")
    for slow in () if isinstance(standing.slow, Absent) else standing.slow[:_FEW]:
        ratio = f", {slow.ratio:.2f} x what it took" if slow.ratio is not None else ""
        yield f"- slow: {code(slow.node)}, {lasted(slow.seconds)}, {percent(slow.share)} of all{ratio}\n"
    for entry in () if isinstance(standing.quarantine, Absent) else standing.quarantine:
        left = plural(entry.days, "day") + " left" if entry.days >= 0 else "**expired**"
        whose = f"{plain(entry.owner)}, {plain(entry.issue)}"
        yield f"- quarantine: {code(entry.test)}, {left}, {whose}: {message(entry.reason)}\n"


def _trends(standing: Standing) -> Iterator[str]:
    if isinstance(standing.trends, Absent):
        yield _absent(standing.trends)
        return
    rows = []
    for each in standing.trends:
        first, last = each.points[0], each.points[-1]
        rows.append(
            (plain(each.name), f"{first.value:,.4g}", day(first.at), f"{last.value:,.4g}", day(last.at), each.unit)
        )
    yield _table(("figure", "was", "on", "is", "on", "unit"), rows)


def _unproven(standing: Standing) -> Iterator[str]:
    for each in standing.unproven[: 2 * _FEW]:
        yield f"- {plain(each.kind)}: {plain(each.what)}: {message(each.why)} ({code(each.command)})\n"
    if not standing.unproven:
        yield "Nothing of what was looked at.\n"
    for note in standing.notes[:_FEW]:
        yield f"- note: {message(note)}\n"


def _more(count: int, noun: str) -> Iterator[str]:
    if count > _FEW:
        yield f"\nAnd {plural(count - _FEW, f'more {noun}')}.\n"


def _quoted(command: str, path: str, value: str) -> str:
    return f"<!-- canonry {command} | {path} -->{value}<!-- /canonry -->"


def _cell(text: str) -> str:
    """A message for the cell of a table, where a pipe is escaped even in code (GitHub Flavored Markdown, 4.10)."""
    return re.sub(r"(?<!\\)\|", r"\\|", message(text))


def _absent(found: Absent) -> str:
    makes = f"; {code(found.command)} makes it" if found.command else ""
    return f"- not enough data: {message(found.said)}{makes}\n"


def _origin(said: str) -> str:
    return f"\n<sub>{plain(said)}</sub>\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, [":--"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


_SECTIONS: tuple[tuple[str, Callable[[Standing], Iterator[str]]], ...] = (
    ("Figures", _figures),
    ("Next", _actions),
    ("Gates", _gates),
    ("Deployment readiness", _readiness),
    ("Flows and business value", _flows),
    ("Failures", _failures),
    ("Compliance", _compliance),
    ("Over time", _trends),
    ("Flaky, slow, in quarantine", _costs),
    ("Effort and progress", _progress),
    ("Unproven", _unproven),
)
