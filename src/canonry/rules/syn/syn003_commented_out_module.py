"""SYN003."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView

_BODY = "# import shop\n#\n# def test_total():\n#     assert shop.total([1, 2]) == 3\n"


class CommentedOutModule(Rule):
    """A test file whose tests are all comments parses, collects, and proves nothing.

    It is what a "repair" leaves behind that only wanted the file to parse. A file counts when its name is a test's,
    it holds no live test, at least 80 % of its lines that are not blank are comments, and at least one of them is a
    commented test function.
    """

    code = "SYN003"
    name = "commented-out-module"
    severity = Severity.ERROR
    help = "run `canonry repair`, which proposes the last version with live tests, or delete the file"
    bad = (Example(_BODY), Example('"""Totals."""\n' + _BODY * 3))
    good = (
        Example("# def test_old():\n#     assert False\n\ndef test_total():\n    assert 1 + 1 == 2\n"),
        Example(_BODY, path="shop/notes.py"),
        Example("# a module of notes\n# without any test\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """One offence for a test file without a live test."""
        commented = file.facts.commented
        if commented is None or not commented.tests or not file.is_test_file:
            return
        tests = "1 test function" if commented.tests == 1 else f"{commented.tests} test functions"
        message = f"holds no live test: {commented.share:.0%} of its lines are comments, with {tests} among them"
        yield Offence(site=commented.site, message=message, identity="commented-out-module")
