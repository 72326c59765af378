"""Plants what a runner has to name: a flaky test, a crash, a hang, a leak and an order dependence."""

from pathlib import Path

_TEMPLATES = Path(__file__).parent / "planted"
_CATEGORY = """
[tool.canonry.categories.planted]
paths = ["tests/planted"]
priority = "low"
retries = 1
test-timeout = "2s"
leaks = "fail"
"""


def plant(root: Path) -> None:
    """Adds the category `planted` to the repository at ``root``: five files, each with one thing wrong."""
    folder = root / "tests" / "planted"
    folder.mkdir(parents=True)
    folder.joinpath("__init__.py").touch()
    for template in sorted(_TEMPLATES.glob("*.txt")):
        folder.joinpath(template.stem).write_bytes(template.read_bytes())
    with root.joinpath("pyproject.toml").open("a", encoding="utf-8") as canon:
        canon.write(_CATEGORY)
