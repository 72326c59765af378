"""Rules of one's own in Python: from files of the repository, and from installed packages.

They are code, and loading them runs it. So they come from disk only, and from the environment that canonry itself runs
in; never from an audited commit.
"""

import contextlib
import hashlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from canonry.model.errors import RuleError, UserError
from canonry.rules.rule import HOOKS, Offence, Rule

_CODE = re.compile(r"[A-Z]{2,8}[0-9]{2,4}")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def rules_below(root: Path, places: list[str]) -> list[tuple[Rule, str]]:
    """The rules in these files and folders, each with its file and a digest of it. Raises `UserError`."""
    found: list[tuple[Rule, str]] = []
    for place in places:
        path = root / place
        if not path.resolve().is_relative_to(root.resolve()):
            raise UserError(f"`rules-from` names `{place}`, which lies outside the repository; move the rules into it")
        if path.is_dir():
            files = sorted(each for each in path.rglob("*.py") if not each.name.startswith("_"))
        elif path.is_file():
            files = [path]
        else:
            raise UserError(f"`rules-from` names `{place}`, which does not exist; name a Python file or a folder")
        if not files:
            raise UserError(f"`rules-from` names `{place}`, which holds no Python file; put a rule there")
        for file in files:
            shown = file.relative_to(root).as_posix()
            content = file.read_bytes()
            said = f"{shown}\0{hashlib.sha256(content).hexdigest()}\n"
            module = _module(shown, content)
            kinds = _kinds(module)
            if not kinds:
                raise UserError(f"{shown}:1: no rule is defined here; subclass `canonry.rules.rule.Rule`")
            found += [(_made(kind, shown, _line_of(kind, content)), said) for kind in kinds]
    return found


def installed_rules(group: str) -> list[tuple[Rule, str]]:
    """The rules of installed packages that name an entry point group, each with its entry point and version."""
    import importlib.metadata

    found: list[tuple[Rule, str]] = []
    for point in importlib.metadata.entry_points(group=group):
        where = f"entry point `{point.name}`"
        try:
            with contextlib.redirect_stdout(sys.stderr):
                loaded = point.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise UserError(
                f"{where} ({point.value}) cannot be loaded: {_reason(error)}; mend or uninstall it"
            ) from error
        kinds = _kinds(loaded) if isinstance(loaded, ModuleType) else [loaded]
        version = point.dist.version if point.dist is not None else ""
        said = f"{where}\0{point.value}\0{version}\0{_content_digest(point.module)}\n"
        for kind in kinds:
            if not (isinstance(kind, type) and issubclass(kind, Rule)):
                raise UserError(f"{where} ({point.value}) is no rule; name a subclass of `canonry.rules.rule.Rule`")
            found.append((_made(kind, where, 0), said))
    return found


def where_of(said: str) -> str:
    """The file or entry point of a rule, from what `rules_below` and `installed_rules` say of it."""
    return said.partition("\0")[0]


def _content_digest(module: str) -> str:
    file = getattr(sys.modules.get(module), "__file__", None)
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
    except OSError:
        return ""


def _module(shown: str, content: bytes) -> ModuleType:
    """The file, run as a module; nothing is written beside it."""
    name = f"canonry_own_rules.{re.sub(r'[^0-9A-Za-z]+', '_', shown)}_{hashlib.sha256(content).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    module = ModuleType(name)
    module.__file__ = shown
    sys.modules[name] = module
    try:
        with contextlib.redirect_stdout(sys.stderr):
            exec(compile(content, shown, "exec", dont_inherit=True), module.__dict__)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # somebody else's code, of which anything may be wrong
        del sys.modules[name]
        line = error.lineno if isinstance(error, SyntaxError) else _line_in(error, shown)
        raise UserError(f"{shown}:{line or 1}: the rule file cannot be loaded: {_reason(error)}; mend it") from error
    return module


def _line_in(error: BaseException, shown: str) -> int:
    """The last line of a file that a traceback names, 0 where it names none."""
    line, frame = 0, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == shown:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _reason(error: BaseException) -> str:
    text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _kinds(module: ModuleType) -> list[type[Rule]]:
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, Rule)
        and kind.__module__ == module.__name__
        and "code" in vars(kind)
    ]


def _line_of(kind: type[Rule], content: bytes) -> int:
    match = re.search(rb"^class\s+%s\b" % kind.__name__.encode(), content, re.MULTILINE)
    return content.count(b"\n", 0, match.start()) + 1 if match else 1


def _made(kind: type[Rule], where: str, line: int) -> Rule:
    """The rule, checked for what a rule must have, with hooks that say whose error it is when one raises."""
    place = f"{where}:{line}" if line else where
    for attribute, expected, valid in _ATTRIBUTES:
        value = getattr(kind, attribute, None)
        if not valid(value):
            raise UserError(f"{place}: the rule `{kind.__name__}` has no usable `{attribute}`; expected {expected}")
    hooks: dict[str, Any] = {
        hook: _guarded(hook, getattr(kind, hook), where)
        for hook in HOOKS
        if getattr(kind, hook) is not getattr(Rule, hook)
    }
    if not hooks:
        raise UserError(f"{place}: the rule `{kind.__name__}` checks nothing; implement `check`")
    try:
        with contextlib.redirect_stdout(sys.stderr):
            made: Rule = type(
                kind.__name__, (kind,), {"__doc__": kind.__doc__, "__module__": kind.__module__, **hooks}
            )()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UserError(f"{place}: the rule `{kind.__name__}` cannot be made: {_reason(error)}; mend it") from error
    return made


_ATTRIBUTES: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    (
        "code",
        "capitals and digits such as `OWN001`",
        lambda value: isinstance(value, str) and bool(_CODE.fullmatch(value)),
    ),
    ("name", "words such as `slow-test`", lambda value: isinstance(value, str) and bool(_NAME.fullmatch(value))),
    ("help", "a sentence: the next step", lambda value: isinstance(value, str) and bool(value.strip())),
    ("__doc__", "a docstring that says why it is bad", lambda value: isinstance(value, str) and bool(value.strip())),
)


def _guarded(hook: str, method: Callable[..., Any], where: str) -> Callable[..., Iterator[Offence]]:
    """The hook, with its offences checked, and what it prints sent to stderr: stdout is the report's."""

    def judge(self: Rule, view: Any) -> Iterator[Offence]:
        found: list[Offence] = []
        offences: Any = None
        try:
            with contextlib.redirect_stdout(sys.stderr):
                offences = method(self, view)
                for offence in offences:
                    if not isinstance(offence, Offence):
                        raise TypeError(f"`{hook}` yields {type(offence).__name__}, not `Offence`")
                    if hook == "check_tree" and offence.path is None:
                        raise TypeError("`check_tree` yields an offence without a path")
                    found.append(offence)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # `sys.exit` too: no report would read as nothing found
            about = f" on `{view.path}`" if hasattr(view, "path") else ""
            line = _line_in(error, where) or _line_of_yield(offences)
            raise RuleError(
                f"{where}{f':{line}' if line else ''}: the rule `{self.code}` fails{about}: {_reason(error)}; mend it "
                "(`-v` shows the traceback)"
            ) from error
        yield from found

    return judge


def _line_of_yield(offences: object) -> int:
    """The line at which a generator stands, 0 for anything else."""
    frame = getattr(offences, "gi_frame", None)
    return frame.f_lineno if frame is not None else 0
