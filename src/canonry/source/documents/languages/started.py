"""The test tool that a command of a document starts, where its words may hold variables that the file does not set."""

import re
from collections.abc import Sequence

from canonry.source.commands import HINTS, tool_of_argv, tool_of_code, tool_of_command
from canonry.source.launchers import CONTAINERS, LAUNCHERS, Words, started_by

VARIABLE = re.compile(r"[$%{]|^@\w|<[\w-]+>")
_NAME = re.compile(r"\W*([\w.-]*)")
_PYTHON = re.compile(r"(?i)py(?:thon)?[\d_]*(?:bin|exe|cmd|path|executable)?\W*$|interpreter|executable")
_MAY_RUN = re.compile(
    r"(?:py|run|exec|test|env|venv|cover|wrap|launch|docker|container|compose|poetry|python|conda|activat|prof)\w*"
    r"|cmd|commands?|uvx?|pipenv|pdm|hatch|rye|pixi|podman|mamba|sudo|doas|time|timeout|prefix|pre|xvfb|mpi\w*|nice|with"
    r"|shell|ba?sh|ssh|remote|kubectl|kube|oc|bin|tox|nox|dc|start|call|nohup|npx|srun|strace|debug\w*|valgrind|in"
)
_NONE = re.compile(
    r"make|rm|ar|as|cc|cxx|cpp|fc|co|get|lex|yacc|lint|ld|nm|info|makeinfo|tex\w*|weave|cweave|tangle|ctangle|install\w*"
    r"|[efr]?grep|rg|ag|sed|g?awk|cat|head|tail|less|echo|printf|print|ls|cp|mv|ln|mkdir|rmdir|touch|chmod|chown|tar|zip"
    r"|curl|wget|git|which|type|diff|tee|wc|sort|find|pip\d?|open|edit\w*|mypy|ruff|black|isort|flake8|pylint|ctags"
)
"""Programs that variables are named after and that start no command of theirs: make's own, and common ones."""


Alternatives = list[tuple[str, ...] | None]
"""The words that a variable may be set to; None where the file does not say."""


def chosen(values: Alternatives) -> tuple[tuple[str, ...] | None, bool]:
    """The words that a variable is taken for, one that may start a test tool first, and whether it has other values."""
    if len(values) == 1:
        return values[0], False
    several = any(other != values[0] for other in values)
    telling = next((words for words in values if words and mentions_tool(words)), None)
    if telling is not None:
        return telling, several
    return (None, False) if not values or None in values else (values[-1], several)


def mentions_tool(words: Sequence[str]) -> bool:
    """Whether any of the words may name a test tool."""
    return any(hint in word for word in words for hint in HINTS)


def tool_of_words(words: Sequence[str]) -> tuple[str, str]:
    """The test tool that a command starts, and why that is not certain; no tool and a reason where nobody can tell."""
    if not words or not mentions_tool(words):
        return "", ""
    coded = tool_of_code(words)
    if coded:
        return coded, f"the code behind `-c` calls `{coded}.main`"
    for command in started_by(list(words)):
        tool, why = _tool_of(command)
        if tool or why:
            return tool, why
    return "", ""


def _tool_of(command: Words) -> tuple[str, str]:
    first, rest = command[0] or "", command[1:]
    if not VARIABLE.search(first):
        return tool_of_command(command), ""
    if len(rest) > 1 and rest[0] == "-m":
        return tool_of_argv(rest), ""
    if not _PYTHON.search(first):
        path = first.replace("\\", "/").rpartition("/")[2]
        if path and path != first and not VARIABLE.search(path):  # `$VENV/bin/pytest`
            return tool_of_command([path, *rest]), ""
    return _behind_variable(first, rest)


def _behind_variable(first: str, rest: Words) -> tuple[str, str]:
    match = _NAME.match(first)
    name = (match[1] if match else "").rpartition(".")[2].lower()
    program = "docker-compose" if name in ("compose", "dc") else name.replace("_", "-")
    if program in CONTAINERS or (program in LAUNCHERS and LAUNCHERS[program].verbs):
        tool = tool_of_argv([program, *rest])
    else:
        tool = tool_of_command([None, *rest])
    parts = re.split(r"[_-]", name)
    if not tool or _NONE.fullmatch(name) or _NONE.fullmatch(parts[-1]):
        return "", ""
    unset = f"`{first}` is not set in the file"
    if any(_MAY_RUN.fullmatch(part) for part in parts):
        return tool, unset
    return "", f"{unset}, and nothing says that it starts what stands behind it"
