"""Only what asks for a package says that it is installed; a command that names the program does not."""

import pytest

from canonry.migrate.commands.installed import declares


@pytest.mark.parametrize(
    ("path", "text", "asked"),
    [
        ("tox.ini", "[testenv]\ncommands =\n    canonry run tests\n", False),
        ("tox.ini", "[testenv]\nallowlist_externals =\n    canonry\n", False),
        ("tox.ini", "[testenv]\ndeps =\n    pytest\n    py311: canonry>=1\n", True),
        ("tox.ini", "[testenv]\ndeps = canonry\n", True),
        ("setup.cfg", "[options.extras_require]\ntest =\n    canonry[x]\n", True),
        ("setup.cfg", "[aliases]\ntest = canonry\n", False),
        ("requirements.txt", "canonry  # the runner\n", True),
        ("requirements.txt", "canonry ; python_version > '3'\n", True),
        ("requirements.txt", "canonry-tools\n", False),
        ("environment.yml", "dependencies:\n  - canonry=1.0\n", True),
        ("Pipfile", "[dev-packages]\ncanonry = '*'\n", True),
        ("pyproject.toml", "[project]\ndependencies = ['canonry >= 1']\n", True),
        ("pyproject.toml", "[tool.pdm.scripts]\ntest = 'canonry run tests'\n", False),
        ("pyproject.toml", "[tool.hatch.envs.default.scripts]\ntest = ['canonry run']\n", False),
        ("pyproject.toml", "[tool.poetry.group.dev.dependencies]\ncanonry = '^1'\n", True),
    ],
)
def test_a_declaration_is_told_from_a_command(path: str, text: str, asked: bool) -> None:
    assert declares([path], {path: text.encode()}.get, "canonry") is asked
