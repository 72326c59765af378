"""SYN002."""

from collections.abc import Iterator

from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView


class NewerPythonSyntax(Rule):
    """A file that a newer Python reads does not run on the version that the project declares.

    It is not damaged and must not be repaired: either the project's lowest version is declared too low, or the
    construct has to be written the older way. Reported where an interpreter on the PATH that is newer than the target
    parses the file, or where it holds a construct of a newer Python (PEP 701, 695, 696, 654) and no other error.
    """

    code = "SYN002"
    name = "newer-python-syntax"
    help = "write the construct the older way, or raise `requires-python`"
    reads_broken = True
    options = ("target-python",)
    bad = (
        Example("def test_name():\n    order = {'id': 1}\n    assert f'{order['id']}' == '1'\n"),
        Example("type Price = int\n\ndef test_price():\n    assert Price\n"),
        Example("def first[T](items: list[T]) -> T:\n    return items[0]\n"),
    )
    good = (
        Example("def test_name():\n    order = {'id': 1}\n    assert f'{order[\"id\"]}' == '1'\n"),
        Example("def test_text():\n    assert 'type Price = int'\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """One offence for a file that only a newer Python reads."""
        broken = file.facts.broken
        reader = file.notes.get("python")
        if broken is None or (broken.kind != "newer" and not reader):
            return
        version = ".".join(map(str, file.project.target))
        reason = ", ".join(broken.constructs) or f"Python {reader} reads it"
        yield Offence(site=broken.site, message=f"needs a newer Python than {version}: {reason}")
