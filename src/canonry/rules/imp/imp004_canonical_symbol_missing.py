"""IMP004."""

from collections.abc import Iterator

from canonry.canon.keys import KeyPath, format_key
from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import TreeView
from canonry.source.facts import Facts, Site
from canonry.source.index import Definition

_SYMBOL = "[[canon.symbols]]\nname = 'Manager'\nhome = 'shop.manager'\n"


class CanonicalSymbolMissing(Rule):
    """A canon that names what is not there sends everybody to a door that does not open.

    Each home that the canon declares (symbols, base cases, the environment accessor, the mock factory, a runner that is
    a Python file) has to be there, to parse, and to define or import the name. What is judged is what the canon's own
    file says: defaults are not, nor an empty string (nothing is demanded), nor homes whose top-level package is not in
    the tree. A home that imports everything from outside the tree (`from x import *`) or answers for names itself (a
    module's `__getattr__`) may well have the name, so nothing is said of it. A file that is left out of the audit
    (`exclude`) is there.

    Measured: three of three findings are right, on copies of a package whose home was renamed, broken and deleted
    (docs/evidence/likely.md); the reference repository has none.
    """

    code = "IMP004"
    name = "canonical-symbol-missing"
    severity = Severity.ERROR
    help = "correct the entry, or put the symbol where the canon says it is"
    options = ("canon.symbols", "canon.base-cases", "canon.environment", "canon.mock-factory", "canon.runner")
    bad = (
        Example(_SYMBOL, path="canonry.toml", files={"shop/manager.py": "class Other:\n    pass\n"}),
        Example(_SYMBOL, path="canonry.toml", files={"shop/__init__.py": ""}),
        Example(
            _SYMBOL,
            path="canonry.toml",
            files={"shop/manager.py": "from .real import *\n", "shop/real.py": "from .manager import *\n"},
        ),
        Example(_SYMBOL, path="canonry.toml", files={"shop/manager.py": "class Manager:\n    def (:\n"}),
        Example(
            "[canon]\nrunner = 'python scripts/run_tests.py'\nbase-cases = [\n  'tests.cases:Case',\n  'tests.cases:Gone',\n]\n",
            path="canonry.toml",
            files={"tests/cases.py": "class Case:\n    pass\n"},
            findings=2,
        ),
    )
    good = (
        Example(_SYMBOL, path="canonry.toml", files={"shop/manager.py": "class Manager:\n    pass\n"}),
        Example(
            _SYMBOL,
            path="canonry.toml",
            files={"shop/manager.py": "from shop.real import Manager\n", "shop/real.py": "class Manager:\n    pass\n"},
        ),
        Example(
            _SYMBOL,
            path="canonry.toml",
            files={"shop/manager.py": "from .real import *\n", "shop/real.py": "Manager = object()\n"},
        ),
        Example(_SYMBOL, path="canonry.toml", files={"shop/manager.py": "from outside import *\n"}),
        Example(_SYMBOL, path="canonry.toml", files={"shop/manager.py": "def __getattr__(name):\n    return name\n"}),
        Example(_SYMBOL, path="canonry.toml", files={"other/manager.py": "class Other:\n    pass\n"}),
        Example("x = 1\n", path="shop/manager.py"),
        Example("[canon]\nenvironment = ''\nmock-factory = ''\n", path="canonry.toml", files={"shop/a.py": "x = 1\n"}),
    )

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """One offence per entry of the canon's file whose home lacks it."""
        for key, module, name in _entries(tree):
            reason = _reason(tree, module, name)
            if reason:
                yield from _offence(tree, key, reason)
        for path in sorted(tree.project.runner_files):
            if not tree.exists(path):
                yield from _offence(tree, ("canon", "runner"), f"the runner `{path}` is not there")


def _entries(tree: TreeView) -> Iterator[tuple[KeyPath, str, str]]:
    """The entries that name a module and something in it."""
    canon = tree.project.canon.canon
    for number, symbol in enumerate(canon.symbols):
        yield ("canon", "symbols", number), symbol.home, symbol.name
    for number, entry in enumerate(canon.base_cases):
        yield ("canon", "base-cases", number), *_parts(entry)
    for key, entry in (("environment", canon.environment), ("mock-factory", canon.mock_factory)):
        if entry:
            yield ("canon", key), *_parts(entry)


def _parts(entry: str) -> tuple[str, str]:
    module, _, name = entry.partition(":")
    return module, name


def _offence(tree: TreeView, key: KeyPath, reason: str) -> Iterator[Offence]:
    place = tree.canon_place(key)
    if place is not None:
        file, line = place
        yield Offence(
            site=Site(line, 1, line, 1, 0, format_key(key)), path=file, message=reason, identity=f"{key[1]} {reason}"
        )


def _reason(tree: TreeView, module: str, name: str) -> str:
    """Why a module of the tree does not have a name; empty where it does, or where nobody can tell."""
    index = tree.project.index
    path = index.module_path(module, "")
    if path is None:
        if not _top_is_here(tree, module) or _left_out(tree, module):
            return ""
        return f"`{module}` is not there, the home of `{name}`"
    facts = index.facts(path)
    if facts is None:
        return ""
    if facts.broken is not None:
        return f"`{path}`, the home of `{name}`, does not parse"
    found = index.resolve("", f"{module}.{name}")
    if (isinstance(found, Definition) and found.qualname) or _may_have(tree, path, facts, name, set()):
        return ""
    return f"`{path}` neither defines nor imports `{name}`"


def _may_have(tree: TreeView, path: str, facts: Facts, name: str, seen: set[str]) -> bool:
    """Whether a module has a name, by itself or by star imports, or may have it in a way that its text does not show."""
    seen.add(path)
    if _binds(facts, name) or any(fact.qualname == "__getattr__" for fact in facts.functions):
        return True
    for imported in facts.imports:
        if ("*", "*") in imported.names:
            source = tree.project.index.resolve(path, "." * imported.level + imported.module)
            above = tree.project.index.facts(source.path) if isinstance(source, Definition) else None
            if not isinstance(source, Definition) or above is None or above.broken is not None:
                return True
            if source.path not in seen and _may_have(tree, source.path, above, name, seen):
                return True
    return False


def _binds(facts: Facts, name: str) -> bool:
    """Whether a module binds the name, or the first part of it to something other than a class of its own."""
    first, _, rest = name.partition(".")
    owner = next((fact for fact in facts.classes if fact.qualname == first), None)
    if owner is not None:
        return not rest or rest in (*owner.methods, *owner.attributes) or "." in rest
    known = {bound for imported in facts.imports for _, bound in imported.names}
    return first in facts.bindings or first in facts.assigned or first in known


def _top_is_here(tree: TreeView, module: str) -> bool:
    top = module.partition(".")[0]
    if tree.project.index.module_path(top, "") is not None:
        return True
    return any(path.startswith((f"{top}/", f"src/{top}/")) for path in tree.paths)


def _left_out(tree: TreeView, module: str) -> bool:
    stem = module.replace(".", "/")
    return any(tree.exists(f"{root}{stem}{end}") for root in ("", "src/") for end in (".py", "/__init__.py"))
