"""The commands of a repository's CI and task files.

A plain reading that stands in until `source/documents/readers/` gives commands with exact positions: `run:` and
`script:` steps by their indentation, tox and nox, Makefile recipes, the scripts of package.json, shell scripts line by
line.
"""

import ast
import configparser
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from canonry.source.commands import tool_of_argv

Read = Callable[[str], bytes | None]

WORKFLOWS = ".github/workflows"
FOLDERS = ("", WORKFLOWS, ".github", ".ci", "ci", "scripts", "tools", "bin")
_STEP = re.compile(r"^(?P<indent>\s*)(?:-\s+)?(?:run|script|before_script|after_script):[ \t]*(?P<rest>.*)$")
_OPERATORS = frozenset((";", "&&", "||", "|", "&", "(", ")", ";;"))


class CommandUse(msgspec.Struct, frozen=True):
    """One command of a file: its words, the test tool that it starts (else empty), and where it stands."""

    words: tuple[str, ...]
    tool: str
    path: str
    line: int


def commands(read: Read, folders: Mapping[str, tuple[str, ...]]) -> Iterator[CommandUse]:
    """Every command of the CI and task files in these folders; what cannot be read is passed over."""
    for folder, names in folders.items():
        for name in names:
            path = f"{folder}/{name}" if folder else name
            reader = _reader(folder, name)
            content = read(path) if reader is not None else None
            if reader is None or content is None:
                continue
            text = content.decode("utf-8", "replace").replace("\r\n", "\n")
            try:
                lines = list(reader(text))
            except (ValueError, KeyError, TypeError, AttributeError, SyntaxError, configparser.Error):
                continue  # broken, or of another shape than its name promises
            for line, command in lines:
                for words in _split(command):
                    yield CommandUse(words, tool_of_argv(_program(words)), path, line)


