"""Rules of one's own in Python: from files of the repository, and from installed packages.

They are code, and loading them runs it. So they come from disk only, and from the environment that canonry itself runs
in; never from an audited commit.
"""

import contextlib
import hashlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from canonry.model.errors import RuleError, UserError
from canonry.model.finding import Confidence, Related, Severity
from canonry.rules.rule import HOOKS, Example, Offence, Rule
from canonry.source.facts import Site

UNKNOWN = "unknown"
"""The last word of what is said of a rule whose code nobody can tell: nothing may be kept of its judgement."""

_FOREIGN = frozenset(("site-packages", "dist-packages"))
"""Folders of installed packages, which may stand inside a repository and are part of the environment."""

_CODE = re.compile(r"[A-Z]{2,8}[0-9]{2,4}")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def rules_below(root: Path, places: list[str]) -> list[tuple[Rule, str]]:
    """The rules in these files and folders, each with its file and a digest of it and of what it imports from there.

    Everything is loaded anew, so that what judges is what the digest says. Raises `UserError`.
    """
    _forget()
    before = set(sys.modules)
    try:
        found = list(_rules_in(root, places))
    finally:
        _brought.update(name for name in sys.modules.keys() - before if _is_own(name, root))
    _known.update(sys.modules)
    imported = _digest_of(
        (file.relative_to(root.resolve()).as_posix(), file) for name in _brought if (file := _file_of(name)) is not None
    )
    return [(rule, f"{said}{imported}\n") for rule, said in found]


def imports_settled(root: Path) -> bool:
    """Whether nothing below the root was imported since the rules were loaded: what no digest could hold."""
    late = {name for name in sys.modules.keys() - _known if _is_own(name, root)}
    _brought.update(late)
    return not late


_brought: set[str] = set()
"""The names of the modules that rule files brought in from their repository."""
_known: set[str] = set()
"""The names of all modules after rules were loaded."""


def _forget() -> None:
    for name in (*_brought, *(name for name in sys.modules if name.startswith("canonry_own_rules."))):
        sys.modules.pop(name, None)
    _brought.clear()
    _known.clear()


def _is_own(name: str, root: Path) -> bool:
    """Whether a module is code of the repository: not canonry, and nothing that is installed there."""
    file = None if name.partition(".")[0] == "canonry" else _file_of(name)
    if file is None or not file.is_relative_to(root.resolve()):
        return False
    return not (_FOREIGN & set(file.relative_to(root.resolve()).parts)) and not file.is_relative_to(_STANDARD)


_STANDARD = Path(contextlib.__file__).resolve().parent


