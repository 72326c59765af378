"""Processes that a script starts: which of them are test tools, in which folder, and what the call gives."""

import ast
import posixpath
import re
import shlex
from typing import Any

from canonry.migrate.scripts.effects import tell_of_start
from canonry.migrate.scripts.values import (
    ROOT,
    CannotReadError,
    Ended,
    Process,
    Reading,
    Started,
    Status,
    Unknown,
    holds_unknown,
    text_of,
    written_as,
)
from canonry.source.commands import COLLECTING, tool_of_argv


def start_of(
    run: Reading, name: str, arguments: list[Any], named: dict[str, Any], node: ast.Call
) -> Status | Process | None:
    """Notes the test tool that a call starts; what the call gives, None where it starts none."""
    if name == "unittest.main":
        raise CannotReadError(f"it lets `unittest` choose tests in line {node.lineno}")
    words, named = _command_of(name, arguments, named, node)
    if isinstance(words, str):
        words = _split(words, node)
    unknown = holds_unknown(words) if not isinstance(words, Unknown) else words.what
    known = [text_of(each) for each in words] if isinstance(words, list | tuple) else []
    tool = tool_of_argv(known) if known else ""
    if not tool:
        if unknown and run.speaks_of_pytest():
            raise CannotReadError(f"`{unknown}` in the command of line {node.lineno} is known only when it runs")
        if "python" not in known[:1] or len(known) != 2:
            run.note(f"it starts `{known[0]}`" if known and known[0] else "it starts other programs")
        return None
    if tool.endswith(COLLECTING):
        return None
    if tool != "pytest":
        raise CannotReadError(f"how `{tool}` selects tests in line {node.lineno} is not followed")
    if unknown or None in known:
        raise CannotReadError(f"`{unknown}` in the command of line {node.lineno} is known only when it runs")
    folder = folder_of(run, named["cwd"]) if named.get("cwd") is not None else run.folder
    checked = named.get("check") is True or name.endswith(("check_call", "check_output"))
    run.started.append(Started(tuple(str(each) for each in known), folder, node.lineno, checked))
    tell_of_start(run, name, named, node.lineno)
    return _given_back(name, Status(written_as(node), encoded=name == "os.system"))


def _command_of(name: str, arguments: list[Any], named: dict[str, Any], node: ast.Call) -> tuple[Any, dict[str, Any]]:
    """The words that a process call starts, and its other arguments by name."""
    words: Any = arguments[0] if arguments else next((named[key] for key in ("args", "cmd") if key in named), [])
    last = name.rpartition(".")[2]
    if name == "pytest.main":
        if named.keys() - {"args"}:
            raise CannotReadError(f"`pytest.main` in line {node.lineno} is handed objects")
        return (["pytest", *words] if isinstance(words, list | tuple) else Unknown(written_as(node))), named
    if last.endswith("_exec"):
        return list(arguments), named
    if not name.startswith("os.") or last in ("system", "popen"):
        return words, named
    given = arguments[1:] if last.startswith("spawn") else arguments  # the mode stands in front
    if last.rstrip("pe").endswith("l"):
        ends = len(given) - 1 if last.endswith("e") else len(given)
        return list(given[1:ends]), named | ({"env": given[-1]} if last.endswith("e") else {})
    more = {"env": given[2]} if len(given) > 2 else {}
    return (given[1] if len(given) > 1 else Unknown(written_as(node))), named | more


def _given_back(name: str, status: Status) -> Status | Process | None:
    """What a call that has started tests gives. Raises `Ended` where they take the place of the script."""
    last = name.rpartition(".")[2]
    if last.startswith("exec"):
        raise Ended(status)
    if last in ("call", "system", "main") or last.startswith("spawn"):
        return status
    if last in ("run", "Popen", "run_process", "open_process") or last.endswith(("_exec", "_shell")):
        return Process(status)
    return None


def _split(text: str, node: ast.Call) -> list[str]:
    if re.search(r"[|&;<>$`*?]", text):
        if "pytest" in text:
            raise CannotReadError(f"the shell command in line {node.lineno} is not followed")
        return text.split()
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def folder_of(run: Reading, value: Any) -> str:
    """A folder from the root of the tree. Raises `CannotReadError` where it is unknown or lies outside."""
    text = text_of(value)
    if text is None:
        raise CannotReadError(f"the working directory `{getattr(value, 'what', value)}` is known only when it runs")
    full = posixpath.normpath(posixpath.join(f"{ROOT}/{run.folder}".rstrip("/"), text))
    if full != ROOT and not full.startswith(f"{ROOT}/"):
        raise CannotReadError(f"it works in `{full.replace(ROOT, '.')}`, outside of the tree")
    return full.removeprefix(ROOT).lstrip("/")