def python_versions(read: Read, folders: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """The Python versions that workflows set up, such as ``3.11``, with how often; expressions are passed over."""
    found: dict[str, int] = {}
    for name in folders.get(WORKFLOWS, ()):
        content = read(f"{WORKFLOWS}/{name}") or b""
        for line in content.decode("utf-8", "replace").splitlines():
            key, _, value = line.strip().removeprefix("- ").partition(":")
            if key in ("python-version", "python", "python_version", "PYTHON_VERSION"):
                for version in re.findall(r"(?<![\d.])3\.\d+(?![\d.]*\w*[-.]?\d*\.\d)", value.split("#")[0]):
                    found[version] = found.get(version, 0) + 1
    return found


Reader = Callable[[str], Iterable[tuple[int, str]]]


def _reader(folder: str, name: str) -> Reader | None:
    suffix = name.rpartition(".")[2]
    if suffix in ("yml", "yaml"):
        return _yaml if folder == WORKFLOWS or "gitlab" in name or "ci" in name.lower() else None
    if suffix in ("sh", "bash"):
        return lambda text: _lines(text)
    if folder:
        return None
    fixed: dict[str, Reader] = {
        "tox.ini": _tox_ini,
        "setup.cfg": _tox_ini,
        "tox.toml": lambda text: _tox_toml(tomllib.loads(text)),
        "pyproject.toml": _pyproject,
        "noxfile.py": _noxfile,
        "Makefile": _makefile,
        "GNUmakefile": _makefile,
        "makefile": _makefile,
        "package.json": _package,
    }
    return fixed.get(name)


def _lines(text: str, first: int = 1) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; one that ends in a backslash goes on in the next."""
    joined, start = "", first
    for number, line in enumerate(text.split("\n"), first):
        if line.lstrip().startswith("#") and not joined:
            continue
        start = start if joined else number
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        if (joined + line).strip():
            yield start, joined + line
        joined = ""


def _yaml(text: str) -> Iterator[tuple[int, str]]:
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        step = _STEP.match(lines[number])
        number += 1
        if step is None:
            continue
        rest = step["rest"].strip()
        if rest and rest[0] not in "|>&":
            yield number, rest.strip("\"'") if rest[:1] == rest[-1:] else rest
            continue
        first = number + 1
        block: list[str] = []
        depth = len(step["indent"])
        while number < len(lines) and (not lines[number].strip() or _indent(lines[number]) > depth):
            block.append(lines[number].strip().removeprefix("- ") if not rest else lines[number].strip())
            number += 1
        yield from _lines("\n".join(block), first)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _tox_ini(text: str) -> Iterator[tuple[int, str]]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    for section in parser.sections():
        if section.startswith(("testenv", "tox:testenv")):
            for key in ("commands", "commands_pre"):
                for _, line in _lines(parser.get(section, key, fallback="")):
                    without_factors = re.sub(r"^\s*(?:[\w!.,{}-]+:\s+)?-?", "", line)
                    yield _line_of(text, line), _plain(without_factors, parser, section)


def _plain(line: str, parser: configparser.RawConfigParser, section: str) -> str:
    """The line with values for what tox would fill in from `setenv`; everything else in braces goes."""
    variables = dict(
        pair.partition("=")[::2] for pair in parser.get(section, "setenv", fallback="").replace(" = ", "=").split("\n")
    )
    line = line.replace("{envpython}", "python")
    for _ in range(3):
        line = re.sub(r"\{env:(\w+)(?::[^{}]*)?\}", lambda match: variables.get(match[1], ""), line)
        line = re.sub(r"\{[^{}]*\}", "", line)
    return line


def _line_of(text: str, line: str) -> int:
    at = text.find(line.strip())
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


def _pyproject(text: str) -> Iterator[tuple[int, str]]:
    tool = tomllib.loads(text).get("tool", {})
    tox = tool.get("tox", {})
    if isinstance(tox.get("legacy_tox_ini"), str):
        yield from _tox_ini(tox["legacy_tox_ini"])
    yield from _tox_toml(tox)
    for environment in tool.get("hatch", {}).get("envs", {}).values():
        for script in environment.get("scripts", {}).values():
            for line in [script] if isinstance(script, str) else script:
                yield 1, line
    for table in (tool.get("pdm", {}).get("scripts", {}), tool.get("poe", {}).get("tasks", {})):
        for task in table.values():
            command = task.get("cmd", "") if isinstance(task, dict) else task
            yield 1, command if isinstance(command, str) else shlex.join(map(str, command))


def _tox_toml(document: dict[str, Any]) -> Iterator[tuple[int, str]]:
    tables = [document.get("env_run_base", {}), *document.get("env", {}).values()]
    for command in (command for table in tables for command in table.get("commands", ())):
        words = [word for word in command if isinstance(word, str)] if isinstance(command, list) else [str(command)]
        yield 1, re.sub(r"\{[^{}]*\}", "", shlex.join(words) if isinstance(command, list) else words[0])


def _noxfile(text: str) -> Iterator[tuple[int, str]]:
    """The literal words of `session.run(...)`, and of lists that begin with a program and are run later."""
    for node in ast.walk(ast.parse(text)):
        given: Sequence[ast.expr] = ()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("run"):
            given = node.args
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            given = node.value.elts
        words = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if words and isinstance(node, ast.Call | ast.Assign):
            yield node.lineno, shlex.join(words)


def _makefile(text: str) -> Iterator[tuple[int, str]]:
    for number, line in _lines(text):
        if line.startswith("\t"):
            yield number, line.strip().lstrip("@-+")


def _package(text: str) -> Iterator[tuple[int, str]]:
    for command in json.loads(text).get("scripts", {}).values():
        yield _line_of(text, json.dumps(command)), command


def _split(command: str) -> Iterator[tuple[str, ...]]:
    """The single commands of a shell line, each as its words; what does not lex is split at white space."""
    lexer = shlex.shlex(re.sub(r"\$\{\{.*?\}\}", "", command), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        words = command.split()
    start = 0
    for index, word in enumerate([*words, ";"]):
        if word in _OPERATORS:
            if index > start:
                yield tuple(words[start:index])
            start = index + 1


def _program(words: Sequence[str]) -> list[str]:
    """The words from the program on: what sets variables before it goes."""
    start = 0
    while start < len(words) and re.match(r"^\w+=", words[start]):
        start += 1
    return list(words[start:])
