"""All rules there are, found by their files."""

import hashlib
import importlib
from functools import cache
from pathlib import Path

from canonry.rules.rule import Rule

_HERE = Path(__file__).parent
_JUDGING = ("rules", "source", "audit", "model")


@cache
def all_rules() -> dict[str, Rule]:
    """Every rule by its code, in order of codes. A file ``rules/<family>/<code>_<name>.py`` registers itself."""
    found: dict[str, Rule] = {}
    for file in sorted(_HERE.glob("*/[a-z][a-z][a-z][0-9]*_*.py")):
        module = importlib.import_module(f"canonry.rules.{file.parent.name}.{file.stem}")
        kinds = [
            kind
            for kind in vars(module).values()
            if isinstance(kind, type) and issubclass(kind, Rule) and kind.__module__ == module.__name__
        ]
        for kind in kinds:
            found[kind.code] = kind()
    return dict(sorted(found.items()))


@cache
def ruleset() -> str:
    """12 hexadecimal digits over everything that decides about findings: rules, extraction, index, audit."""
    digest = hashlib.sha256()
    package = _HERE.parent
    for folder in _JUDGING:
        for file in sorted((package / folder).rglob("*.py")):
            digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]
