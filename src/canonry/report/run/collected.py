"""What can be collected: `--collect`, as text and as JSON."""

import json
from typing import IO

from canonry.report.run.words import legal, one_line
from canonry.report.style import plural, printable
from canonry.run.collect import CollectReport


def percentage(report: CollectReport) -> str:
    """The share of files that can be collected, cut off, so that 100 % means all."""
    good, total = len(report.files) - len(report.uncollectable), len(report.files)
    return f"{1000 * good // total / 10:.1f} %" if total else "nothing"


def render(report: CollectReport, out: IO[str], *, verbose: bool = False) -> None:
    """Writes what cannot be collected, what holds no test, and the numbers."""
    for each in report.uncollectable:
        place = f"{each.path}:{each.line}" if each.line else each.path
        out.write(f"uncollectable {printable(place)}: {one_line(each.reason)}\n")
        if verbose and each.text:
            out.write("".join(f"    {printable(line)}\n" for line in each.text.rstrip().split("\n")))
    for each in report.empty:
        out.write(f"no test in    {printable(each.path)}\n")
    if verbose:
        for each in report.collected:
            out.write(f"{len(each.nodes):6,} in      {printable(each.path)}\n")
    left_out = f"{report.deselected:,} deselected, " if report.deselected else ""
    out.write(
        f"{plural(len(report.collected), 'file')} with {plural(report.tests, 'test')} collected, {left_out}"
        f"{len(report.uncollectable):,} uncollectable, {len(report.empty):,} without a test: "
        f"{percentage(report)} of {plural(len(report.files), 'file')} can be collected\n"
    )


def render_json(report: CollectReport, out: IO[str]) -> None:
    """Writes the same as one object."""
    document = {
        "files": len(report.files),
        "tests": report.tests,
        "deselected": report.deselected,
        "percentage": percentage(report),
        "collected": {each.path: list(each.nodes) for each in report.collected},
        "uncollectable": [
            {"path": each.path, "line": each.line, "reason": each.reason, "text": each.text}
            for each in report.uncollectable
        ],
        "without-tests": [each.path for each in report.empty],
    }
    out.write(legal(json.dumps(document, indent=2, ensure_ascii=False)) + "\n")
