"""What each option of a runner script does to the tests that it starts: the script is read with and without it."""

import ast
import dataclasses
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import msgspec

from canonry.changes.nodes import nodes_of
from canonry.migrate.commands.mapping import map_command
from canonry.migrate.commands.terms import Terms
from canonry.migrate.commands.tokens import new_words
from canonry.migrate.scripts.interpret import Run, Script, runs_of
from canonry.migrate.scripts.values import ROOT, CannotReadError, Declared, Started
from canonry.model.edit import Grade
from canonry.rules.invocation import Presence
from canonry.run.retired import VALUE, Old, Retired, Unless

Unit = tuple[str, ...]
"""A path, or an option with its value; those of pytest begin with ``--`` as a word of its own."""
_TEXT = "\ue000value\ue001"
_NUMBER = 1_970_000_001
_VALUED = frozenset(("-k", "-m", "--workers", "--max-failures", "--timeout", "--report", "--retries"))
_ONCE = frozenset(("-k", "-m", "--workers", "--max-failures", "--timeout"))
_PAIRS = 120
_MEANT = {
    "--verbose": ("-v",),
    "--quiet": ("-q",),
}
"""Options that say how much is printed, in every runner."""


class Learned(msgspec.Struct, frozen=True):
    """A retired runner's table, the folder in which it starts tests, what it does beside that, and what is in doubt."""

    retired: Retired
    folder: str
    aside: tuple[str, ...]
    doubts: tuple[str, ...]


class _Tried(msgspec.Struct):
    """An option with one of its values, and the units of what it starts; None where that is nothing."""

    option: Declared
    key: str
    given: dict[str, Any]
    units: list[Unit] | None
    why: str = ""


def learn(script: Script, terms: Terms) -> Learned:
    """The table of a script. Raises `CannotReadError` where what it starts without options is known only then."""
    own = script.path.rpartition("/")[0]
    first: CannotReadError | None = None
    for start in dict.fromkeys(("", own)):
        try:
            return _Learner(script, terms, start).learn()
        except CannotReadError as error:
            first = first or CannotReadError(_spoken(str(error)))
    assert first is not None
    raise first


