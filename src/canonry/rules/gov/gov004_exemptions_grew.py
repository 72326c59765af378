"""GOV004."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import Growth

_RUNS = "import pytest\n\npytest.main([])"
_CLOSED = f"{_RUNS}  # canonry: ignore[RUN001] the old gateway needs it\n"
_EXCLUDED = "exclude = ['vendor/**']\n"


class ExemptionsGrew(Rule):
    """More is exempt from the rules than in the commit before: the count of findings fell, the offences did not.

    Exemptions are suppressions in comments (each statement, and each whole file, counts once for every rule that it
    names), and the files that the canon's `suppressions` and `exclude` cover. They are compared with HEAD where
    something is not yet committed, else with the first parent, or with the commit that `--base` names. Only files whose
    content differs are looked at, and totals per rule decide, so that a suppression that moves with its code is no
    growth, nor one that covers less than the whole file that was exempt before. A family counts for each of its rules,
    and the message names the one that grew most; of each rule the first new comment of a file tells. What has expired
    exempts nothing, now or before; other dates do not count. A canon that the commit before did not have is no growth. Outside git, and in audits of single files, there is nothing to
    compare.

    Measured: both findings are right, on seven suppressions written into a copy of a package
    (docs/evidence/likely.md).
    """

    code = "GOV004"
    name = "exemptions-grew"
    severity = Severity.ERROR
    help = "mend the offence instead, or have somebody agree to the exemption"
    options = ("suppressions", "exclude")
    bad = (
        Example(_CLOSED, before={"tests/test_example.py": f"{_RUNS}\n"}),
        Example(_CLOSED, before={"README.md": "shop\n"}),
        Example(f"# canonry: ignore-file[RUN001] legacy\n{_RUNS}\n", before={"tests/test_example.py": _CLOSED}),
        Example(
            "exclude = ['vendor/**', 'tools/**']\n",
            path="canonry.toml",
            files={"tools/a.py": "x = 1\n"},
            before={"canonry.toml": _EXCLUDED, "tools/a.py": "x = 1\n"},
        ),
    )
    good = (
        Example(_CLOSED, before={"tests/test_example.py": _CLOSED}),
        Example(
            f"x = 1\n{_CLOSED}",
            path="tests/test_moved.py",
            files={"tests/test_example.py": "x = 1\n"},
            before={"tests/test_example.py": _CLOSED},
        ),
        Example(_CLOSED, before={"tests/test_example.py": f"# canonry: ignore-file[RUN] legacy\n{_RUNS}\n"}),
        Example(_CLOSED),
        Example(_EXCLUDED, path="canonry.toml", files={"vendor/a.py": "x = 1\n"}, before={"vendor/a.py": "x = 1\n"}),
    )
    reads_broken = True

    def check_growth(self, growth: Growth) -> Iterator[Offence]:
        """One offence per new exemption that adds to a rule, with the totals of every such rule."""
        where = "by the canon than at" if growth.by_canon else "in the files that changed since"
        message = f"more is exempt {where} {growth.base}: {'; '.join(phrase for _, phrase in growth.grown)}"
        yield Offence(site=growth.site, path=growth.path, message=message)
