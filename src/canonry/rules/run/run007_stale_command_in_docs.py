"""RUN007."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.invocation import is_runner
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import DocumentView
from canonry.source.commands import COLLECTING


class StaleCommandInDocs(Rule):
    """Documentation that tells people, and the coding agents that read it, to start tests past the one runner.

    Whoever follows it gets other tests, other services and other numbers than everybody else. Read are the code blocks
    of Markdown: fenced ones in the languages of shells (behind a prompt, where there is one; the rest of such a block is
    output), and the lines of unlabelled and indented blocks that begin with a test tool and go on as a command does
    (likely). Prose, inline code and blocks in other languages are not read.
    """

    code = "RUN007"
    name = "stale-command-in-docs"
    severity = Severity.INFO
    help = "show the canonical runner's command"
    options = ("canon.runner",)
    bad = (
        Example("# Test\n\n```bash\npytest tests/  # all\n```\n", path="README.md"),
        Example("- run it:\n\n  ```console\n  $ python -m pytest -q\n  2 passed\n  ```\n", path="docs/test.md"),
        Example("```\npytest tests/unit -v\n```\n", path="README.md"),
    )
    good = (
        Example("```bash\ncanonry run\npytest --version\n```\n", path="README.md"),
        Example("Run `pytest tests/`.\n\n```python\nimport pytest\n```\n", path="README.md"),
        Example("```\npytest is a framework for tests\n```\n", path="README.md"),
        Example("```sh\npytest\n```\n", path="README.md", canon="[canon]\nrunner = 'python -m pytest'\n"),
    )

    def check_document(self, document: DocumentView) -> Iterator[Offence]:
        """Every command of documentation that starts a test tool."""
        if document.reader != "markdown":
            return
        for command in document.reading.commands:
            tool = command.tool
            if not tool or tool.endswith(COLLECTING) or tool in document.project.tools or is_runner(command, document):
                continue
            yield Offence(
                site=command.site,
                message=f"the documentation says to start {tool} past the canonical runner",
                confidence=Confidence.LIKELY if command.doubt else None,
            )
