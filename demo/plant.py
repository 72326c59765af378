"""Plants what a runner has to name: a flaky test, a crash, a hang, a leak and an order dependence."""

from pathlib import Path

_TEMPLATES = Path(__file__).parent / "planted"
_REGRESSION = """import sys

import pytest

sys.exit(pytest.main(["tests/unit", *sys.argv[1:]]))
"""
_CATEGORY = """
[tool.canonry.categories.planted]
paths = ["tests/planted"]
priority = "low"
retries = 1
test-timeout = "2s"
leaks = "fail"
"""


def plant_regression(root: Path) -> Path:
    """Adds the script that somebody writes who does not know the runner; the file that it is."""
    script = root / "scripts" / "run_my_tests.py"
    script.parent.mkdir(exist_ok=True)
    script.write_text(_REGRESSION, encoding="utf-8")
    return script


def plant(root: Path) -> None:
    """Adds the category `planted` to the repository at ``root``: five files, each with one thing wrong."""
    folder = root / "tests" / "planted"
    folder.mkdir(parents=True)
    folder.joinpath("__init__.py").touch()
    for template in sorted(_TEMPLATES.glob("*.txt")):
        folder.joinpath(template.stem).write_bytes(template.read_bytes())
    with root.joinpath("pyproject.toml").open("a", encoding="utf-8") as canon:
        canon.write(_CATEGORY)
