"""RUN004."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.commands import COLLECTING

_WRAPPER = (
    "import sys\nfrom canonry.run.retired import Retired, arguments_of\n\nRETIRED = Retired(always=('tests',))\n\n"
    "if __name__ == '__main__':\n    arguments_of(RETIRED, 'run_fast_tests.py', sys.argv[1:], expires='{date}')\n"
)


class RogueTestRunner(Rule):
    """A script that exists to start tests is a rival of the one runner.

    Each has its own options, its own selection, its own way to decide what passed; numbers from one cannot be
    compared with numbers from another. A script counts when it is no test file and starts a test tool from its main
    block, or from module level; one that only collects (`--collect-only`) does not. A test
    module that the file patterns miss and that starts unittest is likely. A library's `testing.py` that defines classes
    is offered to the tests of others: that it can start them is told as information, for review.

    The wrapper that `canonry migrate` puts in a script's place is none until the day that it names has passed; then it
    is reported, whoever calls it.

    Measured: of all 13 likely findings in the reference repository 7 are right and 6 arguable, because
    `unittest.main` finds no case there (`python benchmarks/draw.py GIT_DIR --rev beta-16 --config
    docs/evidence/reference-canon.toml --select RUN004 --sample 25 --seed 7`). None for review was met.
    """

    code = "RUN004"
    name = "rogue-test-runner"
    severity = Severity.ERROR
    help = "move what it selects into a category of the canon, and make the script call the canonical runner"
    options = ("canon.runner",)
    bad = (
        Example(
            "import subprocess, sys\n\ndef main():\n    return subprocess.call([sys.executable, '-m', 'pytest'])\n\n"
            "if __name__ == '__main__':\n    sys.exit(main())\n",
            path="scripts/run_fast_tests.py",
        ),
        Example("import pytest\n\npytest.main(['tests'])\n", path="run_tests.py"),
        Example(_WRAPPER.format(date="2001-01-31"), path="scripts/run_fast_tests.py"),
        Example("import unittest\n\nif __name__ == '__main__':\n    unittest.main('tests')\n", path="run_tests.py"),
        Example(
            "import unittest\n\nclass ShopCase(unittest.TestCase):\n    pass\n\nif __name__ == '__main__':\n"
            "    unittest.main()\n",
            path="shop/testing.py",
        ),
    )
    good = (
        Example(_WRAPPER.format(date="9999-12-31"), path="scripts/run_fast_tests.py"),
        Example("import pytest\n\ndef call():\n    return pytest.main([])\n", path="shop/plugin.py"),
        Example("if __name__ == '__main__':\n    print('pytest')\n", path="scripts/hello.py"),
        Example(
            "import subprocess\n\nif __name__ == '__main__':\n    subprocess.run(['pytest', '--collect-only'])\n",
            path="scripts/count.py",
        ),
        Example(
            "import pytest\n\nif __name__ == '__main__':\n    pytest.main([])\n",
            path="scripts/run.py",
            canon="[canon]\nrunner = 'python scripts/run.py'\n",
        ),
        Example(
            "import pytest\n\nif __name__ == '__main__':\n    pytest.main([])\n",
            path="shop/check/__main__.py",
            canon="[canon]\nrunner = 'python -m shop.check'\n",
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """One offence for a script that starts tests, and for a wrapper of one that has outlived its date."""
        retired = file.facts.retired
        if retired is not None and retired.expires < file.project.today:
            when = f"was to go on {retired.expires}" if retired.expires else "names no day on which it goes"
            yield Offence(site=retired.site, message=f"the wrapper of a retired runner {when}", identity="retired")
            return
        if file.is_test_file or file.is_runner or file.path.endswith("conftest.py"):
            return
        blocks = file.facts.main_blocks
        started = [
            call
            for call in file.facts.calls
            if call.tool
            and call.how != "session"
            and not call.tool.endswith(COLLECTING)
            and call.tool not in file.project.tools
            and call.target != "unittest.TestLoader"
            and (blocks or call.site.symbol == "<module>")
        ]
        if not started:
            return
        site = blocks[0].site if blocks else started[0].site
        tools = ", ".join(sorted({call.tool for call in started}))
        if tools == "unittest" and any(file.is_test_function(fact) and fact.owner for fact in file.facts.functions):
            message = "a test module that the file patterns miss has a runner of its own (starts unittest)"
            yield Offence(site=site, message=message, confidence=Confidence.LIKELY, identity="runner")
        elif file.path.rpartition("/")[2] == "testing.py" and file.facts.classes:
            message = f"a module for the tests of others can start tests itself (starts {tools})"
            yield Offence(site=site, message=message, confidence=Confidence.REVIEW, severity=Severity.INFO)
        else:
            message = f"the script is a test runner of its own (starts {tools})"
            yield Offence(site=site, message=message, identity="runner")
