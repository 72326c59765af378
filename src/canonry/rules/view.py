"""What rules see: one file with its facts and the canon, or the tree as a whole."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from canonry.canon.keys import KeyPath
from canonry.canon.options import Canon
from canonry.canon.selection import categories_of, plain
from canonry.rules.inventory import Inventory, Part, join_parts
from canonry.source.clones.cluster import Cluster
from canonry.source.documents.reading import Reading
from canonry.source.facts import ClassFact, Facts, FunctionFact, Site, Suppression
from canonry.source.index import Definition, External, Hierarchy, Index, Resolved
from canonry.source.pytest_settings import PytestSettings
from canonry.source.trees.shadow import Shadow

if TYPE_CHECKING:
    from canonry.source.mentions import Mention

_TEST_FOLDER = re.compile(r"(?<![a-z])tests?(?:ing)?(?![a-z])", re.IGNORECASE)
_PROPERTIES = frozenset(("*.property", "functools.cached_property", "abc.abstractproperty"))
_FIXTURES = frozenset(("pytest.fixture", "pytest_asyncio.fixture", "pytest.yield_fixture"))


class Project:
    """The canon applied to one tree: what is canonical, what is a test. Shared by all files of an audit."""

    def __init__(
        self,
        canon: Canon,
        settings: PytestSettings,
        index: Index,
        *,
        target: tuple[int, int],
        paths: frozenset[str] = frozenset(),
        today: str = "",
    ) -> None:
        looked_at = index.track()
        self.canon = canon
        self.settings = settings
        self.index = index
        self.target = target
        self._paths = paths
        self.today = today
        """The day (ISO) on which it is judged. Only files with a `Retirement` may be judged by it: others are kept."""
        self.runner_files = frozenset(_files_of_runner(canon.canon.runner, index))
        self.tools = _tools_of_runner(canon.canon.runner)
        self.base_names = frozenset(_dotted(entry) for entry in canon.canon.base_cases)
        self.environment_home = self._home(canon.canon.environment)
        self.mock_factory_home = self._home(canon.canon.mock_factory)
        self.symbol_homes = {symbol.name: index.module_path(symbol.home, "") or "" for symbol in canon.canon.symbols}
        self.bases = frozenset(
            found
            for name in self.base_names
            if isinstance(found := index.resolve("", name), Definition) and found.qualname
        )
        self.mentions: Callable[[str], tuple[Mention, ...]] = lambda _path: ()
        """The uses in a file of the names that the rules of this audit ask for."""
        self.looked_at = frozenset(path for path in looked_at if not path.startswith("\0"))
        """The paths that the canon led to. Nothing here asks the index later: judgements depend on these alone."""
        self.homes = repr(
            (
                sorted(self.runner_files),
                self.environment_home,
                self.mock_factory_home,
                self.symbol_homes,
                sorted(map(repr, self.bases)),
            )
        )
        """What the canon's names led to, which is all that it takes of the names of files."""
        self._test_folders = None if canon.tests is None else tuple(map(_prefix, canon.tests))
        self._testpaths = tuple(map(_prefix, settings.testpaths))
        self._in_test_code: dict[str, bool] = {}

    @property
    def paths(self) -> frozenset[str]:
        """Every path that was listed, also what shadow trees and ``exclude`` leave out of the rest."""
        self.index.note_all_names()
        return self._paths

    @property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a listed path, at any depth."""
        self.index.note_all_names()
        return self._folders

    @cached_property
    def _folders(self) -> frozenset[str]:
        found: set[str] = set()
        for path in self._paths:
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    @property
    def paths_by_name(self) -> Mapping[str, list[str]]:
        """The listed paths, and the folders that hold them, by their last part."""
        self.index.note_all_names()
        return self._paths_by_name

    @cached_property
    def _paths_by_name(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in (*self._paths, *self._folders):
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    def is_test_file(self, path: str) -> bool:
        """Whether pytest's file patterns, below the declared test folders if there are any, name it a test file.

        Where the canon declares none, patterns of the project's own (`*`, `check_*.py`) hold below pytest's `testpaths`
        alone, for there pytest applies them. A file that is named `test_*.py` elsewhere stays one: it is a test that
        pytest does not find, and not to be hidden.
        """
        if not self.settings.is_test_path(path):
            return False
        if self._test_folders is not None:
            return _below(path, self._test_folders)
        return not self._testpaths or _below(path, self._testpaths) or self.settings.is_usual_test_path(path)

    def in_test_code(self, path: str) -> bool:
        """Whether it is a test file or support code: in the test folders, or in one named with the word `test`."""
        known = self._in_test_code.get(path)
        if known is None:
            known = self._in_test_code[path] = self._supports_tests(path)
        return known

    def _supports_tests(self, path: str) -> bool:
        if self._test_folders is not None:
            return _below(path, self._test_folders)
        folder, _, name = path.rpartition("/")
        return self.is_test_file(path) or name == "conftest.py" or bool(_TEST_FOLDER.search(folder))

    def remoteness(self, path: str) -> int:
        """How far a file is from where a thing is kept: 0 is production code, 1 what supports tests, 2 a test file."""
        return self.in_test_code(path) + self.is_test_file(path)

    def categories_of(self, path: str) -> tuple[str, ...]:
        """The categories whose paths select a file: folders, files or globs from the root of the tree."""
        return categories_of(self.canon, path)

    def categories_of_marks(self, marks: Iterable[str]) -> tuple[str, ...]:
        """The categories to which a test with these marks belongs, whatever file it stands in."""
        given = frozenset(marks)
        return tuple(name for name, category in self.canon.categories.items() if given.intersection(category.markers))

    def is_canonical_base(self, found: Resolved) -> bool:
        """Whether it is one of the canon's base cases."""
        if isinstance(found, External):
            return found.name in self.base_names
        return found is not None and found in self.bases

    def reaches_canonical(self, definition: Definition, hierarchy: Hierarchy) -> bool:
        """Whether a class is, or comes from, a base case of the canon."""
        return (
            definition in self.bases
            or any(ancestor in self.bases for ancestor in hierarchy.ancestors)
            or any(root in self.base_names for root in hierarchy.roots)
        )

    def _home(self, entry: str) -> str:
        return (self.index.module_path(entry.partition(":")[0], "") or "") if entry else ""


