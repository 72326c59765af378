"""RUN001."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView


class DirectPytestCall(Rule):
    """`pytest.main()` in code starts tests past the one runner.

    Categories, services, timeouts, recordings and the exit codes of the canonical runner do not apply to what such a
    call starts, and its numbers appear in no report. Any alias counts (`import pytest as pt`, `from pytest import
    main`); the words in strings and comments do not.
    """

    code = "RUN001"
    name = "direct-pytest-call"
    severity = Severity.ERROR
    help = "remove the call and start the tests with the canonical runner"
    options = ("canon.runner",)
    bad = (
        Example("import pytest\n\nif __name__ == '__main__':\n    pytest.main([__file__])\n"),
        Example(
            "import sys\nfrom pytest import main as run\n\ndef go():\n    sys.exit(run(['-q']))\n", path="tools/go.py"
        ),
        Example("import pytest as pt\n\nrunner = pt.main\n\ndef go():\n    return runner([])\n", path="tools/go.py"),
    )
    good = (
        Example("HINT = 'call pytest.main([])'  # pytest.main() is not called\n\ndef test_hint():\n    assert HINT\n"),
        Example("def test_main(pytest):\n    assert pytest.main() is None\n"),
        Example(
            "import pytest\n\npytest.main([])\n", path="tools/run.py", canon="[canon]\nrunner = 'python tools/run.py'\n"
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every call of pytest's main function."""
        if file.is_runner or "pytest" in file.project.tools:
            return
        for call in file.facts.calls:
            if call.target == "pytest.main" and call.how == "call":
                yield Offence(site=call.site, message="`pytest.main` starts tests past the canonical runner")
