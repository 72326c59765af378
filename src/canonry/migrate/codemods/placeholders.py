"""placeholders."""

from collections.abc import Iterator, Sequence

from canonry.migrate.answers import Change, Found, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.module import Module
from canonry.migrate.skeletons import contracts_of, services_of, skeleton_of
from canonry.model.edit import Grade

_BEGIN = " (`-v` shows code to begin with)"


class Placeholders(Codemod):
    """Lists tests that hold nothing, with what a real one would start from. Nobody but a reader can write the test.

    Where the file belongs to a flow of the canon that declares a contract, the contract is named: its events are what a
    test of the flow has to see. Where it belongs to a category that names services, the fixtures of these services are
    named, by which the test gets the real thing. With both comes a test to begin with, which uses them: `-v` shows it,
    and JSON and Markdown hold it.
    """

    name = "placeholders"
    rules = ("TST006",)
    order = 90
    lists_only = True
    examples = (
        Example(
            "def test_order_is_kept():\n    pass\n",
            grade=Grade.MANUAL,
            path="tests/api/test_orders.py",
            canon="[categories.api]\npaths = ['tests/api']\nservices = ['db']\n\n[services.db]\nkind = 'postgres'\n",
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for each placeholder, always for a hand."""
        for each in found:
            said = f"{contracts_of(module)}{services_of(module)}"
            code = skeleton_of(module, each.offence.site.symbol)
            yield manual(each, f"write the test or delete it{said}{_BEGIN if code else ''}", detail=code)
