"""absolute-imports."""

import ast
import re
import sys
from collections.abc import Iterator, Sequence

from canonry.migrate.answers import Change, Found, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from canonry.source.index import Index

_DOTS = re.compile(rb"from(?P<before>[ \t\f\\\r\n]*)(?P<name>\.[^()]*?)(?P<after>[ \t\f\\\r\n]*)import\b")
_PACKAGE = {"shop/__init__.py": "", "shop/tests/__init__.py": "", "shop/tests/cases.py": "class Case:\n    pass\n"}


class AbsoluteImports(Codemod):
    """Writes a relative import with the absolute name of the same module.

    The name of the package is the path from the topmost folder with an `__init__.py`, as Python and pytest take it. It
    is safe where that name leads to the same file from everywhere; where folders lack their `__init__.py`, the name is
    one of the standard library's, or the import has a fallback, a reader is asked. An import that leads out of its
    package, or a name that would mean another file, is manual.
    """

    name = "absolute-imports"
    rules = ("IMP001",)
    order = 20
    examples = (
        Example(
            "from .cases import Case\n\n\nclass TestOrder(Case):\n    def test_a(self):\n        assert Case\n",
            "from shop.tests.cases import Case\n\n\nclass TestOrder(Case):\n    def test_a(self):\n        assert Case\n",
            path="shop/tests/test_order.py",
            files=_PACKAGE,
        ),
        Example(
            "from . import (\n    cases,  # what we need\n)\n\n\ndef test_a():\n    from .. import tests\n    assert cases, tests\n",
            "from shop.tests import (\n    cases,  # what we need\n)\n\n\ndef test_a():\n    from shop import tests\n    assert cases, tests\n",
            path="shop/tests/test_order.py",
            files=_PACKAGE,
        ),
        Example(
            "try:\n    from .cases import Case\nexcept ImportError:\n    from cases import Case\n\n\ndef test_a():\n    assert Case\n",
            "try:\n    from shop.tests.cases import Case\nexcept ImportError:\n    from cases import Case\n\n\ndef test_a():\n    assert Case\n",
            grade=Grade.REVIEW,
            path="shop/tests/test_order.py",
            files=_PACKAGE,
        ),
        Example(
            "from .cases import Case\n\n\ndef test_a():\n    assert Case\n",
            "from tests.cases import Case\n\n\ndef test_a():\n    assert Case\n",
            grade=Grade.REVIEW,
            path="tests/test_order.py",
            files={"tests/cases.py": "class Case:\n    pass\n"},
        ),
        Example(
            "from ....cases import Case\n\n\ndef test_a():\n    assert Case\n",
            grade=Grade.MANUAL,
            path="shop/tests/test_order.py",
            files=_PACKAGE,
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """The absolute form of every relative import."""
        for each in found:
            node = next((node for node in module.nodes_at(each.offence.site) if isinstance(node, ast.ImportFrom)), None)
            yield _change(module, each, node) if node is not None else manual(each, "the import is not found any more")


def _change(module: Module, found: Found, node: ast.ImportFrom) -> Change:
    package, packaged = _package_of(module)
    if node.level > len(package):
        return manual(found, "it leads out of its package; say which module is meant")
    base = package[: len(package) - (node.level - 1)]
    dotted = ".".join([*base, node.module] if node.module else base)
    splice = _splice(module, node, dotted)
    if splice is None:
        return manual(found, "its module is not written in one piece")
    folders = module.path.split("/")[:-1]
    place = "/".join([*folders[: len(folders) - (node.level - 1)], *(node.module or "").split(".")]).strip("/")
    meant = module.file.index.module_path(dotted, module.path)
    if meant is not None and meant not in (f"{place}.py", f"{place}/__init__.py"):
        return manual(found, f"`{dotted}` means `{meant}` as well; say which one is meant")
    doubt = _doubt(module, node, base[0], packaged=packaged)
    return Change(found=found, grade=Grade.REVIEW if doubt else Grade.SAFE, reason=doubt, edits=(splice,))


def _doubt(module: Module, node: ast.ImportFrom, top: str, *, packaged: bool) -> str:
    """What speaks against the absolute name, empty where nothing does."""
    if not packaged:
        return "a folder above has no `__init__.py`, so the name holds only where the root is on the import path"
    if top in sys.stdlib_module_names:
        return f"`{top}` is a package of the standard library, too"
    above = module.enclosing(node, ast.Try)
    if (
        isinstance(above, ast.Try)
        and above.handlers
        and any(node is each for each in ast.walk(ast.Module(above.body, [])))
    ):
        return "the try around it has a fallback for a file that runs outside its package"
    return ""


def _package_of(module: Module) -> tuple[list[str], bool]:
    """The names of the package of a file, and whether each of its folders has an `__init__.py`."""
    index, folders = module.file.index, module.path.split("/")[:-1]
    first = len(folders)
    while first and _is_package(index, folders[:first]):
        first -= 1
    if first < len(folders):
        return folders[first:], True
    return folders[1:] if folders[:1] == ["src"] else folders, False


def _is_package(index: Index, folders: list[str]) -> bool:
    return index.facts("/".join([*folders, "__init__.py"])) is not None


def _splice(module: Module, node: ast.ImportFrom, dotted: str) -> Splice | None:
    start = module.start(node)
    match = _DOTS.match(module.content, start)
    if match is None or b"#" in match.group():
        return None
    before = b"" if match["before"] else b" "
    after = b"" if match["after"] else b" "
    return Splice(match.start("name"), match.end("name"), before + dotted.encode() + after)
