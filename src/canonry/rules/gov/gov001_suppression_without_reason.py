"""GOV001."""

from collections.abc import Iterator

from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import JudgedSuppression

_RUNS = "import pytest\n\npytest.main([])"


class SuppressionWithoutReason(Rule):
    """A suppression that says no reason, or that is malformed, closes nothing.

    `# canonry: ignore[RUN001] until=2027-01-31 owner=@team reason` names the rules that it is about (codes, families
    or names) and says why the finding may stay; the date and the owner are optional. Without a reason nobody can ever
    tell whether it may go; without rules it would hide what it was never meant for. Also reported: a rule that there is
    not, a date that is none, an unknown key, an instruction other than `ignore` and `ignore-file`. What it was meant to
    close stays open. The same text in a string or a docstring is no suppression.

    Measured: all three findings are right, on seven suppressions written into a copy of a package
    (docs/evidence/likely.md).
    """

    code = "GOV001"
    name = "suppression-without-reason"
    help = "write `# canonry: ignore[RUN001] until=2027-01-31 owner=@team reason`; all but rules and reason may go"
    bad = (
        Example(f"{_RUNS}  # canonry: ignore[RUN001]\n"),
        Example(f"{_RUNS}  # canonry: ignore the old gateway needs it\n"),
        Example(f"{_RUNS}  # canonry: ignore[RUN999] the old gateway needs it\n"),
        Example(f"{_RUNS}  # canonry: ignore[RUN001] until=2027-02-31 the old gateway needs it\n"),
        Example(f"{_RUNS}  # canonry: ignore[RUN001] untill=2027-01-31 the old gateway needs it\n"),
        Example("# canonry: ignore-flie[RUN001] the old gateway needs it\n"),
        Example("def broken(:\n    pass  # canonry: ignore[SYN001]\n"),
    )
    good = (
        Example(f"{_RUNS}  # canonry: ignore[RUN001] the old gateway needs it\n"),
        Example(f"{_RUNS}  # noqa: E501  # canonry: ignore[RUN, direct-pytest-call] owner=@gateway it needs it\n"),
        Example('TEXT = """\n# canonry: ignore[RUN001]\n"""\n'),
        Example("# canonry: this file is about the tool of that name\n"),
    )
    reads_broken = True

    def check_suppression(self, standing: JudgedSuppression) -> Iterator[Offence]:
        """One offence per malformed suppression, which names everything that is wrong with it."""
        if standing.problems:
            message = f"the suppression closes nothing: {'; '.join(standing.problems)}"
            yield Offence(site=standing.suppression.site, message=message)
