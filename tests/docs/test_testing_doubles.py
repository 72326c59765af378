"""The examples of the pages on doubles, users and proofs run as they stand there, and no rule finds fault with them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_guides import DOCS, blocks
from tests.workbench import ROOT, Folder, environment

PAGES = ("testing/doubles.md", "testing/isolation-of-users.md", "testing/proofs.md")
EXAMPLES = [(page, number, code) for page in PAGES for number, code in enumerate(blocks(page, "python"))]
CANON = """
[tool.canonry.canon]
runner = "pytest"
base-cases = []
mock-factory = "canonry.testing:SSotMockFactory"
"""


@pytest.mark.parametrize(("page", "number", "code"), EXAMPLES, ids=lambda each: str(each)[:30])
def test_an_example_runs(tmp_path: Path, page: str, number: int, code: str) -> None:
    (tmp_path / "test_example.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_example.py"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(ROOT / "src"), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{code.count('def test_')} passed" in done.stdout


@pytest.mark.parametrize(
    "style", [CANON, CANON + "\n[tool.canonry.categories.unit]\npaths = ['tests']\nmocks = 'specced'\n"]
)
def test_the_rules_accept_the_examples(folder: Folder, style: str) -> None:
    """All but the one that shows what a policy refuses, which makes mocks, and `unchecked` ones, which have no spec."""
    files: dict[str, str | bytes] = {"pyproject.toml": style}
    refused = ""
    for page, number, code in EXAMPLES:
        name = f"tests/test_{Path(page).stem.replace('-', '_')}_{number}.py"
        files[name] = code
        refused = name if "from unittest import mock" in code else refused
    found = [each for each in folder.write(files).findings() if each.code[:3] in ("MCK", "TST", "BAS", "ENV", "DUP")]

    unchecked = {name for name, code in files.items() if ".unchecked." in str(code)}
    assert [(each.code, each.path) for each in found if each.path not in {refused, *unchecked}] == []
    assert {each.code for each in found if each.path in unchecked - {refused}} == {"MCK003"}
    assert "MCK001" in {each.code for each in found if each.path == refused}


def test_every_way_of_the_factory_is_told() -> None:
    from canonry.testing.doubles import SSotMockFactory

    page = (DOCS / "testing/doubles.md").read_text(encoding="utf-8")
    ways = {name for name in vars(SSotMockFactory) if not name.startswith("_")} - {"verify", "unregister"}
    assert {name for name in ways if f"{name}(" not in page and f"`{name}`" not in page} == set()
