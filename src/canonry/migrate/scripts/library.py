"""What of Python's library a script is followed through: built-in values, paths, parsers of arguments."""

import ast
import posixpath
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from canonry.migrate.scripts import parsers
from canonry.migrate.scripts.effects import METHODS_TOLD, tell_of_call, tell_of_unknown_call
from canonry.migrate.scripts.processes import folder_of, start_of
from canonry.migrate.scripts.values import (
    PLAIN,
    ROOT,
    CannotReadError,
    Class,
    Ended,
    External,
    Function,
    Instance,
    Namespace,
    Parser,
    Process,
    Reading,
    Status,
    Unknown,
    holds_unknown,
    text_of,
    written_as,
)
from canonry.source.commands import tool_of_argv
from canonry.source.python.known_calls import PROCESS_CALLS

_NAMES = (
    "len str int float bool list dict set tuple sorted any all enumerate zip range min max sum repr abs reversed print"
    " getattr hasattr vars isinstance exit quit open input super type map filter iter next id hash exec eval"
)
BUILTINS: dict[str, Any] = {name: External(name) for name in _NAMES.split()} | {
    "True": True,
    "False": False,
    "None": None,
}
_PURE: dict[str, Callable[..., Any]] = {
    "len": len,
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "list": list,
    "dict": dict,
    "set": set,
    "tuple": tuple,
    "sorted": sorted,
    "any": any,
    "all": all,
    "enumerate": lambda *given: list(enumerate(*given)),
    "zip": lambda *given: list(zip(*given, strict=False)),
    "range": range,
    "min": min,
    "max": max,
    "sum": sum,
    "repr": repr,
    "abs": abs,
    "reversed": lambda given: list(reversed(given)),
    "collections.OrderedDict": dict,
    "shlex.split": shlex.split,
    "shlex.join": shlex.join,
    "shlex.quote": shlex.quote,
}
_TALKING = frozenset("debug info warning error critical exception log print echo secho".split())
"""Methods that show what they are handed."""
_WIDTH = re.compile(r"\d{4,}")
_VIEWS: Any = (type({}.keys()), type({}.values()), type({}.items()))
_PADS = frozenset(("ljust", "rjust", "center", "zfill", "expandtabs", "format_map"))
_LARGEST = 20_000


def too_large(left: Any, right: Any) -> bool:
    """Whether an operation may make something that is too large to look at."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, int) and not isinstance(one, bool) and abs(one) > 1_000:
            if isinstance(other, str | list | tuple):
                return True
            if isinstance(other, int | float) and abs(one) > 2_000_000_000:
                return True
        if isinstance(one, str) and _WIDTH.search(one) and "%" in one:
            return True
        if isinstance(one, str | list | tuple) and len(one) > _LARGEST:
            return True
    return False


# attributes ----------------------------------------------------------------------------------------------------------


def attribute(run: Reading, owner: Any, name: str, written: str) -> Any:
    """The attribute of a value."""
    if isinstance(owner, Namespace):
        return owner.fields[name] if name in owner.fields else Unknown(written)
    if isinstance(owner, Instance):
        if name in owner.fields:
            return owner.fields[name]
        return _member(owner.of, name, owner, written)
    if isinstance(owner, Class):
        return _member(owner, name, None, written)
    if isinstance(owner, External):
        return _of_module(run, f"{owner.name}.{name}")
    if isinstance(owner, PurePosixPath) and name in ("parent", "name", "stem", "suffix", "parts"):
        return getattr(owner, name)
    if isinstance(owner, Process):
        return _of_process(owner, name, written)
    if isinstance(owner, Status) and name == "value":  # of pytest's own enumeration
        return owner
    if isinstance(owner, Unknown):
        return Unknown(written)
    return _Method(owner, name)


def _of_process(process: Process, name: str, written: str) -> Any:
    """`returncode`, and what `wait` and `poll` are, which as calls give the same."""
    if name in ("returncode", "wait", "poll"):
        return process.status
    return Unknown(written)


class _Method:
    """A method of a plain value, of a path, of a parser."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Any, name: str) -> None:
        self.owner, self.name = owner, name


def _member(of: Class, name: str, owner: Instance | None, written: str) -> Any:
    value = of.members.get(name, Unknown(written))
    if isinstance(value, Function) and owner is not None:
        decorators = {each.id for each in getattr(value.node, "decorator_list", ()) if isinstance(each, ast.Name)}
        if "property" in decorators:
            return Unknown(written)
        if "staticmethod" not in decorators:
            return Function(value.node, value.closure, owner, value.click)
    return value


