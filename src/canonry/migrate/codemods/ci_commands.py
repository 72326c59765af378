"""ci-commands."""

import ast
from collections.abc import Iterator, Sequence

from canonry.migrate.answers import Change, Found, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.commands.documents import rewrite_commands
from canonry.migrate.commands.tokens import CannotMapError
from canonry.migrate.document import Document
from canonry.migrate.module import Module
from canonry.migrate.python_commands import new_list
from canonry.model.edit import Grade
from canonry.source.documents.reading import Command
from canonry.source.facts import Site

_TESTS = {"tests/unit/test_a.py": "def test_a():\n    assert 1\n", "requirements.txt": "canonry\npytest\n"}
_UNIT = "[categories.unit]\npaths = ['tests/unit']\n"


class CiCommands(Codemod):
    """Lets workflows, scripts and build files call the canonical runner where they start a test tool.

    Only the words of the command change: launchers, environment, quotes, line continuations, matrix variables and what
    becomes of the exit status stay as they are written. Options that the runner has are translated (`-x` is
    `--fail-fast`, `-n 4` is `--workers 4`, `--junitxml` a report); all others go behind `--` to pytest. Where the
    command selects exactly the tests of a category, the category is named. The result is read again by the reader of
    its file: each command has to be the one that is meant, and all others what they were.

    Safe where that is all. A reader is asked where the runner may not be installed, where words are computed that may
    be options, where another command reads the output, where a measuring tool starts the tests, where the tests may
    import from the working directory that `python -m` puts on the path. Manual: tests that do not exist, tools without
    counterpart, words that come from elsewhere in the file.
    """

    name = "ci-commands"
    rules = ("RUN005",)
    order = 40
    examples = (
        Example(
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n"
            "          pip install -r requirements.txt  # with pytest\n"
            '          pytest -x tests/unit -k "${{ matrix.tests }}" \\\n            --cov=shop\n',
            "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n"
            "          pip install -r requirements.txt  # with pytest\n"
            '          canonry run tests/unit --fail-fast -k "${{ matrix.tests }}" -- \\\n            --cov=shop\n',
            path=".github/workflows/ci.yml",
            files=_TESTS,
        ),
        Example(
            "test:\n\t@python -m pytest tests/unit -q\n",
            "test:\n\t@python -m canonry run --category unit -q\n",
            path="Makefile",
            files=_TESTS,
            canon=_UNIT,
        ),
        Example(
            'FROM python:3.11\nCMD ["pytest", "-x", "tests/unit"]\n',
            'FROM python:3.11\nCMD ["canonry", "run", "tests/unit", "--fail-fast"]\n',
            grade=Grade.REVIEW,
            path="Dockerfile",
            files=_TESTS,
        ),
        Example(
            "[testenv]\ndeps = canonry\ncommands =\n    pytest {posargs:tests/unit}\n",
            "[testenv]\ndeps = canonry\ncommands =\n    canonry run {posargs:tests/unit}\n",
            grade=Grade.REVIEW,
            path="tox.ini",
            files=_TESTS,
        ),
        Example(
            "[env.test]\ndeps = ['canonry']\ncommands = [[\n    'pytest', '-v', '--tb=short',\n"
            "    {replace = 'posargs', default = [], extend = true},\n]]\n",
            "[env.test]\ndeps = ['canonry']\ncommands = [[\n    'canonry', 'run',\n"
            "    {replace = 'posargs', default = [], extend = true}, '-v', '--', '--tb=short',\n]]\n",
            grade=Grade.REVIEW,
            path="tox.toml",
            files=_TESTS,
        ),
        Example(
            "import nox\n\n\n@nox.session\ndef tests(session):\n    session.install('canonry')\n    session.run('pytest', '-x', 'tests/unit', *session.posargs, external=True)\n",
            'import nox\n\n\n@nox.session\ndef tests(session):\n    session.install(\'canonry\')\n    session.run("canonry", "run", \'tests/unit\', *session.posargs, "--fail-fast", external=True)\n',
            grade=Grade.REVIEW,
            path="noxfile.py",
            files=_TESTS,
        ),
        Example(
            "test:\n  script:\n    - pytest tests/gone.py\n", grade=Grade.MANUAL, path=".gitlab-ci.yml", files=_TESTS
        ),
    )

    def document_changes(self, document: Document, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for each command that starts a test tool."""
        by_place: dict[tuple[int, int, int, int], list[Command]] = {}
        for command in document.view.reading.commands:
            by_place.setdefault(_key(command.site), []).append(command)
        asked: list[tuple[Found, Command]] = []
        for each in found:
            here = [one for one in by_place.get(_key(each.offence.site), ()) if one.tool]
            if len(here) == 1:
                asked.append((each, here[0]))
            else:
                yield manual(each, "one text stands for several commands")
        answers = rewrite_commands(
            document.view, document.content, [command for _, command in asked], document.surroundings
        )
        for (finding, _), answer in zip(asked, answers, strict=True):
            edits = (Splice(answer.start, answer.end, answer.text.encode()),) if answer.text else ()
            yield Change(found=finding, grade=answer.mapped.grade, reason=answer.mapped.reason, edits=edits)

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for each test tool that a session of nox runs."""
        for each in found:
            calls = [node for node in module.nodes_at(each.offence.site) if isinstance(node, ast.Call)]
            try:
                if not calls or not calls[0].args:
                    raise CannotMapError("what the session runs is not given in one place")
                yield _session(module, calls[0], each)
            except CannotMapError as error:
                yield manual(each, str(error))


def _session(module: Module, call: ast.Call, found: Found) -> Change:
    new = new_list(module, call.args, folder_known=True)
    start, end = module.start(call.args[0]), module.end(call.args[-1])
    if module.has_comment(start, end):
        raise CannotMapError("a comment stands in the command")
    doubts = [new.reason] if new.reason else []
    if not any(isinstance(node, ast.Constant) and node.value == "canonry" for node in ast.walk(module.tree)):
        doubts.append("no session of the file installs canonry by name")
    grade = max((new.grade, Grade.REVIEW if doubts else Grade.SAFE), key=lambda each: each.rank)
    edits = (Splice(start, end, new.text.encode()),)
    return Change(found=found, grade=grade, reason="; ".join(doubts), edits=edits)


def _key(site: Site) -> tuple[int, int, int, int]:
    return site.line, site.column, site.end_line, site.end_column
