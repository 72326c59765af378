"""What a test file imports first, imported before anybody asks for the file.

Only what surely comes first there, in that order: conftest files and packages above the file, then the imports at its
top, up to the first statement that is none. So nothing is loaded under other circumstances than in a new process.
"""

import ast
import sys
from pathlib import Path

from canonry.pytest_plugin.collecting import Collector, filters_of_collection
from canonry.pytest_plugin.top_imports import top_imports


def import_ahead(collector: Collector, path: Path) -> bool:
    """Does what a session does before the first own statement of a test file; False where that is not certain."""
    if collector.config.getoption("importmode", "prepend") != "prepend":
        return False
    imports = top_imports(path)
    if not imports or not collector.open_folders(path):
        return False
    folder = path.parent
    while (folder / "__init__.py").is_file():
        if not _says_nothing(folder / "__init__.py"):
            return False
        folder = folder.parent
    if sys.path[:1] != [str(folder)]:
        sys.path.insert(0, str(folder))
    with filters_of_collection(collector.config):
        for module, names in imports:
            __import__(module, {}, {}, list(names))
    return True


def _says_nothing(path: Path) -> bool:
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return False
    return all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in body)
