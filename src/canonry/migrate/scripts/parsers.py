"""Parsers of arguments as scripts build them: argparse, optparse, click.

Source: docs.python.org, "argparse" and "optparse"; click.palletsprojects.com, "Options".
"""

import ast
from typing import Any

from canonry.migrate.scripts.values import (
    CannotReadError,
    Declared,
    External,
    Function,
    Namespace,
    Parser,
    Reading,
    Unknown,
    holds_unknown,
    written_as,
)

_SAME_CALL = frozenset(
    "staticmethod classmethod property functools.wraps wraps functools.cache cache functools.lru_cache lru_cache"
    " contextmanager contextlib.contextmanager".split()
)
"""Decorators under which a function still does what its body says."""


def method(run: Reading, parser: Parser, name: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    """What a method of a parser of argparse or optparse returns. Raises `CannotReadError` for subcommands."""
    if name in ("add_argument", "add_option"):
        _declare(parser, arguments, named)
        return None
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return parser
    if name in ("add_subparsers", "add_option_group"):
        raise CannotReadError("it has subcommands" if name == "add_subparsers" else "it has groups of options")
    if name == "set_defaults":
        parser.defaults |= named
        return None
    if name in ("parse_args", "parse_known_args", "parse_intermixed_args"):
        if arguments and arguments[0] is not None and not isinstance(arguments[0], Unknown):
            from_argv = isinstance(arguments[0], list) and arguments[0] == list(run.given.get("", ()))
            if not from_argv:
                raise CannotReadError("it parses other arguments than its own")
        run.parser = parser
        space = Namespace(parser.namespace(run.given))
        if parser.kind == "optparse" or name == "parse_known_args":
            return (space, list(run.given.get("", ())))
        return space
    return Unknown(f"parser.{name}(...)")


def invoke(run: Reading, function: Function, parser: Parser) -> Any:
    """What a command of click does with the given options."""
    run.parser = parser
    bare = Function(function.node, function.closure, None)
    return run.call(bare, [], parser.namespace(run.given))


def decorate(run: Reading, function: Function, decorator: ast.expr, scope: Any) -> None:
    """What a decorator of a function means: click's commands and options are read."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    value = run.value(called, scope)
    if not isinstance(value, External) or value.name.partition(".")[0] != "click":
        if written_as(called) not in _SAME_CALL:
            run.note(f"it decorates `{getattr(function.node, 'name', '')}` with `{written_as(called)}`")
        return
    if function.click is None:
        function.click = Parser("click")
    last = value.name.rpartition(".")[2]
    if last == "group":
        raise CannotReadError("it has subcommands")
    if last in ("option", "argument") and isinstance(decorator, ast.Call):
        arguments = [run.value(each, scope) for each in decorator.args]
        named = {each.arg: run.value(each.value, scope) for each in decorator.keywords if each.arg is not None}
        declare_click(function.click, arguments, named, positional=last == "argument")


def _declare(parser: Parser, arguments: list[Any], named: dict[str, Any]) -> None:
    names = tuple(each for each in arguments if isinstance(each, str))
    if not names or len(names) != len(arguments):
        raise CannotReadError("the name of an option is computed")
    action, count = named.get("action", "store"), named.get("nargs")
    if action in ("help", "version"):
        return
    long = next((name for name in names if name.startswith("--")), names[0])
    dest = named.get("dest") or long.lstrip("-").replace("-", "_")
    default, takes, const = named.get("default"), "one", named.get("const", True)
    if action in ("store_true", "store_false", "store_const", "append_const"):
        takes = "none"
        const = {"store_true": True, "store_false": False}.get(action, const)
        if default is None and action in ("store_true", "store_false"):
            default = not const
    elif action == "count":
        takes, const = "count", 1
    elif isinstance(action, External) and action.name.endswith("BooleanOptionalAction"):
        takes = "none"
        negative = tuple(f"--no-{name[2:]}" for name in names if name.startswith("--"))
        parser.options[f"no {dest}"] = Declared(negative, dest, "none", False, default)
    elif action in ("append", "extend"):
        takes = "append"
    elif action not in ("store", None):
        raise CannotReadError(f"the option `{names[0]}` has an action of its own")
    if count in ("*", "+") or str(count) == "..." or (isinstance(count, int) and count > 1):
        takes = "many"
    elif count == "?" and names[0].startswith("-"):
        raise CannotReadError(f"the value of `{names[0]}` may be left out")
    choices = named.get("choices") or ()
    if isinstance(choices, dict | range | set):
        choices = sorted(choices) if isinstance(choices, set) else list(choices)
    if isinstance(choices, Unknown) or holds_unknown(list(choices)):
        raise CannotReadError(f"the choices of `{names[0]}` are known only when it runs")
    parser.options[dest if dest not in parser.options else f"{dest} {names[0]}"] = Declared(
        names, dest, takes, const, default, tuple(choices), _is_number(named.get("type"))
    )


def _is_number(kind: Any) -> bool:
    return (isinstance(kind, External) and kind.name in ("int", "float")) or kind in ("int", "float")


def declare_click(parser: Parser, arguments: list[Any], named: dict[str, Any], *, positional: bool) -> None:
    """Adds an option or an argument of click."""
    names = tuple(each for each in arguments if isinstance(each, str))
    if not names:
        raise CannotReadError("the name of an option is computed")
    pairs = [name for name in names if "/" in name]
    bare = [name for name in names if not name.startswith("-")]
    long = next((name for name in names if name.startswith("--")), names[0])
    dest = (bare[0] if bare else long.partition("/")[0]).lstrip("-").replace("-", "_").lower()
    if positional:
        many = named.get("nargs", 1) != 1
        parser.options[dest] = Declared((dest,), dest, "many" if many else "one", default=() if many else None)
        return
    spoken = tuple(name for name in names if name.startswith("-"))
    default = named.get("default")
    if pairs or named.get("is_flag"):
        on = tuple(name.partition("/")[0] for name in spoken)
        parser.options[dest] = Declared(on, dest, "none", named.get("flag_value", True), default or False)
        off = tuple(name.partition("/")[2].strip() for name in spoken if "/" in name)
        if off:
            parser.options[f"no {dest}"] = Declared(off, dest, "none", False, default or False)
        return
    kind = named.get("type")
    takes = "append" if named.get("multiple") else "count" if named.get("count") else "one"
    default = [] if takes == "append" and default is None else default
    choices = kind if isinstance(kind, list) else ()
    parser.options[dest] = Declared(
        spoken, dest, takes, default=default, choices=tuple(choices), number=_is_number(kind)
    )
