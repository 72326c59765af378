"""Where the tests stand: the table of rules, the worst files, the compliance."""

from typing import IO

from canonry import __version__
from canonry.audit.breakdown import by_folder, by_owner
from canonry.audit.compliance import Compliance
from canonry.audit.result import Result
from canonry.report.content import Report
from canonry.report.style import paint, plural, printable, severity_style

_MANY = 100
_PARTS = 12


def origin(report: Report) -> str:
    """Where the numbers come from, in one line: commit, dirty, version, rules, population."""
    header, population = report.result.header, report.summary.population
    where = f"commit {header.commit[:10]}" if header.commit else "no commit"
    dirty = " with uncommitted changes" if header.commit and header.dirty else ""
    looked_at = [f"{plural(population.files, 'Python file')}, {plural(population.test_files, 'test file')}"]
    return (
        f"{where}{dirty}; canonry {__version__}, rules {header.ruleset}, Python {header.target_python}; "
        f"{', '.join(_looked_at(report, looked_at))}{_narrowed(report)}"
    )


def documents(report: Report) -> str:
    """How many files that are no Python were read, and what was found in them, in words."""
    population = report.summary.population
    files = plural(population.documents, "file that is no Python", "files that are no Python")
    return f"{files}, with {plural(population.commands, 'command')}"


def _looked_at(report: Report, python: list[str]) -> list[str]:
    """What is said of Python files, then what is said of others; nothing of a kind that only the other has."""
    population = report.summary.population
    said = python if population.files or not population.documents else []
    return [*said, documents(report)] if population.documents else said


def closed(report: Report) -> str:
    """How many findings suppressions close, in words; empty without one."""
    count = sum(report.summary.suppressed.values())
    return f"{plural(count, 'finding')} closed by suppressions" if count else ""


def narrowed(result: Result) -> str:
    """What the result is narrowed to beside its paths, in words; empty where it is not."""
    narrowing = result.narrowing
    if narrowing is None:
        return ""
    kinds = (("owner", narrowing.owners), ("category", narrowing.categories), ("flow", narrowing.flows))
    return ", ".join(f"{kind} {' or '.join(names)}" for kind, names in kinds if names)


def _narrowed(report: Report) -> str:
    words = narrowed(report.result)
    return f"; only {words}" if words else ""


def verdict(report: Report) -> str:
    """One sentence: findings, compliance with both counts."""
    summary = report.summary
    total = sum(summary.severities.values())
    parts = [
        plural(summary.severities.get(kind, 0), kind if kind != "info" else "info", "info" if kind == "info" else "")
        for kind in ("error", "warning", "info")
    ]
    found = f"{plural(total, 'finding')} ({', '.join(parts)})"
    closed_ones = sum(summary.suppressed.values())
    return f"{found}{f', {closed_ones:,} closed by suppressions' if closed_ones else ''}; {compliance(report)}"


def compliance(report: Report) -> str:
    """The compliance with both counts, in words."""
    value = report.summary.compliance
    if value.percent is None:
        return "no test file in scope"
    return f"compliance {_shown(value)} %: {value.compliant:,} of {plural(value.total, 'test file')} without an error"


def write_statistics(report: Report, out: IO[str]) -> None:
    """The table of rules: code, name, heaviest severity, findings, errors among them, files; errors come first."""
    rules = sorted(report.summary.rules, key=lambda rule: (rule.worst.rank, -rule.errors, -rule.count))
    color = report.options.color
    if not rules:
        return
    width = max(len(rule.name) for rule in rules)
    head = f"{'rule':<8}{'name':<{width + 2}}{'severity':<10}{'findings':>10}{'errors':>10}{'files':>10}"
    out.write(paint(head, "bold", color=color) + "\n")
    for rule in rules:
        severity = paint(f"{rule.worst.value:<10}", severity_style(rule.worst.value), color=color)
        out.write(
            f"{rule.code:<8}{rule.name:<{width + 2}}{severity}{rule.count:>10,}{rule.errors:>10,}{rule.files:>10,}\n"
        )
    out.write("\n")


def write_parts(report: Report, out: IO[str]) -> None:
    """Compliance per folder and per owner; where there are many, those with most to do."""
    for title, parts in (("folder", by_folder(report.result)), ("owner", by_owner(report.result))):
        if len(parts) < 2 and title == "folder":
            continue
        worst = sorted(parts, key=lambda part: (part.compliance.compliant - part.compliance.total, part.name))[:_PARTS]
        if not worst:
            continue
        out.write(paint(f"{'compliance':>10}{'of':>8}  {title}", "bold", color=report.options.color) + "\n")
        for part in worst:
            out.write(f"{_shown(part.compliance):>8} %{part.compliance.total:>8,}  {printable(part.name)}\n")
        if len(parts) > len(worst):
            out.write(f"{'':>20}and {len(parts) - len(worst):,} more; the JSON report has all\n")
        out.write("\n")


