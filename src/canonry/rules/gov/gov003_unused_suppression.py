"""GOV003."""

from collections.abc import Iterator

from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import JudgedSuppression


class UnusedSuppression(Rule):
    """A suppression that closes nothing waits for the next offence, and will hide it.

    Reported are the rules of a suppression that closed no finding here although they judged the whole file. Nothing is
    said of rules that did not: those in preview, those of the tree as a whole in an audit of single files, and most
    rules in a file that does not parse. Malformed and expired suppressions have findings of their own.

    Measured: its one finding is right, on seven suppressions written into a copy of a package
    (docs/evidence/likely.md).
    """

    code = "GOV003"
    name = "unused-suppression"
    help = "take the suppression out, or the rules of it that close nothing"
    options = ("suppressions",)
    bad = (
        Example("import pytest  # canonry: ignore[RUN001] the old gateway needs it\n"),
        Example("import pytest\n\npytest.main([])  # canonry: ignore[RUN001, ENV002] the old gateway needs it\n"),
        Example("# canonry: ignore[RUN001] nothing follows\n"),
        Example(
            "import pytest\n# canonry: ignore[RUN001] it covers the next statement alone\nx = 1\npytest.main([])\n"
        ),
        Example("[[suppressions]]\nrules = ['RUN001']\npaths = ['a.py']\nreason = 'x'\n", path="canonry.toml"),
    )
    good = (
        Example("import pytest\n\npytest.main([])  # canonry: ignore[RUN001] the old gateway needs it\n"),
        Example("# canonry: ignore-file[RUN] the old gateway needs it\nimport pytest\n\npytest.main([])\n"),
        Example(
            "import pytest\n\npytest.main([])\n",
            canon="[[suppressions]]\nrules = ['RUN001']\npaths = ['tests/**']\nreason = 'the old gateway needs it'\n",
        ),
    )
    reads_broken = True

    def check_suppression(self, standing: JudgedSuppression) -> Iterator[Offence]:
        """One offence per suppression with an entry that closed nothing."""
        if standing.unused:
            listed = ", ".join(f"`{word}`" for word in standing.unused)
            yield Offence(site=standing.suppression.site, message=f"the suppression closes no finding of {listed}")
