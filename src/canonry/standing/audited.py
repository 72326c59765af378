"""What an audit says of where the suite stands."""

from collections.abc import Iterable

from canonry.audit.breakdown import Part, by_folder, by_owner
from canonry.audit.compliance import summarise
from canonry.audit.result import Result
from canonry.model.standing import Compliance, Origin, RuleLine, Share
from canonry.rules.registry import all_rules

COMMAND = "canonry audit --output-format json"


def compliance_of(result: Result, *, at: float) -> Compliance:
    """The compliance by rule, folder and owner; rules with most errors first, parts with most to do first."""
    names = {code: (rule.name, rule.severity) for code, rule in all_rules().items()}
    names |= {code: (rule.name, rule.severity) for code, rule in result.header.own_rules.items()}
    summary = summarise(result, names, selected=None)
    population, compliance, header = summary.population, summary.compliance, result.header
    return Compliance(
        origin=Origin(
            command=COMMAND,
            population=f"{population.files:,} Python files, {compliance.total:,} of them test files",
            commit=header.commit,
            dirty=header.dirty,
            at=at,
        ),
        part=compliance.compliant,
        whole=compliance.total,
        percent=compliance.percent,
        files=population.files,
        tests=population.test_functions,
        unparsable=population.unparsable,
        missing=population.missing,
        suppressed=sum(summary.suppressed.values()),
        rules=tuple(
            RuleLine(each.code, each.name, each.worst.value, each.count, each.files, each.errors)
            for each in sorted(summary.rules, key=lambda rule: (-rule.errors, -rule.count, rule.code))
        ),
        folders=_shares(by_folder(result)),
        owners=_shares(by_owner(result)),
    )


def _shares(parts: Iterable[Part]) -> tuple[Share, ...]:
    found = [
        Share(each.name, each.compliance.compliant, each.compliance.total, each.compliance.percent) for each in parts
    ]
    return tuple(sorted(found, key=lambda share: (share.part - share.whole, share.name)))
