"""Markdown for a comment on a pull request or for a job summary.

A comment holds 65,536 characters (GitHub), so findings are bounded and what is left out is counted. Nothing in a report
may notify people, link to issues, or be read as markup: file names, messages and owners come from elsewhere.
"""

import html
import re
from typing import IO

from canonry.model.finding import Finding
from canonry.report.content import Report
from canonry.report.grouping import Group, GroupBy, grouped
from canonry.report.places import about, doubt
from canonry.report.style import plural, printable
from canonry.report.summary import closed, compliance, origin

_IN_GROUP = 10
_ROOM = 40_000
"""The characters that findings may take; the tables and headings take some thousands more."""
_WORST = 10
_PLACES = 3
_LONGEST = 240
_MARKUP = re.compile(r"[\\`*_\[\]|~$]")
"""What means something in the middle of a line; `<`, `>` and `&` are written as entities."""
_BREAK = "\u200b"
"""Parts what would notify somebody, or link, from what it would name."""


def render(report: Report, out: IO[str]) -> None:
    """Writes verdict, rules, the files with most errors, the first findings of each group, and where it comes from.

    ``--statistics`` leaves the findings out; ``--worst`` does too, and says how many files are listed.
    """
    options, summary = report.options, report.summary
    counts = [
        _count(kind, summary.severities[kind]) for kind in ("error", "warning", "info") if kind in summary.severities
    ]
    out.write(f"## canonry: {', '.join(counts) or 'nothing found'}\n\n")
    standing = compliance(report)
    out.write(f"**{standing[:1].upper()}{standing[1:]}.**{f' {closed(report)}.' if closed(report) else ''}\n")
    _write_rules(report, out)
    _write_worst(report, out)
    if not options.statistics and not options.worst:
        _write_findings(report, out)
    out.write(f"\n<sub>{plain(origin(report))}</sub>\n")


def _count(kind: str, count: int) -> str:
    return f"{count:,} info" if kind == "info" else plural(count, kind)


def _write_rules(report: Report, out: IO[str]) -> None:
    rules = sorted(report.summary.rules, key=lambda rule: (rule.worst.rank, -rule.errors, -rule.count, rule.code))
    if rules:
        out.write("\n| rule | severity | findings | errors | files |\n| :-- | :-- | --: | --: | --: |\n")
    for rule in rules:
        name = f"{rule.code} {plain(rule.name)}"
        out.write(f"| {name} | {rule.worst.value} | {rule.count:,} | {rule.errors:,} | {rule.files:,} |\n")


def _write_worst(report: Report, out: IO[str]) -> None:
    rows = [row for row in report.summary.worst if row[1]][: report.options.worst or _WORST]
    if not rows:
        return
    out.write("\n| errors | findings | file |\n| --: | --: | :-- |\n")
    for path, errors, findings in rows:
        out.write(f"| {errors:,} | {findings:,} | {code(path, cell=True)} |\n")
    left = sum(1 for row in report.summary.worst if row[1]) - len(rows)
    if left:
        out.write(f"\nErrors stand in {plural(left, 'more file')}.\n")


def _write_findings(report: Report, out: IO[str]) -> None:
    groups = grouped(report, report.options.group_by or GroupBy.RULE.value)
    room, left, left_groups = _ROOM, 0, 0
    for group in groups:
        text, shown = _group(group, room)
        room = room - len(text) if shown else 0
        if shown:
            out.write(text)
        else:
            left += len(group)
            left_groups += 1
    if left:
        out.write(
            f"\n{plural(left, 'finding')} of {plural(left_groups, 'more group')} left out; "
            "`canonry audit` prints all.\n"
        )


def _group(group: Group, room: int) -> tuple[str, int]:
    """The text of a group with as many of its findings as the room holds, and how many these are."""
    heading = html.escape(_quiet(printable(group.heading)))
    text, shown = f"\n<details><summary>{heading}</summary>\n\n", 0
    for finding in group.findings(_IN_GROUP):
        item = _item(finding)
        if len(text) + len(item) > room:
            break
        text, shown = text + item, shown + 1
    more = f"- and {len(group) - shown:,} more\n" if len(group) > shown else ""
    return f"{text}{more}\n</details>\n", shown


def _item(finding: Finding) -> str:
    place = code(f"{finding.path}:{finding.line}:{finding.column}")
    lines = [f"- {place} {finding.severity.value} {finding.code}{doubt(finding)}: {message(finding.message)}"]
    lines += [
        f"  - {code(f'{other.path}:{other.line}:{other.column}')} {message(about(other))}"
        for other in finding.related[:_PLACES]
    ]
    if len(finding.related) > _PLACES:
        lines.append(f"  - and {plural(len(finding.related) - _PLACES, 'more place')}")
    return "".join(f"{line.rstrip()}\n" for line in lines)


def message(text: str) -> str:
    """A message: what stands between two backticks stays code, everything else is plain text."""
    text = printable(text)
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner
        parts[-2:] = ["`".join(parts[-2:])]
    return "".join((code(part) if part else "") if number % 2 else plain(part) for number, part in enumerate(parts))


def plain(text: str) -> str:
    """Plain text, with everything that Markdown or GitHub would act on taken literally."""
    return _MARKUP.sub(r"\\\g<0>", html.escape(_quiet(printable(text)), quote=False))


def _quiet(text: str) -> str:
    """The text without a mention (`@name`), an issue (`#1`) or a bare address in it."""
    return re.sub(r"([@#]|://|www\.)(?=\w)", rf"\1{_BREAK}", text)


def code(text: str, *, cell: bool = False) -> str:
    """A code span. In the cell of a table a pipe is escaped even there (GitHub Flavored Markdown, 4.10)."""
    text = printable(text)
    if len(text) > _LONGEST:  # the end of a path says more than its start
        text = "…" + text[1 - _LONGEST :]
    if cell:
        text = text.replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text[:1] in "` " or text[-1:] in "` " else ""
    return f"{fence}{space}{text}{space}{fence}"