def is_test_function(fact: FunctionFact, settings: PytestSettings) -> bool:
    """Whether a function is named like a test and is neither a fixture nor a property."""
    if not settings.is_test_function(fact.name):
        return False
    return not fact.decorators or not (is_fixture(fact) or any(each in _PROPERTIES for each in fact.decorators))


class FileView:
    """One file, as a rule sees it."""

    def __init__(self, path: str, facts: Facts, project: Project, *, notes: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.facts = facts
        self.project = project
        self.canon = project.canon.canon
        self.index = project.index
        self.is_test_file = project.is_test_file(path)
        self.in_test_code = project.in_test_code(path)
        self.notes = notes or {}
        """What was found out about the file beyond its content: ``commit`` that broke it, ``python`` that reads it."""
        self._verdicts: dict[int, bool] = {}  # several rules ask the same of every function, and of every class
        self._hierarchies: dict[str, Hierarchy] = {}

    @property
    def is_runner(self) -> bool:
        """Whether the file is the canonical runner itself."""
        return self.path in self.project.runner_files

    @property
    def mentions(self) -> "tuple[Mention, ...]":
        """The uses of the names that the rules of this audit ask for."""
        return self.project.mentions(self.path)

    @cached_property
    def classes(self) -> dict[str, ClassFact]:
        """The classes by qualified name."""
        return {fact.qualname: fact for fact in self.facts.classes}

    @cached_property
    def methods(self) -> dict[str, list[FunctionFact]]:
        """The functions by qualified name of their class, under an empty name those of the module."""
        found: dict[str, list[FunctionFact]] = {}
        for fact in self.facts.functions:
            if fact.owner or not fact.nested:
                found.setdefault(fact.owner, []).append(fact)
        return found

    def tests_of(self, owner: str) -> list[FunctionFact]:
        """The test functions of a class (or, for an empty name, of the module), fixtures left out."""
        return [fact for fact in self.methods.get(owner, ()) if self.is_test_function(fact)]

    def is_test_function(self, fact: FunctionFact) -> bool:
        """Whether a function is named like a test and is neither a fixture nor a property."""
        key = id(fact)
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._verdicts[key] = is_test_function(fact, self.project.settings)
        return verdict

    def fixture(self, name: str) -> tuple[str, FunctionFact] | None:
        """The fixture of this name that the file or a `conftest.py` above it defines, with its path."""
        folders = self.path.split("/")[:-1]
        conftests = ("/".join([*folders[:depth], "conftest.py"]) for depth in range(len(folders), -1, -1))
        for path in (self.path, *conftests):
            facts = self.index.facts(path)
            for function in facts.functions if facts is not None else ():
                if function.name == name and is_fixture(function):
                    return path, function
        return None

    @cached_property
    def collected(self) -> list[FunctionFact]:
        """The tests that stand where a runner looks: in the module, or in a class that is or feeds a test class."""
        feeds = {owner: self._feeds_tests(owner) for owner in {fact.owner for fact in self.tests} if owner}
        return [fact for fact in self.tests if not fact.owner or feeds[fact.owner]]

    def _feeds_tests(self, owner: str) -> bool:
        fact = self.classes.get(owner)
        if fact is None or fact.nested or not fact.collectable:
            return False
        if self.hierarchy(fact).case:
            return True
        if fact.init is not None:
            return False
        if self.project.settings.is_test_class(fact.name):
            return True
        return owner in self._bases_here or (self.collects_its_own_way and "test" in fact.name.lower())

    @cached_property
    def _bases_here(self) -> frozenset[str]:
        return frozenset(base[1:] for fact in self.facts.classes for base in fact.bases if base.startswith(":"))

    @cached_property
    def collects_its_own_way(self) -> bool:
        """Whether a `conftest.py` above has collection hooks, plugins or star imports: more may be collected."""
        folders = self.path.split("/")[:-1]
        for depth in range(len(folders), -1, -1):
            facts = self.index.facts("/".join([*folders[:depth], "conftest.py"]))
            if facts is not None and _extends_collection(facts):
                return True
        return False

    @cached_property
    def tests(self) -> list[FunctionFact]:
        """The tests at module level and in classes, collected or not."""
        if not self.is_test_file:
            return []
        return [
            fact
            for fact in self.facts.functions
            if self.is_test_function(fact) and not (fact.nested and not fact.owner)
        ]

    def definition(self, fact: ClassFact) -> Definition:
        """A class of this file, as the index names it."""
        return Definition(self.path, fact.qualname)

    def hierarchy(self, fact: ClassFact) -> Hierarchy:
        """Where a class of this file comes from."""
        found = self._hierarchies.get(fact.qualname)
        if found is None:
            found = self._hierarchies[fact.qualname] = self.index.hierarchy(self.definition(fact))
        return found

    def is_test_class(self, fact: ClassFact) -> bool:
        """Whether the class is meant to be collected: by its name, or as a unittest case that holds tests."""
        if not fact.collectable or not self.is_test_file:
            return False
        return self.project.settings.is_test_class(fact.name) or bool(self.hierarchy(fact).case)


class DocumentView:
    """One file that is no Python, as a rule sees it."""

    def __init__(self, path: str, reading: Reading, reader: str, project: Project) -> None:
        self.path = path
        self.reading = reading
        self.reader = reader
        """What read it: the name of a module of `canonry.source.documents.readers`."""
        self.project = project
        self.canon = project.canon.canon


class TreeView:
    """The tree as a whole."""

    def __init__(
        self,
        project: Project,
        paths: Iterable[str],
        shadows: Iterable[Shadow],
        backups: Iterable[str],
        *,
        facts: Callable[[], Iterator[tuple[str, Facts]]],
        parts: Callable[[], Iterable[tuple[str, Part]]],
        clones: Callable[[], Sequence[Cluster]] = tuple,
        canon_place: Callable[[KeyPath], tuple[str, int] | None] = lambda _path: None,
        exists: Callable[[str], bool] = lambda _path: False,
    ) -> None:
        self.project = project
        self.paths = paths
        self.shadows = tuple(shadows)
        self.backups = tuple(backups)
        self.facts = facts
        """Streams the facts of all live files, by path. They are many: keep what a rule needs, not the record."""
        self.parts = parts
        """What the inventory takes of each live file, by path."""
        self.clones = clones
        """Finds the clusters of functions that are clones; reads every function the first time."""
        self.canon_place = canon_place
        """The file and line that declare a key of the canon; None where only a default does."""
        self.exists = exists
        """Whether the tree holds a file at a path, also one that is left out of the audit."""

    @cached_property
    def inventory(self) -> Inventory:
        """What rules about the whole tree gather from all files: one pass for all of them."""
        return join_parts(self.parts())


class JudgedSuppression(msgspec.Struct, frozen=True):
    """How one suppression stands, a comment or an entry of the canon, once the findings are known.

    ``problems`` are those of the suppression, and codes that no rule has. ``unused`` are the entries of ``codes`` that
    closed nothing although every rule that they name did judge here; nothing is said of malformed or expired ones.
    """

    suppression: Suppression
    problems: tuple[str, ...]
    expired: bool
    unused: tuple[str, ...]


class Growth(msgspec.Struct, frozen=True):
    """An exemption that the commit before did not have, at its place.

    ``grown`` are the rules (or ``exclude``) of which more is exempt than before, each with a phrase that says how much.
    ``base`` names the commit before. ``by_canon``: whether the canon exempts, whose files are counted in the whole
    tree; of comments, those in files that changed since are.
    """

    path: str
    site: Site
    grown: tuple[tuple[str, str], ...]
    base: str
    by_canon: bool = False


def _extends_collection(facts: Facts) -> bool:
    hooks = (fact.name for fact in facts.functions if not fact.owner)
    imported = (name for each in facts.imports for name, _ in each.names)
    return "pytest_plugins" in facts.assigned or any(
        name == "*" or name.startswith(("pytest_py", "pytest_collect")) for name in (*hooks, *imported)
    )


def is_fixture(fact: FunctionFact) -> bool:
    """Whether a function is a pytest fixture."""
    return any(decorator in _FIXTURES or decorator.endswith(".fixture") for decorator in fact.decorators)


def _dotted(entry: str) -> str:
    return entry.replace(":", ".")


def _prefix(folder: str) -> str:
    """What the paths below a declared folder start with: nothing where it is the root."""
    bare = plain(folder)
    return f"{bare}/" if bare else ""


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path.startswith(folder) or path == folder[:-1] for folder in folders)


def _files_of_runner(runner: str, index: Index) -> Iterator[str]:
    """The scripts that the canonical command names, and the modules of the tree that it runs with `-m`."""
    words = runner.split()
    for before, word in zip(["", *words], words, strict=False):
        if word.endswith(".py"):
            yield word.removeprefix("./")
        elif before == "-m":
            found = index.module_path(f"{word}.__main__", "") or index.module_path(word, "")
            if found:
                yield found


def _tools_of_runner(runner: str) -> frozenset[str]:
    """The test tools that the canonical command itself is (``pytest``, ``python -m unittest``)."""
    from canonry.source.commands import tool_of_shell

    tool = tool_of_shell(runner)
    return frozenset((tool,)) if tool else frozenset()
