"""IMP001."""

from collections.abc import Iterator

from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import Import, Site

_SHOWN = 3


class RelativeImport(Rule):
    """A relative import means another module once its file moves, and nothing when the file is run on its own.

    In a suite that is moved, copied and split, the absolute name is the one that can be searched for and checked.
    """

    code = "IMP001"
    name = "relative-import"
    help = "import it by its absolute name"
    bad = (
        Example("from .cases import Case\n\ndef test_case():\n    assert Case\n"),
        Example("from . import cases\n", path="shop/orders.py"),
        Example("from .cases import (\n    Case,\n    Order,\n    Basket as Cart,\n)\n", path="shop/orders.py"),
        Example("def late():\n    from ..shop import orders\n    return orders\n", path="shop/a/b.py"),
    )
    good = (
        Example("from tests.cases import Case\n\ndef test_case():\n    assert Case\n"),
        Example('def test_text():\n    assert """\nfrom . import cases\n"""\n'),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every `from .` import."""
        for fact in file.facts.imports:
            if fact.level:
                module = "." * fact.level + fact.module
                names = ", ".join(name for name, _ in fact.names)
                site = Site(fact.line, fact.column, fact.end_line, fact.end_column, 0, fact.symbol)
                yield Offence(
                    site=site, message=f"`from {module} import {_few(fact)}` is relative", identity=f"{module}:{names}"
                )


def _few(fact: Import) -> str:
    """The first names of an import, with dots for the rest."""
    names = [name for name, _ in fact.names]
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