def _of_module(run: Reading, name: str) -> Any:
    if name == "sys.executable":
        return "python"
    if name == "sys.argv":
        return [f"{ROOT}/{run.path}", *run.given.get("", ())]
    if name in ("os.sep", "os.path.sep"):
        return "/"
    if name in ("sys.platform", "os.name"):
        return Unknown(name)
    return External(name)


# calls ---------------------------------------------------------------------------------------------------------------


def call(run: Reading, target: Any, arguments: list[Any], named: dict[str, Any], node: ast.Call) -> Any:
    """What a call returns, and what it does to the reading."""
    written = written_as(node.func)
    if isinstance(target, Function):
        if target.click is not None and target.owner is None:
            returned = parsers.invoke(run, target, target.click)
            if named.get("standalone_mode") is False:
                return returned
            raise Ended  # click ends the process itself, and what the command returns is dropped
        return run.call(target, arguments, named)
    if isinstance(target, Class):
        return _made(run, target, arguments, named)
    if isinstance(target, _Method):
        return _method(run, target, arguments, named, written)
    if isinstance(target, External):
        return _external(run, target.name, arguments, named, node)
    if isinstance(target, Process | Status):
        return target
    tell_of_unknown_call(run, target, written)
    if written.rpartition(".")[2] not in _TALKING:
        for each in (*arguments, *named.values()):
            _handed_over(run, each, written)
    return Unknown(f"{written}(...)")


def _handed_over(run: Reading, value: Any, written: str) -> None:
    """A command that something unknown is handed may be run by it."""
    words = value if isinstance(value, list) and all(isinstance(each, str) for each in value) else []
    if words and tool_of_argv(words):
        raise CannotReadError(f"`{written}` is handed a command, and what it does with it is not followed")


def _made(run: Reading, kind: Class, arguments: list[Any], named: dict[str, Any]) -> Any:
    made = Instance(kind)
    init = kind.members.get("__init__")
    if isinstance(init, Function):
        run.call(Function(init.node, init.closure, made), arguments, named)
    else:
        made.fields |= named
    return made


def bound(run: Reading, function: Function, arguments: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The names of a function's parameters in a call."""
    given = function.node.args
    positional = [*given.posonlyargs, *given.args]
    values = [*([function.owner] if function.owner is not None else []), *arguments]
    scope: dict[str, Any] = {each.arg: value for each, value in zip(positional, values, strict=False)}
    if given.vararg is not None:
        scope[given.vararg.arg] = list(values[len(positional) :])
    defaults = dict(zip([each.arg for each in positional[::-1]], given.defaults[::-1], strict=False))
    defaults |= {
        each.arg: default for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default
    }
    for each in (*positional, *given.kwonlyargs):
        if each.arg in named:
            scope[each.arg] = named[each.arg]
        elif each.arg not in scope:
            default = defaults.get(each.arg)
            scope[each.arg] = run.value(default, function.closure) if default is not None else Unknown(each.arg)
    if given.kwarg is not None:
        names = {each.arg for each in (*positional, *given.kwonlyargs)}
        scope[given.kwarg.arg] = {name: value for name, value in named.items() if name not in names}
    return scope


def _method(run: Reading, method: _Method, arguments: list[Any], named: dict[str, Any], written: str) -> Any:
    owner, name = method.owner, method.name
    unknown = Unknown(f"{written}(...)")
    if isinstance(owner, Parser):
        return parsers.method(run, owner, name, arguments, named)
    if isinstance(owner, PurePosixPath):
        return _of_path(run, owner, name, arguments, unknown)
    if not isinstance(owner, PLAIN) or not hasattr(owner, name) or name.startswith("_"):
        return unknown
    if isinstance(owner, list) and name in ("append", "extend", "insert"):  # what is unknown stays so, in its place
        if name == "extend" and not isinstance(arguments[0], list | tuple | set | dict):
            arguments = [[Unknown(written)]]
    elif holds_unknown([*arguments, *named.values()]):
        return unknown
    if isinstance(owner, str) and (name in _PADS or (name == "format" and _WIDTH.search(owner))):
        return unknown
    if name == "join" and isinstance(owner, str) and holds_unknown(arguments):
        return unknown
    try:
        found = getattr(owner, name)(*arguments, **named)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError):
        return unknown
    return [*found] if isinstance(found, _VIEWS) else found


