"""IMP003."""

from collections.abc import Iterator

from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import Import, Site

_CANON = (
    "[[canon.symbols]]\nname = 'WebSocketManager'\nhome = 'shop.realtime.manager'\n"
    "aliases = ['UnifiedWebSocketManager', 'shop.ws.manager.WebSocketManager']\n"
)


class DeprecatedImportPath(Rule):
    """An import of a canonical symbol by an alias keeps the alias alive.

    The canon names the one home of the symbol and the names and paths by which it used to be reached. As long as code
    imports those, they cannot be removed, and the next reader copies them.
    """

    code = "IMP003"
    name = "deprecated-import-path"
    help = "import the symbol from its home"
    options = ("canon.symbols",)
    bad = (
        Example("from shop.ws.manager import WebSocketManager\n", canon=_CANON),
        Example("from shop.anywhere import UnifiedWebSocketManager as W\n", canon=_CANON),
        Example("from ..ws.manager import WebSocketManager\n", path="shop/api/app.py", canon=_CANON),
        Example("from ..ws.manager import WebSocketManager\n", path="src/shop/api/app.py", canon=_CANON),
    )
    good = (
        Example("from shop.realtime.manager import WebSocketManager\n", canon=_CANON),
        Example("from shop.ws.manager import Other\n", canon=_CANON),
        Example("TEXT = 'from shop.ws.manager import WebSocketManager'\n", canon=_CANON),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every import that names an alias."""
        symbols = file.canon.symbols
        if not symbols:
            return
        aliases = {alias: symbol for symbol in symbols for alias in symbol.aliases}
        for fact in file.facts.imports:
            module = _absolute(fact, file.path)
            for name, _ in fact.names or ((fact.module, ""),):
                dotted = f"{module}.{name}" if fact.names else name
                names = _suffixes(dotted) if fact.level else [dotted]
                known = next((each for each in names if each in aliases), name if fact.names else "")
                symbol = aliases.get(known)
                if symbol is not None and f"{symbol.home}.{symbol.name}" not in names:
                    site = Site(fact.line, fact.column, fact.end_line, fact.end_column, 0, fact.symbol)
                    message = f"`{dotted}` is an old path of `{symbol.name}`, whose home is `{symbol.home}`"
                    yield Offence(site=site, message=message, identity=dotted)


def _suffixes(dotted: str) -> list[str]:
    """The name as seen from every folder above the package, because any may be a root of imports (`src`)."""
    parts = dotted.split(".")
    return [".".join(parts[start:]) for start in range(len(parts) - 1)]


def _absolute(fact: Import, path: str) -> str:
    """The absolute module of a relative import, from the path of its file."""
    if not fact.level:
        return fact.module
    folders = path.split("/")[:-1]
    base = folders[: len(folders) - (fact.level - 1)]
    return ".".join([*base, fact.module] if fact.module else base)
