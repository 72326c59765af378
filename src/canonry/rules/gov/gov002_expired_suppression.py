"""GOV002."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import JudgedSuppression

_RUNS = "import pytest\n\npytest.main([])"
_PATHS = "[[suppressions]]\nrules = ['RUN001']\npaths = ['tests/**']\nreason = 'the old gateway needs it'\nuntil = "


class ExpiredSuppression(Rule):
    """A suppression whose date has passed closes nothing any more: what was to be mended by then is due.

    `until` is the last day on which it holds, in UTC. An expired one is an error of its own even where the finding has
    gone, so that it is taken out and does not wait for the next offence.

    Measured: its one finding is right, on seven suppressions written into a copy of a package
    (docs/evidence/likely.md).
    """

    code = "GOV002"
    name = "expired-suppression"
    severity = Severity.ERROR
    help = "mend the finding and take the suppression out, or agree on a new date"
    options = ("suppressions",)
    bad = (
        Example(f"{_RUNS}  # canonry: ignore[RUN001] until=2020-01-31 the old gateway needs it\n"),
        Example("# canonry: ignore-file[RUN] until=2020-01-31 owner=@gateway the old gateway needs it\n"),
        Example(
            "[[suppressions]]\nrules = ['RUN001']\npaths = ['a.py']\nreason = 'x'\nuntil = 2020-01-31\n",
            path="canonry.toml",
        ),
    )
    good = (
        Example(f"{_RUNS}  # canonry: ignore[RUN001] until=9999-12-31 the old gateway needs it\n"),
        Example(f"{_RUNS}\n", canon=f"{_PATHS}'9999-12-31'\n"),
        Example("TEXT = '# canonry: ignore[RUN001] until=2020-01-31 reason'\n"),
    )
    reads_broken = True

    def check_suppression(self, standing: JudgedSuppression) -> Iterator[Offence]:
        """One offence per expired suppression."""
        if standing.expired:
            suppression = standing.suppression
            listed = ", ".join(f"`{code}`" for code in suppression.codes)
            owner = f"; {suppression.owner} answers for it" if suppression.owner else ""
            message = f"the suppression of {listed} expired after {suppression.until}{owner}"
            yield Offence(site=suppression.site, message=message)