def _of_path(run: Reading, path: PurePosixPath, name: str, arguments: list[Any], unknown: Unknown) -> Any:
    if name in ("resolve", "absolute", "expanduser"):
        return PurePosixPath(posixpath.normpath(posixpath.join(f"{ROOT}/{run.folder}".rstrip("/"), str(path))))
    if name in ("exists", "is_file", "is_dir"):
        return _exists(run, str(path), unknown)
    if name in ("joinpath", "relative_to", "with_suffix", "with_name", "as_posix", "is_absolute"):
        try:
            return getattr(path, name)(*arguments)
        except (TypeError, ValueError):
            return unknown
    if name in METHODS_TOLD:
        run.note(METHODS_TOLD[name])
    return unknown


def _exists(run: Reading, path: str, unknown: Unknown) -> Any:
    full = posixpath.normpath(posixpath.join(f"{ROOT}/{run.folder}".rstrip("/"), path))
    if full == ROOT:
        return True
    if not full.startswith(f"{ROOT}/") or "\ue000" in full:
        return unknown
    return True if run.exists(full.removeprefix(f"{ROOT}/")) else unknown


def _external(run: Reading, name: str, arguments: list[Any], named: dict[str, Any], node: ast.Call) -> Any:
    unknown = Unknown(written_as(node))
    last = name.rpartition(".")[2]
    if name in PROCESS_CALLS or name in ("pytest.main", "unittest.main"):
        return start_of(run, name, arguments, named, node) or unknown
    if name in ("sys.exit", "exit", "quit", "os._exit"):
        raise Ended(arguments[0] if arguments else None)
    if name in ("asyncio.run", "anyio.run", "trio.run") and arguments:
        return run.call(arguments[0], arguments[1:], {}) if isinstance(arguments[0], Function) else arguments[0]
    if last in ("ArgumentParser", "OptionParser") and "parse" in name:
        return Parser("argparse" if last == "ArgumentParser" else "optparse")
    if name == "click.Choice" and arguments:
        return list(arguments[0]) if isinstance(arguments[0], list | tuple) else unknown
    if name in ("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath"):
        texts = [text_of(each) for each in arguments]
        return unknown if None in texts else PurePosixPath(*filter(None, texts))
    if name in ("pathlib.Path.cwd", "os.getcwd"):
        full = f"{ROOT}/{run.folder}".rstrip("/")
        return PurePosixPath(full) if last == "cwd" else full
    if name.startswith("os.path."):
        return _os_path(run, last, arguments, unknown)
    if name == "os.chdir" and arguments:
        run.folder = folder_of(run, arguments[0])
        return None
    if name in ("vars", "getattr"):
        return _reflected(name, arguments, unknown)
    if name in _PURE:
        return _pure(name, arguments, named, unknown)
    if tell_of_call(run, name, written_as(node.func), arguments):
        for each in (*arguments, *named.values()):
            _handed_over(run, each, name)
    return None if name == "print" else unknown


def _pure(name: str, arguments: list[Any], named: dict[str, Any], unknown: Unknown) -> Any:
    if name in ("int", "bool") and arguments and isinstance(arguments[0], Status):
        return arguments[0] if name == "int" else Status(unknown.what, encoded=False, flat=True, zero=False)
    if name == "bool" and arguments and not holds_unknown(arguments):
        return bool(arguments[0])
    if holds_unknown([*arguments, *named.values()]) and name not in ("list", "len", "enumerate", "tuple"):
        return unknown
    if name in ("range", "list", "set", "tuple") and any(
        isinstance(each, int) and each > _LARGEST for each in arguments
    ):
        return unknown
    if any(isinstance(each, Unknown | Function | Namespace) for each in (*arguments, *named.values())):
        return unknown
    try:
        return _PURE[name](*arguments, **named)
    except (TypeError, ValueError, KeyError, OverflowError):
        return unknown


def _reflected(name: str, arguments: list[Any], unknown: Unknown) -> Any:
    owner = arguments[0] if arguments else None
    if not isinstance(owner, Namespace | Instance):
        return unknown
    if name == "vars":
        return dict(owner.fields)
    key = arguments[1] if len(arguments) > 1 else None
    if isinstance(key, str) and key in owner.fields:
        return owner.fields[key]
    return arguments[2] if len(arguments) > 2 and isinstance(owner, Namespace) else unknown


def _os_path(run: Reading, name: str, arguments: list[Any], unknown: Unknown) -> Any:
    texts = [text_of(each) for each in arguments]
    if None in texts or not texts:
        return unknown
    given = [each or "" for each in texts]
    if name in ("join", "dirname", "basename", "normpath"):
        return getattr(posixpath, name)(*given)
    if name in ("abspath", "realpath"):
        return posixpath.normpath(posixpath.join(f"{ROOT}/{run.folder}".rstrip("/"), given[0]))
    return _exists(run, given[0], unknown) if name in ("exists", "isfile", "isdir") else unknown
