"""The layers hold, adding a thing costs what was promised, and nothing is loaded that is not needed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workbench import IDLE, ROOT, RUNNER, copied, environment

PACKAGE = Path("src", "canonry")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package with its configuration, to change."""
    copied("src/canonry", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in ("tests", "golden_path"):  # the canon names them
        (tmp_path / folder).mkdir(exist_ok=True)
    return tmp_path


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    command = [program, "--no-cache", "--config", root / "pyproject.toml"]
    return subprocess.run(command, cwd=root, env=in_copy(root), capture_output=True, text=True, check=False)


def in_copy(root: Path) -> dict[str, str]:
    return environment(PYTHONPATH=str(root / "src"), PYTHONDONTWRITEBYTECODE="1")


def canonry(root: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "canonry", *arguments],
        cwd=cwd or root,
        env=in_copy(root),
        capture_output=True,
        text=True,
        check=False,
    )


# layers --------------------------------------------------------------------------------------------------------------


def test_the_imports_keep_the_contract() -> None:
    done = lint_imports(ROOT)

    assert done.returncode == 0, done.stdout
    assert " 0 broken." in done.stdout


@pytest.mark.parametrize(
    ("path", "line", "contract"),
    [
        ("newcomer.py", "", "layers"),
        ("newcomer/__init__.py", "", "layers"),
        ("model/errors.py", "import canonry.canon.options", "layers"),
        ("source/syntax/text.py", "import canonry.rules.rule", "layers"),
        ("audit/judge.py", "import canonry.report.style", "layers"),
        ("report/style.py", "import canonry.cli", "layers"),
        ("rules/rule.py", "import click", "engines do not print"),
        ("audit/judge.py", "import rich", "engines do not print"),
        ("changes/splice.py", "import click", "engines do not print"),
        ("audit/judge.py", "import canonry.changes.apply", "looking never writes"),
        ("rules/rule.py", "import canonry.changes.splice", "layers"),
        ("cli/init.py", "import canonry.changes.files", "one writer"),
        ("source/facts.py", "import canonry.source.python.walk", "no cycles"),
    ],
)
def test_a_broken_contract_is_noticed(copy: Path, path: str, line: str, contract: str) -> None:
    target = copy / PACKAGE / path
    target.parent.mkdir(exist_ok=True)
    target.write_text((target.read_text() if target.exists() else "") + f"\n{line}\n")
    done = lint_imports(copy)
    broken = [row for row in done.stdout.splitlines() if row.endswith(" BROKEN")]

    assert done.returncode == 1
    assert any(row.startswith(contract) for row in broken), done.stdout


# the cost of adding a thing ------------------------------------------------------------------------------------------

RULE = '''"""ZZZ001."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView


class NewOffence(Rule):
    """A function is named like an offence."""

    code = "ZZZ001"
    name = "new-offence"
    severity = Severity.ERROR
    help = "rename it"
    bad = (Example("def offence(): pass\\n", path="a.py"),)
    good = (Example("def fine(): pass\\n", path="a.py"),)

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every function of that name."""
        for fact in file.facts.functions:
            if fact.name == "offence":
                yield Offence(site=fact.site, message="an offence")
'''
VERB = '''"""`canonry greet`."""

import click


@click.command()
def command() -> int:
    """Greet the reader."""
    click.echo("good day")
    return 0
'''
FORMAT = '''"""Codes only."""

from typing import IO

from canonry.report.content import Report


def render(report: Report, out: IO[str]) -> None:
    """Writes a code a line."""
    for finding in report.findings():
        out.write(finding.code + "\\n")
'''


def test_a_rule_is_one_file(copy: Path) -> None:
    folder = copy / PACKAGE / "rules" / "tst"
    (folder / "zzz001_new_offence.py").write_text(RULE)
    (copy / "shop").mkdir()
    (copy / "shop" / "a.py").write_text("def offence(): pass\n")
    listed, explained = canonry(copy, "explain"), canonry(copy, "explain", "new-offence")
    found = canonry(copy, "audit", "--select", "ZZZ", "--output-format", "concise", cwd=copy / "shop")

    assert any(line.startswith("ZZZ001  new-offence") for line in listed.stdout.splitlines())
    assert explained.stdout.startswith("# ZZZ001 new-offence\n")
    assert "shop/a.py:1:1: ZZZ001 error: an offence" in found.stdout
    assert found.returncode == 1


