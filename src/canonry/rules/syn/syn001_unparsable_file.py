"""SYN001."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView


class UnparsableFile(Rule):
    """A file that does not parse runs no test and hides every other offence in it.

    One such file is one finding: the place where reading fails, the class of damage, and, where history is there, the
    commit that broke it. The parser's own message names the line where it gave up, which in mass damage is rarely the
    line that was hurt.
    """

    code = "SYN001"
    name = "unparsable-file"
    severity = Severity.ERROR
    help = "run `canonry repair`, which proposes the mended file from its history, or mend the damage that is named"
    reads_broken = True
    bad = (
        Example('def test_total():\n    assert total("x) == 1\n'),
        Example("def test_total():\nassert True\n"),
        Example("from shop.orders import ()\n    Order,\n"),
    )
    good = (
        Example('def test_total():\n    assert total("x") == 1\n'),
        Example('def test_text():\n    assert "total(" != "def test("\n'),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """One offence for a file that no known Python reads."""
        broken = file.facts.broken
        if broken is None or broken.kind in ("newer", "conflict") or file.notes.get("python"):
            return
        version = ".".join(map(str, file.project.target))
        message = f"does not parse on Python {version}: {broken.message} (damage: {broken.damage})"
        commit = file.notes.get("commit")
        if commit:
            message += f"; {commit}"
        yield Offence(site=broken.site, message=message)
