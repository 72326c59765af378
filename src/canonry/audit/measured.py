"""An audit as the numbers that a history keeps: of a result, or of the JSON document that was made of one."""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from canonry import __version__
from canonry.audit.breakdown import Part, by_folder, by_owner
from canonry.audit.compliance import Compliance, Population, Summary
from canonry.audit.result import Result
from canonry.model.errors import UserError
from canonry.model.history import Measured, Source

_SCHEMA = 1


class _Rule(msgspec.Struct):
    """What is read of a rule's counts."""

    code: str
    count: int
    errors: int


class _Fact(msgspec.Struct):
    """What is read of a raw count."""

    name: str
    count: int


class _By(msgspec.Struct):
    """The parts of the compliance."""

    folder: list[Part] = []
    owner: list[Part] = []


class _Suppressed(msgspec.Struct):
    """What is read of the closed findings."""

    count: int = 0


class _Document(msgspec.Struct):
    """What is read of the document of `canonry audit --output-format json`; its findings are passed over."""

    schema: int
    tool: str
    commit: str | None
    dirty: bool
    population: Population
    compliance: Compliance
    rules: list[_Rule]
    version: str = ""
    ruleset: str = ""
    scope: dict[str, list[str]] = {}
    compliance_by: _By = msgspec.field(default_factory=_By)
    facts: list[_Fact] = []
    suppressed: _Suppressed = msgspec.field(default_factory=_Suppressed)


def measured_audit(result: Result, summary: Summary, *, at: float, basis: str, command: str) -> Measured:
    """The numbers of an audit of a whole tree, with all rules selected."""
    header = result.header
    return _measured(
        commit=header.commit,
        dirty=header.dirty,
        population=summary.population,
        compliance=summary.compliance,
        rules={rule.code: (rule.count, rule.errors) for rule in summary.rules},
        facts={fact.name: fact.count for fact in summary.facts},
        suppressed=sum(summary.suppressed.values()),
        parts={"folder": by_folder(result), "owner": by_owner(result)},
        at=at,
        basis=basis,
        command=command,
    )


def measured_document(data: bytes, *, named: str, at: float) -> Measured:
    """The numbers of a JSON report. Raises `UserError` where it is none, newer, or of a part of a tree."""
    try:
        found = msgspec.json.decode(data, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UserError(
            f"`{named}` is no whole report of `canonry audit --output-format json` ({error}); make it anew"
        ) from error
    if found.schema > _SCHEMA:
        raise UserError(
            f"`{named}` was written by a newer canonry (schema {found.schema}, this one knows {_SCHEMA}); "
            "update canonry"
        )
    if any(found.scope.values()):
        raise UserError(f"`{named}` is an audit of a part of the tree; a history keeps audits of whole trees")
    return _measured(
        commit=found.commit,
        dirty=found.dirty,
        population=found.population,
        compliance=found.compliance,
        rules={rule.code: (rule.count, rule.errors) for rule in found.rules},
        facts={fact.name: fact.count for fact in found.facts},
        suppressed=found.suppressed.count,
        parts={"folder": found.compliance_by.folder, "owner": found.compliance_by.owner},
        at=at,
        basis=f"{found.version} {found.ruleset}",
        command="canonry audit --output-format json",
    )


def basis_of(ruleset: str, canon: str) -> str:
    """What an audit was made by, as one text: canonry's version, the digests of the rules and of the canon."""
    return f"{__version__} {ruleset[:12]} {canon[:12]}"


def _measured(
    *,
    commit: str | None,
    dirty: bool,
    population: Population,
    compliance: Compliance,
    rules: Mapping[str, tuple[int, int]],
    facts: Mapping[str, int],
    suppressed: int,
    parts: Mapping[str, Iterable[Part]],
    at: float,
    basis: str,
    command: str,
) -> Measured:
    values = {
        "files": population.files,
        "test-files": population.test_files,
        "tests": population.test_functions,
        "async-tests": population.async_test_functions,
        "shadow-files": population.shadow_files,
        "unparsable": population.unparsable,
        "unreadable": population.missing,
        "documents": population.documents,
        "compliant": compliance.compliant,
        "judged": compliance.total,
        "findings": sum(count for count, _ in rules.values()),
        "errors": sum(errors for _, errors in rules.values()),
        "suppressed": suppressed,
    }
    found = {("rule", code): count for code, (count, _) in rules.items()}
    found |= {("rule-errors", code): errors for code, (_, errors) in rules.items()}
    found |= {("fact", name): count for name, count in facts.items()}
    for group, each in parts.items():
        for part in each:
            found[group, part.name] = part.compliance.compliant
            found[f"{group}-judged", part.name] = part.compliance.total
    numbers = sorted(values.items()), sorted(found.items())
    text = repr((commit, dirty, basis, numbers))
    return Measured(
        id=hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32],
        source=Source.AUDIT,
        at=at,
        commit=commit,
        dirty=dirty,
        command=command,
        basis=basis,
        values={name: float(value) for name, value in values.items()},
        parts={place: float(value) for place, value in found.items()},
    )
