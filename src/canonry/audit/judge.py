"""Rules over one file -> findings with fingerprints."""

from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import blake2b

from canonry.model.finding import Finding, Position
from canonry.rules.rule import Offence, Rule
from canonry.rules.view import DocumentView, FileView


def judge_file(file: FileView, rules: Iterable[Rule]) -> list[Finding]:
    """The findings of one file, in order of place and code."""
    broken = file.facts.broken is not None
    offences = [(rule, offence) for rule in rules if rule.reads_broken or not broken for offence in rule.check(file)]
    return findings_of(offences, file.path)


def judge_document(document: DocumentView, rules: Iterable[Rule]) -> list[Finding]:
    """The findings of one file that is no Python, in order of place and code."""
    return findings_of([(rule, offence) for rule in rules for offence in rule.check_document(document)], document.path)


def judge_tree(rules: Iterable[Rule], check: Callable[[Rule], Iterable[Offence]]) -> dict[str, list[Finding]]:
    """The findings about a tree as a whole, by path; ``check`` gives what a rule says of it."""
    by_path: dict[str, list[tuple[Rule, Offence]]] = {}
    for rule in rules:
        for offence in check(rule):
            assert offence.path is not None, f"{rule.code} reports a place in the tree without a path"
            by_path.setdefault(offence.path, []).append((rule, offence))
    return {path: findings_of(offences, path) for path, offences in by_path.items()}


def findings_of(offences: list[tuple[Rule, Offence]], path: str) -> list[Finding]:
    """The offences of rules at a path as findings, in order of place and code."""
    offences.sort(key=lambda pair: (pair[1].site.line, pair[1].site.column, pair[0].code))
    seen: Counter[bytes] = Counter()
    return [_finding(rule, offence, path, seen) for rule, offence in offences]


def _finding(rule: Rule, offence: Offence, path: str, seen: Counter[bytes]) -> Finding:
    site = offence.site
    identity = f"{rule.code}\0{site.symbol}\0{offence.identity or site.snippet}".encode("utf-8", "surrogatepass")
    occurrence = seen[identity]
    seen[identity] += 1
    fingerprint = blake2b(identity + b"\0%d" % occurrence, digest_size=8).hexdigest()
    return Finding(
        rule.code,
        path,
        site.line,
        site.column,
        Position(site.end_line, site.end_column),
        offence.message,
        offence.severity or rule.severity,
        offence.confidence or rule.confidence,
        fingerprint,
        site.symbol,
        rule.help,
        offence.related,
    )
