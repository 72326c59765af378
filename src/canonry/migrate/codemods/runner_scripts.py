"""runner-scripts."""

from collections.abc import Iterator, Sequence

import msgspec

from canonry.migrate.answers import Change, Found, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.commands.surroundings import Surroundings
from canonry.migrate.module import Module
from canonry.migrate.python_commands import python_terms
from canonry.migrate.scripts.interpret import Script
from canonry.migrate.scripts.learn import Learned, learn
from canonry.migrate.scripts.values import CannotReadError
from canonry.migrate.scripts.wrapper import wrapper_text
from canonry.model.edit import Grade

_FILES = {
    "requirements.txt": "canonry\n",
    "tests/unit/test_a.py": "def test_a():\n    assert 1\n",
    "tests/api/test_b.py": "def test_b():\n    assert 1\n",
}
_SCRIPT = (
    "import argparse\nimport subprocess\nimport sys\n\n\ndef main():\n    parser = argparse.ArgumentParser()\n"
    "    parser.add_argument('--suite', choices=['unit', 'api'], default='unit')\n"
    "    parser.add_argument('--fast', action='store_true')\n    parser.add_argument('--color')\n"
    "    args = parser.parse_args()\n    cmd = [sys.executable, '-m', 'pytest', f'tests/{args.suite}']\n"
    "    if args.fast:\n        cmd += ['-x', '-m', 'not slow']\n    return subprocess.call(cmd)\n\n\n"
    "if __name__ == '__main__':\n    sys.exit(main())\n"
)
_WRAPPER = """#!/usr/bin/env python3
\"\"\"A retired test runner, which goes on 2026-04-01: `canonry run` runs its tests, and its old options are mapped to that.

Written by `canonry migrate runner-scripts`; what it did before stands in the history.
\"\"\"

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
while sys.path and os.path.abspath(sys.path[0]) == HERE:
    del sys.path[0]
try:
    from canonry.cli import main as canonry
    from canonry.run.retired import Old, Retired, Unless, arguments_of
except ModuleNotFoundError:
    sys.exit("canonry is not installed for this Python; run `pip install canonry`")

EXPIRES = "2026-04-01"
RETIRED = Retired(
    always=(),
    options=(
        Old(("--suite",), "one", {"unit": (), "api": ("tests/api",)}),
        Old(("--fast",), becomes={"*": ("--fail-fast", "-m", "not slow")}),
        Old(("--color",), "one", unread=True),
    ),
    unless=(
        Unless(("tests/unit",), ("--suite=api",)),
    ),
)


def main() -> None:
    \"\"\"Hands the mapped arguments over to `canonry run`, from where the old script started its tests.\"\"\"
    arguments = arguments_of(RETIRED, 'run_tests.py', sys.argv[1:], expires=EXPIRES)
    os.chdir(os.path.join(HERE, '..'))
    sys.argv = ["canonry", "run", *arguments]
    canonry()


if __name__ == "__main__":
    main()
"""


class RunnerScripts(Codemod):
    """Puts a thin wrapper in the place of a script that exists to start tests: its old options call `canonry run`.

    The script is read as Python would run it, with nothing run: once without options, once for each option and value
    that it declares (argparse, optparse, click), once for each pair. So the wrapper's table says what an option did to
    the tests that were started, whatever it is called. Options that were read nowhere are accepted with a note. An option
    that did something else is refused in a sentence, as is a pair that together meant something of its own. The wrapper
    says on stderr what to call instead, and goes after 90 days: RUN004 reports it then, and this codemod takes it away
    where nothing in the tree names it.

    Never safe, for a script that is read has not been run: `canonry migrate compare SCRIPT [-- OLD ARGUMENTS]` runs both,
    and lists tests whose selection or outcome differ. The reason names everything else that the script does beside
    starting tests, which the wrapper does not: another environment or status, output that is redirected, files, calls of
    other code, comments, options without counterpart. Manual: what it starts is known only when it runs; other files
    import it.
    """

    name = "runner-scripts"
    rules = ("RUN004",)
    order = 20
    examples = (
        Example(_SCRIPT, _WRAPPER, grade=Grade.REVIEW, path="scripts/run_tests.py", files=_FILES),
        Example(
            "import subprocess\n\n\ndef main(paths):\n    return subprocess.call(['pytest', *paths])\n\n\n"
            "if __name__ == '__main__':\n    main(open('paths.txt').read().split())\n",
            grade=Grade.MANUAL,
            path="scripts/run_listed.py",
            files=_FILES,
        ),
    )

    def __init__(self) -> None:
        self._last: tuple[Surroundings | None, str, bytes, Change | None] = None, "", b"", None

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for the script."""
        for each in found:
            yield msgspec.structs.replace(self._answer(module, each), found=each)

    def _answer(self, module: Module, found: Found) -> Change:
        """The answer to a script, which is followed once: beside each other codemod it is asked about again."""
        known, path, content, answer = self._last
        if known is module.surroundings and (path, content) == (module.path, module.content) and answer is not None:
            return answer
        try:
            answer = _changed(module, found)
        except CannotReadError as error:
            answer = manual(found, str(error))
        self._last = module.surroundings, module.path, module.content, answer
        return answer


def _changed(module: Module, found: Found) -> Change:
    if module.file.facts.retired is not None:
        return _removed(module, found)
    if module.file.is_test_file or module.file.tests:
        raise CannotReadError("it holds tests itself; move them into a test file first")
    if module.surroundings.runner[-2:] != ("canonry", "run") and not module.surroundings.speaks:
        raise CannotReadError(f"what `{' '.join(module.surroundings.runner)}` calls its options is not known")
    importers = module.surroundings.importers(module.path)
    if importers:
        raise CannotReadError(f"`{importers[0]}` imports it, so it is more than a script")
    learned = learned_of(module)
    refused = [old.label for old in learned.retired.options if old.refused]
    reasons = [f"it was read, not run; `canonry migrate compare {module.path}` runs it and its wrapper"]
    reasons += [*learned.doubts, *learned.aside]
    if module.comments_in(0, len(module.content)):
        reasons.append("its comments go with it")
    if refused:
        reasons.append(
            f"{', '.join(f'`{name}`' for name in refused)} {'has' if len(refused) == 1 else 'have'} no counterpart"
        )
    text = wrapper_text(learned, module.path, today=module.surroundings.today)
    return Change(
        found=found,
        grade=Grade.REVIEW,
        reason="; ".join(reasons),
        edits=(Splice(module.mark, len(module.content), _with_ends(module, text)),),
    )


def learned_of(module: Module) -> Learned:
    """The table of the script's options. Raises `CannotReadError`."""
    project = module.file.project
    terms = python_terms(module, folder_known=True)

    def exists(path: str) -> bool:
        return path in project.paths or path in project.folders or module.surroundings.on_disk(path)

    return learn(Script(module.tree, module.path, exists), terms)


def _removed(module: Module, found: Found) -> Change:
    named = module.surroundings.mentions(module.path)
    if named:
        return manual(found, f"`{named[0]}` still names it; let that call `canonry run`, then delete this file")
    return Change(
        found=found, grade=Grade.REVIEW, reason="nothing in the tree names it; people may still call it", removes=True
    )


def _with_ends(module: Module, text: str) -> bytes:
    end = module.line_end(0)
    return text.encode().replace(b"\n", end)