def write_worst(report: Report, out: IO[str]) -> None:
    """The files with most errors."""
    rows = report.summary.worst[: report.options.worst]
    color = report.options.color
    out.write(paint(f"{'errors':>8}{'findings':>10}  file", "bold", color=color) + "\n")
    for path, errors, findings in rows:
        out.write(f"{errors:>8,}{findings:>10,}  {printable(path)}\n")
    out.write("\n")


def write_summary(report: Report, out: IO[str]) -> None:
    """Population, findings and compliance, each with what it stands on."""
    summary, header, color = report.summary, report.result.header, report.options.color
    population = summary.population
    commit = (header.commit or "")[:10]
    where = f"at commit {commit}" if commit else "outside any commit"
    if commit and header.dirty:
        where += ", with uncommitted changes"
    where += f"; canonry {__version__}, rules {header.ruleset}, Python {header.target_python} syntax"
    out.write(paint("audited    ", "bold", color=color))
    looked_at = _looked_at(report, [_python(report)])
    out.write("\n           ".join([*looked_at, f"{where}{_narrowed(report)}"]) + "\n")
    left_out = (
        [f"{plural(population.shadow_files, 'file')} in shadow trees left out"] if population.shadow_files else []
    )
    if population.unparsable:
        left_out.append(f"{plural(population.unparsable, 'file')} unparsable")
    if population.missing:
        left_out.append(f"{plural(population.missing, 'file')} missing")
    if population.passed_over:
        left_out.append(f"{plural(population.passed_over, 'part')} of other files passed over")
    if left_out:
        out.write(f"           {'; '.join(left_out)}\n")
    total = sum(summary.severities.values())
    if total:
        parts = [
            paint(
                plural(summary.severities[kind], kind) if kind != "info" else f"{summary.severities[kind]:,} info",
                severity_style(kind),
                color=color,
            )
            for kind in ("error", "warning", "info")
            if summary.severities.get(kind)
        ]
        out.write(f"{paint('found      ', 'bold', color=color)}{plural(total, 'finding')}: {', '.join(parts)}\n")
    else:
        out.write(f"{paint('found      ', 'bold', color=color)}nothing\n")
    if summary.suppressed:
        most = sorted(summary.suppressed.items(), key=lambda pair: (-pair[1], pair[0]))
        listed = ", ".join(f"{code} {count:,}" for code, count in most[:_PARTS])
        more = ", ..." if len(most) > _PARTS else ""
        count = plural(sum(summary.suppressed.values()), "finding")
        out.write(f"{paint('closed     ', 'bold', color=color)}{count} by suppressions: {listed}{more}\n")
    out.write(f"{paint('compliance ', 'bold', color=color)}{_standing(report)}\n")
    bases = sum(rule.errors for rule in summary.rules if rule.code in ("BAS001", "BAS005"))
    if bases and not header.canon_declared:
        out.write(f"           {bases:,} of the errors name base cases, and no canon says yet which are right\n")
    if total > _MANY and not (report.options.statistics or report.options.worst):
        out.write("next       --statistics counts per rule, --worst 20 names the files to start with\n")


def _python(report: Report) -> str:
    population = report.summary.population
    tests = plural(population.test_functions, "test function")
    return (
        f"{plural(population.files, 'Python file')}, {population.test_files:,} of them "
        f"{'a test file' if population.test_files == 1 else 'test files'} with {tests} "
        f"({population.async_test_functions:,} async)"
    )


def _standing(report: Report) -> str:
    value, color = report.summary.compliance, report.options.color
    if value.percent is None:
        return "no test file in scope"
    style = "green" if value.percent >= 90 else "yellow" if value.percent >= 50 else "red"
    percent = paint(f"{_shown(value)} %", "bold", style, color=color)
    return f"{percent}  {value.compliant:,} of {plural(value.total, 'test file')} without an open error"


def _shown(value: Compliance) -> str:
    """The percentage with one decimal; rounding makes no 100 of what is less."""
    shown = f"{value.percent or 0:.1f}"
    return "99.9" if shown == "100.0" and value.compliant < value.total else shown
