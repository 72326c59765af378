"""Findings in groups: by rule, by folder or by owner."""

from collections.abc import Callable, Iterator
from enum import StrEnum

import msgspec

from canonry.audit.breakdown import NOBODY, folder_of, read_owners
from canonry.audit.result import FOLDER
from canonry.model.finding import Confidence, Finding, Severity
from canonry.report.content import Report
from canonry.report.style import plural

_CONFIDENCES = list(Confidence)


class GroupBy(StrEnum):
    """What ``--group-by`` takes."""

    RULE = "rule"
    FOLDER = "folder"
    OWNER = "owner"


class Group:
    """The findings of one group, in the order of the report."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.errors = 0
        self.rank = 9
        self._packed: list[bytes] = []

    def __len__(self) -> int:
        return len(self._packed)

    def add(self, finding: Finding, packed: bytes) -> None:
        """Takes a finding in."""
        self._packed.append(packed)
        self.errors += finding.severity is Severity.ERROR
        self.rank = min(self.rank, finding.severity.rank)

    def findings(self, most: int | None = None) -> Iterator[Finding]:
        """The findings, or the first of them."""
        decoder = msgspec.msgpack.Decoder(Finding)
        return (decoder.decode(each) for each in self._packed[:most])

    @property
    def heading(self) -> str:
        """The name of the group with its counts."""
        errors = f", {plural(self.errors, 'error')} among them" if 0 < self.errors < len(self) else ""
        return f"{self.name}: {plural(len(self), 'finding')}{errors}"


def grouped(report: Report, by: str) -> list[Group]:
    """The findings of a report in groups, those with most to do first. The findings are kept packed until read.

    A finding stands in one group: that of its rule, of its folder (two levels deep, as in the compliance per folder),
    or of all its owners together.
    """
    name = _namer(report, GroupBy(by))
    groups: dict[str, Group] = {}
    encoder = msgspec.msgpack.Encoder()
    for finding in report.findings():
        key = name(finding)
        if key not in groups:
            groups[key] = Group(key)
        groups[key].add(finding, encoder.encode(finding))
    return sorted(groups.values(), key=lambda group: (group.rank, -group.errors, -len(group), group.name))


def weighed(report: Report) -> Iterator[Finding]:
    """The findings of a report, those that weigh most first; of one rule they keep their order.

    Errors come before warnings, what is certain before what a reader has to judge, and of equal weight a rule with few
    findings before one with many: a wall of one kind hides nothing.
    """
    groups: dict[tuple[int, int, str], Group] = {}
    encoder = msgspec.msgpack.Encoder()
    for finding in report.findings():
        key = (finding.severity.rank, _CONFIDENCES.index(finding.confidence), finding.code)
        if key not in groups:
            groups[key] = Group(finding.code)
        groups[key].add(finding, encoder.encode(finding))
    for key in sorted(groups, key=lambda each: (*each[:2], len(groups[each]), each[2])):
        yield from groups[key].findings()


def _namer(report: Report, by: GroupBy) -> Callable[[Finding], str]:
    if by is GroupBy.RULE:
        names = report.rule_names
        return lambda finding: f"{finding.code} {names.get(finding.code, '')}".rstrip()
    if by is GroupBy.FOLDER:
        return lambda finding: _folder(_path(finding))
    owners = read_owners(report.result.header.codeowners)
    return lambda finding: ", ".join(owners(_path(finding)) or [NOBODY])


def _folder(path: str) -> str:
    folder = folder_of(path)
    return "the root" if folder == "." else folder


def _path(finding: Finding) -> str:
    """The path, with a final ``/`` where it is a folder's."""
    return f"{finding.path}/" if finding.symbol == FOLDER else finding.path
