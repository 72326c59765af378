"""RUN005."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.invocation import is_runner, is_runner_itself
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import DocumentView, FileView
from canonry.source.commands import COLLECTING


class DirectPytestInCi(Rule):
    """A command in a workflow, script or build file starts a test tool past the one runner.

    What continuous integration runs is what the team believes in; where it calls pytest its own way, categories,
    services, timeouts and exit codes of the canonical runner hold on the laptops only. Read are GitHub workflows and
    composite actions, GitLab pipelines, shell, batch and PowerShell scripts, Makefiles, justfiles, Dockerfiles, Compose
    files, tox, nox, `package.json` and pre-commit's own hooks. The command is read from the syntax of its shell:
    `echo pytest`, `pip install pytest`, `pytest --version`, `pytest --collect-only` and comments are none. A command
    behind a variable that the file does not set is likely where the variable's name says that it starts something
    (`$RUN pytest`), and passed over else; one that is handed to an action, or that a variable with several values or a
    default stands for, is likely, too. Of variables that are not set and of actions four findings were met in thirteen
    public packages and repositories, all right; the other likely ones are not measured. Documentation is left to
    RUN007.
    """

    code = "RUN005"
    name = "direct-pytest-in-ci"
    severity = Severity.ERROR
    help = "call the canonical runner with the category that the command means"
    options = ("canon.runner",)
    bad = (
        Example(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          pip install pytest\n          python -m pytest tests\n",
            path=".github/workflows/ci.yml",
        ),
        Example("test:\n  script:\n    - cd backend && pytest -q\n", path=".gitlab-ci.yml"),
        Example('#!/bin/sh\nCMD="python -m pytest"\n$CMD tests\n', path="scripts/check.sh"),
        Example("@echo off\r\npython -m pytest %*\r\n", path="check.bat"),
        Example("& python -m pytest tests\n", path="check.ps1"),
        Example("PYTEST := python -m pytest\n\ntest:\n\t@$(PYTEST) tests\n", path="Makefile"),
        Example('FROM python:3.11\nCMD ["pytest", "-q"]\n', path="Dockerfile"),
        Example("[testenv]\ncommands =\n    pytest {posargs:tests}\n", path="tox.ini"),
        Example(
            "import nox\n\n@nox.session\ndef tests(session):\n    session.install('pytest')\n    session.run('pytest', 'tests')\n",
            path="noxfile.py",
        ),
        Example('{"scripts": {"test": "jest && pytest"}}\n', path="package.json"),
        Example(
            "#!/bin/sh\npython -m coverage run -m pytest\ndocker run --rm image pytest -q\n", path="a.sh", findings=2
        ),
        Example(
            "repos:\n  - repo: local\n    hooks:\n      - id: tests\n        entry: bash -c 'pytest -q'\n        language: system\n",
            path=".pre-commit-config.yaml",
        ),
    )
    good = (
        Example(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: canonry run --category unit  # not pytest\n",
            path=".github/workflows/ci.yml",
        ),
        Example(
            "#!/bin/sh\npip install pytest\nwhich pytest\npytest --version\necho pytest tests\npytest --collect-only\n",
            path="a.sh",
        ),
        Example("#!/bin/sh\ncat > run.sh <<EOF\npytest tests\nEOF\n", path="a.sh"),
        Example("#!/bin/sh\ndocker rm pytest\ndocker run --name pytest image\n$GREP pytest .\n", path="a.sh"),
        Example("all:\n\t$(MAKE) pytest\n\t$(RM) pytest\n", path="Makefile"),
        Example("FROM a\nRUN <<EOF cat > f\npytest x\nEOF\n", path="Dockerfile"),
        Example("test:\n\tpytest -q\n", path="Makefile", canon="[canon]\nrunner = 'pytest'\n"),
        Example("test:\n\tpytest -q\n", path="Makefile", canon="[canon]\nrunner = 'make test'\n"),
        Example("```sh\npytest -q\n```\n", path="README.md"),
    )

    def check_document(self, document: DocumentView) -> Iterator[Offence]:
        """Every command that starts a test tool, documentation left out."""
        if document.reader == "markdown":
            return
        for command in document.reading.commands:
            tool = command.tool
            if not tool or tool.endswith(COLLECTING) or tool in document.project.tools:
                continue
            if is_runner(command, document) or is_runner_itself(command, document):
                continue
            message = f"the command starts {tool} past the canonical runner"
            if command.doubt:
                message = f"the command seems to start {tool} past the canonical runner ({command.doubt})"
            yield Offence(site=command.site, message=message, confidence=Confidence.LIKELY if command.doubt else None)

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every test tool that a session of a `noxfile.py` runs."""
        if file.path.rpartition("/")[2] != "noxfile.py" or file.canon.runner.split()[0] == "nox":
            return
        for call in file.facts.calls:
            if call.how == "session" and not call.tool.endswith(COLLECTING) and call.tool not in file.project.tools:
                yield Offence(site=call.site, message=f"the session starts {call.tool} past the canonical runner")
