"""What a tree tells pytest to leave out: options in its settings, and the lists of its `conftest.py` files."""

import ast
import shlex
from collections.abc import Callable, Iterable, Iterator

from canonry.audit.result import legible
from canonry.model.gate import Exemption
from canonry.source.pytest_settings import read_pytest_values

SETTINGS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
"""Where pytest's settings may stand."""
_OPTIONS = ("--ignore", "--ignore-glob", "--deselect", "-k", "-m")
_LISTS = ("collect_ignore", "collect_ignore_glob")


def left_out(read: Callable[[str], bytes | None], paths: Iterable[str]) -> list[Exemption]:
    """The options that leave tests out, and the entries of ``conftest.py`` files among these paths."""
    found = list(_options(read))
    for path in paths:
        if path.rpartition("/")[2] == "conftest.py" and b"collect_ignore" in (content := read(path) or b""):
            found += _entries(legible(path), content)
    return found


def _options(read: Callable[[str], bytes | None]) -> Iterator[Exemption]:
    values, file = read_pytest_values(read)
    addopts = values.get("addopts", "")
    try:
        words = [str(each) for each in addopts] if isinstance(addopts, list) else shlex.split(str(addopts))
    except ValueError:
        words = str(addopts).split()
    for number, word in enumerate(words):
        option, equals, value = word.partition("=")
        if word[:2] in _OPTIONS and len(word) > 2:  # `-mslow`
            option, equals, value = word[:2], "=", word[2:]
        if option not in _OPTIONS:
            continue
        if not equals and number + 1 < len(words):
            value = words[number + 1]
        yield Exemption("collection", f"{option} {value}", file)


def _entries(path: str, content: bytes) -> Iterator[Exemption]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        names = [each.id for each in getattr(node, "targets", ()) if isinstance(each, ast.Name)]
        names += [each.id for each in (getattr(node, "target", None),) if isinstance(each, ast.Name)]
        name = next((each for each in names if each in _LISTS), "")
        value = getattr(node, "value", None)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            name, value = _added(node.func, node.args[0])
        if not name or not isinstance(value, ast.List | ast.Tuple | ast.Set):
            continue
        for each in value.elts:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield Exemption("collection", f"{name} {each.value}", path, "", each.lineno)


def _added(method: ast.Attribute, value: ast.expr) -> tuple[str, ast.expr]:
    """The list that a call adds to, empty where it is none of pytest's, and what it adds."""
    name = method.value.id if isinstance(method.value, ast.Name) and method.value.id in _LISTS else ""
    if method.attr == "append":
        return name, ast.copy_location(ast.List([value], ast.Load()), value)
    return name if method.attr == "extend" else "", value
