"""One pass over the facts of a tree that keeps what a proposal counts, and nothing else of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from canonry.canon.options import Canon
from canonry.rules.view import Project, is_test_function
from canonry.source.documents.reading import Reading
from canonry.source.facts import ClassFact, Facts, FunctionFact, Import
from canonry.source.index import Definition, Index
from canonry.source.pytest_settings import PytestSettings, read_pytest_values

Read = Callable[[str], bytes | None]
_MARK = "pytest.mark."


class SurveyedFile(msgspec.Struct, frozen=True, gc=False):
    """What is counted of one live file.

    ``tests`` counts tests by the qualified name of their class, under an empty name those of the module. ``marks``
    counts the tests that a marker reaches. ``mocks`` are calls of `unittest.mock`, ``environment`` the qualified names
    around uses of the environment.
    """

    path: str
    is_test: bool
    in_test_code: bool
    tests: dict[str, int]
    marks: dict[str, int]
    mocks: int
    environment: tuple[str, ...]
    imports: frozenset[str]
    """The dotted names that it imports, from the root of the tree where the import is relative (then after a dot)."""


class Importers(msgspec.Struct, frozen=True):
    """The files that import a definition, and the ways they spell it with how many do."""

    paths: frozenset[str]
    spellings: dict[str, int]


class Survey:
    """The files of a tree as counted, and an index over the classes and names that they define."""

    def __init__(
        self,
        facts: Iterable[tuple[str, Facts]],
        read: Read,
        settings: PytestSettings,
        target: tuple[int, int],
        documents: Sequence[tuple[str, Reading]] = (),
    ) -> None:
        self.read = read
        self.settings = settings
        self.documents = documents
        """The files whose commands are counted, by path."""
        self.pytest_values = read_pytest_values(read)[0]
        self.files: dict[str, SurveyedFile] = {}
        self._slim: dict[str, Facts] = {}
        # What a canon declares does not change what is counted, so that a second run proposes the same.
        empty = Project(Canon(), settings, Index((), lambda _: None), target=target)
        for path, each in facts:
            self.files[path] = _survey(path, each, empty)
            self._slim[path] = _slim(each, is_test=self.files[path].is_test)
        self.index = Index(self._slim, self._slim.get, pythonpath=settings.pythonpath)

    @cached_property
    def test_files(self) -> list[SurveyedFile]:
        """The test files, by path."""
        return [file for file in self.files.values() if file.is_test]

    @cached_property
    def tests(self) -> int:
        """How many tests there are, in classes and outside."""
        return sum(sum(file.tests.values()) for file in self.test_files)

    @cached_property
    def test_classes(self) -> list[tuple[Definition, ClassFact]]:
        """The classes of test files that hold tests of their own, by whatever name, for plug-ins collect more."""
        return [
            (Definition(file.path, fact.qualname), fact)
            for file in self.test_files
            for fact in self._slim[file.path].classes
            if file.tests.get(fact.qualname) and fact.collectable and not fact.nested
        ]

    def facts(self, path: str) -> Facts:
        """The imports, classes, functions of modules, bindings and aliases of a live file; all else is left out."""
        return self._slim[path]

    def starts(self, path: str) -> frozenset[str]:
        """The test tools that a live file starts."""
        return frozenset(call.tool for call in self._slim[path].calls)

    def importers(self, definition: Definition) -> Importers:
        """Who imports a class or function of the tree by its name, under whatever path."""
        paths: set[str] = set()
        spellings: Counter[str] = Counter()
        for dotted, by_folder in self._imported.get(definition.qualname, {}).items():
            for importers in by_folder.values():
                if self.index.resolve(importers[0], dotted.removeprefix(".")) == definition:
                    paths.update(importers)
                    if not dotted.startswith("."):
                        spellings[dotted] += len(importers)
        paths.discard(definition.path)
        return Importers(frozenset(paths), dict(spellings))

    def importing(self, entry: str) -> int:
        """How many files import what an import path `package.module:Name` names, in the tree or from outside."""
        dotted = entry.replace(":", ".")
        return sum(dotted in file.imports for file in self.files.values())

    def importers_of_module(self, path: str) -> frozenset[str]:
        """The files that import a module of the tree, or anything from it."""
        stem = path.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]
        found: set[str] = set()
        for file in self.files.values():
            for dotted in file.imports:
                if stem in dotted:
                    plain = dotted.removeprefix(".")
                    names = (plain, plain.rpartition(".")[0])
                    if any(n and self.index.module_path(n, file.path) == path for n in names):
                        found.add(file.path)
                        break
        return frozenset(found - {path})

    def module_name(self, path: str) -> str | None:
        """The name under which a file is imported from the root of the tree; None where it has none.

        Of several names the one that most files import from; else the shortest that leads to the file.
        """
        parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
        names = [".".join(parts[start:]) for start in range(len(parts))]
        names = [
            name
            for name in names
            if all(part.isidentifier() for part in name.split(".")) and self.index.module_path(name, "") == path
        ]
        return max(names, key=lambda name: (self._module_uses[name], -len(name)), default=None)

    def entry(self, definition: Definition, spellings: Mapping[str, int]) -> str | None:
        """The import path `package.module:Name` of a definition: the commonest spelling that leads there."""
        for dotted, _ in sorted(spellings.items(), key=lambda pair: (-pair[1], len(pair[0]), pair[0])):
            module, _, name = dotted.rpartition(".")
            if module and self.index.module_path(module, "") and self.index.resolve("", dotted) == definition:
                return f"{module}:{name}"
        home = self.module_name(definition.path)
        return f"{home}:{definition.qualname}" if home else None

    @cached_property
    def _imported(self) -> dict[str, dict[str, dict[str, list[str]]]]:
        """Importing paths by last name, dotted name and top folder: what one of a folder means, all of it mean."""
        found: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(dict)
        for file in self.files.values():
            top = file.path.partition("/")[0]
            for dotted in file.imports:
                found[dotted.rpartition(".")[2]].setdefault(dotted, {}).setdefault(top, []).append(file.path)
        return found

    @cached_property
    def _module_uses(self) -> Counter[str]:
        return Counter(dotted.rpartition(".")[0] for file in self.files.values() for dotted in file.imports)


def _survey(path: str, facts: Facts, project: Project) -> SurveyedFile:
    is_test = project.is_test_file(path)
    tests = _tests(facts, project.settings) if is_test and facts.broken is None else []
    counted = Counter(fact.owner for fact in tests)
    mocks = sum(count for name, count in facts.counts.items() if name.startswith("mock-calls-"))
    return SurveyedFile(
        path,
        is_test,
        project.in_test_code(path),
        dict(counted),
        _marks(facts, tests) if tests else {},
        mocks,
        tuple(use.site.symbol for use in facts.environment),
        frozenset(name for each in facts.imports for name in _dotted(each, path)),
    )


def _tests(facts: Facts, settings: PytestSettings) -> list[FunctionFact]:
    return [
        fact for fact in facts.functions if is_test_function(fact, settings) and not (fact.nested and not fact.owner)
    ]


def _marks(facts: Facts, tests: list[FunctionFact]) -> dict[str, int]:
    """The tests that each marker reaches: on the test, on its class, on the module."""
    of_class = {fact.qualname: (*fact.marks, *fact.decorators) for fact in facts.classes}
    found: Counter[str] = Counter()
    for fact in tests:
        every = {*fact.decorators, *of_class.get(fact.owner, ()), *facts.marks}
        found.update({mark.removeprefix(_MARK).partition(".")[0] for mark in every if mark.startswith(_MARK)})
    return dict(found)


def _dotted(fact: Import, path: str) -> Iterable[str]:
    module = fact.module
    if fact.level:
        folders = path.split("/")[:-1]
        base = folders[: len(folders) - (fact.level - 1)] if fact.level > 1 else folders
        module = "." + ".".join([*base, fact.module] if fact.module else base)
    if not fact.names:
        return (module,)
    return [f"{module}.{name}" for name, _ in fact.names if name != "*"]


def _slim(facts: Facts, *, is_test: bool) -> Facts:
    functions = () if is_test else tuple(fact for fact in facts.functions if not fact.owner and not fact.nested)
    return msgspec.structs.replace(
        facts,
        functions=functions,
        calls=tuple(call for call in facts.calls if call.tool and not call.tool.endswith("collect-only")),
        environment=(),
        path_hacks=(),
        main_blocks=(),
        marks=(),
        commented=None,
        counts={},
    )
