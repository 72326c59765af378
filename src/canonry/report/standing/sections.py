"""The sections of the page, each from its part of the value; texts of others are escaped, always."""

from collections.abc import Sequence
from html import escape

from canonry.model.readiness import Blocker
from canonry.model.standing import Absent, Compliance, FlowLine, Share, Standing
from canonry.report.standing import charts
from canonry.report.standing.markup import (
    absent,
    code,
    kind_of,
    number,
    origin,
    priority,
    section,
    sentence,
    state,
    table,
    text,
)
from canonry.report.standing.words import (
    at_stake,
    claimed,
    commit_of,
    effort,
    lasted,
    measures,
    percent,
    percentage,
    when,
)
from canonry.report.style import plural

_FEW = 12


_PARTS = 20
"""So many folders or owners are shown at once, those with most to do first; the others can be unfolded."""


def head(standing: Standing) -> str:
    """Name, verdict, where it comes from, and the reasons for the verdict."""
    state = standing.verdict
    commit = commit_of(standing.commit, dirty=standing.dirty)
    reasons = _details(standing.reasons, "reason") if standing.reasons else ""
    return (
        f"<header><h1>{text(standing.name)} <span class='state {kind_of(state.value)}'>{state.value}</span></h1>"
        f"<p class='soft'>{escape(when(standing.at))} · {escape(commit)} · canonry {escape(standing.version)} · "
        f"{code(standing.command)}</p>{reasons}</header>"
    )


def gates(standing: Standing) -> str:
    """What has to hold, failed ones first."""
    rows = [
        [state(gate.state.value), priority(gate.priority), text(gate.name), sentence(gate.said), code(gate.command)]
        for gate in standing.gates
    ]
    failed = sum(gate.state.value == "failed" for gate in standing.gates)
    passed = sum(gate.state.value == "passed" for gate in standing.gates)
    said = f"{failed:,} failed, {passed:,} passed, {len(rows) - failed - passed:,} without enough data"
    return section(
        "gates", "Gates", f"<p>{said}.</p>{table(['state', '', 'gate', 'what is found', 'command'], rows, cards=True)}"
    )


def actions(standing: Standing) -> str:
    """What to do next."""
    rows = [
        [
            priority(each.priority),
            sentence(each.said),
            code(each.command),
            text(" · ".join(filter(None, (each.effort, each.value)))),
        ]
        for each in standing.actions
    ]
    body = (
        table(["", "what", "command", "effort, value"], rows, cards=True) if rows else "<p>Nothing is left to do.</p>"
    )
    return section("next", "Next", body)


def readiness(standing: Standing) -> str:
    """Whether profiles are ready to be deployed to, what stops each, and what is not known."""
    if isinstance(standing.readiness, Absent):
        return section("readiness", "Deployment readiness", absent(standing.readiness))
    body = "".join(
        f"<article><h3>{text(each.profile)} {state(each.state.value)}</h3>"
        f"{_blockers('P0', each.blockers)}{_blockers('not known', each.lacking)}</article>"
        for each in standing.readiness
    )
    return section("readiness", "Deployment readiness", body)


def _blockers(kind: str, found: Sequence[Blocker]) -> str:
    if not found:
        return ""
    listed = "".join(f"<li>{kind}: {sentence(each.said)}: {code(each.command)}</li>" for each in found[:_FEW])
    more = f"<li>and {len(found) - _FEW:,} more</li>" if len(found) > _FEW else ""
    return f"<ul>{listed}{more}</ul>"


def flows(standing: Standing) -> str:
    """The flows with their worth, reliability and coverage."""
    if isinstance(standing.flows, Absent):
        return section("flows", "Flows", absent(standing.flows))
    lost, whole = at_stake(standing.flows)
    said = f"<p>Flows of weight {lost:g} of {whole:g} do not hold, or lack data.</p>"
    body = "".join(_flow(flow) for flow in standing.flows)
    return section("flows", "Flows", said + body)


def compliance(standing: Standing) -> str:
    """The compliance: whole, by rule, folder and owner."""
    found = standing.compliance
    if isinstance(found, Absent):
        return section("compliance", "Compliance", absent(found))
    share = found.part / found.whole if found.whole else None
    said = f"{found.part:,} of {plural(found.whole, 'test file')} parse and have no open error"
    body = (
        f"<p class='large'>{escape(percentage(found.percent))}</p><p>{escape(said)}; {found.unparsable:,} files do not "
        f"parse, {found.suppressed:,} findings are closed by suppressions.</p>{charts.bar(share, '')}"
        f"<div class='halves'>{_rules(found)}{_shares('folder', found.folders)}{_shares('owner', found.owners)}</div>"
    )
    return section("compliance", "Compliance", body, found.origin)


