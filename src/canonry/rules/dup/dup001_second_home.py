"""DUP001."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import ClassFact, FunctionFact

_CANON = (
    "[[canon.symbols]]\nname = 'WebSocketManager'\nhome = 'shop.realtime.manager'\n"
    "aliases = ['UnifiedWebSocketManager']\n"
)


class SecondHome(Rule):
    """A canonical symbol that is defined again elsewhere has two truths.

    The canon names one home for the symbol. A class or function of that name, or of a name that the canon calls an
    alias, defined at the top of another module is a second implementation: fixes reach one of them, importers choose
    by accident. Imports and re-exports define nothing and are free.
    """

    code = "DUP001"
    name = "second-home"
    severity = Severity.ERROR
    help = "delete the definition and import the symbol from its home"
    options = ("canon.symbols",)
    reads_broken = True
    bad = (
        Example("class WebSocketManager:\n    pass\n", path="shop/ws/manager.py", canon=_CANON),
        Example("class UnifiedWebSocketManager:\n    pass\n", path="shop/realtime/manager.py", canon=_CANON),
        Example(
            "try:\n    from shop.realtime.manager import WebSocketManager\nexcept ImportError:\n"
            "    class WebSocketManager:\n        pass\n",
            path="shop/compat.py",
            canon=_CANON,
        ),
    )
    good = (
        Example("class WebSocketManager:\n    pass\n", path="shop/realtime/manager.py", canon=_CANON),
        Example("from shop.realtime.manager import WebSocketManager\n", path="shop/ws/manager.py", canon=_CANON),
        Example("'''\nclass WebSocketManager:\n    pass\n'''\n", path="shop/ws/manager.py", canon=_CANON),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every top-level definition of a canonical name away from its home."""
        symbols = file.canon.symbols
        if not symbols:
            return
        names = {symbol.name: symbol for symbol in symbols}
        names |= {alias: symbol for symbol in symbols for alias in symbol.aliases if "." not in alias}
        defined: tuple[ClassFact | FunctionFact, ...] = (*file.facts.classes, *file.facts.functions)
        for fact in defined:
            symbol = names.get(fact.qualname)
            if symbol is None:
                continue
            at_home = file.path == file.project.symbol_homes.get(symbol.name) or _is_module(file.path, symbol.home)
            if not at_home or fact.name != symbol.name:
                whose = "its home" if fact.name == symbol.name else f"the home of `{symbol.name}`"
                yield Offence(site=fact.site, message=f"`{fact.name}` is defined again; {whose} is `{symbol.home}`")


def _is_module(path: str, dotted: str) -> bool:
    stem = dotted.replace(".", "/")
    return path in (f"{stem}.py", f"{stem}/__init__.py", f"src/{stem}.py", f"src/{stem}/__init__.py")
