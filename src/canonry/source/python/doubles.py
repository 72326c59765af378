"""Doubles: calls of `unittest.mock` and pytest-mock, classes and functions that are named like doubles."""

import ast
import re

from canonry.source.facts import Double
from canonry.source.python.draft import Draft
from canonry.source.python.scope import join, parameters
from canonry.source.syntax.text import SourceText

MOCK_CLASSES = frozenset(
    "Mock MagicMock AsyncMock NonCallableMock NonCallableMagicMock PropertyMock ThreadingMock".split()
)
_MOCK_CALLS = MOCK_CLASSES | frozenset(
    "create_autospec mock_open patch patch.object patch.dict patch.multiple stub async_stub".split()
)
UNCHECKED = tuple(
    f"canonry.testing.{module}SSotMockFactory.unchecked." for module in ("", "doubles.", "doubles.factory.")
)
"""Where canonry's factory has the mocks of `unittest.mock` as they are."""
_HOMES = ("unittest.mock.", "mock.mock.", "mock.", *UNCHECKED)
_MOCKERS = frozenset("mocker class_mocker module_mocker package_mocker session_mocker".split())
_MOCKER = "&.mocker."
_FREE_POSITIONS = {"patch": 1, "patch.object": 2}  # the arguments before the one that replaces or constrains
_CONSTRAINING = frozenset("spec spec_set wraps autospec new_callable".split())
_DOUBLE = re.compile(r"_*(?:(?:Mock|Fake|Stub|Dummy)(?=[A-Z0-9_])\w+|[A-Z]\w*(?:Mock|Fake|Stub))")
_MAKER = re.compile(r"(?:^|_)(?:mock|fake|stub|dummy)s?(?:_|$)")
_CHECKS = frozenset(
    """assertTrue assertFalse assertEqual assertEquals assertIs assertIsNone assertIsNotNone assertGreater
    assertGreaterEqual assertLess assertLessEqual assertIsInstance assertListEqual assertDictEqual assertTupleEqual
    assertSetEqual assertSequenceEqual assertCountEqual assertMultiLineEqual assertAlmostEqual""".split()
)
_DOUBLES = ("mock", "double", "maker")
_MOST = 20_000


class _Words(dict[str, str]):
    """What the last part of a name says about a call of it; kept, because a code base has few names and many calls."""

    def __missing__(self, name: str) -> str:
        if len(self) > _MOST:
            self.clear()
        found = self[name] = _word(name.rpartition(".")[2].removeprefix(":"))
        return found


def _word(name: str) -> str:
    if name in _MOCK_CALLS or name in ("object", "dict", "multiple"):
        return "mock"
    if name in ("skip", "skipTest", "xfail"):
        return "skip"
    if name in _CHECKS:
        return "check"
    if name == "sleep":
        return "sleep"
    if name in ("run", "run_until_complete"):
        return "run"
    if is_double_name(name):
        return "double"
    return "maker" if _MAKER.search(name) else ""


WORDS = _Words()


def is_double_name(name: str) -> bool:
    """Whether a class of this name says of itself that it is a double: ``MockX``, ``XFake``."""
    return _DOUBLE.fullmatch(name) is not None


def mock_call(reference: str) -> str:
    """What a reference is of `unittest.mock` (``Mock``, ``patch.object``) or pytest-mock; empty for anything else."""
    if reference.startswith(_MOCKER):
        name = reference.removeprefix(_MOCKER)
        return name if name in _MOCK_CALLS else ""
    for home in _HOMES:
        if reference.startswith(home):
            name = reference.removeprefix(home)
            return name if name in _MOCK_CALLS and "stub" not in name else ""
    return ""


