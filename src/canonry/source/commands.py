"""Which test tool a command line starts, if any. Words come from syntax; None stands for a word that is computed."""

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise

from canonry.source.launchers import PYTHON, Words, basename, is_computed, is_launcher, started_by

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

_SHELLS = frozenset(("bash", "sh", "zsh", "dash", "ksh", "cmd", "powershell", "pwsh"))
PROBES = frozenset(("--version", "-V", "--help", "-h", "--fixtures", "--markers", "--trace-config"))
COLLECTING = " --collect-only"
"""What follows the name of a tool that collects tests and runs none."""
_COLLECT_ONLY = frozenset(("--collect-only", "--co"))
_DEPTH = 4
_GIVEN_SCRIPTS = frozenset(("su", "script", "nix-shell", "runuser", "vagrant"))
_SCRIPT_FLAG = re.compile(r"-[a-z]*c|/[ckCK]|-[cC]ommand|--command|--run")
_INERT = frozenset(
    "install uninstall add remove show list freeze build pull push ps logs inspect lock sync stop kill tag create"
    " images rmi grep egrep fgrep rg ag sed awk cat head tail less echo printf ls rm cp mv mkdir touch chmod chown tar"
    " zip curl wget git which type diff tee wc sort pip pip3 commit make check".split()
)
"""Words behind which the name of a tool is only a name."""
_SEPARATORS = re.compile(  # group 1, outside quotes and comments
    r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.|(?<!\S)\#[^\n]*|(&&|\|\||[;|&\n])""", re.DOTALL
)


def tool_of_argv(words: Words, *, depth: int = _DEPTH) -> str:
    """The test tool that this argument vector starts (followed by `COLLECTING` where it runs none), else empty."""
    found = (tool_of_command(command, depth=depth) for command in started_by(words))
    return next((tool for tool in found if tool), "")


def tool_of_command(words: Words, *, depth: int = _DEPTH) -> str:
    """The test tool that a command is, which hands on no other (see `started_by`), else empty.

    ``depth`` is how many words that nobody knows may stand in front of programs that start others.
    """
    first = words[0]
    if first is None:
        return _tool_behind_unknown(words, depth) if depth else ""
    if first == "-m":
        tool = _tool_of_module((words[1] if len(words) > 1 else None) or "")
        return _started(tool, words, 1) if tool else ""
    name = basename(first)
    if name in _SHELLS or name in _GIVEN_SCRIPTS:
        return _tool_of_shell_words(words)
    if name in TOOLS and name != "unittest":
        return _started(TOOLS[name], words, 0)
    return _tool_behind_unknown(words, depth) if depth and is_computed(first) else ""


def _tool_behind_unknown(words: Words, depth: int) -> str:
    """The test tool behind a word that nobody knows: an interpreter, options, or a program that starts others."""
    for index, word in enumerate(words[1:], 1):
        if word is None:
            continue
        name = basename(word)
        if word == "-m":
            return tool_of_argv(words[index:], depth=depth - 1)
        if word.startswith("-m") and _tool_of_module(word[2:]) and _python_before(words[:index]):
            return tool_of_argv(["-m", word[2:], *words[index + 1 :]], depth=depth - 1)
        if word.endswith(".py") or name in _INERT:
            return ""
        if name in TOOLS or name in _SHELLS or is_launcher(word):
            return tool_of_argv(words[index:], depth=depth - 1)
    return ""


def tool_of_code(words: Sequence[str]) -> str:
    """The test tool whose `main` the code in ``python -c`` calls, else empty."""
    for index, word in enumerate(words[:-1]):
        if word == "-c" and index and PYTHON.match(words[index - 1]):
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


def _python_before(words: Words) -> bool:
    """Whether an interpreter (or what stands for one) is what an option belongs to: only options lie between."""
    for word in reversed(words):
        if word is None or is_computed(word) or PYTHON.match(word):
            return True
        if not word.startswith("-"):
            return False
    return False


def _started(tool: str, words: Words, index: int) -> str:
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


def _tool_of_shell_words(words: Words) -> str:
    for flag, command in pairwise(words):
        if flag is not None and _SCRIPT_FLAG.fullmatch(flag) and command:
            return tool_of_shell(command)
    return ""


def _probes(words: Words, index: int) -> bool:
    return any(word in PROBES for word in words[index + 1 : index + 2])
