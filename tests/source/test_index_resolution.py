"""What a reference means across files, and where a hierarchy ends."""

import itertools
import time

import pytest

from canonry.source.facts import Facts
from canonry.source.index import Definition, External, Hierarchy, Index, Resolved
from tests.workbench import facts_of

CASES = {"shop/cases.py": "import unittest\nclass Case(unittest.TestCase): pass\n"}
HOME = Definition("shop/cases.py", "Case")


def index_of(files: dict[str, str], *, pythonpath: tuple[str, ...] = ()) -> Index:
    facts: dict[str, Facts] = {path: facts_of(code) for path, code in files.items()}
    return Index(facts, facts.get, pythonpath=pythonpath)


def meaning(files: dict[str, str], reference: str, *, path: str = "tests/test_a.py", **options) -> Resolved:
    return index_of({path: ""} | files, **options).resolve(path, reference)


def hierarchy(files: dict[str, str], qualname: str = "TestA", path: str = "tests/test_a.py") -> Hierarchy:
    return index_of(files).hierarchy(Definition(path, qualname))


@pytest.mark.parametrize(
    ("files", "reference"),
    [
        ({}, "shop.cases.Case"),
        ({"shop/__init__.py": "from shop.cases import Case\n"}, "shop.Case"),
        ({"shop/__init__.py": "from .cases import Case\n"}, "shop.Case"),
        ({"shop/__init__.py": "from .cases import Case as Base\n"}, "shop.Base"),
        ({"shop/__init__.py": "from .cases import *\n"}, "shop.Case"),
        ({"shop/__init__.py": "from . import cases\n"}, "shop.cases.Case"),
        ({"shop/__init__.py": "import shop.cases as c\nBase = c.Case\n"}, "shop.Base"),
        ({"shop/api.py": "from shop.cases import Case\nBase = Case\n"}, "shop.api.Base"),
        ({"shop/api.py": "import shop.cases\n"}, "shop.api.shop.cases.Case"),
        (
            {"a.py": "from b import C\n", "b.py": "from c import *\n", "c.py": "from shop.cases import Case as C\n"},
            "a.C",
        ),
        (
            {"shop/api.py": "try:\n    from shop.cases import Case\nexcept ImportError:\n    Case = None\n"},
            "shop.api.Case",
        ),
        ({"a/b/__init__.py": "from ...shop.cases import Case\n"}, "a.b.Case"),
    ],
)
def test_a_name_is_followed_to_its_home(files: dict[str, str], reference: str) -> None:
    assert meaning(CASES | files, reference) == HOME


@pytest.mark.parametrize(
    ("path", "reference"),
    [
        ("shop/test_a.py", ".cases.Case"),
        ("shop/tests/test_a.py", "..cases.Case"),
        ("shop/tests/unit/test_a.py", "...cases.Case"),
        ("test_a.py", ".shop.cases.Case"),
    ],
)
def test_relative_references(path: str, reference: str) -> None:
    assert meaning(CASES, reference, path=path) == HOME


@pytest.mark.parametrize("reference", ["....cases.Case", ".missing.Case", "..shop.missing.Case"])
def test_a_relative_reference_that_leads_nowhere(reference: str) -> None:
    assert meaning(CASES, reference) is None


@pytest.mark.parametrize(
    ("home", "options"),
    [
        ("src/shop/cases.py", {}),
        ("lib/shop/cases.py", {"pythonpath": ("lib",)}),
        ("lib/shop/cases.py", {"pythonpath": ("./lib/",)}),
        ("shop/cases.py", {"pythonpath": (".",)}),
        ("tests/shop/cases.py", {}),  # beside the test, as pytest's rootdir/conftest puts it on the path
    ],
)
def test_where_packages_may_lie(home: str, options: dict[str, tuple[str, ...]]) -> None:
    files = {home: CASES["shop/cases.py"]}

    assert meaning(files, "shop.cases.Case", **options) == Definition(home, "Case")


def test_a_package_in_one_folder_of_a_monorepo_is_found() -> None:
    files = {"services/api/shop/__init__.py": "", "services/api/shop/cases.py": CASES["shop/cases.py"]}

    assert meaning(files, "shop.cases.Case") == Definition("services/api/shop/cases.py", "Case")


def test_a_package_that_stands_in_two_folders_is_not_guessed() -> None:
    code = CASES["shop/cases.py"]
    files = {f"services/{name}/shop/{path}": code for name in "ab" for path in ("__init__.py", "cases.py")}

    assert meaning(files, "shop.cases.Case") == External("shop.cases.Case")


def test_a_namespace_package_needs_no_init() -> None:
    files = {"shop/deep/er/cases.py": "class Case: pass\n"}

    assert meaning(files, "shop.deep.er.cases.Case") == Definition("shop/deep/er/cases.py", "Case")


def test_the_standard_library_is_not_looked_for_beside_the_file() -> None:
    files = {"tests/unittest.py": "class TestCase: pass\n", "tests/json/__init__.py": ""}

    assert meaning(files, "unittest.TestCase") == External("unittest.TestCase")
    assert meaning(files, "json.loads") == External("json.loads")


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("requests.get", External("requests.get")),
        ("*.print", External("builtins.print")),
        ("shop.cases", Definition("shop/cases.py", "")),
        ("shop.cases.Missing", External("shop.cases.Missing")),
        ("", None),
        ("?", None),
    ],
)
def test_what_is_not_a_definition(reference: str, found: Resolved) -> None:
    assert meaning(CASES, reference) == found


def test_a_nested_class_and_an_inherited_member_are_found() -> None:
    files = {
        "tests/test_a.py": "class A:\n    class B:\n        def f(self): pass\nclass C(A.B): pass\n",
    }

    assert meaning(files, ":A.B") == Definition("tests/test_a.py", "A.B")
    assert meaning(files, ":C.f") == Definition("tests/test_a.py", "A.B.f")


