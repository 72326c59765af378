"""base-case."""

import ast
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from canonry.migrate.answers import Change, Found, manual
from canonry.migrate.bases import beside, canonical_bases, doubts_of_facts, way_of
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from canonry.rules.registry import all_rules
from canonry.rules.view import FileView
from canonry.source.facts import ClassFact
from canonry.source.index import Definition, External, case_kind

_EDITED = ("BAS001", "BAS005")
_ANOTHER_NAME = "it gives a base case one more name; let its users name the base itself"


class BaseCase(Codemod):
    """Puts the canon's base case in the place of a foreign one: the async one where a test or a set-up is async.

    A base from which classes elsewhere derive (BAS005) gets the async one, too, for any of them may have async tests.
    `unittest.TestCase` and `IsolatedAsyncioTestCase` are replaced where a class names them; other bases, their order,
    decorators, set-up methods and `super()` chains stay. A class that reaches a foreign base through another class of
    the tree is mended where that one is. It is safe where nothing can behave differently but the isolation that the
    canon adds; a reader is asked where tests were never awaited, return values, are run in a way of their own, or where
    the body speaks of the old base. A base in pytest's style gets the canon's base for that style (`SSotPytestCase`),
    which has nothing of its own but isolation, so it is safe for all that derives from it; where the canon names none,
    it becomes a unittest case, with a reader. Cases of frameworks (Django, Tornado) are manual.
    """

    name = "base-case"
    rules = ("BAS001", "BAS004", "BAS005")
    order = 30
    looks_at_bases = True
    asks_who_starts = True
    examples = (
        Example(
            "import unittest\n\n\nclass TestOrder(unittest.TestCase):\n    def setUp(self):\n        super().setUp()\n        self.total = 1\n\n    @unittest.skip('later')\n    def test_total(self):\n        self.assertEqual(self.total, 1)\n",
            "import unittest\nfrom canonry.testing import SSotBaseTestCase\n\n\nclass TestOrder(SSotBaseTestCase):\n    def setUp(self):\n        super().setUp()\n        self.total = 1\n\n    @unittest.skip('later')\n    def test_total(self):\n        self.assertEqual(self.total, 1)\n",
        ),
        Example(
            '"""Orders."""\n\nfrom __future__ import annotations\n\nfrom unittest import IsolatedAsyncioTestCase as Case\n\n\nclass TestOrder(Case):\n    async def test_total(self):\n        assert 1\n',
            '"""Orders."""\n\nfrom __future__ import annotations\n\nfrom canonry.testing import SSotAsyncTestCase\n\n\nclass TestOrder(SSotAsyncTestCase):\n    async def test_total(self):\n        assert 1\n',
        ),
        Example(
            "from unittest import TestCase\n\n\nclass Base(TestCase):\n    pass\n\n\nclass TestOrder(Base):\n    def test_total(self):\n        assert 1\n",
            "from canonry.testing import SSotBaseTestCase\n\n\nclass Base(SSotBaseTestCase):\n    pass\n\n\nclass TestOrder(Base):\n    def test_total(self):\n        assert 1\n",
        ),
        Example(
            "import unittest\n\n\nclass TestOrder(unittest.TestCase):\n    async def test_total(self):\n        assert False\n",
            "from canonry.testing import SSotAsyncTestCase\n\n\nclass TestOrder(SSotAsyncTestCase):\n    async def test_total(self):\n        assert False\n",
            grade=Grade.REVIEW,
        ),
        Example(
            "import unittest\n\n\nclass TestOrder(unittest.TestCase):\n    pass\n\n\nclass TestOrder(unittest.TestCase):\n    def test_total(self):\n        self.assertTrue(1)\n",
            "import unittest\nfrom canonry.testing import SSotBaseTestCase\n\n\nclass TestOrder(unittest.TestCase):\n    pass\n\n\nclass TestOrder(SSotBaseTestCase):\n    def test_total(self):\n        self.assertTrue(1)\n",
            grade=Grade.MANUAL,
        ),
        Example(
            "class BaseShopTest:\n    def setup_method(self):\n        self.x = 1\n\n\nclass TestOrder(BaseShopTest):\n    def test_a(self):\n        assert self.x\n",
            "from canonry.testing import SSotPytestCase\n\n\nclass BaseShopTest(SSotPytestCase):\n    def setup_method(self):\n        self.x = 1\n\n\nclass TestOrder(BaseShopTest):\n    def test_a(self):\n        assert self.x\n",
        ),
        Example(
            "class BaseShopTest:\n    def setup_method(self):\n        self.x = 1\n\n\nclass TestOrder(BaseShopTest):\n    def test_a(self):\n        assert self.x\n",
            "from canonry.testing import SSotAsyncTestCase\n\n\nclass BaseShopTest(SSotAsyncTestCase):\n    def setup_method(self):\n        self.x = 1\n\n\nclass TestOrder(BaseShopTest):\n    def test_a(self):\n        assert self.x\n",
            grade=Grade.REVIEW,
            canon="[canon]\nbase-cases = ['canonry.testing:SSotAsyncTestCase']\n",
        ),
        Example(
            "from abc import ABC\n\n\nclass BaseShopTest(ABC):\n    def setup_method(self):\n        self.x = 1\n",
            "from abc import ABC\nfrom canonry.testing import SSotPytestCase\n\n\nclass BaseShopTest(ABC, SSotPytestCase):\n    def setup_method(self):\n        self.x = 1\n",
            path="tests/base.py",
        ),
        Example(
            "import unittest\n\n\nclass BaseShopTest(unittest.TestCase):\n    def setUp(self):\n        self.x = 1\n",
            grade=Grade.MANUAL,
            path="tests/base.py",
            files={
                "tests/test_order.py": "from unittest import IsolatedAsyncioTestCase\n\nfrom tests.base import BaseShopTest\n\n\nclass TestOrder(IsolatedAsyncioTestCase, BaseShopTest):\n    async def test_a(self):\n        assert self.x\n",
            },
        ),
        Example(
            "import django.test\n\n\nclass TestOrder(django.test.TestCase):\n    def test_a(self):\n        assert 1\n",
            grade=Grade.MANUAL,
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """The class that a finding is about, or the one that mends it."""
        nodes = _Nodes(module)
        for each in found:
            symbol = each.offence.site.symbol
            fact = module.file.classes.get(symbol)
            if fact is not None and fact.site.line != each.offence.site.line:
                yield manual(each, "another class of its name stands below it; rename one of them, or drop this one")
            elif fact is None or (fact.nested and symbol not in nodes):
                yield manual(each, _ANOTHER_NAME)
            elif each.rule == "BAS005" and module.file.project.reaches_canonical(
                module.file.definition(fact), module.file.hierarchy(fact)
            ):
                yield manual(
                    each, "it comes from the canon already; move what it adds into the canonical base, or drop it"
                )
            else:
                yield _change(module, each, nodes, fact)


class _Nodes:
    """The nodes of a file's classes by qualified name, found when the first is asked for: most answers need none."""

    def __init__(self, module: Module) -> None:
        self._module = module

    @cached_property
    def _found(self) -> dict[str, ast.ClassDef]:
        return classes_of(self._module.tree)

    def __contains__(self, name: object) -> bool:
        return name in self._found

    def __getitem__(self, name: str) -> ast.ClassDef:
        return self._found[name]


def _change(module: Module, found: Found, nodes: _Nodes, fact: ClassFact) -> Change:
    file = module.file
    source = source_of(file, fact)
    if source is None and not file.hierarchy(fact).complete:
        return manual(found, "one of its bases is computed, or is not there")
    if source is None or source == file.definition(fact):
        if fact.qualname not in nodes:
            return manual(found, _ANOTHER_NAME)
        way = way_of(module, nodes[fact.qualname], fact, shared=found.rule == "BAS005")
        return Change(found=found, grade=way.grade, reason=way.reason, edits=way.edits, needs=way.needs)
    where = f"`{source.qualname}`" + ("" if source.path == file.path else f" in `{source.path}`")
    other = _view(file, source.path)
    origin = other.classes.get(source.qualname) if other is not None else None
    if other is None or origin is None or not _is_edited(other, origin):
        return _unnamed(module, found, nodes, fact, source)
    place = (source.path, origin.site.line)
    reason = f"it is mended where {where} is"
    if not file.hierarchy(fact).case and "pytest" in canonical_bases(file):
        return Change(found=found, grade=Grade.SAFE, reason=reason, elsewhere=place)
    doubt = next(doubts_of_facts(file, fact), "") or f"{reason}, on which others stand, too"
    return Change(found=found, grade=_grade_of(other, origin), reason=doubt, elsewhere=place)


def mended_in(file: FileView, fact: ClassFact) -> tuple[Definition, int] | None:
    """The other class whose edit by this codemod mends a class, and its line; None where there is none."""
    source = source_of(file, fact)
    if source is None or source == file.definition(fact):
        return None
    other = _view(file, source.path)
    origin = other.classes.get(source.qualname) if other is not None else None
    if other is None or origin is None or not _is_edited(other, origin):
        return None
    return source, origin.site.line


def _unnamed(module: Module, found: Found, nodes: _Nodes, fact: ClassFact, source: Definition) -> Change:
    """A class whose foreign base stands in a class that is no finding: that one is edited here, or this one beside it."""
    origin = module.file.classes.get(source.qualname)
    if source.path == module.path and origin is not None and source.qualname in nodes:
        way = way_of(module, nodes[source.qualname], origin, shared=False)
        doubt = next(doubts_of_facts(module.file, fact), "")
        grade = Grade.REVIEW if doubt and way.grade is Grade.SAFE else way.grade
        return Change(found=found, grade=grade, reason=way.reason or doubt, edits=way.edits, needs=way.needs)
    if fact.qualname not in nodes:
        return manual(found, _ANOTHER_NAME)
    way = beside(module, nodes[fact.qualname], fact, source)
    return Change(found=found, grade=way.grade, reason=way.reason, edits=way.edits, needs=way.needs)


def source_of(file: FileView, fact: ClassFact) -> Definition | None:
    """The class of the tree, perhaps this one, that names the foreign base or stands at the end of the bases."""
    definition = file.definition(fact)
    for each in (definition, *file.hierarchy(fact).ancestors):
        known = file.index.class_fact(each)
        targets = [file.index.resolve(each.path, base) for base in known.bases] if known is not None else []
        if any(isinstance(target, External) and case_kind(target.name) for target in targets):
            return each
    if file.hierarchy(fact).case:
        return None
    for each in reversed(file.hierarchy(fact).ancestors):
        known = file.index.class_fact(each)
        targets = [file.index.resolve(each.path, base) for base in known.bases] if known is not None else []
        if known is not None and not any(isinstance(target, Definition) and target.qualname for target in targets):
            other = _view(file, each.path)
            if other is not None and _is_edited(other, known):
                return each
    return None


def _view(file: FileView, path: str) -> FileView | None:
    if path == file.path:
        return file
    facts = file.index.facts(path)
    return FileView(path, facts, file.project) if facts is not None else None


def _is_edited(file: FileView, fact: ClassFact) -> bool:
    """Whether a rule that this codemod answers finds fault with a class, so that it is edited where it stands."""
    return fact.qualname in _edited_in(_SameFacts(file))


class _SameFacts:
    """A file as a key: its path and the very record of its facts."""

    def __init__(self, file: FileView) -> None:
        self.file = file

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _SameFacts) and other.file.path == self.file.path and other.file.facts is self.file.facts
        )

    def __hash__(self) -> int:
        return hash((self.file.path, id(self.file.facts)))


