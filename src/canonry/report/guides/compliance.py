"""SSOT_COMPLIANCE_CHECKLIST.md: the one home of each concern, and the rules that say when something departs from it."""

from collections.abc import Iterable, Iterator

from canonry.canon.rule_options import OwnRule
from canonry.report.guides.subject import Subject
from canonry.report.guides.words import ABOUT, cell, code, codes, item, prose, table
from canonry.rules.rule import Rule

FAMILIES = {
    "SYN": "Files that do not parse",
    "RUN": "Ways past the one runner",
    "BAS": "Base test cases",
    "ENV": "The process environment",
    "MCK": "Doubles",
    "IMP": "Imports",
    "DUP": "Second homes, roles, copies",
    "TST": "Tests that cannot fail",
    "FLW": "Tests of flows that prove nothing of them",
    "ISO": "Objects that users share",
    "CAT": "Categories",
    "GOV": "Exemptions",
}
"""What the families of rules are about; one without a line here goes by its letters."""


def compliance_checklist(subject: Subject, rules: Iterable[Rule]) -> str:
    """The text. ``rules`` are those that judge unasked."""
    return "\n".join(_lines(subject, list(rules)))


def _lines(subject: Subject, rules: list[Rule]) -> Iterator[str]:
    yield from ("# One source of truth: checklist", "", ABOUT, "")
    yield (
        "For each concern of the tests there is one canonical thing. A copy beside it is how suites fall apart: the "
        "fix "
        "reaches one of them, the tests use another. `canonry audit` finds departures, and exits with 1 while an error "
        "is "
        "open."
    )
    yield from ("", "## The one home of each concern", "")
    yield from table(("concern", "canonical", "look for departures with"), _homes(subject))
    yield (
        "Looking for something before you write it: `canonry where NAME` prints its home, its rivals, who imports "
        "which."
    )
    yield from ("", "## The list", "")
    families = list(dict.fromkeys(rule.code[:3] for rule in rules))
    for family in families:
        yield item(f"{FAMILIES.get(family, family).lower()}: no open error", f"canonry audit --select {family}")
    yield item("nothing became worse than where the branch began", "canonry gate --against origin/main --merge-base")
    yield item("every exemption has a reason and a last day", "canonry audit --select GOV --fail-on warning")
    yield from ("", "## The rules, and what to do", "")
    yield (
        "`canonry explain CODE` shows why a rule is there, with code that breaks it and code that does not. A codemod "
        "does "
        "the work where one is named: first look (`canonry migrate --codemod NAME`), then add `--write`; `canonry "
        "changes "
        "rollback ID` takes it back."
    )
    yield ""
    for family in families:
        yield from _family(subject, family, [each for each in rules if each.code[:3] == family])
    yield from _own(subject)
    yield from _exempt(subject)


def _homes(subject: Subject) -> Iterator[tuple[str, str, str]]:
    canon = subject.canon.canon
    look = "canonry audit --select"
    for concern, value, family in (
        ("running tests", [canon.runner], "RUN"),
        ("base test cases", canon.base_cases, "BAS"),
        ("environment variables", [canon.environment] if canon.environment else [], "ENV"),
        ("doubles", [canon.mock_factory] if canon.mock_factory else [], "MCK"),
    ):
        yield concern, codes(value, "none is demanded"), codes((f"{look} {family}",))
    for symbol in canon.symbols:
        aliases = f"; not {codes(symbol.aliases)}" if symbol.aliases else ""
        yield (
            codes((symbol.name,)),
            codes((f"{symbol.home}:{symbol.name}",)) + aliases,
            codes((f"canonry where {symbol.name}",)),
        )


def _family(subject: Subject, family: str, rules: list[Rule]) -> Iterator[str]:
    yield from (f"### {family}: {FAMILIES.get(family, family).lower()}", "")
    mending = {rule: page.name for page in subject.pages for rule in page.rules}
    yield from table(
        ("rule", "weighs", "what is wrong", "what to do", "codemod"),
        (
            (
                f"{rule.code} {cell(rule.name)}", rule.severity.value, cell(_summary(rule)), cell(rule.help),
                code(mending[rule.code]) if rule.code in mending else "-",
            )
            for rule in rules
        ),
    )  # fmt: skip


def _summary(rule: Rule) -> str:
    return (rule.__doc__ or "").strip().split("\n")[0]


def _own(subject: Subject) -> Iterator[str]:
    own = subject.canon.rules
    if not own:
        return
    yield from ("### Rules of this repository", "")
    yield from table(
        ("rule", "weighs", "not", "instead"),
        (
            (
                code(each.code),
                each.severity.value,
                codes(_banned(each)),
                code(each.use) if each.use else cell(each.message or "-"),
            )
            for each in own
        ),
    )


def _banned(rule: OwnRule) -> list[str]:
    return [name for each in (rule.call, rule.import_, rule.base, rule.decorator, rule.mention) for name in _all(each)]


def _all(value: list[str] | str | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _exempt(subject: Subject) -> Iterator[str]:
    suppressions = subject.canon.suppressions
    if not suppressions:
        return
    yield from ("## What the canon exempts", "")
    yield from (
        f"- {codes(each.rules)} in {codes(each.paths)}: {prose(each.reason) or 'no reason is given'}"
        for each in suppressions
    )
    yield ""