class _Learner:
    def __init__(self, script: Script, terms: Terms, start: str) -> None:
        self.script, self.terms, self.start = script, terms, start
        self.doubts: dict[str, None] = {}
        self.aside: dict[str, None] = {}
        self.folder: str | None = None

    def learn(self) -> Learned:
        base_run = self._run({})
        base = self._units(base_run)
        parser = base_run.parser
        options = list(parser.options.values()) if parser is not None else []
        read = _read_names(self.script.tree)
        tried = [each for option in options if option.dest in read for each in self._tries(option)]
        if not base and not any(each.units for each in tried):
            raise CannotReadError("no test run was found in it that starts without more input")
        rest = parser is None and self._takes_rest(base or [])
        effective = [each for each in tried if each.units is not None]
        always, unless, becomes = _decomposed(base, effective)
        olds = tuple(self._old(option, read, tried, becomes, base) for option in options)
        retired = Retired(always, olds, unless, (), rest, needed=base is None)
        apart = tuple(self._apart(retired, effective, base))
        return Learned(
            dataclasses.replace(retired, apart=apart),
            self.folder or "",
            tuple(self.aside),
            tuple(self.doubts),
        )

    # readings ---------------------------------------------------------------------------------------------------------

    def _run(self, given: Mapping[str, Any]) -> Run:
        run = runs_of(self.script, given, folder=self.start)
        self.aside |= run.aside
        return run

    def _units(self, run: Run) -> list[Unit] | None:
        """The units of what a reading starts, paths of several test runs together."""
        commands = [self._command(each) for each in run.started]
        if not commands:
            return None
        options = [Counter(unit for unit in units if unit[0].startswith("-")) for units in commands]
        if any(each != options[0] for each in options):
            raise CannotReadError(f"it starts {len(commands)} test runs with different options")
        paths = [unit for units in commands for unit in units if not unit[0].startswith("-")]
        if len(commands) > 1:
            self.doubts["it starts several test runs, one after the other, which become one"] = None
        if len(commands) > 1 and any(all(unit[0].startswith("-") for unit in units) for units in commands):
            paths = []
        return [*dict.fromkeys(paths), *(unit for unit in commands[0] if unit[0].startswith("-"))]

    def _command(self, started: Started) -> list[Unit]:
        if self.folder is None:
            self.folder = started.folder
        elif self.folder != started.folder:
            raise CannotReadError("it starts tests in several folders")
        up = "/".join([".."] * (started.folder.count("/") + 1)) if started.folder else "."
        words = [_from(word, up) for word in started.words]
        terms = msgspec.structs.replace(
            self.terms, folder=started.folder, categories={}, standing=lambda path: self._standing(path, started.folder)
        )
        mapped = map_command(words, terms)
        if mapped.grade is Grade.MANUAL:
            raise CannotReadError(f"line {started.line}: {mapped.reason}")
        self.doubts |= dict.fromkeys(doubt.reason for doubt in mapped.doubts)
        new = [str(word) for word in new_words(words, mapped)]
        front = new[: new.index("canonry")]
        if front and front != ["python", "-m"]:
            self.aside[f"it starts the tests behind `{' '.join(front)}` in line {started.line}"] = None
        return list(_split(new[new.index("run", new.index("canonry")) + 1 :]))

    def _standing(self, path: str, folder: str) -> Presence:
        full = posixpath.normpath(posixpath.join(folder, path))
        if _TEXT in full or full.startswith(("/", "..")):
            return Presence.UNSAID
        return Presence.THERE if full == "." or self.script.exists(full) else Presence.ABSENT

    # options ----------------------------------------------------------------------------------------------------------

    def _tries(self, option: Declared) -> Iterator[_Tried]:
        for key, value in _candidates(option, self.script.tree):
            given = {option.dest: value}
            try:
                units = self._units(self._run(given))
                yield _Tried(option, key, given, units, "" if units is not None else "it starts no tests")
            except CannotReadError as error:
                yield _Tried(option, key, given, None, _spoken(str(error)))

    def _takes_rest(self, base: list[Unit]) -> bool:
        """Whether words on its command line go to pytest."""
        try:
            more = self._units(self._run({"": (_TEXT,)})) or []
        except CannotReadError:
            return False
        return Counter(more) - Counter(base) == Counter({(_TEXT,): 1})

    def _old(
        self,
        option: Declared,
        read: frozenset[str],
        tried: Sequence[_Tried],
        becomes: Mapping[tuple[str, str], tuple[str, ...]],
        base: list[Unit] | None,
    ) -> Old:
        takes = {"count": "none"}.get(option.takes, option.takes)
        if option.dest not in read:
            return Old(option.names, takes, unread=True)
        mine = [each for each in tried if each.option is option]
        table = {
            each.key: becomes[option.label, each.key]
            for each in mine
            if each.units is not None
            and (Counter(each.units) != Counter(base or []) or each.given[option.dest] == option.default)
        }
        if table:
            return Old(option.names, takes, table)
        meant = next((_MEANT[name] for name in option.names if name in _MEANT), None)
        if meant is not None and option.takes in ("none", "count"):
            return Old(option.names, takes, {"*": meant})
        why = next((each.why for each in mine if each.why), "it changes something else than which tests run")
        return Old(option.names, takes, refused=why)

    def _apart(self, retired: Retired, tried: Sequence[_Tried], base: list[Unit] | None) -> Iterator[tuple[str, str]]:
        """Pairs of options that together mean something else than both alone."""
        refused = {old.label for old in retired.options if old.refused or old.unread}
        acting = [each for each in tried if each.option.label not in refused and each.units != base]
        pairs = [pair for pair in combinations(acting, 2) if pair[0].option.dest != pair[1].option.dest]
        if len(pairs) > _PAIRS:
            self.doubts["not every pair of its options was looked at"] = None
        for one, other in pairs[:_PAIRS]:
            said = _predicted(retired, [one, other])
            try:
                units = self._units(self._run(one.given | other.given))
            except CannotReadError:
                units = None
            once = Counter(unit[0] for unit in units or () if unit[0] in _ONCE)
            if units is None or Counter(units) != Counter(said) or any(count > 1 for count in once.values()):
                yield _said(one), _said(other)


def _spoken(text: str) -> str:
    """A reason without what stands for values and for the root of the tree while a script is read."""
    for stand_in, name in ((_TEXT, "VALUE"), (str(_NUMBER), "NUMBER"), (f"{ROOT}/", ""), (ROOT, ".")):
        text = text.replace(stand_in, name)
    return text


def _said(each: _Tried) -> str:
    return each.option.label if each.key == "*" else f"{each.option.label}={each.key}"


def _predicted(retired: Retired, given: Sequence[_Tried]) -> list[Unit]:
    """The units that the wrapper's table gives for options."""
    said = {name for each in given for name in (each.option.label, _said(each))}
    words: list[Unit] = [*_split(retired.always)]
    for default in retired.unless:
        if not said.intersection(default.options):
            words += _split(default.words)
    for each in given:
        old = next(one for one in retired.options if one.names == each.option.names)
        new = old.becomes.get(each.key, old.becomes.get("*", ()))
        words += _split([word.replace(VALUE, str(_NUMBER) if each.option.number else _TEXT) for word in new])
    return words


