"""What an audit says of where the suite stands, and what the history keeps of it."""

from collections.abc import Iterable

from canonry.audit.breakdown import Part, by_folder, by_owner
from canonry.audit.compliance import Summary, summarise
from canonry.audit.measured import basis_of, measured_audit
from canonry.audit.result import Result
from canonry.audit.session import Session
from canonry.history.store import History
from canonry.model.standing import Compliance, Origin, RuleLine, Share
from canonry.rules.registry import all_rules

COMMAND = "canonry audit --output-format json"


def summary_of(result: Result) -> Summary:
    """The numbers of an audit, every rule counted."""
    names = {code: (rule.name, rule.severity) for code, rule in all_rules().items()}
    names |= {code: (rule.name, rule.severity) for code, rule in result.header.own_rules.items()}
    return summarise(result, names, selected=None)


def keep_audit(session: Session, result: Result, summary: Summary, history: History) -> None:
    """Adds the numbers of an audit to the history, as of its commit; of a tree with changes none are kept."""
    commit = result.header.commit
    if commit is None or result.header.dirty or session.tree.git is None or not result.whole:
        return
    told = session.tree.git.output("log", "-1", "--format=%ct", commit, check=False).strip()
    if told.isdigit():
        command = f"canonry audit --rev {commit[:12]}"
        history.add_measured(measured_audit(result, summary, at=float(told), basis=basis(session), command=command))


def basis(session: Session) -> str:
    """What an audit of now is made by; only numbers of one basis can be compared."""
    return basis_of(session.catalogue.ruleset, session.loaded.digest)


def compliance_of(result: Result, summary: Summary, *, at: float) -> Compliance:
    """The compliance by rule, folder and owner; rules with most errors first, parts with most to do first."""
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
