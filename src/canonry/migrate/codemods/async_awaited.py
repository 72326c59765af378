"""async-awaited."""

import ast
from collections.abc import Iterator, Sequence

from canonry.migrate.answers import Change, Found, manual
from canonry.migrate.bases import Way, of_unawaited, way_of
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.codemods.base_case import classes_of, mended_in, source_of
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from canonry.source.facts import ClassFact


class AsyncAwaited(Codemod):
    """Gives a class with async tests that nothing awaits the canon's async base case.

    Such a test passes whatever it asserts, so every one of them is to be read: what fails from now on was never tested
    before. A class that reaches its base through another class of the tree is mended where base-case edits that; a test function outside of
    classes needs a mark of the plugin that is to await it, which nobody can choose for you.
    """

    name = "async-awaited"
    rules = ("BAS002",)
    order = 25
    looks_at_bases = True
    examples = (
        Example(
            "import unittest\n\n\nclass TestOrder(unittest.TestCase):\n    async def test_total(self):\n        assert False\n",
            "from canonry.testing import SSotAsyncTestCase\n\n\nclass TestOrder(SSotAsyncTestCase):\n    async def test_total(self):\n        assert False\n",
            grade=Grade.REVIEW,
        ),
        Example(
            "from tests.base import BaseShopTest\n\n\nclass TestOrder(BaseShopTest):\n    async def test_total(self):\n        assert False\n",
            grade=Grade.MANUAL,
            files={"tests/base.py": "import unittest\n\n\nclass BaseShopTest(unittest.TestCase):\n    pass\n"},
        ),
        Example("async def test_total():\n    assert False\n", grade=Grade.MANUAL),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """The class of each test."""
        nodes = classes_of(module.tree)
        said = {of_unawaited(each) for each in module.file.facts.functions if each.is_async}
        for each in found:
            owner = each.offence.site.symbol.rpartition(".")[0]
            node, fact = nodes.get(owner), module.file.classes.get(owner)
            if node is None or fact is None:
                yield manual(
                    each, "mark it for the plugin that is to await it, or move it into the canonical async base case"
                )
                continue
            name = each.offence.site.symbol.rpartition(".")[2]
            doubt = next(of_unawaited(test) for test in module.file.methods[owner] if test.name == name)
            above = mended_in(module.file, fact) if module.file.hierarchy(fact).case else None
            if above is not None:
                source, line = above
                reason = f"{doubt}; base-case mends it where `{source.qualname}` in `{source.path}` is"
                yield Change(found=each, grade=Grade.REVIEW, reason=reason, elsewhere=(source.path, line))
                continue
            way = _way(module, nodes, fact)
            reason = doubt if not way.reason or way.reason in said else way.reason
            grade = Grade.REVIEW if way.grade is Grade.SAFE else way.grade
            yield Change(found=each, grade=grade, reason=reason, edits=way.edits, needs=way.needs)


def _way(module: Module, nodes: dict[str, ast.ClassDef], fact: ClassFact) -> Way:
    """The way of a class, or that of the class of its file through which it reaches its foreign base."""
    source = source_of(module.file, fact)
    origin = module.file.classes.get(source.qualname) if source is not None and source.path == module.path else None
    edited = origin if origin is not None and origin.qualname in nodes else fact
    return way_of(module, nodes[edited.qualname], edited, shared=False, awaits=True)
