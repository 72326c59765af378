"""What tests do to each other: `--order-check` and `--parallel-check`, as text and as JSON."""

import json
from typing import IO

import msgspec

from canonry.report.run.words import legal, one_line
from canonry.report.style import plural, printable
from canonry.run.probes.order import OrderFinding, OrderReport
from canonry.run.probes.together import TogetherReport

_SHOWN = 8


def render_order(report: OrderReport, out: IO[str]) -> None:
    """Writes each test that depends on order, on which others, and through which state."""
    for finding in report.findings:
        out.write(f"{printable(finding.node)}\n  {_sentence(finding)}\n")
        for each in finding.state[:_SHOWN]:
            kind, _, name = each.partition(" ")
            out.write(f"  through {kind}{f' `{printable(name)}`' if name else ''}\n")
        if len(finding.state) > _SHOWN:
            out.write(f"  and {len(finding.state) - _SHOWN} more parts of the state\n")
        if finding.reason:
            out.write(f"  it says: {one_line(finding.reason)}\n")
    for node in report.broken:
        out.write(f"{printable(node)}\n  fails in every order, so its order is not to blame\n")
    out.write(
        f"{plural(report.tests, 'test')}: {plural(len(report.findings), 'order dependence')} found "
        f"in {plural(report.probes, 'run')}\n"
    )


def _sentence(finding: OrderFinding) -> str:
    others = " and ".join(f"`{printable(each)}`" for each in finding.others[:_SHOWN])
    probes = plural(finding.probes, "probe")
    if finding.kind == "polluted":
        return f"fails after {others}, passes alone ({probes})"
    if finding.kind == "needs-setter":
        return f"passes after {others}, fails alone ({probes})"
    return f"passes and fails without a difference in what ran before: it is flaky ({probes})"


def render_together(report: TogetherReport, out: IO[str]) -> None:
    """Writes each test that fails beside another one, and what the two share."""
    for finding in report.findings:
        out.write(f"{printable(finding.node)}\n")
        if finding.other:
            sure = "" if finding.repeated else " (once; not again in three tries)"
            out.write(f"  fails while `{printable(finding.other)}` runs{sure}\n")
            for each in finding.shared[:_SHOWN]:
                kind, _, name = each.partition(" ")
                out.write(f"  both use the {kind} `{printable(name)}`\n")
        else:
            out.write("  failed once among others, and beside none of them again\n")
        if finding.reason:
            out.write(f"  it says: {one_line(finding.reason)}\n")
    for node in report.broken:
        out.write(f"{printable(node)}\n  fails alone, so no other test is to blame\n")
    interferences = plural(len(report.findings), "interference")
    out.write(f"{plural(report.tests, 'test')} in {plural(report.rounds, 'round')}: {interferences} found\n")


def render_json(report: OrderReport | TogetherReport, out: IO[str]) -> None:
    """Writes either as one object."""
    out.write(legal(json.dumps(msgspec.to_builtins(report), indent=2, ensure_ascii=False)) + "\n")
