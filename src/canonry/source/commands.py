"""Which test tool a command line starts, if any. Words come from syntax; None stands for a word that is computed."""

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise

TOOLS = {
    "pytest": "pytest",
    "py.test": "pytest",
    "unittest": "unittest",
    "nose": "nose",
    "nose2": "nose",
    "nosetests": "nose",
    "trial": "trial",
    "ptw": "pytest",
    "pytest-watch": "pytest",
    "pytest-watcher": "pytest",
}
_MODULES = TOOLS | dict.fromkeys(("twisted.trial", "twisted.scripts.trial"), "trial")

HINTS = ("pytest", "py.test", "unittest", "nose", "trial", "ptw")
"""A text without any of these starts no test tool; a cheap test before the exact one."""

_WRAPPERS = frozenset(
    "sudo env time timeout nice nohup exec command stdbuf xvfb-run uv uvx poetry pipenv pdm hatch rye conda mamba"
    " docker docker-compose podman coverage npx tox nox wsl start call systemd-run ionice taskset gtimeout".split()
)
_TAKING_VALUES = {
    "xargs": frozenset("-n -P -I -L -s -d -a -E --max-args --max-procs --replace --max-lines --delimiter".split()),
    "parallel": frozenset("-j --jobs -a --arg-file -I -N -n --joblog --timeout --retries --delay -S".split()),
    "watch": frozenset("-n --interval".split()),
    "ssh": frozenset("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w".split()),
}
"""Programs that start the command in their arguments, with their options that take the next word."""
_BEHIND_DASHES = frozenset(("kubectl", "oc", "tox", "nox"))
_SHELLS = frozenset(("bash", "sh", "zsh", "dash", "ksh", "cmd", "powershell", "pwsh"))
PROBES = frozenset(("--version", "-V", "--help", "-h", "--fixtures", "--markers", "--trace-config"))
COLLECTING = " --collect-only"
"""What follows the name of a tool that collects tests and runs none."""
_COLLECT_ONLY = frozenset(("--collect-only", "--co"))
_INERT = frozenset("install uninstall add remove show list freeze build pull push ps logs inspect lock sync".split())
_SEPARATORS = re.compile(  # group 1, outside quotes and comments
    r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.|(?<!\S)\#[^\n]*|(&&|\|\||[;|&\n])""", re.DOTALL
)
_PYTHON = re.compile(r"(?:.*[/\\])?(?:python|pypy|py)[\d.]*(?:w)?(?:\.exe)?$", re.IGNORECASE)


def tool_of_argv(words: Sequence[str | None]) -> str:
    """The test tool that this argument vector starts (followed by `COLLECTING` where it runs none), else empty."""
    words = _handed_on(words)
    for index, word in enumerate(words):
        if word is None:
            continue
        if index and words[index - 1] == "-m":
            tool = _tool_of_module(word)
            return _started(tool, words, index) if tool and _runs_modules(words[: index - 1]) else ""
        if index and word.startswith("-m") and _tool_of_module(word[2:]) and _python_before(words[:index]):
            return _started(_tool_of_module(word[2:]), words, index)
        name = _basename(word)
        if name in _SHELLS and index == 0:
            return _tool_of_shell_words(words)
        if name in TOOLS and name != "unittest":
            inert = any(other in _INERT for other in words[:index])
            started = index == 0 or (_leads(words[0]) and not inert)
            return _started(TOOLS[name], words, index) if started else ""
    return ""


def tool_of_code(words: Sequence[str]) -> str:
    """The test tool whose `main` the code in ``python -c`` calls, else empty."""
    for index, word in enumerate(words[:-1]):
        if word == "-c" and index and _PYTHON.match(words[index - 1]):
            return _tool_of_source(words[index + 1])
    return ""


def _tool_of_source(source: str) -> str:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {f"{each.asname or each.name}.main": each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {each.asname or each.name: node.module for each in node.names if each.name == "main"}
    called = (names.get(ast.unparse(node.func), "") for node in ast.walk(tree) if isinstance(node, ast.Call))
    return next((TOOLS[module] for module in called if module in TOOLS), "")


def _tool_of_module(module: str) -> str:
    return _MODULES.get("unittest" if module.startswith("unittest.") else module, "")


def _python_before(words: Sequence[str | None]) -> bool:
    """Whether an interpreter (or what stands for one) is what an option belongs to: only options lie between."""
    for word in reversed(words):
        if word is None or _PYTHON.match(word):
            return True
        if not word.startswith("-"):
            return False
    return False


def _handed_on(words: Sequence[str | None]) -> Sequence[str | None]:
    """The command that these words hand to another program to start, the words themselves where they hand on none."""
    while words and words[0] is not None:
        name = _basename(words[0])
        if name == "find":
            at = next(
                (index for index, word in enumerate(words) if word in ("-exec", "-execdir", "-ok", "-okdir")), None
            )
            rest = words[at + 1 :] if at is not None else []
        elif name in _BEHIND_DASHES:
            dashes = list(words).index("--") if "--" in words else len(words)
            verbs = ("exec", "run", "debug") if name in ("kubectl", "oc") else ("exec", "e") if name == "tox" else ()
            rest = words[dashes + 1 :] if any(word in verbs for word in words[1:dashes]) else []
        elif name in _TAKING_VALUES:
            rest = _behind_options(words[1:], _TAKING_VALUES[name])
            if name == "ssh":
                rest = rest[1:]
            first = rest[0] if rest and (len(rest) == 1 or name == "parallel") else None
            if first is not None and " " in first and name != "xargs":
                return ["sh", "-c", first]
        else:
            return words
        words = rest
    return words


def _behind_options(words: Sequence[str | None], valued: frozenset[str]) -> Sequence[str | None]:
    at = 0
    while at < len(words) and (word := words[at]) is not None and word.startswith("-"):
        at += 2 if word in valued else 1
    return words[at:]


def _started(tool: str, words: Sequence[str | None], index: int) -> str:
    """The tool, marked where it only collects; empty where it only says something about itself."""
    if _probes(words, index):
        return ""
    return tool + COLLECTING if any(word in _COLLECT_ONLY for word in words[index + 1 :]) else tool


def tool_of_shell(text: str) -> str:
    """The first test tool that a shell command line starts, or an empty string."""
    if not any(hint in text for hint in HINTS):
        return ""
    for part in _commands(text.replace("\\\n", " ")):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            words = part.split()
        while words and re.match(r"^\w+=", words[0]):
            del words[0]
        tool = tool_of_argv([None if "\0" in word and word != "\0-m" else word for word in words])
        if tool:
            return tool
    return ""


def _commands(text: str) -> Iterator[str]:
    """The single commands of a shell line or script."""
    start = 0
    for separator in _SEPARATORS.finditer(text):
        if separator[1]:
            yield text[start : separator.start()]
            start = separator.end()
    yield text[start:]


def _tool_of_shell_words(words: Sequence[str | None]) -> str:
    for flag, command in pairwise(words):
        if flag in ("-c", "-lc", "/c", "-Command") and command:
            return tool_of_shell(command)
    return ""


def _basename(word: str) -> str:
    return re.split(r"[/\\]", word)[-1].removesuffix(".exe")


def _leads(word: str | None) -> bool:
    return word is None or _basename(word) in _WRAPPERS or bool(_PYTHON.match(word))


def _runs_modules(before: Sequence[str | None]) -> bool:
    return not before or _leads(before[0])


def _probes(words: Sequence[str | None], index: int) -> bool:
    return any(word in PROBES for word in words[index + 1 : index + 2])
