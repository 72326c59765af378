"""categories."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from canonry.canon.options import Category
from canonry.canon.selection import plain
from canonry.migrate.answers import Change, Found, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from canonry.source.facts import Facts
from canonry.source.python.marks import mark_name

_CANON = "[categories.unit]\nmarkers = ['unit']\n\n[categories.api]\npaths = ['tests/api']\nmarkers = ['api']\n"
_TEST = "def test_a():\n    assert 1\n"
_MARKED = f"import pytest\n\npytestmark = pytest.mark.unit\n\n\n{_TEST}"
_SETTINGS = {"pytest.ini": "[pytest]\nmarkers =\n    unit: fast\n    api: over HTTP\n"}


class Categories(Codemod):
    """Marks tests that no category selects with the marker of the one category that their place speaks for.

    The place speaks for a category where a folder above the file bears its name, where all other test files of the folder
    belong to it, or, of a test among others, where all categorised tests of the file do. The file gets a `pytestmark`,
    or its `pytestmark` one more; a single test gets a decorator. The ids of the tests stay, and their other marks.

    A reader is always asked, because a category says how a test is run. Manual: nothing or several things speak for a
    category; the category selects by paths alone, where the file has to move: the reason names the folder.
    """

    name = "categories"
    rules = ("CAT002",)
    order = 60
    examples = (
        Example(
            _TEST,
            _MARKED,
            grade=Grade.REVIEW,
            path="tests/shop/test_b.py",
            files={**_SETTINGS, "tests/shop/test_a.py": _MARKED},
            canon=_CANON,
        ),
        Example(
            f"import pytest\n\npytestmark = [pytest.mark.slow]\n\n\n{_TEST}",
            f"import pytest\n\npytestmark = [pytest.mark.slow, pytest.mark.unit]\n\n\n{_TEST}",
            grade=Grade.REVIEW,
            path="tests/unit/test_b.py",
            files=_SETTINGS,
            canon=_CANON,
        ),
        Example(
            "import pytest\n\n\n@pytest.mark.unit\ndef test_a():\n    assert 1\n\n\n@pytest.mark.slow\ndef test_b():\n    assert 1\n",
            "import pytest\n\n\n@pytest.mark.unit\ndef test_a():\n    assert 1\n\n\n@pytest.mark.unit\n@pytest.mark.slow\ndef test_b():\n    assert 1\n",
            grade=Grade.REVIEW,
            path="tests/shop/test_b.py",
            files=_SETTINGS,
            canon=_CANON,
        ),
        Example(_TEST, grade=Grade.MANUAL, path="tests/shop/test_b.py", canon=_CANON),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for the file, or for each of its tests that no category selects."""
        for each in found:
            yield _changed(module, each)


def _changed(module: Module, found: Found) -> Change:
    categories = module.file.project.canon.categories
    whole = found.offence.site.symbol == "<module>"
    name, evidence = _of_file(module, categories) if whole else _of_others(module)
    if not name:
        return manual(found, evidence)
    category = categories[name]
    if not category.markers:
        folder = plain(category.paths[0]) if category.paths else ""
        where = f"; move it below `{folder}`" if folder else ""
        return manual(found, f"{evidence}, and `{name}` selects by paths alone{where}, or give `{name}` a marker")
    marker = category.markers[0]
    bound = _imported(module)
    if bound is None and "pytest" in module.bound:
        return manual(found, "`pytest` means something else in this file")
    mark = f"{bound or 'pytest'}.mark.{marker}"
    if bound is None and not whole:
        return manual(found, "the file does not import pytest at its top")
    edit = _marks_file(module, mark) if whole else _marks_test(module, found, mark)
    if edit is None:
        return manual(found, "its `pytestmark` is computed, or the test is not found")
    reasons = [evidence]
    registered = {each for each, _ in module.file.project.settings.markers}
    if marker not in registered:
        reasons.append(f"the marker `{marker}` is not registered in pytest's settings")
    return Change(found=found, grade=Grade.REVIEW, reason="; ".join(reasons), edits=(edit,))


# which category ------------------------------------------------------------------------------------------------------