class Doubles:
    """The doubles that one file makes. ``made`` counts whatever may be one, to tell where a closer look is due."""

    def __init__(self, text: SourceText) -> None:
        self.text = text
        self.made = 0
        self.found: list[Double] = []
        self.instances: set[str] = set()

    def call(
        self, word: str, node: ast.Call, root: str, target: str | None, attributes: list[str], draft: Draft
    ) -> None:
        """Notes a call whose name may be that of a double."""
        if not attributes and root in self.instances:
            return  # the mock itself is called
        if word == "maker":
            self.made += 1
            return
        reference = _reference(root, target, attributes, draft)
        if word == "mock" and not _may_be_mock(reference, draft):
            return
        self.made += 1
        if word == "double" and (not reference or reference[0] == ":" or reference.startswith("self.")):
            return
        if _of_environment(node, reference, draft):
            return
        site = self.text.site(node, draft.symbol)
        self.found.append(Double(reference, constraint(node, reference), site, _replaces(node, reference)))

    def defined(self, name: str) -> None:
        """Counts a class, in a handler, that is named like a double."""
        self.made += WORDS[name] == "double"

    def named(self, value: ast.expr, draft: Draft) -> None:
        """Counts a name or attribute, in a handler, that may stand for a double."""
        last = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""
        bound = draft.scope.get(last) if isinstance(value, ast.Name) else None
        if WORDS[last] in _DOUBLES or WORDS[bound or ""] in _DOUBLES:
            self.made += 1


def constraint(node: ast.Call, reference: str) -> str:
    """``some`` where the call ties the mock to a real interface, ``none`` where nothing does, else ``unknown``."""
    name = mock_call(reference) or ".".join(reference.split(".")[-2:])
    free = _FREE_POSITIONS.get(name, _FREE_POSITIONS.get(name.rpartition(".")[2], 0))
    for keyword in node.keywords:  # `new=None` replaces, `spec=None` does nothing
        if keyword.arg == "new" or (keyword.arg in _CONSTRAINING and not _is_nothing(keyword.value)):
            return "some"
    if len(node.args) > free and (free or not _is_nothing(node.args[free])):
        return "unknown" if isinstance(node.args[free], ast.Starred) else "some"
    spread = any(isinstance(each, ast.Starred) for each in node.args)
    return "unknown" if spread or any(keyword.arg is None for keyword in node.keywords) else "none"


def _replaces(node: ast.Call, reference: str) -> bool:
    """Whether a ``patch`` is given what it puts there."""
    name = (mock_call(reference) or reference).rpartition("patch")
    if not name[1] or name[2] not in ("", ".object", ".dict"):
        return False
    free = {"": 1, ".object": 2}.get(name[2], 0)
    given = [each for each in node.args[free : free + 1] if not isinstance(each, ast.Starred)]
    return name[2] == ".dict" or bool(given) or any(keyword.arg == "new" for keyword in node.keywords)


def is_parameter(name: str, draft: Draft) -> bool:
    """Whether a name is a parameter of this function or of one around it."""
    around: Draft | None = draft
    while around is not None:
        if around.node is not None and name in parameters(around.node.args):
            return True
        around = around.parent
    return False


def _is_nothing(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and (value.value is None or value.value is False)


def _reference(root: str, target: str | None, attributes: list[str], draft: Draft) -> str:
    if target is not None:
        return join(target, attributes[::-1])
    if root in _MOCKERS and attributes and is_parameter(root, draft):
        return _MOCKER + ".".join(attributes[::-1])
    if root and root not in draft.scope and root not in ("self", "cls"):
        return ".".join(["*", root, *attributes[::-1]])
    return ""


def _may_be_mock(reference: str, draft: Draft) -> bool:
    """Whether the reference is a mock, or leads out of the file under a name of one."""
    if mock_call(reference):
        return True
    if not reference or reference[0] == ":" or reference.startswith(("unittest.", "mock.", "self.", _MOCKER)):
        return False
    if reference.startswith("*."):
        return reference[2:] in _MOCK_CALLS
    if reference.endswith((".object", ".dict", ".multiple")):
        return reference.endswith((".patch.object", ".patch.dict", ".patch.multiple"))
    return not reference.endswith("stub")


def _of_environment(node: ast.Call, reference: str, draft: Draft) -> bool:
    """Whether it is a ``patch.dict`` of ``os.environ``, which is a matter of the environment."""
    if not reference.endswith("patch.dict"):
        return False
    for value in (*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "in_dict")):
        if isinstance(value, ast.Constant):
            return isinstance(value.value, str) and f".{value.value}".endswith(".os.environ")
        if isinstance(value, ast.Attribute):
            return value.attr == "environ"
        if isinstance(value, ast.Name):
            return draft.scope.get(value.id) == "os.environ"
    return False
