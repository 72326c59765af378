"""What a format is given: the result, its numbers, and what the reader asked for."""

import random
from collections.abc import Callable, Iterator

import msgspec

from canonry.audit.compliance import Summary
from canonry.audit.result import Closed, FileRecord, Result
from canonry.model.finding import Finding

Lines = Callable[[str], list[str]]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader asked for. ``read`` gives the source lines of a path."""

    selected: frozenset[str] | None = None
    statistics: bool = False
    worst: int | None = None
    sample: int | None = None
    seed: int = 0
    color: bool = False
    group_by: str | None = None
    verbose: bool = False
    read: Lines


class Report:
    """A result, its numbers, and what the reader asked for."""

    def __init__(self, result: Result, summary: Summary, options: Options) -> None:
        self.result = result
        self.summary = summary
        self.options = options
        self.rule_names = {rule.code: rule.name for rule in summary.rules}

    def findings(self) -> Iterator[Finding]:
        """The findings to show: selected, and sampled where that was asked for."""
        selected = self.options.selected
        chosen: Iterator[Finding] = self.result.findings()
        if selected is not None:
            chosen = (finding for finding in chosen if finding.code in selected)
        return chosen if self.options.sample is None else _sample(chosen, self.options.sample, self.options.seed)

    def suppressed(self) -> Iterator[Closed]:
        """The findings that suppressions close, as far as their rules are selected."""
        selected = self.options.selected
        return (each for each in self.result.closed() if selected is None or each.finding.code in selected)

    def by_file(self) -> Iterator[tuple[str, FileRecord | None, list[Finding]]]:
        """Every file in scope and every other path with findings to show, in order: path, record if live, findings."""
        selected = self.options.selected
        sampled: dict[str, list[Finding]] | None = None
        if self.options.sample is not None:
            sampled = {}
            for finding in self.findings():
                sampled.setdefault(finding.path, []).append(finding)
        for chunk in self.result.read():
            records = {record.path: record for record in chunk.files}
            found: dict[str, list[Finding]] = {}
            for finding in chunk.findings:
                if selected is None or finding.code in selected:
                    found.setdefault(finding.path, []).append(finding)
            for path in sorted({**records, **found}):
                shown = found.get(path, []) if sampled is None else sampled.get(path, [])
                if path in records or shown:
                    yield path, records.get(path), shown


def _sample(findings: Iterator[Finding], size: int, seed: int) -> Iterator[Finding]:
    """Up to ``size`` findings of each rule, drawn without replacement; the same seed draws the same."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    for code in sorted(by_code):
        found = by_code[code]
        drawn = found if len(found) <= size else random.Random(f"{seed}:{code}").sample(found, size)
        yield from sorted(drawn, key=lambda finding: (finding.path, finding.line, finding.column))
