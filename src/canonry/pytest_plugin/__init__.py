"""The plugin that pytest loads by its entry point. PYTEST_DONT_REWRITE: nothing here is a test.

Without a controller it does only the guard and the fixtures of `canonry.testing`, and imports nothing for it that is
not needed: every run of plain pytest in this environment pays for it.
"""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_PLUGINS = ("canonry.testing.fixtures", "canonry.testing.collection")
"""Fixtures, and pytest's half of the base cases."""
_MARK = "CANONRY_WORKER_MARK"
"""What the runner sets for its workers; a pytest that a test starts is the runner's too."""


def pytest_configure(config: "pytest.Config") -> None:
    """The fixtures are there, and a run that the runner did not start is what the canon says of it."""
    if _MARK not in os.environ and not hasattr(config, "workerinput"):
        _guard(config)
    _add_fixtures(config)


def _guard(config: "pytest.Config") -> None:
    policy = guard_policy(_tree(config.rootpath))
    if policy == "refuse":
        import pytest

        raise pytest.UsageError("this project's tests are started with `canonry run` (`run.guard` is `refuse`)")
    if policy == "warn":
        print("canonry: this project's tests are started with `canonry run`; these are not", file=sys.stderr)


def _tree(root: "Path") -> str:
    """The repository that pytest's root lies in, whose root has the canon; the same where there is none."""
    return str(next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root))


def guard_policy(root: str) -> str:
    """``off``, ``warn`` or ``refuse``, as the canon at the root says. A canon that cannot be read says nothing here."""
    for name, prefix in (("canonry.toml", ()), ("pyproject.toml", ("tool", "canonry"))):
        try:
            with open(f"{root}/{name}", "rb") as file:
                contents = file.read()
        except OSError:
            continue
        if b"guard" in contents:
            table = _table(contents, (*prefix, "run"))
            return str(table.get("guard", "off"))
        if not prefix:  # a `canonry.toml` wins whole
            break
    return "off"


def _table(contents: bytes, keys: tuple[str, ...]) -> dict[str, object]:
    import tomllib

    try:
        table: object = tomllib.loads(contents.decode("utf-8-sig"))
    except ValueError:
        return {}
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def _add_fixtures(config: "pytest.Config") -> None:
    import importlib

    _spare_our_modules()
    for name in _PLUGINS:
        module = importlib.import_module(name)
        if not config.pluginmanager.is_registered(module):
            config.pluginmanager.register(module, name)


def _spare_our_modules() -> None:
    """pytest rewrites every module of a distribution that has a plugin, at each start where it may not keep the result.

    Ours assert nothing for users, and are not worth it.
    """
    for finder in sys.meta_path:
        marked = getattr(finder, "_must_rewrite", None)
        if isinstance(marked, set) and "canonry" in marked:
            marked.discard("canonry")
            cache = getattr(finder, "_marked_for_rewrite_cache", None)
            if isinstance(cache, dict):
                cache.clear()


_spare_our_modules()
