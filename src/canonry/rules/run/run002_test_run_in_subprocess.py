"""RUN002."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.commands import COLLECTING


class TestRunInSubprocess(Rule):
    """A process call starts a test tool, so a second, private runner exists.

    What it selects, how it reads the outcome (often from text) and which exit code it passes on are decided in this
    one place and nowhere else. The command is read from syntax: a literal list or string, a variable that was filled
    before, f-strings and joined lists. A command that is handed to a function named like one that runs commands is
    reported as likely, one that only collects (`--collect-only`) as a warning. `pip install pytest` and `pytest
    --version` start no tests.

    Measured: all 13 likely findings in the reference repository are right (`python benchmarks/draw.py GIT_DIR --rev
    beta-16 --config docs/evidence/reference-canon.toml --select RUN002 --sample 25 --seed 7`).
    """

    __test__ = False

    code = "RUN002"
    name = "test-run-in-subprocess"
    severity = Severity.ERROR
    help = "call the canonical runner instead of the test tool"
    options = ("canon.runner",)
    bad = (
        Example("import subprocess, sys\n\nsubprocess.run([sys.executable, '-m', 'pytest', 'tests'])\n", path="go.py"),
        Example("import os\n\nos.system('cd backend && pytest -q')\n", path="go.py"),
        Example(
            "import subprocess\n\ndef go(path):\n    cmd = ['pytest', path]\n    cmd.append('-q')\n"
            "    return subprocess.call(cmd)\n",
            path="go.py",
        ),
        Example(
            "import asyncio\n\nasync def go():\n    await asyncio.create_subprocess_exec('python', '-m', 'unittest')\n",
            path="go.py",
        ),
        Example("def go(self):\n    self.run_command(['pytest', '-x'])\n", path="go.py"),
        Example(
            "import subprocess\n\ndef go(name):\n    subprocess.run(f'pytest tests/{name}', shell=True)\n", path="go.py"
        ),
    )
    good = (
        Example("import subprocess\n\nsubprocess.run(['pip', 'install', 'pytest'])\n", path="go.py"),
        Example("import subprocess\n\nsubprocess.run(['pytest', '--version'])\n", path="go.py"),
        Example("import subprocess\n\nsubprocess.run(['grep', '-r', 'pytest', '.'])\n", path="go.py"),
        Example("import os\n\nos.system('echo run pytest to test')\n", path="go.py"),
        Example("COMMAND = ['pytest', '-q']\n", path="go.py"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every process call whose command starts a test tool."""
        if file.is_runner:
            return
        for call in file.facts.calls:
            if (
                call.how in ("call", "session")
                or not call.tool
                or call.tool.removesuffix(COLLECTING) in file.project.tools
            ):
                continue
            confidence = Confidence.LIKELY if call.how == "passed" else None
            if call.tool.endswith(COLLECTING):
                message = f"`{call.target}` collects tests past the canonical runner"
                yield Offence(site=call.site, message=message, severity=Severity.WARNING, confidence=confidence)
            else:
                message = f"`{call.target}` starts {call.tool} past the canonical runner"
                yield Offence(site=call.site, message=message, confidence=confidence)