def _file_of(name: str) -> Path | None:
    """The file that a loaded module comes from, None where there is none."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).resolve() if isinstance(file, str) and Path(file).is_file() else None


def _digest_of(files: Iterable[tuple[str, Path]]) -> str:
    """A digest of names and contents, `UNKNOWN` where a file cannot be read."""
    digest = hashlib.sha256()
    try:
        for name, file in sorted(files):
            digest.update(
                f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode("utf-8", "surrogateescape")
            )
    except OSError:
        return UNKNOWN
    return digest.hexdigest()


def _rules_in(root: Path, places: list[str]) -> Iterator[tuple[Rule, str]]:
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
            content = _content(file, shown)
            said = f"{shown}\0{hashlib.sha256(content).hexdigest()}\0"
            module = _module(shown, content)
            kinds = _kinds(module)
            if not kinds:
                raise UserError(f"{shown}:1: no rule is defined here; subclass `canonry.rules.rule.Rule`")
            yield from ((_made(kind, shown, _line_of(kind, content)), said) for kind in kinds)


def _content(file: Path, shown: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise UserError(f"`{shown}` of `rules-from` cannot be read ({reason}); mend that, or leave it out") from error


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
        said = f"{where}\0{point.value}\0{version}\0{_package_digest(point.module)}\n"
        for kind in kinds:
            if not (isinstance(kind, type) and issubclass(kind, Rule)):
                raise UserError(f"{where} ({point.value}) is no rule; name a subclass of `canonry.rules.rule.Rule`")
            found.append((_made(kind, where, 0), said))
    return found


def where_of(said: str) -> str:
    """The file or entry point of a rule, from what `rules_below` and `installed_rules` say of it."""
    return said.partition("\0")[0]


def _package_digest(module: str) -> str:
    """A digest of the top package of a module, with all files in it; `UNKNOWN` where no file can be found."""
    top = module.partition(".")[0]
    folders = [Path(each) for each in getattr(sys.modules.get(top), "__path__", ())]
    files = [
        (file.relative_to(folder).as_posix(), file)
        for folder in folders
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    ]
    if not folders and (file := _file_of(top)) is not None:
        files = [(file.name, file)]
    return _digest_of(files) if files else UNKNOWN


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
    ("severity", "a member of `Severity`", lambda value: isinstance(value, Severity)),
    ("confidence", "a member of `Confidence`", lambda value: isinstance(value, Confidence)),
    ("options", "a tuple of keys of the canon", lambda value: _all_of(value, lambda each: isinstance(each, str))),
    ("bad", "a tuple of `Example`, each with text in its fields", lambda value: _all_of(value, _is_example)),
    ("good", "a tuple of `Example`, each with text in its fields", lambda value: _all_of(value, _is_example)),
    ("preview", "True or False", lambda value: isinstance(value, bool)),
    ("reads_broken", "True or False", lambda value: isinstance(value, bool)),
)


def _all_of(value: object, valid: Callable[[object], bool]) -> bool:
    return isinstance(value, tuple | list) and all(map(valid, value))


def _is_example(value: object) -> bool:
    return isinstance(value, Example) and _fits(value, Example)


def _fits(value: object, kind: type) -> bool:
    """Whether a record of ours, made by somebody else, holds what its types say: making one checks nothing."""
    try:
        msgspec.convert(msgspec.to_builtins(value), kind)
    except (msgspec.ValidationError, TypeError):
        return False
    return True


_OFFENCE: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    ("site", "a `Site` of facts", lambda value: isinstance(value, Site) and _fits(value, Site)),
    ("message", "a sentence", lambda value: isinstance(value, str) and bool(value.strip())),
    ("path", "a path of the tree, or None", lambda value: value is None or isinstance(value, str)),
    (
        "severity",
        "a member of `Severity`, or None",
        lambda value: value is None or isinstance(value, Severity),
    ),
    (
        "confidence",
        "a member of `Confidence`, or None",
        lambda value: value is None or isinstance(value, Confidence),
    ),
    ("identity", "text", lambda value: isinstance(value, str)),
    (
        "related",
        "a tuple of `Related`",
        lambda value: (
            isinstance(value, tuple) and all(isinstance(each, Related) and _fits(each, Related) for each in value)
        ),
    ),
)


def _check_offence(hook: str, offence: object) -> None:
    """Raises `TypeError` for what no finding can be made of."""
    if not isinstance(offence, Offence):
        raise TypeError(f"`{hook}` yields {type(offence).__name__}, not `Offence`")
    for field, expected, valid in _OFFENCE:
        if not valid(getattr(offence, field)):
            raise TypeError(f"`{hook}` yields an offence with an unusable `{field}`; expected {expected}")
    if hook == "check_tree" and offence.path is None:
        raise TypeError("`check_tree` yields an offence without a path")


def _guarded(hook: str, method: Callable[..., Any], where: str) -> Callable[..., Iterator[Offence]]:
    """The hook, with its offences checked, and what it prints sent to stderr: stdout is the report's."""

    def judge(self: Rule, view: Any) -> Iterator[Offence]:
        found: list[Offence] = []
        offences: Any = None
        try:
            with contextlib.redirect_stdout(sys.stderr):
                offences = method(self, view)
                for offence in offences:
                    _check_offence(hook, offence)
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