@lru_cache(maxsize=64)
def _edited_in(key: _SameFacts) -> frozenset[str]:
    rules = all_rules()
    return frozenset(offence.site.symbol for code in _EDITED for offence in rules[code].check(key.file))


def _grade_of(file: FileView, fact: ClassFact) -> Grade:
    """The grade at which a class elsewhere is edited, as far as its facts say it."""
    targets = [file.index.resolve(file.path, base) for base in fact.bases]
    names = [target.name for target in targets if isinstance(target, External) and case_kind(target.name)]
    unknown = any(not name.startswith("unittest.") for name in names)
    return Grade.MANUAL if unknown else Grade.REVIEW


def classes_of(tree: ast.Module) -> dict[str, ast.ClassDef]:
    """The classes at the top level and in classes there, by qualified name."""
    found: dict[str, ast.ClassDef] = {}
    waiting: list[tuple[str, ast.stmt]] = [("", each) for each in tree.body]
    while waiting:
        prefix, node = waiting.pop(0)
        if isinstance(node, ast.ClassDef):
            found[f"{prefix}{node.name}"] = node
            waiting += [(f"{prefix}{node.name}.", each) for each in node.body]
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            parts = [node.body, *(getattr(node, name, []) for name in ("orelse", "finalbody"))]
            parts += [handler.body for handler in getattr(node, "handlers", [])]
            waiting += [(prefix, each) for part in parts for each in part]
    return found
