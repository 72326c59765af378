"""Which test tool a command line starts, if any. Words come from syntax; None stands for a word that is computed."""

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
}

HINTS = ("pytest", "py.test", "unittest", "nose", "trial")
"""A text without any of these starts no test tool; a cheap test before the exact one."""

_WRAPPERS = frozenset(
    "sudo env time timeout nice nohup exec command stdbuf xvfb-run uv uvx poetry pipenv pdm hatch rye conda mamba"
    " docker docker-compose podman coverage npx tox nox wsl start call systemd-run ionice taskset".split()
)
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
    for index, word in enumerate(words):
        if word is None:
            continue
        if index and words[index - 1] == "-m":
            tool = TOOLS.get(word.split(".")[0] if word.startswith("unittest.") else word, "")
            return _started(tool, words, index) if tool and _runs_modules(words[: index - 1]) else ""
        name = _basename(word)
        if name in _SHELLS and index == 0:
            return _tool_of_shell_words(words)
        if name in TOOLS and name != "unittest":
            inert = any(other in _INERT for other in words[:index])
            started = index == 0 or (_leads(words[0]) and not inert)
            return _started(TOOLS[name], words, index) if started else ""
    return ""


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
