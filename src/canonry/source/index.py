"""The cross-file index: what a reference in one file means, and where a class's hierarchy ends.

Lazy: it reads the facts of a file only when a name leads there, so five files of a commit cost a handful of others.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from canonry.source.facts import ClassFact, Facts, FunctionFact

_DEPTH = 12
_REMEMBERED = 100_000
ANY_NAME = "\0*"
"""Stands among what was looked at for the names of all files; after another NUL stand names that were looked for."""
_ASYNC_CASES = frozenset(
    """unittest.IsolatedAsyncioTestCase unittest.async_case.IsolatedAsyncioTestCase asynctest.TestCase
    asynctest.case.TestCase aiounittest.AsyncTestCase aiohttp.test_utils.AioHTTPTestCase
    django.test.SimpleTestCase django.test.TestCase django.test.TransactionTestCase django.test.LiveServerTestCase
    django.test.testcases.TestCase django.test.testcases.SimpleTestCase django.test.testcases.TransactionTestCase
    twisted.trial.unittest.TestCase twisted.trial.unittest.SynchronousTestCase
    canonry.testing.SSotBaseTestCase canonry.testing.SSotAsyncTestCase canonry.testing.RealWebSocketTestBase
    kivy.tests.async_common.UnitKivyApp later.unittest.TestCase""".split()
)
_SYNC_CASES = frozenset(
    """unittest.TestCase unittest.case.TestCase unittest.FunctionTestCase testtools.TestCase testtools.testcase.TestCase
    tornado.testing.AsyncTestCase tornado.testing.AsyncHTTPTestCase absl.testing.absltest.TestCase
    absl.testing.parameterized.TestCase flask_testing.TestCase fixtures.TestWithFixtures unittest2.TestCase
    rest_framework.test.APITestCase rest_framework.test.APISimpleTestCase rest_framework.test.APITransactionTestCase
    pyfakefs.fake_filesystem_unittest.TestCase""".split()
)
_PLAIN = frozenset(("*.object", "typing.Generic", "typing.Protocol", "abc.ABC", "typing_extensions.Protocol"))
_BESIDE = frozenset(("canonry.testing.SSotPytestCase",))
"""Bases that change nothing of how pytest collects and runs a class."""
_RUNNING_METHODS = frozenset(("run", "_callTestMethod", "__call__", "__getattribute__", "__init_subclass__"))


class Definition(msgspec.Struct, frozen=True):
    """A class or function of the tree."""

    path: str
    qualname: str


class External(msgspec.Struct, frozen=True):
    """Something outside the tree, by its dotted name."""

    name: str


Resolved = Definition | External | None


class Hierarchy(msgspec.Struct, frozen=True):
    """Where a class comes from. ``ancestors`` are of the tree, nearest first; ``roots`` are what it ends in outside.

    ``case`` is ``sync`` or ``async`` where a unittest case is reached (async: its runner awaits), else empty.
    ``complete`` is False where a base is computed or cannot be found. ``custom`` says that an ancestor runs its tests
    in a way of its own.
    """

    ancestors: tuple[Definition, ...]
    roots: tuple[str, ...]
    case: str
    complete: bool
    custom: bool

    @property
    def strange(self) -> bool:
        """Whether a base stands outside of the tree that may collect and run tests in a way of its own."""
        return any(root not in _BESIDE for root in self.roots)


class Index:
    """Resolves references over the files of one tree."""

    def __init__(
        self,
        paths: Iterable[str],
        facts: Callable[[str], Facts | None],
        *,
        pythonpath: tuple[str, ...] = (),
    ) -> None:
        self._paths = paths if isinstance(paths, set | frozenset | dict) else set(paths)
        self._source = facts
        self._fixed = ("", "src/", *(f"{folder.strip('./').rstrip('/')}/" for folder in pythonpath if folder != "."))
        self._tops: dict[str, tuple[str, ...]] | None = None
        self._hierarchies: dict[Definition, tuple[Hierarchy, frozenset[str]]] = {}
        self._resolved: dict[tuple[str, str], tuple[Resolved, frozenset[str]]] = {}
        self._touched: set[str] = set()
        self._modules: dict[tuple[str, str], str | None] = {}
        self._imported: dict[str, tuple[str, ...]] = {}
        self._others: frozenset[str] = frozenset()
        self._below: Index | None = None  # of the same tree without `_others`

    def overlaid(self, others: Mapping[str, Facts | None]) -> "Index":
        """An index of the same tree in which some files have other facts; what depends on names alone is shared."""
        source = self._source
        other = Index(self._paths, lambda asked: others[asked] if asked in others else source(asked))
        other._fixed, other._tops, other._modules = self._fixed, self._tops, self._modules
        if not self._others:  # what files that stay as they are import is the same for all
            other._imported, other._others, other._below = self._imported, frozenset(others), self
        return other

    def track(self, into: set[str] | None = None) -> set[str]:
        """A set, new where none is given, into which the paths go that questions look at from now on, answered from
        memory or not."""
        self._touched = set() if into is None else into
        return self._touched

    def _facts(self, path: str) -> Facts | None:
        self._touched.add(path)
        return self._source(path)

    def note_all_names(self) -> None:
        """Notes that the names of all files were looked at."""
        self._touched.add(ANY_NAME)

    def facts(self, path: str) -> Facts | None:
        """The facts of a file of the tree, None where there is none."""
        self._touched.add(f"\0{path_name(path)}")  # whether it is there depends on names
        return self._facts(path) if path in self._paths else None

    def class_fact(self, definition: Definition) -> ClassFact | None:
        """The class at a definition, None where it is something else."""
        facts = self._facts(definition.path)
        if facts is None:
            return None
        return next((fact for fact in facts.classes if fact.qualname == definition.qualname), None)

    def function_fact(self, definition: Definition) -> FunctionFact | None:
        """The function at a definition, None where it is something else."""
        facts = self._facts(definition.path)
        if facts is None:
            return None
        return next((fact for fact in facts.functions if fact.qualname == definition.qualname), None)

    def imported_by(self, path: str) -> tuple[str, ...]:
        """The files of the tree that the imports at the top of a file lead to, as far as their names say it."""
        known = self._imported.get(path) if path not in self._others else None
        if known is None:
            facts = self.facts(path)
            known = tuple(self._targets(path, facts)) if facts is not None else ()
            if path not in self._others:
                self._imported[path] = known
        return known

    def _targets(self, path: str, facts: Facts) -> Iterator[str]:
        for found in facts.imports:
            if not found.top_level:
                continue
            if found.level:
                names = [f"{path.rpartition('/')[0].replace('/', '.')}.{found.module}"]
            else:
                names = [found.module, *(f"{found.module}.{name}" for name, _ in found.names)]
            for name in names:
                target = self.module_path(name, path)
                if target is not None:
                    yield target

    def module_path(self, dotted: str, near: str) -> str | None:
        """The file of an absolute module name as seen from a file; None where it is not of the tree."""
        folder = near.rpartition("/")[0]
        key = (dotted, folder)
        self._touched.add(f"\0{dotted.rpartition('.')[2]}")
        self._touched.add(f"\0{dotted.partition('.')[0]}")  # the one folder that holds it may be another's, too
        if key not in self._modules:
            self._modules[key] = self._find_module(dotted, folder)
        return self._modules[key]

    def _find_module(self, dotted: str, folder: str) -> str | None:
        relative = dotted.replace(".", "/")
        top = relative.partition("/")[0]
        standard = top in sys.stdlib_module_names
        roots = list(self._fixed)
        if not standard:
            parts = folder.split("/") if folder else []
            roots += ["/".join(parts[:depth]) + "/" for depth in range(len(parts), 0, -1)]
            roots += self._holders(top)
        for root in roots:
            for candidate in (f"{root}{relative}.py", f"{root}{relative}/__init__.py"):
                if candidate in self._paths:
                    return candidate
        return None

    def _holders(self, top: str) -> tuple[str, ...]:
        """The folders outside packages that hold this top-level package or module."""
        if self._tops is None:
            self._tops = {}
            packages = {path[: -len("/__init__.py")] for path in self._paths if path.endswith("/__init__.py")}
            found: dict[str, dict[str, None]] = {}
            for package in packages:
                holder, _, name = package.rpartition("/")
                if holder not in packages and holder:
                    found.setdefault(name, {})[holder + "/"] = None
            self._tops = {name: tuple(sorted(holders)) for name, holders in found.items()}
        holders = self._tops.get(top, ())
        return holders if len(holders) == 1 else ()

    def resolve(self, path: str, reference: str) -> Resolved:
        """What a reference in a file means."""
        kept = self._resolved.get((path, reference))
        if kept is None and self._below is not None:
            kept = self._below.resolved(path, reference)
            if self._others.isdisjoint(kept[1]):  # nothing that is another file here had a part in it
                self._touched |= kept[1]
                return kept[0]
            kept = None
        if kept is None:
            outer, self._touched = self._touched, set()
            try:
                found = self._follow(path, reference, _DEPTH)
            finally:
                inner, self._touched = frozenset(self._touched), outer
            if len(self._resolved) >= _REMEMBERED:
                self._resolved.clear()
            kept = self._resolved[path, reference] = found, inner
        self._touched |= kept[1]
        return kept[0]

    def resolved(self, path: str, reference: str) -> tuple[Resolved, frozenset[str]]:
        """What a reference means, and the paths whose facts say so."""
        self.resolve(path, reference)
        return self._resolved[path, reference]

    def _follow(self, path: str, reference: str, depth: int) -> Resolved:
        if depth <= 0 or not reference or reference == "?":
            return None
        if reference[0] == ":":
            return self._member(path, reference[1:].split("."), depth)
        if reference.startswith("*."):
            return self._starred(path, reference[2:].split("."), depth)
        if reference.startswith((".", "..")):
            return self._relative(path, reference, depth)
        return self._absolute(path, reference.split("."), depth)

    def _absolute(self, path: str, parts: list[str], depth: int) -> Resolved:
        for length in range(len(parts), 0, -1):
            module = self.module_path(".".join(parts[:length]), path)
            if module is not None and module != path:
                if length == len(parts):
                    return Definition(module, "")
                return self._attribute(module, parts[length:], depth - 1) or External(".".join(parts))
        return External(".".join(parts))

    def _relative(self, path: str, reference: str, depth: int) -> Resolved:
        rest = reference.lstrip(".")
        level = len(reference) - len(rest)
        folders = path.split("/")[:-1]
        if level - 1 > len(folders):
            return None
        base = folders[: len(folders) - (level - 1)]
        parts = rest.split(".") if rest else []
        for length in range(len(parts), -1, -1):
            stem = "/".join([*base, *parts[:length]])
            self._touched.add(f"\0{stem.rpartition('/')[2]}")
            for candidate in (f"{stem}.py", f"{stem}/__init__.py" if stem else "__init__.py"):
                if candidate in self._paths and candidate != path:
                    if length == len(parts):
                        return Definition(candidate, "")
                    return self._attribute(candidate, parts[length:], depth - 1)
        return None

    def _attribute(self, path: str, parts: list[str], depth: int) -> Resolved:
        """A name of a module, followed through what the module imports and renames."""
        facts = self._facts(path)
        if facts is None or depth <= 0:
            return None
        name = parts[0]
        if any(fact.qualname == name for fact in facts.classes) or any(
            fact.qualname == name for fact in facts.functions
        ):
            return self._member(path, parts, depth)
        bound = facts.bindings.get(name)
        if bound:
            return self._follow(path, ".".join([bound, *parts[1:]]), depth - 1)
        if path.endswith("__init__.py"):
            base = path.removesuffix("__init__.py")
            self._touched.add(f"\0{name}")
            for candidate in (f"{base}{name}.py", f"{base}{name}/__init__.py"):
                if candidate in self._paths:
                    if len(parts) == 1:
                        return Definition(candidate, "")
                    return self._attribute(candidate, parts[1:], depth - 1)
        found = self._starred(path, parts, depth - 1)
        return found if isinstance(found, Definition) else None

    def _member(self, path: str, parts: list[str], depth: int) -> Resolved:
        """A name that the file itself defines; a member that the class lacks is looked for in its bases."""
        facts = self._facts(path)
        if facts is None:
            return None
        qualname = ".".join(parts)
        if any(fact.qualname == qualname for fact in facts.classes) or any(
            fact.qualname == qualname for fact in facts.functions
        ):
            return Definition(path, qualname)
        owner = Definition(path, ".".join(parts[:-1]))
        if len(parts) > 1 and self.class_fact(owner) is not None:
            for ancestor in self.hierarchy(owner).ancestors:
                fact = self.class_fact(ancestor)
                if fact is not None and parts[-1] in fact.methods:
                    return Definition(ancestor.path, f"{ancestor.qualname}.{parts[-1]}")
            return None
        bound = facts.bindings.get(parts[0])
        if bound and bound != f":{parts[0]}":
            return self._follow(path, ".".join([bound, *parts[1:]]), depth - 1)
        return None

    def _starred(self, path: str, parts: list[str], depth: int) -> Resolved:
        facts = self._facts(path)
        if facts is not None and depth > 0:
            for imported in facts.imports:
                if ("*", "*") in imported.names:
                    reference = "." * imported.level + imported.module
                    joined = reference + ("" if reference.endswith(".") else ".") + ".".join(parts)
                    found = self._follow(path, joined, depth - 1)
                    if isinstance(found, Definition):
                        return found
        return External(".".join(["builtins", *parts]))

    # hierarchies -----------------------------------------------------------------------------------------------------

    def hierarchy(self, definition: Definition) -> Hierarchy:
        """Where a class comes from, through intermediates, aliases and re-exports. Classes in a circle all end."""
        kept = self._hierarchies.get(definition)
        if kept is None and self._below is not None and definition.path not in self._others:
            self._below.hierarchy(definition)
            known = self._below._hierarchies[definition]
            kept = known if self._others.isdisjoint(known[1]) else None
        if kept is None:
            outer, self._touched = self._touched, set()
            try:
                found = self._build(definition)
            finally:
                inner, self._touched = frozenset(self._touched), outer
            kept = self._hierarchies[definition] = found, inner
        self._touched |= kept[1]
        return kept[0]

    def _build(self, definition: Definition) -> Hierarchy:
        if self.class_fact(definition) is None:
            return Hierarchy((), (), "", False, False)
        ancestors: dict[Definition, None] = {definition: None}
        roots: dict[str, None] = {}
        cases: set[str] = set()
        complete, custom = True, False
        waiting: list[Definition | str] = [definition]
        while waiting:
            each = waiting.pop()
            if isinstance(each, str):
                roots[each] = None
                cases.add(case_kind(each))
                continue
            ancestors[each] = None
            kept = self._hierarchies.get(each)
            if kept is not None:
                known, looked_at = kept
                self._touched |= looked_at
                ancestors.update(dict.fromkeys(known.ancestors))
                roots.update(dict.fromkeys(known.roots))
                cases.add(known.case)
                complete, custom = complete and known.complete, custom or known.custom
                continue
            fact = self.class_fact(each)
            custom = custom or (fact is not None and bool(_RUNNING_METHODS & set(fact.methods)))
            above = self._bases(each, fact)
            complete = complete and None not in above
            waiting += [base for base in reversed(above) if base is not None and base not in ancestors]
        del ancestors[definition]
        case = "async" if "async" in cases else "sync" if "sync" in cases else ""
        return Hierarchy(tuple(ancestors), tuple(roots), case, complete, custom)

    def _bases(self, definition: Definition, fact: ClassFact | None) -> list[Definition | str | None]:
        """The bases of a class: definitions, names outside the tree, None for what cannot be found."""
        if fact is None:
            return [None]
        found: list[Definition | str | None] = []
        for base in fact.bases:
            if base in _PLAIN:
                continue
            target = self.resolve(definition.path, base)
            if isinstance(target, External):
                found.append(target.name.removeprefix("builtins."))
            else:
                found.append(target if target is not None and target.qualname else None)
        return found


def path_name(path: str) -> str:
    """The name under which imports know the module at a path."""
    stem = path.removesuffix(".py")
    return stem.removesuffix("/__init__").rpartition("/")[2]


def basis_of(facts: Facts) -> tuple[object, ...]:
    """All that the index itself reads of a file's facts: where this is equal, what names mean and come from is."""
    return (
        [(each.module, each.level, each.names) for each in facts.imports],
        [(each.qualname, each.bases, each.methods) for each in facts.classes],
        [each.qualname for each in facts.functions],
        facts.bindings,
        facts.assigned,
    )


def case_kind(name: str) -> str:
    """``sync`` or ``async`` for a known test case class outside the tree, else empty."""
    if name in _ASYNC_CASES:
        return "async"
    return "sync" if name in _SYNC_CASES else ""
