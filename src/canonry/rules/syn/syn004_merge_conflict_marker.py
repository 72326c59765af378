"""SYN004."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView

_OURS, _THEIRS = "<" * 7 + " HEAD", ">" * 7 + " feature"


class MergeConflictMarker(Rule):
    """A merge was committed, or left, with its conflict markers in place, so the file does not parse.

    Markers are looked for only in files that do not parse; in a string they are somebody's data.
    """

    code = "SYN004"
    name = "merge-conflict-marker"
    severity = Severity.ERROR
    help = "resolve the conflict and remove the markers; `canonry repair` proposes how"
    reads_broken = True
    bad = (Example(f"def test_total():\n{_OURS}\n    assert 1\n=======\n    assert 2\n{_THEIRS}\n"),)
    good = (Example(f'TEXT = """\n{_OURS}\n=======\n{_THEIRS}\n"""\n\ndef test_text():\n    assert TEXT\n'),)

    def check(self, file: FileView) -> Iterator[Offence]:
        """One offence at the first marker."""
        broken = file.facts.broken
        if broken is not None and broken.kind == "conflict":
            yield Offence(site=broken.site, message="a merge conflict marker stands in the code")
