"""The numbers of a report, each defined once."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from canonry.audit.result import Result
from canonry.model.finding import Severity


class Population(msgspec.Struct, frozen=True):
    """What was looked at. ``files``: live Python files; ``missing``: contents that could not be read.

    ``documents``: live files that are no Python and that a reader reads; ``commands``: those found in them, in Markdown
    only those that start a test tool; ``passed_over``: parts of them that are not read, each with its reason.
    """

    files: int
    test_files: int
    test_functions: int
    async_test_functions: int
    shadow_files: int
    unparsable: int
    missing: int
    documents: int = 0
    commands: int = 0
    passed_over: int = 0


class Compliance(msgspec.Struct, frozen=True):
    """Test files that parse and have no open error-level finding, of all test files in scope, unreadable ones too.

    ``percent`` is None where there is none.
    """

    compliant: int
    total: int
    percent: float | None


class RuleCount(msgspec.Struct, frozen=True):
    """How often a rule is broken, and in how many files.

    ``severity`` is the rule's own; ``errors`` counts the findings that weigh as errors, because a finding may weigh
    less than its rule (a doubt, a change that is restored). ``worst`` is the heaviest that there is.
    """

    code: str
    name: str
    severity: Severity
    count: int
    files: int
    errors: int
    worst: Severity = Severity.INFO


class FactCount(msgspec.Struct, frozen=True):
    """One raw count, and in how many files it is not zero."""

    name: str
    count: int
    files: int


class Summary(msgspec.Struct, frozen=True):
    """All numbers of a report."""

    population: Population
    compliance: Compliance
    rules: list[RuleCount]
    facts: list[FactCount]
    severities: dict[str, int]
    worst: list[tuple[str, int, int]]
    """Path, errors, all findings; the worst first."""
    suppressed: dict[str, int] = {}
    """How many findings suppressions close, by rule. They count nowhere else."""


def summarise(result: Result, names: dict[str, tuple[str, Severity]], *, selected: frozenset[str] | None) -> Summary:
    """The numbers of a result. Compliance counts every rule, whatever is selected for display."""
    files = tests = functions = async_functions = broken = documents = commands = passed_over = 0
    test_paths: set[str] = set()
    facts: Counter[str] = Counter()
    fact_files: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    rule_errors: Counter[str] = Counter()
    rule_worst: dict[str, Severity] = {}
    rule_files: dict[str, set[str]] = {}
    errors: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    severities: Counter[Severity] = Counter()
    suppressed: Counter[str] = Counter()
    for chunk in result.numbers():
        for record in chunk.files:
            files += 1
            broken += record.broken
            functions += record.tests
            async_functions += record.async_tests
            if record.is_test:
                tests += 1
                test_paths.add(record.path)
            _add(record.counts, facts, fact_files)
        suppressed.update(each.finding.code for each in chunk.closed)
        for document in chunk.documents:
            documents += 1
            commands += document.commands
            passed_over += len(document.passed_over)
            _add(document.counts, facts, fact_files)
        for tally in chunk.tallies:
            path, code, severity, count = tally.path, tally.code, tally.severity, tally.count
            if selected is None or code in selected:
                rules[code] += count
                rule_worst[code] = min(rule_worst.get(code, severity), severity, key=lambda each: each.rank)
                rule_files.setdefault(code, set()).add(path)
                severities[severity] += count
                findings[path] += count
                if severity is Severity.ERROR:
                    rule_errors[code] += count
                    errors[path] += count
    header = result.header
    missing = [path for path in header.missing if result.holds(path)]
    shadows = sum(count for folder, count in header.shadows.items() if result.holds(f"{folder}/"))
    if header.duplicates and result.whole:
        facts["exact-duplicate-files"] = fact_files["exact-duplicate-files"] = header.duplicates
    compliant = len(test_paths - result.failing)
    return Summary(
        Population(
            files,
            tests,
            functions,
            async_functions,
            shadows,
            broken,
            len(missing),
            documents,
            commands,
            passed_over,
        ),
        compliance_of(compliant, tests + sum(map(result.holds, header.unread_tests))),
        [
            RuleCount(code, *names[code], rules[code], len(rule_files[code]), rule_errors[code], rule_worst[code])
            for code in sorted(rules)
        ],
        [FactCount(name, facts[name], fact_files[name]) for name in sorted(facts)],
        {severity.value: count for severity, count in severities.items()},
        _worst(errors, findings),
        {code: suppressed[code] for code in sorted(suppressed) if selected is None or code in selected},
    )


def compliance_of(compliant: int, total: int) -> Compliance:
    """The compliance for two counts; the percentage with two decimals, 100 only where nothing is left."""
    if not total:
        return Compliance(compliant, total, None)
    percent = round(100 * compliant / total, 2)
    return Compliance(compliant, total, percent if compliant == total else min(percent, 99.99))


def _add(counts: dict[str, int], facts: Counter[str], fact_files: Counter[str]) -> None:
    for name, count in counts.items():
        facts[name] += count
        fact_files[name] += 1


def _worst(errors: Counter[str], findings: Counter[str]) -> list[tuple[str, int, int]]:
    rows: Iterable[tuple[str, int, int]] = ((path, errors[path], count) for path, count in findings.items())
    return sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))
