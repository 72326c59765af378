"""A repair run in Markdown, for a pull request or a progress page: bounded, and nothing in it notifies anybody."""

import html
from typing import IO

from canonry.model.repair import FileRepair, RepairSummary, Verdict
from canonry.report.markdown import code, plain
from canonry.report.repair import grades, method, origin, verdicts
from canonry.report.style import plural

_FILES = 200
_COMMITS = 20
_ROWS = 12
_LONGEST = 200
_ROOM = 40_000


def render(summary: RepairSummary, out: IO[str]) -> None:
    """Writes the verdict, the counts, the commits that did the damage, a table of files, and the origin."""
    counts, by_grade = verdicts(summary), grades(summary)
    found = ", ".join(f"{count:,} {verdict.value}" for verdict, count in sorted(counts.items()))
    out.write(f"## canonry repair: {found or 'every file parses'}\n\n")
    if by_grade:
        parts = ", ".join(f"{count:,} {grade.value}" for grade, count in sorted(by_grade.items()))
        out.write(f"**Proposals: {parts}.**\n")
    if summary.left_out:
        out.write(f"{plural(summary.left_out, 'more damaged file')} left out by `--limit`.\n")
    if summary.plan:
        written = sum(each.written for each in summary.repairs)
        out.write(f"{plural(written, 'file')} written; `canonry changes rollback {summary.plan}` undoes it.\n")
    _write_commits(summary, out)
    _write_files(summary, out)
    _write_doubts(summary, out)
    out.write(f"\n<sub>{plain(origin(summary))}</sub>\n")


def _write_commits(summary: RepairSummary, out: IO[str]) -> None:
    rows = summary.culprits[:_COMMITS]
    if rows:
        out.write("\n| files | readable tests | commit | says |\n| --: | --: | :-- | :-- |\n")
    for each in rows:
        out.write(
            f"| {len(each.files):,} | {each.tests:,} | {each.commit[:10]} {each.date} | {plain(each.subject)} |\n"
        )
    if len(summary.culprits) > len(rows):
        out.write(f"\n{plural(len(summary.culprits) - len(rows), 'more commit')} did damage.\n")


def _write_files(summary: RepairSummary, out: IO[str]) -> None:
    rows = summary.repairs[:_FILES]
    if rows:
        out.write(
            "\n| file | verdict | grade | tests before | tests now | words kept | invented | how |\n"
            "| :-- | :-- | :-- | --: | --: | --: | --: | :-- |\n"
        )
    for each in rows:
        out.write(f"| {code(each.path, cell=True)} | {each.verdict.value} | {_numbers(each)} |\n")
    if len(summary.repairs) > len(rows):
        out.write(f"\n{plural(len(summary.repairs) - len(rows), 'more file')} left out; `canonry repair` prints all.\n")


def _write_doubts(summary: RepairSummary, out: IO[str]) -> None:
    """Who broke each file, every doubt, what is refused and what is lost; bounded."""
    room = _ROOM
    for each in summary.repairs[:_FILES]:
        rows = [
            *([f"broken by {each.broken_by[:10]}"] if each.broken_by else []),
            *each.grade_reasons,
            *(f"refused line {one.line}: {' '.join(one.text).strip()} ({one.reason})" for one in each.refused),
            *(f"lost line {one.line}: {' '.join(one.words)}" for one in each.lost),
        ]
        shown = [f"- {plain(row[:_LONGEST])}\n" for row in rows[:_ROWS]]
        if len(rows) > len(shown):
            shown.append(f"- and {plural(len(rows) - len(shown), 'more line')}\n")
        room -= sum(map(len, shown))
        if not rows or room < 0:
            continue
        out.write(f"\n<details><summary>{html.escape(each.path)}</summary>\n\n{''.join(shown)}\n</details>\n")


def _numbers(each: FileRepair) -> str:
    if each.verdict in (Verdict.NEWER, Verdict.NOT_PYTHON):
        return f"left as it is | | | | | {plain(each.reason)}"
    shares = f"{each.words_kept:.1%} | {each.words_invented:.1%}"
    return f"{each.grade.value} | {each.tests_before:,} | {each.tests_now:,} | {shares} | {plain(method(each))}"
