"""Scenarios by name: those that come with canonry, and classes in files of a project."""

import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

from canonry.load import scenarios
from canonry.load.scenario import Scenario
from canonry.model.errors import UserError


def shipped_scenarios() -> dict[str, type[Scenario]]:
    """Return the scenarios that come with canonry, by name."""
    found = {}
    for module in pkgutil.iter_modules(scenarios.__path__):
        for kind in _scenarios_of(f"{scenarios.__name__}.{module.name}"):
            found[module.name.replace("_", "-")] = kind
    return found


def find_scenario(name: str, options: Mapping[str, str] | None = None) -> Scenario:
    """Return a scenario: a shipped name, or ``path.py:Class``. Raises UserError with what is there instead."""
    known = shipped_scenarios()
    kind = known.get(name) or _in_file(name, known)
    for option in options or {}:
        if option not in kind.OPTIONS:
            takes = ", ".join(f"`{one}`" for one in kind.OPTIONS) or "none"
            raise UserError(f"`{name}` has no option `{option}`; it takes {takes}")
    return kind(options)


def require_locust(name: str) -> None:
    """Raises UserError where `locust:FILE:CLASS` cannot be run. The file is not imported: Locust replaces sockets."""
    _, file, kind = (*name.split(":", 2), "", "")[:3]
    if not file or not kind:
        raise UserError(f"`{name}` names no user class; write `locust:locustfile.py:ChatUser`")
    if not Path(file).is_file():
        raise UserError(f"there is no file `{file}`; name a user class as `locust:locustfile.py:ChatUser`")
    for module, package in (("locust", "locust"), ("websocket", "websocket-client")):
        if importlib.util.find_spec(module) is None:
            raise UserError(f"`{name}` needs {package}; install `{package}` beside canonry")


def _scenarios_of(module: str) -> list[type[Scenario]]:
    loaded = importlib.import_module(module)
    return [one for one in vars(loaded).values() if _is_scenario(one) and one.__module__ == module]


def _in_file(name: str, known: Mapping[str, type[Scenario]]) -> type[Scenario]:
    path, _, kind = name.rpartition(":")
    file = Path(path or name)
    if file.suffix != ".py":
        raise UserError(f"there is no scenario `{name}`; name one of {', '.join(known)}, or a class as `path.py:Class`")
    if not file.is_file():
        raise UserError(f"there is no file `{file}`; name a scenario as `path.py:Class`")
    spec = importlib.util.spec_from_file_location(f"canonry_scenario_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise UserError(f"`{file}` cannot be imported; name a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(file.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"`{file}` cannot be imported ({type(error).__name__}: {error}); mend it first") from error
    found = {one.__name__: one for one in vars(module).values() if _is_scenario(one)}
    own = {name: one for name, one in found.items() if one.__module__ == spec.name}
    if not path:
        if len(own) != 1:
            raise UserError(f"`{file}` has {len(own)} scenarios; say which as `{file}:Class`")
        (only,) = own.values()
        return only
    if kind not in found:
        has = ", ".join(f"`{one}`" for one in own) or "none"
        raise UserError(f"`{file}` has no scenario `{kind}`; its subclasses of `canonry.load.scenario.Scenario`: {has}")
    return found[kind]


def _is_scenario(one: object) -> TypeGuard[type[Scenario]]:
    return inspect.isclass(one) and issubclass(one, Scenario) and one is not Scenario and "turn" in dir(one)