def trends(standing: Standing) -> str:
    """How figures moved."""
    if isinstance(standing.trends, Absent):
        return section("trends", "Over time", absent(standing.trends))
    origins = {each.origin.command: each.origin for each in standing.trends}
    body = charts.sequence(standing.trends) + "".join(map(origin, origins.values()))
    return section("trends", "Over time", body)


def progress(standing: Standing) -> str:
    """Repair and migration."""
    repair, migration = standing.repair, standing.migration
    parts = ["<h3>Repair</h3>"]
    if isinstance(repair, Absent):
        parts.append(absent(repair))
    else:
        parts.append(f"<p>{repair.unparsable:,} files do not parse; {repair.repaired:,} repaired files stand.</p>")
        rows = [
            [
                text(each.id),
                text(each.made),
                text(each.origin),
                text(each.state),
                number(each.files),
                number(each.standing),
            ]
            for each in repair.changes
        ]
        parts.append(table(["change", "made", "by", "state", "#files", "#standing"], rows) if rows else "")
        parts.append(origin(repair.origin))
    parts.append("<h3>Migration</h3>")
    if isinstance(migration, Absent):
        parts.append(absent(migration))
    else:
        rows = [
            [
                str(each.number), priority(each.priority), text(each.state), number(each.files), number(each.landed),
                text(each.grade), text(", ".join(each.codemods)), escape(lasted(each.seconds)) if each.seconds else "",
            ]
            for each in migration.waves
        ]  # fmt: skip
        heads = ["wave", "", "state", "#files", "#landed", "grade", "codemods", "#took"]
        parts.append(f"<p>{text(effort(migration))}; {plural(migration.by_hand, 'file')} by hand.</p>")
        parts.append(table(heads, rows) + origin(migration.origin))
    return section("progress", "Repair and migration", "".join(parts))


def unproven(standing: Standing) -> str:
    """What proves nothing."""
    rows = [[text(each.kind), text(each.what), sentence(each.why), code(each.command)] for each in standing.unproven]
    body = (
        table(["kind", "what", "why", "command"], rows, cards=True) if rows else "<p>Nothing of what was looked at.</p>"
    )
    return section("unproven", "Unproven", body)


def notes(standing: Standing) -> str:
    """What a reader should know besides."""
    if not standing.notes:
        return ""
    return section(
        "notes", "Notes", "<ul>" + "".join(f"<li>{sentence(each)}</li>" for each in standing.notes) + "</ul>"
    )


def _details(items: Sequence[str], noun: str) -> str:
    shown = "".join(f"<li>{sentence(each)}</li>" for each in items[:_FEW])
    more = f"<li>and {plural(len(items) - _FEW, f'more {noun}')}</li>" if len(items) > _FEW else ""
    return f"<ul>{shown}{more}</ul>"


def _flow(flow: FlowLine) -> str:
    covered = (
        table(["measure", "coverage"], [[text(name), text(said)] for name, said in measures(flow.coverage)])
        if flow.coverage is not None
        else absent(Absent("the coverage of this flow was not measured", f"canonry run --flow {flow.name} --cover"))
    )
    wanted = f", {percent(flow.wanted[1])} demanded" if flow.wanted[1] is not None else ""
    headline = flow.coverage.headline if flow.coverage is not None else None
    value = f"<p>{text(flow.value)}</p>" if flow.value else ""
    return (
        f"<article><h3>{text(flow.name)} {state(flow.state.value)}</h3>{value}"
        f"<p>Weight {flow.weight:g}; {text(flow.said)}.</p><p>Reliability {text(claimed(flow))}.</p>"
        f"<p>Coverage {percent(headline)}{wanted}.</p>{covered}{origin(flow.origin)}</article>"
    )


def _rules(found: Compliance) -> str:
    rows = [
        [
            f"<span class='tight'>{code(each.code)}</span>",
            text(each.name),
            number(each.errors),
            number(each.count),
            number(each.files),
        ]
        for each in found.rules
    ]
    if not rows:
        return "<p>No rule is broken.</p>"
    return "<div>" + table(["rule", "", "#errors", "#findings", "#files"], rows) + "</div>"


def _shares(kind: str, parts: Sequence[Share]) -> str:
    if not parts:
        return f"<p class='soft'>No {kind} is known.</p>"
    rows = [
        [f"<span class='name'>{text(each.name)}</span>",
         charts.bar(each.part / each.whole if each.whole else None, percentage(each.percent)),
         number(each.part), number(each.whole)]
        for each in parts
    ]  # fmt: skip
    heads = [kind, "compliance", "#files", "#of"]
    rest = table(heads, rows[_PARTS:])
    more = f"<details><summary>{plural(len(rows) - _PARTS, f'more {kind}')}</summary>{rest}</details>"
    return f"<div>{table(heads, rows[:_PARTS])}{more if len(rows) > _PARTS else ''}</div>"