def _of_file(module: Module, categories: Mapping[str, Category]) -> tuple[str, str]:
    """The category that the place of a file speaks for, and what speaks for it; no name with the reason."""
    folders = module.path.split("/")[:-1]
    named = [name for name in categories if any(part.replace("-", "_") == name.replace("-", "_") for part in folders)]
    if len(named) == 1:
        return named[0], f"a folder above it is named like the category `{named[0]}`"
    if len(named) > 1:
        return "", f"folders above it are named like the categories {', '.join(f'`{name}`' for name in named)}"
    beside = _beside(module)
    if len(beside) == 1 and (name := next(iter(beside))):
        return name, f"the other test files of its folder belong to `{name}`"
    if len(beside - {""}) > 1:
        return "", f"the test files of its folder belong to several categories ({', '.join(sorted(beside - {''}))})"
    return "", "nothing says to which category it belongs"


def _beside(module: Module) -> set[str]:
    """The categories of the other test files of a folder; an empty name for those of none, and of several."""
    project, folder = module.file.project, module.path.rpartition("/")[0]
    found: set[str] = set()
    for path in project.paths:
        if path == module.path or path.rpartition("/")[0] != folder or not project.is_test_file(path):
            continue
        facts = module.file.index.facts(path)
        names = {*project.categories_of(path), *project.categories_of_marks(_marks(facts) if facts else ())}
        found.add(next(iter(names)) if len(names) == 1 else "")
    return found


def _marks(facts: Facts) -> set[str]:
    given = [*facts.marks, *(each for fact in facts.functions for each in fact.decorators)]
    given += [each for fact in facts.classes for each in (*fact.decorators, *fact.marks)]
    return {mark_name(each) for each in given} - {""}


def _of_others(module: Module) -> tuple[str, str]:
    """The category of all other tests of the file that have one."""
    names = set(module.file.project.categories_of_marks(_marks(module.file.facts)))
    if len(names) == 1:
        name = names.pop()
        return name, f"the other tests of the file belong to `{name}`"
    return "", f"the other tests of the file belong to several categories ({', '.join(sorted(names))})"


# the mark ------------------------------------------------------------------------------------------------------------


def _imported(module: Module) -> str | None:
    """The name by which the file's top speaks of pytest."""
    for statement in module.tree.body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name == "pytest":
                    return alias.asname or "pytest"
    return None


def _marks_file(module: Module, mark: str) -> Splice | None:
    for statement in module.tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in targets):
            assert isinstance(statement, ast.Assign)
            return _added(module, statement.value, mark)
    if "pytestmark" in module.bound:
        return None
    body = module.tree.body
    imports = [each for each in body if isinstance(each, ast.Import | ast.ImportFrom)]
    first = next(
        (each for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)), None
    )
    before = [each for each in imports if first is None or each.lineno < first.lineno]
    end = module.line_end(0).decode()
    line = "" if _imported(module) else f"import pytest{end}"
    if before and all(each.lineno != (before[-1].end_lineno or 0) or each is before[-1] for each in body):
        stop = module.content.find(end.encode(), module.end(before[-1]))
        at = stop if stop >= 0 else len(module.content)
        return module.insert(at, f"{end}{line}{end}pytestmark = {mark}")
    if first is None or before:
        return None
    top = min([first.lineno, *(each.lineno for each in first.decorator_list)])
    at = module.mark + module.text.offset(top, 0)
    return module.insert(at, f"{line}{end if line else ''}pytestmark = {mark}{end}{end}{end}")


def _added(module: Module, value: ast.expr, mark: str) -> Splice | None:
    if isinstance(value, ast.List) and value.elts:
        if module.has_comment(module.start(value), module.end(value)):
            return None
        kept = module.content[module.start(value) : module.end(value.elts[-1])].decode()
        rest = module.content[module.end(value.elts[-1]) : module.end(value)].decode()
        return module.replace(value, f"{kept}, {mark}{rest}")
    if isinstance(value, ast.Attribute | ast.Call):
        return module.replace(value, f"[{module.source(value)}, {mark}]")
    return None


def _marks_test(module: Module, found: Found, mark: str) -> Splice | None:
    line = found.offence.site.line
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno == line:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            at = module.mark + module.text.offset(first, 0)
            indent = " " * node.col_offset
            return module.insert(at, f"{indent}@{mark}{module.line_end(at).decode()}")
    return None
