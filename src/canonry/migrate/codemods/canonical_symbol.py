"""canonical-symbol."""

import ast
from collections.abc import Iterator, Sequence

from canonry.canon.options import Symbol
from canonry.migrate.answers import Change, Found, Needed, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.module import Module
from canonry.migrate.offers import lacking
from canonry.model.edit import Grade
from canonry.source.index import Definition

_CANON = (
    "[[canon.symbols]]\nname = 'WebSocketManager'\nhome = 'shop.realtime.manager'\n"
    "aliases = ['UnifiedWebSocketManager', 'shop.ws.manager.WebSocketManager']\n"
)
_HOME = {
    "shop/__init__.py": "",
    "shop/realtime/__init__.py": "",
    "shop/realtime/manager.py": "class WebSocketManager:\n    pass\n",
    "shop/ws/__init__.py": "",
}


class CanonicalSymbol(Codemod):
    """Imports a canonical symbol from its declared home instead of from an old path or under an old name.

    The name in the file stays, so no use of it changes. It is safe where the old path leads to the very class or
    function of the home; where it is another one, a copy or a rival, a reader is asked, because its behaviour may
    differ, and where the file asks for an attribute that the home's class lacks it is manual. An import in a package's `__init__`, which others may rely on, wants a reader too.
    """

    name = "canonical-symbol"
    rules = ("IMP003",)
    order = 15
    asks_who_starts = True
    examples = (
        Example(
            "from shop.ws.manager import WebSocketManager\n\n\ndef test_a():\n    assert WebSocketManager()\n",
            "from shop.realtime.manager import WebSocketManager\n\n\ndef test_a():\n    assert WebSocketManager()\n",
            files={**_HOME, "shop/ws/manager.py": "from shop.realtime.manager import WebSocketManager\n"},
            canon=_CANON,
        ),
        Example(
            "from shop.ws import UnifiedWebSocketManager, other\n\n\ndef test_a():\n    assert UnifiedWebSocketManager(), other\n",
            "from shop.ws import other\nfrom shop.realtime.manager import WebSocketManager as UnifiedWebSocketManager\n\n\ndef test_a():\n    assert UnifiedWebSocketManager(), other\n",
            grade=Grade.REVIEW,
            files={**_HOME, "shop/ws/__init__.py": "other = 1\n\n\nclass UnifiedWebSocketManager:\n    pass\n"},
            canon=_CANON,
        ),
        Example(
            "from shop.ws.manager import WebSocketManager\n\n\ndef test_a():\n    manager = WebSocketManager()\n    assert manager.broadcast('x')\n",
            grade=Grade.MANUAL,
            files={
                **_HOME,
                "shop/ws/manager.py": "class WebSocketManager:\n    def broadcast(self, text):\n        return text\n",
            },
            canon=_CANON,
        ),
        Example(
            "from shop.ws.manager import WebSocketManager\n\n\ndef test_a():\n    assert WebSocketManager().send('x')\n",
            "from shop.realtime.manager import WebSocketManager\n\n\ndef test_a():\n    assert WebSocketManager().send('x')\n",
            grade=Grade.REVIEW,
            files={
                **_HOME,
                "shop/realtime/manager.py": "class Sender:\n    def send(self, text):\n        return text\n\n\nclass WebSocketManager(Sender):\n    pass\n",
                "shop/ws/manager.py": "class WebSocketManager:\n    def send(self, text):\n        return text\n",
            },
            canon=_CANON,
        ),
        Example(
            "import shop.ws.manager.WebSocketManager\n\n\ndef test_a():\n    assert shop\n",
            grade=Grade.MANUAL,
            files=_HOME,
            canon=_CANON,
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """The import that names an alias."""
        symbols = module.file.canon.symbols
        for each in found:
            node = next((node for node in module.nodes_at(each.offence.site) if isinstance(node, ast.ImportFrom)), None)
            if node is None:
                yield manual(each, "it imports a module by that name; import the symbol from its home")
                continue
            yield _change(module, each, node, symbols)


def _change(module: Module, found: Found, node: ast.ImportFrom, symbols: list[Symbol]) -> Change:
    dotted = found.offence.identity
    alias = next((alias for alias in node.names if dotted.rpartition(".")[2] == alias.name), None)
    symbol = next((each for each in symbols if f"an old path of `{each.name}`" in found.offence.message), None)
    if alias is None or symbol is None:
        return manual(found, "the name is not found in the import")
    index = module.file.index
    home = index.resolve(module.path, f"{symbol.home}.{symbol.name}")
    if not isinstance(home, Definition) or not home.qualname:
        return manual(found, f"`{symbol.home}` does not define `{symbol.name}` (IMP004)")
    if home.path == module.path:
        return manual(found, "this is the home itself")
    start = "." * node.level + (node.module or "")
    meant = index.resolve(module.path, f"{start}{'' if start.endswith('.') else '.'}{alias.name}")
    doubt = "" if meant == home else f"`{dotted}` is not the `{symbol.name}` of its home, and may behave differently"
    if module.path.endswith("/__init__.py") and not doubt:
        doubt = "others may import it from this package"
    replaced = ".".join(dotted.split(".")[-2:])
    if not doubt and replaced in module.surroundings.starters().replaced:
        doubt = f"`{replaced}` is replaced somewhere, which this import does not see any more"
    bound = alias.asname or alias.name
    missing = lacking(module, bound, home) if meant != home else None
    if missing is not None:
        return manual(found, f"line {missing[1]} asks for `{missing[0]}`, which the `{symbol.name}` of its home lacks")
    edits, needs = _edits(module, node, alias, symbol, bound)
    if not edits:
        return manual(found, "a comment stands in the middle of the import, or it stands in a block of its own")
    return Change(found=found, grade=Grade.REVIEW if doubt else Grade.SAFE, reason=doubt, edits=edits, needs=needs)


def _edits(
    module: Module, node: ast.ImportFrom, alias: ast.alias, symbol: Symbol, bound: str
) -> tuple[tuple[Splice, ...], tuple[Needed, ...]]:
    said = symbol.name if bound == symbol.name else f"{symbol.name} as {bound}"
    text = f"from {symbol.home} import {said}"
    if module.has_comment(module.start(node), module.end(node)):
        return (), ()
    if len(node.names) == 1:
        return (module.replace(node, text),), ()
    kept = ", ".join(module.source(each) for each in node.names if each is not alias)
    head = module.content[module.start(node) : module.start(node.names[0])].decode().rpartition("import")[0]
    start = module.mark + module.text.offset(node.lineno, 0)
    indent = module.content[start : module.start(node)]
    if indent.strip():
        return (), ()
    end = module.line_end(module.end(node)).decode()
    return (module.replace(node, f"{head}import {kept}{end}{indent.decode()}{text}"),), ()