IMPORT_CYCLES = {
    "modules": {"a.py": "from b import X\n", "b.py": "from a import X\n"},
    "stars": {"a.py": "from b import *\n", "b.py": "from a import *\n"},
    "itself": {"a.py": "from a import X\nimport a\n"},
    "alias": {"a.py": "X = Y\nY = X\n"},
    "package": {"a/__init__.py": "from .b import X\n", "a/b.py": "from . import X\n"},
    "star-of-itself": {"a.py": "from a import *\n"},
}


@pytest.mark.parametrize("files", IMPORT_CYCLES.values(), ids=IMPORT_CYCLES)
def test_an_import_cycle_ends(files: dict[str, str]) -> None:
    assert not isinstance(meaning(files, "a.X"), Definition)


def test_many_modules_that_star_import_each_other_are_no_maze() -> None:
    names = [f"m{number}" for number in range(20)]
    files = {f"{name}.py": "".join(f"from {other} import *\n" for other in names) for name in names}
    started = time.process_time()

    assert not isinstance(meaning(files, "m1.Missing"), Definition)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("import unittest\nclass TestA(unittest.TestCase): pass\n", "sync"),
        ("import unittest\nclass TestA(unittest.IsolatedAsyncioTestCase): pass\n", "async"),
        ("from shop.cases import Case\nclass TestA(Case): pass\n", "sync"),
        ("from shop.cases import Case as C\nclass Middle(C): pass\nclass TestA(Middle): pass\n", "sync"),
        ("from django.test import TestCase\nclass TestA(TestCase): pass\n", "async"),
        (
            "import unittest\nfrom shop.cases import Case\nclass TestA(Case, unittest.IsolatedAsyncioTestCase): pass\n",
            "async",
        ),
        ("class TestA: pass\n", ""),
        ("from somewhere import Case\nclass TestA(Case): pass\n", ""),
    ],
)
def test_the_kind_of_case_that_a_hierarchy_reaches(code: str, case: str) -> None:
    assert hierarchy(CASES | {"tests/test_a.py": code}).case == case


def test_ancestors_stand_nearest_first_and_roots_outside() -> None:
    code = "from shop.cases import Case\nclass Middle(Case): pass\nclass TestA(Middle): pass\n"
    found = hierarchy(CASES | {"tests/test_a.py": code})

    assert found.ancestors == (Definition("tests/test_a.py", "Middle"), HOME)
    assert found.roots == ("unittest.TestCase",)


def test_a_diamond_counts_each_ancestor_once() -> None:
    code = "class Top: pass\nclass L(Top): pass\nclass R(Top): pass\nclass TestA(L, R): pass\n"
    found = hierarchy({"tests/test_a.py": code})

    assert sorted(ancestor.qualname for ancestor in found.ancestors) == ["L", "R", "Top"]
    assert found.complete


@pytest.mark.parametrize(
    ("code", "complete"),
    [
        ("class TestA(make()): pass\n", True),
        ("class TestA(bases[0]): pass\n", True),
        ("class TestA((lambda: object)()): pass\n", False),
        ("class TestA(*bases): pass\n", False),
        ("from .missing import Case\nclass TestA(Case): pass\n", False),
        ("from requests import Case\nclass TestA(Case): pass\n", True),
        ("class TestA(object): pass\n", True),
    ],
)
def test_a_base_that_cannot_be_found_makes_it_incomplete(code: str, complete: bool) -> None:
    assert hierarchy({"tests/test_a.py": code}).complete is complete


def test_a_runner_of_its_own_is_seen() -> None:
    code = "class Own:\n    def run(self, result): pass\nclass TestA(Own): pass\n"

    assert hierarchy({"tests/test_a.py": code}).custom


CYCLES = {
    "itself": {"a.py": "class A(A): pass\n"},
    "two": {"a.py": "from b import B\nclass A(B): pass\n", "b.py": "from a import A\nclass B(A): pass\n"},
    "two-with-a-case": {
        "a.py": "import unittest\nfrom b import B\nclass A(B, unittest.TestCase): pass\n",
        "b.py": "from a import A\nclass B(A): pass\n",
    },
    "three": {
        "a.py": "from b import B\nclass A(B): pass\n",
        "b.py": "import unittest\nfrom c import C\nclass B(C, unittest.TestCase): pass\n",
        "c.py": "from a import A\nclass C(A): pass\n",
    },
}


@pytest.mark.parametrize("files", CYCLES.values(), ids=CYCLES)
def test_a_cycle_of_classes_says_the_same_from_wherever_it_is_asked(files: dict[str, str]) -> None:
    classes = [Definition(path, fact.qualname) for path, code in files.items() for fact in facts_of(code).classes]
    answers = []
    for order in itertools.permutations(classes):
        index = index_of(files)
        found = {definition: index.hierarchy(definition) for definition in order}
        answers.append({key: (found[key].case, found[key].complete, set(found[key].ancestors)) for key in classes})

    assert all(answer == answers[0] for answer in answers)


def test_a_class_that_inherits_from_its_namesake_elsewhere_is_no_cycle() -> None:
    found = hierarchy(CASES | {"tests/test_a.py": "from shop.cases import Case\nclass Case(Case): pass\n"}, "Case")

    assert (found.case, found.ancestors) == ("sync", (HOME,))


def test_a_broken_home_still_tells_its_classes() -> None:
    files = {"shop/cases.py": "import unittest\nclass Case(unittest.TestCase):\n    pass\nx = (\n"}
    code = "from shop.cases import Case\nclass TestA(Case): pass\n"

    assert hierarchy(files | {"tests/test_a.py": code}).case == "sync"
