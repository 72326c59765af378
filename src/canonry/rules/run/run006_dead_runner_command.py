"""RUN006."""

import re
from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.invocation import (
    CI_READERS,
    UNKNOWN,
    Presence,
    elsewhere,
    is_runner,
    runner_path,
    script_of,
    standing,
    test_paths,
)
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import DocumentView
from canonry.source.commands import COLLECTING
from canonry.source.documents.reading import Command

_TEST_WORD = re.compile(r"(?<![a-z])(?:py)?(?:unit|e2e)?tests?(?:ing|er|runner)?(?![a-z])", re.IGNORECASE)


class DeadRunnerCommand(Rule):
    """A command that cannot run the tests that it names, or a step whose failure nobody would see.

    Two kinds. A command *names what is not there*: the runner's own file or a script that is named for tests, a
    category that the canon does not declare, a test path. It fails at once, or, worse, is skipped as missing, and the
    suite behind it never runs. A step *cannot fail*: it starts tests, and `continue-on-error: true`, `|| true`, an
    `exit 0` at the end, `| tee` without `pipefail`, `allow_failure: true` or make's `-` forgives what they say. Working
    directories (`cd`, `working-directory`, tox's `changedir`) are followed; paths with variables, and files that the
    same file creates, fetches or asks for first, are left alone. In scripts, whose working directory nobody knows, a
    path counts only where it exists nowhere in the tree. Likely: a folder of tests, and a failure that is forgiven in a
    script (which may not be a step of continuous integration); of likely ones two were met in public packages, both
    wrong because the job checks another repository out, which is respected since.
    """

    code = "RUN006"
    name = "dead-runner-command"
    severity = Severity.ERROR
    help = "name what exists, and let the step fail when its tests do"
    options = ("canon.runner", "categories")
    bad = (
        Example("test:\n  script:\n    - python scripts/run_tests.py\n", path=".gitlab-ci.yml"),
        Example(
            "test:\n  script:\n    - python tools/go.py --category smoke\n",
            path=".gitlab-ci.yml",
            files={"tools/go.py": "print('go')\n", "tests/test_a.py": "def test_a():\n    assert 1\n"},
            canon="[canon]\nrunner = 'python tools/go.py'\n\n[categories.unit]\npaths = ['tests']\n",
        ),
        Example(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest tests/test_gone.py\n",
            path=".github/workflows/ci.yml",
            files={"tests/test_a.py": "def test_a():\n    assert 1\n"},
        ),
        Example(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: canonry run\n        continue-on-error: true\n",
            path=".github/workflows/ci.yml",
        ),
        Example("test:\n\t-pytest -q\n\tpytest -x || true\n", path="Makefile", findings=2),
        Example("test:\n  allow_failure: true\n  script: [pytest -q]\n", path=".gitlab-ci.yml"),
        Example(".t: {script: [pytest -q]}\ntest: {extends: .t, allow_failure: true}\n", path=".gitlab-ci.yml"),
    )
    good = (
        Example(
            "test:\n  script:\n    - cd backend\n    - python run_tests.py\n",
            path=".gitlab-ci.yml",
            files={"backend/run_tests.py": "print('go')\n"},
        ),
        Example("#!/bin/sh\nif [ -f run_tests.py ]; then python run_tests.py; fi\n", path="a.sh"),
        Example("#!/bin/sh\ncurl -o run_tests.sh $URL\nbash run_tests.sh\n", path="a.sh"),
        Example("#!/bin/sh\npytest -q || exit 1\npytest -x || { echo failed; exit 1; }\nls || true\n", path="a.sh"),
        Example(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest tests/test_a.py::test_a -k 'a/b'\n",
            path=".github/workflows/ci.yml",
            files={"tests/test_a.py": "def test_a():\n    assert 1\n"},
        ),
    )

    def check_document(self, document: DocumentView) -> Iterator[Offence]:
        """What each command names and is not there, and each test run whose failure is forgiven."""
        if document.reader == "markdown":
            return
        for command in document.reading.commands:
            runner = is_runner(command, document)
            starts = bool(command.tool) and not command.tool.endswith(COLLECTING)
            yield from self._scripts(command, document)
            if runner:
                yield from self._categories(command, document)
            if starts or runner:
                yield from self._paths(command, document)
                yield from self._forgiven(command, document)

    def _scripts(self, command: Command, document: DocumentView) -> Iterator[Offence]:
        script = script_of(command)
        if not script:
            return
        canonical = runner_path(document.project)
        if script.removeprefix("./") != canonical and not _TEST_WORD.search(script.rpartition("/")[2]):
            return
        found = standing(script, command, document)
        if found is Presence.ABSENT:
            what = "the canonical runner" if script.removeprefix("./") == canonical else "the script"
            sure = None if document.reader in CI_READERS or command.folder != UNKNOWN else Confidence.LIKELY
            yield _offence(command, f"{what} `{script}` does not exist", script, confidence=sure)
        elif found is Presence.ELSEWHERE:
            other = elsewhere(script, document.project)
            yield _offence(command, f"the script `{script}` does not exist here (`{other}` does)", script)

    def _categories(self, command: Command, document: DocumentView) -> Iterator[Offence]:
        declared = document.project.canon.categories
        if not declared:
            return
        for name in _categories_of(command.words):
            if name not in declared and re.fullmatch(r"[\w.-]+", name):
                yield _offence(command, f"the category `{name}` is not declared", name)

    def _paths(self, command: Command, document: DocumentView) -> Iterator[Offence]:
        for path in test_paths(command):
            if standing(path, command, document) in (Presence.ABSENT, Presence.ELSEWHERE):
                sure = None if path.endswith(".py") and not command.doubt else Confidence.LIKELY
                yield _offence(command, f"the tests `{path}` do not exist", path, confidence=sure)

    def _forgiven(self, command: Command, document: DocumentView) -> Iterator[Offence]:
        if not command.forgiven:
            return
        sure = document.reader in CI_READERS and not command.doubt
        message = f"these tests cannot fail: {command.forgiven} forgives it"
        yield _offence(command, message, "forgiven", confidence=None if sure else Confidence.LIKELY)


def _categories_of(words: tuple[str, ...]) -> Iterator[str]:
    """The values of ``--category X``, ``--category=X`` and ``--categories X Y``."""
    taking = ""
    for word in words:
        if word.startswith("-"):
            flag, equals, value = word.partition("=")
            taking = flag if flag in ("--category", "--categories") and not equals else ""
            if equals and flag in ("--category", "--categories"):
                yield from value.split(",")
        elif taking:
            yield from word.split(",")
            taking = taking if taking == "--categories" else ""


def _offence(command: Command, message: str, about: str, *, confidence: Confidence | None = None) -> Offence:
    return Offence(
        site=command.site, message=message, confidence=confidence, identity=f"{command.site.snippet} {about}"
    )
