"""real-services."""

from collections.abc import Iterator, Sequence

from canonry.migrate.answers import Change, Found, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.module import Module
from canonry.migrate.skeletons import services_of, skeleton_of
from canonry.model.edit import Grade


class RealServices(Codemod):
    """Lists doubles in tests that promise real services, with the fixtures of the services that their category starts.

    What a test means by a double, no syntax says: that a service answers, that it fails, or that it is not there. So
    every place is for a hand.
    """

    name = "real-services"
    rules = ("MCK002",)
    order = 91
    lists_only = True
    examples = (
        Example(
            "from unittest.mock import Mock\n\n\ndef test_pay():\n    assert Mock(spec=int)\n",
            grade=Grade.MANUAL,
            path="tests/e2e/test_pay.py",
            canon="[categories.e2e]\npaths = ['tests/e2e']\nmocks = 'forbidden'\nservices = ['cache']\n\n"
            "[services.cache]\nkind = 'redis'\n",
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for each double, always for a hand."""
        said = services_of(module)
        for each in found:
            code = skeleton_of(module, each.offence.site.symbol)
            more = " (`-v` shows code to begin with)" if code else ""
            yield manual(
                each, f"let it use the real service, or move it to a category that may mock{said}{more}", detail=code
            )
