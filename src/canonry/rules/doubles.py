"""What the MCK rules ask of a file: its mocks, its hand-written doubles, the policy it is under."""

from collections.abc import Iterator

from canonry.canon.options import Mocks
from canonry.rules.view import FileView
from canonry.source.facts import ClassFact, Double, Site
from canonry.source.index import Definition, External
from canonry.source.python.doubles import UNCHECKED, is_double_name, mock_call

_NO_DOUBLES = ("Error", "Exception", "Warning", "Enum", "Flag", "TestCase", "NamedTuple", "TypedDict")
_STRICTEST = (Mocks.FORBIDDEN, Mocks.SPECCED, Mocks.ALLOWED)


def home_of_mock(file: FileView, reference: str) -> str:
    """A reference as a name of `unittest.mock`, pytest-mock or canonry, through re-exports; empty for anything else."""
    if mock_call(reference) or not reference or reference.startswith(("unittest.", "mock.", "&.", ":", "self.")):
        return reference if mock_call(reference) else ""
    if reference.startswith("*."):
        return _starred(file, reference[2:])
    found = file.index.resolve(file.path, reference)
    return found.name if isinstance(found, External) and mock_call(found.name) else ""


def mock_of(file: FileView, reference: str) -> str:
    """What a reference is of `unittest.mock` or pytest-mock (``Mock``, ``patch.object``), through re-exports."""
    return mock_call(home_of_mock(file, reference))


def is_unchecked(file: FileView, double: Double) -> bool:
    """Whether a mock is one of those that canonry's factory, where it is the canon's, has as they are."""
    if file.canon.mock_factory != "canonry.testing:SSotMockFactory" or "unchecked" not in double.target:
        return False
    return home_of_mock(file, double.target).startswith(UNCHECKED)


def _starred(file: FileView, name: str) -> str:
    """The home of a name that only a star import can have brought."""
    for imported in file.facts.imports:
        if ("*", "*") in imported.names:
            module = "." * imported.level + imported.module
            joined = f"{module}{name}" if module.endswith(".") else f"{module}.{name}"
            found = file.index.resolve(file.path, joined)
            if isinstance(found, External) and mock_call(found.name):
                return found.name
    return ""


def mocks(file: FileView) -> Iterator[tuple[Double, str]]:
    """The mocks that a file makes, each with what of `unittest.mock` makes it; the factory's own are left out."""
    for double in file.facts.doubles:
        if made := mock_of(file, double.target):
            yield double, made


def in_factory(file: FileView, site: Site) -> bool:
    """Whether a place belongs to the canonical mock factory: its home, or a class of its name wherever it lives."""
    if file.path == file.project.mock_factory_home:
        return True
    name = file.canon.mock_factory.rpartition(":")[2].rpartition(".")[2]
    return bool(name) and name in site.symbol.split(".")


def hand_written(file: FileView) -> Iterator[ClassFact]:
    """The classes of a file that are doubles by name, and no tests, exceptions, enumerations or mere data."""
    for fact in file.facts.classes:
        if is_double_name(fact.name) and not _is_no_double(file, fact):
            yield fact


def imported_doubles(file: FileView) -> Iterator[tuple[Double, str]]:
    """The calls of imported classes that are named like doubles, each with the name."""
    for double in file.facts.doubles:
        name = double.target.rpartition(".")[2]
        if not is_double_name(name) or mock_of(file, double.target):
            continue
        found = file.index.resolve(file.path, double.target)
        if isinstance(found, Definition):
            fact = file.index.class_fact(found)
            if fact is None or found.path == file.path or _ends_in(file, found):
                continue
        elif double.target.startswith("*."):
            continue
        yield double, name


def _is_no_double(file: FileView, fact: ClassFact) -> bool:
    if any(name.startswith("test") for name in fact.methods) or file.hierarchy(fact).case:
        return True
    if not fact.methods and any(each.rpartition(".")[2] == "dataclass" for each in fact.decorators):
        return True
    return _ends_in(file, file.definition(fact))


def _ends_in(file: FileView, definition: Definition) -> bool:
    return any(root.endswith(_NO_DOUBLES) for root in file.index.hierarchy(definition).roots)


def policy_of(file: FileView) -> Mocks | None:
    """What the categories that select the file say about mocks, the strictest of them; None where none does."""
    found = {file.project.canon.categories[name].mocks for name in file.project.categories_of(file.path)}
    return next((policy for policy in _STRICTEST if policy in found), None)