def test_a_new_rule_is_another_rule_set(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def offence(): pass\n")
    before = canonry(copy, "audit", "a.py").stdout
    (copy / PACKAGE / "rules" / "tst" / "zzz001_new_offence.py").write_text(RULE)
    after = canonry(copy, "audit", "a.py").stdout

    assert "ZZZ001" in after
    assert "ZZZ001" not in before


def test_a_verb_is_one_file(copy: Path) -> None:
    (copy / PACKAGE / "cli" / "greet.py").write_text(VERB)

    assert canonry(copy, "greet").stdout == "good day\n"
    assert "greet" in canonry(copy, "--help").stdout
    assert "did you mean `greet`?" in canonry(copy, "gret").stderr


def test_a_report_format_is_one_file_and_one_member(copy: Path) -> None:
    (copy / PACKAGE / "report" / "codes.py").write_text(FORMAT)
    formats = copy / PACKAGE / "report" / "formats.py"
    formats.write_text(formats.read_text().replace('    FULL = "full"\n', '    FULL = "full"\n    CODES = "codes"\n'))
    (copy / "run.py").write_text(RUNNER)
    (copy / "none.toml").write_text("")  # not canonry's own canon, whose runner is pytest
    found = canonry(copy, "audit", "run.py", "--config", "none.toml", "--output-format", "codes")

    assert found.stdout == "RUN001\nRUN004\n"


def test_a_changed_extraction_reads_everything_again(copy: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    (shop / "tests").mkdir(parents=True)
    (shop / "pyproject.toml").write_text("")
    (shop / "tests" / "test_a.py").write_text(IDLE)
    before = canonry(copy, "audit", "--output-format", "concise", cwd=shop)
    extract = copy / PACKAGE / "source" / "python" / "extract.py"
    extract.write_text(extract.read_text().replace("functions = tuple(walk.functions_found())", "functions = ()"))
    after = canonry(copy, "audit", "--output-format", "concise", cwd=shop)

    assert "TST001" in before.stdout
    assert "TST001" not in after.stdout
    assert after.returncode == 0, after.stderr


# start-up ------------------------------------------------------------------------------------------------------------

WATCH = """
import atexit, sys

atexit.register(lambda: print("\\n".join(sorted(sys.modules)), file=open(sys.argv.pop(), "w")))
target = sys.argv[-1]
sys.argv = ["canonry", *sys.argv[1:-1]]

from canonry.cli import main

try:
    main()
finally:
    sys.argv.append(target)
"""


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The modules that a command loads."""
    out = folder / "modules.txt"
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *arguments, out], cwd=folder, env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(out.read_text().split())


HEAVY = {"rich", "tree_sitter", "tree_sitter_python", "tree_sitter_toml", "pytest", "asyncio", "pydoc", "unittest.mock"}
ENGINE = {"canonry.audit", "canonry.canon", "canonry.rules", "canonry.source", "msgspec", "multiprocessing", "sqlite3"}


def test_the_version_costs_next_to_nothing(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--version")

    assert modules & (HEAVY | ENGINE | {"json", "tomllib", "subprocess", "importlib.metadata"}) == set()
    assert {name for name in modules if name.startswith("canonry.")} <= {
        "canonry.cli", "canonry.model", "canonry.model.errors"
    }  # fmt: skip


def test_a_kept_answer_is_looked_up_without_what_would_find_it(tmp_path: Path) -> None:
    finding = {"canonry.audit.run", "canonry.source.pool", "canonry.source.python.walk", "multiprocessing"}
    (tmp_path / "a.py").write_text("x = 1\n")

    assert finding - {"multiprocessing"} <= loaded(tmp_path, "audit")
    assert loaded(tmp_path, "audit") & finding == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["explain", "RUN001"],
        ["explain"],
        ["canon", "show", "canon.runner"],
        ["audit", "--no-cache"],
        ["changes", "list"],
    ],
    ids=" ".join,
)
def test_everyday_commands_load_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")

    assert loaded(tmp_path, *arguments) & HEAVY == set()


def test_the_parser_for_broken_files_is_loaded_for_broken_files(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = (\n")

    assert "tree_sitter_python" in loaded(tmp_path, "audit", "--no-cache", "--exit-zero")


def test_the_tests_of_this_folder_have_names_of_their_own() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]

    assert len(names) == len(set(names))
