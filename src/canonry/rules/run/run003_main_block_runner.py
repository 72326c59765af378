"""RUN003."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView


class MainBlockRunner(Rule):
    """A test file that starts its own tests when it is executed is one more runner.

    `unittest.main()`, a text runner, or calling the test functions by hand: each skips fixtures, categories and
    timeouts, and prints its own idea of success. Blocks whose call is reported as RUN001 or RUN002 are left to those.
    """

    code = "RUN003"
    name = "main-block-runner"
    severity = Severity.ERROR
    help = "remove the main block and select the file with the canonical runner"
    options = ("canon.runner",)
    bad = (
        Example("import unittest\n\nif __name__ == '__main__':\n    unittest.main()\n"),
        Example(
            "import asyncio\n\nasync def test_order():\n    assert 1\n\nif __name__ == '__main__':\n"
            "    asyncio.run(test_order())\n"
        ),
        Example(
            "def test_order():\n    assert 1\n\ndef main():\n    test_order()\n    print('ok')\n\n"
            "if __name__ == '__main__':\n    main()\n"
        ),
        Example(
            "class TestOrder:\n    def test_total(self):\n        assert 1\n\nif __name__ == '__main__':\n"
            "    case = TestOrder()\n    case.test_total()\n"
        ),
    )
    good = (
        Example("import pytest\n\nif __name__ == '__main__':\n    pytest.main()\n"),
        Example("def test_order():\n    assert 1\n\nif __name__ == '__main__':\n    print('use the runner')\n"),
        Example("import unittest\n\nif __name__ == '__main__':\n    unittest.main()\n", path="shop/service.py"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every main block of a test file that starts tests."""
        if not file.is_test_file or file.is_runner:
            return
        for block in file.facts.main_blocks:
            starts = [kind for kind in block.starts if kind not in file.project.tools]
            if starts and not block.direct:
                what = "unittest's runner" if "unittest" in starts else "test functions by hand"
                yield Offence(site=block.site, message=f"the main block starts {what}")
