"""Waves in Markdown: for each the body of a pull request, the comment on its issue, and a dated log of its progress.

Every file is named once, in the pull request that changes it or among those that are left to a hand. Nothing notifies
anybody: somebody puts the parts where they belong.
"""

from collections.abc import Iterable
from typing import IO

from canonry.model.waves import (
    Begun,
    Entry,
    GivenUp,
    Guilty,
    HandFinding,
    Judged,
    Landed,
    PlannedFile,
    Status,
    WaveStatus,
)
from canonry.report.markdown import code, message, plain
from canonry.report.style import plural
from canonry.report.waves import change_of, effort, landed, proved, totals

_TESTS = 5


def render_markdown(status: Status, out: IO[str]) -> None:
    """Writes the table of waves, each wave, what is left to a hand, and how to go on."""
    plan = status.plan
    out.write(f"# Migration {plan.id}\n\n")
    for label, text in totals(status):
        out.write(f"- {label}: {message(text)}\n")
    out.write("\n| wave | files | grade | priority | state | change | issue | codemods |\n")
    out.write("| :-- | --: | :-- | :-- | :-- | :-- | :-- | :-- |\n")
    for each in status.waves:
        out.write(_row(each))
    for each in status.waves:
        _write_wave(each, status, out)
    if plan.by_hand:
        out.write("\n## By hand\n\n")
        for file in plan.by_hand:
            out.write(f"- {code(file.path)}\n")
            _write_findings(file.findings, out)


def _row(each: WaveStatus) -> str:
    wave = each.wave
    name = f"{wave.number}{' (canary)' if wave.canary else ''}"
    best = min((file.priority for file in wave.files), default=2)
    cells = (
        name,
        f"{len(wave.files):,}",
        wave.grade.value,
        f"P{best}",
        each.state.value,
        each.change,
        plain(wave.issue),
        ", ".join(map(plain, wave.codemods)),
    )
    return f"| {' | '.join(cells)} |\n"


def _write_wave(each: WaveStatus, status: Status, out: IO[str]) -> None:
    wave = each.wave
    title = wave.title.capitalize()
    out.write(f"\n## {title}: {', '.join(wave.codemods)}\n\n### Pull request\n\n")
    count = plural(len(wave.files), "file")
    issue = f" for issue {plain(wave.issue)}" if wave.issue else ""
    out.write(
        f"Moves {count} to the canon with {', '.join(map(code, wave.codemods))}{issue}; graded {wave.grade.value}"
    )
    out.write(f"; owned by {', '.join(map(plain, wave.owners))}.\n\n" if wave.owners else ".\n\n")
    guilty = {one.path: one for one in each.judged.guilty} if each.judged is not None else {}
    for file in wave.files:
        _write_file(file, guilty.get(file.path), out)
    out.write(f"\n{_proof(each)}\n")
    if each.change:
        out.write(f"\n`canonry changes show {each.change}` prints it, `canonry changes rollback {each.change}` ")
        out.write("takes it back.\n")
    out.write(f"\n### Issue comment\n\n{title} of migration {status.plan.id}: {each.state.value}, {landed(each)}. ")
    out.write(f"{_proof(each)} {_left(each)}Measured so far: {plain(effort(status))}.\n\n### Progress\n\n")
    log = [entry for entry in status.log if entry.wave == wave.number]
    out.write(f"- {status.plan.made}: planned, {count}\n")
    for entry in log:
        out.write(f"- {entry.at}: {message(_said(entry))}\n")


def _write_file(file: PlannedFile, guilty: Guilty | None, out: IO[str]) -> None:
    what = f"{', '.join(file.codemods)}, {file.grade.value}, {plural(len(file.change.edits), 'edit')}"
    where = "".join(f", {plain(part)}" for part in (file.category, f"P{file.priority}", file.owner) if part)
    out.write(f"- {code(file.path)}: {what}{where}\n")
    if guilty is not None:
        out.write(f"  - {'unmasks' if guilty.unmasks else 'rolled back'}, by hand: {message(guilty.reason)}\n")
        for test in guilty.tests[:_TESTS]:
            node = test.node.removeprefix(file.path).removeprefix("::")
            out.write(f"    - {code(node)} {message(change_of(test))}\n")
        if len(guilty.tests) > _TESTS:
            out.write(f"    - and {len(guilty.tests) - _TESTS:,} more\n")
    _write_findings(file.left, out)


def _write_findings(findings: Iterable[HandFinding], out: IO[str]) -> None:
    for each in findings:
        out.write(f"  - line {each.line}: {each.codemod} {each.grade.value}: {message(each.reason)}\n")


def _proof(each: WaveStatus) -> str:
    if each.judged is None:
        return "Not taken yet, so nothing is proved."
    reason = f" {message(each.judged.reason)}." if each.judged.reason else ""
    return f"Proof: {message(proved(each.judged))}.{reason}"


def _left(each: WaveStatus) -> str:
    if each.judged is None:
        return ""
    hard = sum(not one.unmasks for one in each.judged.guilty)
    unmasks = len(each.judged.guilty) - hard
    said = [f"{plural(hard, 'file')} rolled back, by hand"] if hard else []
    said += [f"{plural(unmasks, 'file')} with unmasked failures, by hand"] if unmasks else []
    return f"{'; '.join(said)}. " if said else ""


def _said(entry: Entry) -> str:
    match entry:
        case Begun():
            return f"begun, {'in a copy' if entry.scratch else 'where it stands'}"
        case GivenUp():
            return f"not tried: {entry.reason}"
        case Landed():
            return f"landed as change {entry.change}"
        case Judged():
            said = f"tried, {entry.decision.value}: {proved(entry)}"
            return f"{said}; {entry.reason}" if entry.reason else said
