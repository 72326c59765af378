"""Each check is shown the bad edit that it is there for, and good ones that it lets pass."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Sequence

import pytest

from canonry.changes.check import check_result
from canonry.changes.checks.as_read import object_to_change
from canonry.changes.splice import digest_of, splice
from canonry.model.change_plan import FileChange
from canonry.model.edit import Edit, Grade
from tests.changes.trees import edit_of

Replacements = Sequence[tuple[str, str] | tuple[str, str, int]]


def check(
    code: str | bytes,
    *replacements: tuple[str, str] | tuple[str, str, int],
    path: str = "a.py",
    target: tuple[int, int] = (3, 11),
) -> str | None:
    """The objection to replacing texts (by their number, where they occur more than once)."""
    before = code.encode() if isinstance(code, str) else code
    edits = tuple(
        edit_of(before, old.encode(), new.encode(), nth=nth[0] if nth else 0) for old, new, *nth in replacements
    )
    return check_edits(before, edits, path=path, target=target)


def check_edits(
    before: bytes, edits: tuple[Edit, ...], *, path: str = "a.py", target: tuple[int, int] = (3, 11)
) -> str | None:
    change = FileChange(path=path, digest=digest_of(before), edits=edits)
    return check_result(change, before, splice(before, edits), target=target, plan_again=None, own=False)


CASE = textwrap.dedent(
    '''\
    """What it is."""

    from __future__ import annotations

    import os
    import sys

    SECRET = os.environ["SECRET"]  # kept


    class Thing(object):
        """A thing."""

        @property
        def name(self):
            if sys.argv:
                return f"{self} and {SECRET!r}"
            return 3 * min(1, 2)


    def after():
        return Thing().name
    '''
)


@pytest.mark.parametrize(
    "replacements",
    [
        pytest.param([("min(1, 2)", "max(1, 2, 3)")], id="an expression"),
        pytest.param([("min(1, 2)", "(1 + 2)")], id="an expression in brackets"),
        pytest.param([("1, 2", "1, 2, key=abs")], id="inside a call"),
        pytest.param([("(object)", "")], id="a base"),
        pytest.param([("def name", "def title"), ("().name", "().title")], id="names"),
        pytest.param([("    @property\n", "")], id="a decorator gone"),
        pytest.param([("@property\n", "@property\n    @staticmethod\n")], id="a decorator more"),
        pytest.param([("import sys\n", "import sys\n\nfrom shop import env\n"), ("os.environ[", "env[", 0), ("import os\n", "")], id="imports"),
        pytest.param([("        return 3 * min(1, 2)\n", "        value = 3\n        return value\n")], id="a statement becomes two"),
        pytest.param([("\n\ndef after():\n    return Thing().name\n", "")], id="a function gone"),
        pytest.param([('f"{self} and {SECRET!r}"', '"text"')], id="an f-string as a whole"),
        pytest.param([("  # kept", "  # kept", 0)], id="a comment as it is"),
        pytest.param([('os.environ["SECRET"]  # kept', 'os.environ["OTHER"]  # kept')], id="a comment kept in the range"),
        pytest.param([('"""A thing."""', '"""Another thing."""')], id="a docstring"),
    ],
)  # fmt: skip
def test_good_edits_pass(replacements: Replacements) -> None:
    assert check(CASE, *replacements) is None


def insert_at(code: str, place: str, new: str) -> str | None:
    before = code.encode()
    at = before.index(place.encode())
    return check_edits(before, (Edit(start=at, end=at, expected=b"", replacement=new.encode(), rule="TST000"),))


TAKES_IN = "the comment in line 8 of the result would take in more than the edit"


@pytest.mark.parametrize(
    ("place", "new", "objection"),
    [
        ("import sys", "import re as rex, json as js\n", None),
        ("SECRET = ", "OTHER = 1\n", None),
        ("\n\nclass Thing", "\nlate = sys.path\n", None),
        ("            return f", "            pass\n", None),
        ("        return 3", "        pass\n", None),
        ("\n\n\ndef after", "\n\n    def more(self):\n        return 1\n", None),
        ("  # kept", "  # more", TAKES_IN),
        (" * min", " + 1 - 1", "it would say something else than planned around line 18"),
    ],
)
def test_insertions(place: str, new: str, objection: str | None) -> None:
    assert insert_at(CASE, place, new) == objection


SUITE = textwrap.dedent(
    '''\
    """Tests of the shop."""

    from __future__ import annotations

    import os, sys
    import unittest
    from unittest.mock import (
        Mock,  # the double
        patch,
    )

    import pytest


    @pytest.mark.slow
    class TestShop(unittest.TestCase):
        @patch("shop.api.get", new=Mock())
        def test_a(self):
            """Reads."""
            os.environ["MODE"] = "json"
            with patch.dict(os.environ, {"A": "1"}, clear=True):  # for this one
                self.assertEqual(sys.argv, [])
            try:
                import yaml
            except ImportError:
                yaml = None
            else:
                pass

        def test_b(self): pass


    if __name__ == "__main__":
        pytest.main([__file__])
        unittest.main()
    '''
)


@pytest.mark.parametrize(
    "replacements",
    [
        pytest.param([('\n\nif __name__ == "__main__":\n    pytest.main([__file__])\n    unittest.main()\n', "")], id="a main block gone"),
        pytest.param([("    pytest.main([__file__])\n", "")], id="a call gone"),
        pytest.param([("    pytest.main([__file__])\n    unittest.main()\n", '    raise SystemExit("canonry run")\n')], id="calls replaced"),
        pytest.param([("unittest.TestCase", "ShopCase"), ("import pytest\n", "import pytest\n\nfrom shop.cases import ShopCase\n")], id="a base"),
        pytest.param([('os.environ["MODE"] = "json"', 'env.set("MODE", "json")'), ("import pytest\n", "import pytest\nfrom shop import env\n")], id="a write"),
        pytest.param([("os.environ[", "env.set("), ('] = "json"', ', "json")'), ("import pytest\n", "import pytest\nfrom shop import env\n")], id="a write in parts"),
        pytest.param([("patch.dict(os.environ, {", "env.patched({"), ("import pytest\n", "import pytest\nfrom shop import env\n")], id="a context"),
        pytest.param([("    def test_a", "    async def test_a"), ("self.assertEqual(", "await self.check(")], id="async"),
        pytest.param([("        except ImportError:\n            yaml = None\n        else:\n            pass\n", "        finally:\n            pass\n")], id="clauses"),
        pytest.param([("        else:\n            pass\n", "")], id="a clause gone"),
        pytest.param([("self): pass", "self): return self.test_a()")], id="a body on the line of its header"),
        pytest.param([("@pytest.mark.slow\n", "@pytest.mark.slow\n@pytest.mark.e2e\n")], id="a marker"),
        pytest.param([("\n\n@pytest.mark.slow", "\npytestmark = pytest.mark.e2e\n\n\n@pytest.mark.slow")], id="a mark for all"),
        pytest.param([('        """Reads."""\n', '        """Reads."""\n        self.first = 1\n')], id="a first statement"),
        pytest.param([("Mock()", "factory.make()"), ("        Mock,  # the double\n", ""), ("import pytest\n", "import pytest\nfrom shop import factory\n")], id="a comment goes with its import"),
        pytest.param([("sys.argv", "[]"), ("import os, sys", "import os")], id="one of two imports"),
    ],
)  # fmt: skip
def test_what_codemods_do_passes(replacements: Replacements) -> None:
    found = check(
        SUITE, *[(old if old in SUITE else textwrap.dedent(old), new, *nth) for old, new, *nth in replacements]
    )

    if any("# the double" in old for old, *_ in replacements):
        assert found == "the comment in line 8 would be lost"
    else:
        assert found is None


# 1 the result parses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "objection"),
    [
        ("min(1, 2)", "min(1, 2", "the result does not parse at Python 3.11: '(' was never closed in line 18"),
        ("return Thing().name", "pass;; pass", "the result does not parse at Python 3.11: invalid syntax in line 22"),
        ("def after():\n    return", "def after():\nreturn", "the result does not parse at Python 3.11: expected an indented"),
    ],
)  # fmt: skip
def test_check_1_a_result_that_does_not_parse(old: str, new: str, objection: str) -> None:
    assert (check(CASE, (old, new)) or "").startswith(objection)


def test_check_1_a_result_that_only_a_newer_python_reads() -> None:
    code = "import a\n\ntry:\n    a.b()\nexcept ValueError:\n    pass\n"

    assert "does not parse at Python 3.10" in (check(code, ("except ", "except* "), target=(3, 10)) or "")
    assert check(code, ("ValueError", "TypeError"), target=(3, 10)) is None


def test_check_1_an_import_before_from_future() -> None:
    assert check(CASE, ("from __future__", "import re\nfrom __future__")) == (
        "the result does not compile: from __future__ imports must occur at the beginning of the file in line 4"
    )


def test_check_1_an_import_before_the_byte_order_mark() -> None:
    before = b"\xef\xbb\xbfx = 1\n"
    edit = Edit(start=0, end=0, expected=b"", replacement=b"import re\n", rule="TST000")

    assert check_edits(before, (edit,)) == "the byte order mark at its start is lost, or something stands before it"


# 2 the tree is the planned one ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        pytest.param("x = 3 * f(1)\n", "f(1)", "1 + 1", id="binds looser than its place"),
        pytest.param("x = f(1).real\n", "f(1)", "-f(1)", id="an attribute of something else"),
        pytest.param("f(g(1), 2)\n", "g(1)", "1, 3", id="one argument becomes two"),
        pytest.param("x = not f(1)\n", "f(1)", "f(1) or g(2)", id="a condition cut in two"),
        pytest.param("x = await_(1) ** 2\n", "await_(1)", "-1", id="a power"),
        pytest.param("assert f(1)\n", "f(1)", "g(1), 'said'", id="a message out of nothing"),
        pytest.param("x: int = f(1) if y else 2\n", "f(1)", "g(2) if z else 3", id="another else"),
        pytest.param("x = lambda: f(1)\n", "f(1)", "f(1), 2", id="a lambda in a tuple"),
    ],
)  # fmt: skip
def test_check_2_a_replacement_that_changes_what_stands_around_it(code: str, old: str, new: str) -> None:
    ast.parse(splice(code.encode(), [edit_of(code.encode(), old.encode(), new.encode())]))

    assert check(code, (old, new)) == "it would say something else than planned around line 1"
    assert check(code, (old, f"({new})")) is None


def test_check_2_a_line_that_slides_into_another_block() -> None:
    code = "def f():\n    a()\n    b()\n\n\nc()\n"

    assert check(code, ("    a()\n", "    if x:\n        a()\n")) is None
    assert check(code, ("    a()\n", "    a()\n    if x:\n")) is not None
    assert check(code, ("a()", "if x: a()")) is None


def test_check_2_what_follows_moves_into_a_function_that_is_put_before_it() -> None:
    code = "class A:\n    def f(self):\n        a()\n\n    b = 1\n"
    before = code.encode()
    at = before.index(b"    b = 1")
    edit = Edit(start=at, end=at, expected=b"", replacement=b"    def g(self):\n        c()\n    ", rule="TST000")

    assert ast.parse(splice(before, [edit]))
    assert check_edits(before, (edit,)) is not None


# 3 comments and strings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "old", "new", "objection"),
    [
        ("x = f(1,  # why\n      2)\n", "f(1,  # why\n      2)", "g()", "the comment in line 1 would be lost"),
        ("x = 'os.environ'\n", "environ", "env", "an edit would cut through the string in line 1"),
        ("x = f'{os.environ}'\n", "os.environ", "env", "an edit would cut through the string in line 1"),
        ("x = 1  # os.environ\n", "environ", "env", "an edit would cut through the comment in line 1"),
        ("x = 1; y = 2  # kept\n", "y = 2", "y = 2  #", "the comment in line 1 of the result would take in more"),
        ("x = f(1,  # why\n      2)\n", "f(1,  # why\n      2)", "g(1,  # why\n      3)", None),
        ("x = f('a')  # x\n", "f('a')", "g('b')", None),
    ],
)  # fmt: skip
def test_check_3_strings_and_comments(code: str, old: str, new: str, objection: str | None) -> None:
    found = check(code, (old, new))

    assert found == objection if objection is None else (found or "").startswith(objection)


def test_check_3_a_string_swallowed_between_two_edits() -> None:
    code = "a = 1\nb = 'kept'\nc = 3\n"

    assert check(code, ("1", "'''"), ("3", "'''")) is not None
    assert check(code, ("1", "2"), ("3", "4")) is None


def test_check_3_a_docstring_is_one_no_longer() -> None:
    code = '"""What it is."""\n\nx = 1\n'
    edit = Edit(start=0, end=0, expected=b"", replacement=b"import re as x2\n", rule="TST000")

    assert check_edits(code.encode(), (edit,)) == "the docstring in line 1 would be one no longer"


def test_check_3_a_string_becomes_a_docstring() -> None:
    assert check("x = 1\n'text'\n", ("x = 1\n", "")) == "the string in line 1 of the result would become a docstring"


def test_offsets_count_bytes() -> None:
    code = "ä = 'ö'  # ü\nb = f('é')  # û\nc = 1\n"

    assert check(code, ("f('é')", "g('è')")) is None
    assert check(code, ("c = 1", "c = 'ß'")) is None
    assert check(code, ("û", "u")) == "an edit would cut through the comment in line 2"


def test_line_ends_are_the_parser_s() -> None:
    code = b"a = 1\x0c\nb = '\xe2\x80\xa8'\r\nc = f(1)\rd = 2  # x\n"

    assert check(code, ("f(1)", "g(2)")) is None
    assert check(code, ("2", "3")) is None


# 5 names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "replacements", "objection"),
    [
        ("import os\nx = os.name\n", [("import os", "import os\nimport os")], "`os` would be bound 2 times"),
        ("import os\nenv = 1\nx = os.name\n", [("import os", "from a import env"), ("os.name", "env")], "`env` would be bound 2 times"),
        ("import os\nx = os.name\n", [("os.name", "1")], "nothing would use the import of `os` any more; it has to go with the edits"),
        ("import os\nx = os.name\n", [("import os\n", "")], "`os` is still used, and its import would be gone"),
        ("import os, re\nx = os.name\n", [("import os, re", "import os")], "the import of `re` was unused before; only what the edits orphan is taken away"),
        ("import os\ndef f(env):\n    return os.name\n", [("import os", "from a import env"), ("os.name", "env.name")], "`env` would be used where another thing of that name hides it"),
        ("import os\ndef f(env):\n    return env\nx = os.name\n", [("import os", "from a import env"), ("os.name", "env.name")], None),
        ("import os\nx = os.name\n", [("import os\n", ""), ("os.name", "1")], None),
        ("import os\n__all__ = ['os']\nx = os.name\n", [("os.name", "1")], None),
        ("import os\ny: 'os.PathLike' = 1\nx = os.name\n", [("os.name", "1")], None),
        ("import json\nx = json.loads(y, 'json')\n", [("import json\n", ""), ("json.loads", "z")], None),
        ("import json\nx = json.loads(y)\nz = 'json'\n", [("json.loads", "z")], None),
        ("import os\ny: 'os.PathLike' = os.name\n", [("import os\n", ""), ("os.name", "1")], "`os` is still used, and its import would be gone"),
        ("import os\n__all__ = ['os']\nx = os.name\n", [("import os\n", ""), ("os.name", "1")], "`os` is still used, and its import would be gone"),
        ("import a.b\nx = a.b.c\n", [("import a.b", "import a.b\nimport a.c"), ("a.b.c", "a.c.d")], None),
        ("import unused\nx = f(1)\n", [("f(1)", "g(1)")], None),
        ("import os\nx = 1\n", [("import os\nx = 1\n", "y = 2\n")], None),
    ],
)  # fmt: skip
def test_check_5_names(code: str, replacements: Replacements, objection: str | None) -> None:
    assert check(code, *replacements) == objection


def test_check_5_the_imports_of_a_package_may_be_there_for_others() -> None:
    assert check("import os\nx = os.name\n", ("os.name", "1"), path="shop/__init__.py") is None


# 4, 6, and what every file keeps -------------------------------------------------------------------------------------


def test_check_4_a_second_run_plans_nothing() -> None:
    before = b"x = f(1)\n"

    def plan(_path: str, content: bytes) -> list[Edit]:
        return [edit_of(content, b"f(", b"f(f(")] if b"f(" in content else []

    change = FileChange(path="a.py", digest=digest_of(before), edits=tuple(plan("a.py", before)))
    good = FileChange(path="a.py", digest=digest_of(before), edits=(edit_of(before, b"f(", b"g("),))
    options = {"target": (3, 11), "plan_again": plan, "own": True}

    assert check_result(change, before, b"x = f(f(1))\n", **options) == (  # type: ignore[arg-type]
        "a second run would edit it again, in line 1 (TST000)"
    )
    assert check_result(good, before, b"x = g(1)\n", **options) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "planned", "objection"),
    [
        (b"x", digest_of(b"x"), None),
        (None, None, None),
        (b"y", digest_of(b"x"), "changed since it was read; plan again from what is there now"),
        (None, digest_of(b"x"), "is gone; plan again from what is there now"),
        (b"y", None, "is there already, and the plan is to make it; plan again from what is there now"),
    ],
)
def test_check_6_the_file_is_the_one_that_was_read(
    found: bytes | None, planned: str | None, objection: str | None
) -> None:
    assert object_to_change(found, planned) == objection


@pytest.mark.parametrize(
    ("before", "old", "new", "objection"),
    [
        (b"x = 1\r\ny = 2\r\n", "x = 1", "x = 1\nz = 3", "LF line ends would stand in a file with CRLF"),
        (b"x = 1\ny = 2\n", "x = 1", "x = 1\r\nz = 3", "CRLF line ends would stand in a file with LF"),
        (b"x = 1\r\ny = 2\n", "x = 1", "x = 1\nz = 3", None),
        (b"x = 1\r\ny = 2\r\n", "x = 1", "x = 1\r\nz = 3", None),
        (b"x = 1", "x = 1", "x = 1\nz = 3", None),
        (b"# coding: latin-1\nx = '\xe9'\ny = f(1)\n", "f(1)", "g(1)", "its encoding is not UTF-8, and only that is edited; convert the file first"),
        (b"x = '\xe9'\ny = f(1)\n", "f(1)", "g(1)", "the result does not parse at Python 3.11: "),
        (b"x = (\nf(1)\n", "f(1)", "f(1))", "it does not parse ('(' was never closed in line 1), so edits cannot be checked; `canonry repair` comes first"),
    ],
)  # fmt: skip
def test_what_every_file_keeps(before: bytes, old: str, new: str, objection: str | None) -> None:
    found = check(before, (old, new))

    assert found == objection if objection is None else (found or "").startswith(objection)


def test_what_is_too_deep_to_compare_is_refused() -> None:
    code = "y = f(1) + " + " + ".join(["1"] * 400) + "\n"
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 300)
    try:
        found = check(code, ("f(1)", "g(1)"))
    finally:
        sys.setrecursionlimit(limit)

    assert found == "it is nested deeper than can be compared; make this change by hand"
    assert check(code, ("f(1)", "g(1)")) is None


def test_what_is_graded_manual_is_never_written() -> None:
    change = FileChange(path="a.py", digest=digest_of(b"x"), edits=(), grade=Grade.MANUAL)
    found = check_result(change, b"x", b"y", target=(3, 11), plan_again=None, own=True)

    assert found == "it is graded manual: somebody has to make this change by hand"


# files that are no Python --------------------------------------------------------------------------------------------

MAKE = "# tests\ntest:\n\tpytest tests\n\nlint:\n\truff check\n"


@pytest.mark.parametrize(
    ("old", "new", "objection"),
    [
        ("pytest tests", "canonry run tests", None),
        ("pytest tests\n\nlint:\n\t", "pytest tests\n\nlint:\n\tx ", None),
        ("test:\n", "test:\n\techo \\\n", "the command `pytest tests` outside the edits would change"),
    ],
)  # fmt: skip
def test_commands_of_other_files(old: str, new: str, objection: str | None) -> None:
    assert check(MAKE, (old, new), path="Makefile") == objection


def test_a_file_that_its_reader_cannot_read_any_more() -> None:
    code = "jobs:\n  test:\n    runs-on: x\n    steps:\n      - run: pytest\n"
    found = check(code, ("- run: pytest", "- run: [pytest"), path=".github/workflows/ci.yml")

    assert (found or "").startswith("its reader would pass over a part of it: ")
    assert check(code, ("pytest", "canonry run"), path=".github/workflows/ci.yml") is None


def test_a_file_that_no_reader_knows() -> None:
    assert check("pytest", ("pytest", "x"), path="a.bin") == (
        "no reader knows this kind of file, so nobody can tell what the edits do"
    )
