"""The Python version at which syntax is judged: declared, never by accident."""

import re

from canonry.model.errors import UserError
from canonry.source.syntax.versions import RUNNING, Version

OLDEST: Version = (3, 7)
"""CPython's parser supports no older feature version (documentation of ``ast.parse``)."""
_LOWER = re.compile(r"(?:>=|~=|===?|>)\s*(\d+)\.(\d+)")


def choose_target(declared: str | None, requires_python: str | None) -> tuple[Version, str]:
    """The version, and where it came from in a few words.

    Declared (command line or canon) wins; else the lowest that ``requires-python`` admits and the running interpreter
    can judge; else the running one. Raises `UserError` where a declared version is newer than the running interpreter.
    """
    if declared:
        found = re.fullmatch(r"(\d+)\.(\d+)", declared.strip())
        if found is None or found[1] != "3":
            raise UserError(f"`{declared}` is no Python version; write it like `3.11`")
        version = (3, int(found[2]))
        if version < OLDEST:
            raise UserError(f"`{declared}` is older than canonry can judge; the oldest is Python {_dotted(OLDEST)}")
        if version > RUNNING:
            raise UserError(
                f"Python {_dotted(RUNNING)} cannot judge the syntax of Python {declared}; "
                f"run canonry with Python {declared} or newer, or lower the target"
            )
        return version, "declared"
    bounds = [(int(major), int(minor)) for major, minor in _LOWER.findall(requires_python or "")]
    lowest = max((bound for bound in bounds if bound[0] == 3), default=None)
    if lowest is not None and lowest <= RUNNING:
        return max(lowest, OLDEST), f"requires-python = {requires_python}"
    return RUNNING, "the running interpreter"


def _dotted(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