def _decomposed(
    base: list[Unit] | None, tried: Sequence[_Tried]
) -> tuple[tuple[str, ...], tuple[Unless, ...], dict[tuple[str, str], tuple[str, ...]]]:
    """What every command line holds, what only some options take away, what each option adds."""
    first = base if base is not None else []
    every = [Counter(each.units or ()) for each in tried]
    always = [unit for unit in first if all(counts[unit] for counts in every)]
    taken: dict[tuple[str, ...], list[Unit]] = {}
    for unit in first:
        if unit not in always:
            names = tuple(_said(each) for each, counts in zip(tried, every, strict=True) if not counts[unit])
            taken.setdefault(names, []).append(unit)
    unless = tuple(Unless(_words(units), names) for names, units in taken.items())
    becomes = {}
    for each in tried:
        added = list((Counter(each.units or ()) - Counter(first)).elements())
        ordered = [unit for unit in each.units or () if unit in added]
        becomes[each.option.label, each.key] = tuple(
            word.replace(_TEXT, VALUE).replace(str(_NUMBER), VALUE) for word in _words(ordered)
        )
    return _words(always), unless, becomes


def _words(units: Sequence[Unit]) -> tuple[str, ...]:
    """Units as words, those of pytest behind ``--``."""
    front = [word for unit in units if unit[0] != "--" for word in unit]
    back = [word for unit in units if unit[0] == "--" for word in unit[1:]]
    return (*front, *(["--", *back] if back else []))


def _split(words: Sequence[str]) -> Iterator[Unit]:
    """The units of arguments of `canonry run`."""
    waiting, behind = list(words), False
    while waiting:
        word = waiting.pop(0)
        if word == "--" and not behind:
            behind = True
            continue
        unit: Unit = (word,)
        takes = word in _VALUED if not behind else word.startswith("-") and "=" not in word
        if takes and waiting and not waiting[0].startswith("-"):
            unit = (word, waiting.pop(0))
        yield ("--", *unit) if behind else unit


def _from(word: str, up: str) -> str:
    if word == ROOT:
        return up
    return word.replace(f"{ROOT}/", "" if up == "." else f"{up}/")


# what an option may be given -----------------------------------------------------------------------------------------


def _candidates(option: Declared, tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """Values to try, by the key under which the table keeps what follows; ``*`` is any value."""
    if option.takes == "none":
        yield "*", option.const
        return
    if option.takes == "count":
        yield "*", 1
        return
    if option.choices:
        for choice in option.choices:
            yield str(choice), [choice] if option.takes in ("many", "append") else choice
        return
    value: Any = _NUMBER if option.number else _TEXT
    yield "*", [value] if option.takes in ("many", "append") else value
    if option.takes == "one":
        yield from ((str(each), each) for each in dict.fromkeys(_compared(option.dest, tree)))


def _compared(dest: str, tree: ast.Module) -> Iterator[str]:
    """The texts that the script compares the option with, or looks up by it."""
    tables = {
        target.id: node.value
        for node in nodes_of(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes_of(tree):
        if isinstance(node, ast.Compare) and any(_means(each, dest) for each in (node.left, *node.comparators)):
            for each in (node.left, *node.comparators):
                elements = each.elts if isinstance(each, ast.Tuple | ast.List | ast.Set) else [each]
                yield from (
                    one.value for one in elements if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )
                if isinstance(each, ast.Name) and each.id in tables:
                    yield from _keys(tables[each.id])
        elif isinstance(node, ast.Subscript) and _means(node.slice, dest) and isinstance(node.value, ast.Name):
            yield from _keys(tables.get(node.value.id))
        elif isinstance(node, ast.Call) and node.args and _means(node.args[0], dest):
            yield from _keys(tables.get(_looked_up_in(node.func)))


def _looked_up_in(function: ast.expr) -> str:
    """The name of the dictionary whose ``get`` is called."""
    if isinstance(function, ast.Attribute) and function.attr == "get" and isinstance(function.value, ast.Name):
        return function.value.id
    return ""


def _keys(table: ast.Dict | None) -> Iterator[str]:
    for key in table.keys if table is not None else ():
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value


def _means(node: ast.expr, dest: str) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == dest) or (isinstance(node, ast.Name) and node.id == dest)


def _read_names(tree: ast.Module) -> frozenset[str]:
    """Names that the script reads: attributes, variables, texts outside of the declarations of options."""
    declarations = {
        id(constant)
        for node in nodes_of(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in ("add_argument", "add_option", "option", "argument")
        for constant in nodes_of(node)
        if isinstance(constant, ast.Constant)
    }
    found: set[str] = set()
    for node in nodes_of(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in declarations:
            found.add(node.value)
        elif isinstance(node, ast.keyword) and node.arg is None and isinstance(node.value, ast.Call):
            found.update(_everything(tree) if getattr(node.value.func, "id", "") == "vars" else ())
    return frozenset(found)


def _everything(tree: ast.Module) -> Iterator[str]:
    for node in nodes_of(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("-"):
            yield node.value.lstrip("-").replace("-", "_")
