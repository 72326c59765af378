"""What a file says of assertions that cannot fail, skips, sleeps, empty tests and assertions under a status."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.source.python.tautologies import always_true
from tests.workbench import facts_of


def why(expression: str) -> str:
    return always_true(ast.parse(expression, mode="eval").body)[0]


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("True", "constant"),
        ("1", "constant"),
        ("'text'", "constant"),
        ("f'text {x}'", "constant"),
        ("(x for x in y)", "constant"),
        ("not False", "constant"),
        ("1 + 1 == 2", "constant"),
        ("'a' in ['a', 'b']", "constant"),
        ("(x, 'why')", "tuple"),
        ("[x]", "tuple"),
        ("{'a': x}", "tuple"),
        ("x == x", "same"),
        ("x is x", "same"),
        ("x <= x", "same"),
        ("x.a == x.a", "read"),
        ("x[0] == x[0]", "read"),
        ("len(x) >= 0", "length"),
        ("len(x) > -1", "length"),
        ("0 <= len(x)", "length"),
        ("isinstance(x, object)", "object"),
        ("isinstance(x, (int, object))", "object"),
        ("x or True", "or"),
        ("x or len(y) >= 0", "or"),
        ("x is None or x is not None", "either"),
        ("x or not x", "either"),
        ("x in y or x not in y", "either"),
        ("len(x) > 0 or len(x) <= 0", "either"),
        ("True and len(x) >= 0", "constant"),
    ],
)
def test_a_tautology(expression: str, kind: str) -> None:
    assert why(expression) == kind


@pytest.mark.parametrize(
    "expression",
    """False|0|''|None|()|[]|{}|x|not x|x != x|x < x|x() == x()|x[f()] == x[f()]|len(x) >= 1|len(x) > 0|len(x) == 0
    x == y|x.a == x.b|isinstance(x, int)|x or y|x and True|0 <= len(x) <= 3|1 == 2|'a' in 'b'|f''|[*x]|x == 1 or x == 2
    x is None or y is not None|f() or not f()|count(x) >= 0""".replace("\n    ", "|").split("|"),
)
def test_what_may_fail(expression: str) -> None:
    assert why(expression) == ""


_CONSTANTS = st.one_of(st.integers(-5, 5), st.booleans(), st.text("ab", max_size=2), st.none())


@given(_CONSTANTS, st.sampled_from(("==", "!=", "<", "<=", ">", ">=", "in", "not in")), _CONSTANTS)
def test_a_constant_that_is_called_true_is_true(left: object, sign: str, right: object) -> None:
    expression = f"{left!r} {sign} {right!r}"

    if why(expression):
        assert eval(expression)  # of literals


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import pytest\n@pytest.mark.skip\ndef test_a(): pass", "mark"),
        ("from pytest import mark\n@mark.skip(reason='x')\nclass TestA: pass", "mark"),
        ("import pytest\npytestmark = [pytest.mark.slow, pytest.mark.skip]", "mark"),
        ("import pytest\nclass TestA:\n    pytestmark = pytest.mark.skip", "mark"),
        ("import unittest\n@unittest.skipUnless(False, 'x')\ndef test_a(): pass", "mark"),
        ("import pytest\n@pytest.mark.skipif('True', reason='x')\ndef test_a(): pass", "mark"),
        ("import pytest\npytest.skip('x', allow_module_level=True)", "module"),
        ("import pytest\ndef test_a():\n    pytest.skip('x')", "body"),
        ("import unittest\nclass A:\n    def setUp(self):\n        raise unittest.SkipTest('x')", "body"),
        ("class A:\n    def test_a(self):\n        self.skipTest('x')", "body"),
        ("import pytest\ndef f():\n    try: go()\n    except OSError: pytest.skip('x')", "handler-precondition"),
        ("import pytest\ndef f():\n    try: go()\n    except Exception: pytest.skip('x')", "handler"),
        (
            "import pytest\ndef f():\n    try: go()\n    except OSError as e:\n        if e: pytest.skip('x')",
            "handler-branch",
        ),
        ("import pytest\ndef f():\n    try: go()\n    except ImportError: pytest.skip('x')", "handler-import"),
        ("import pytest\ntry:\n    import a\nexcept ImportError:\n    pytest.skip('x')", "import"),
        ("import pytest\ntry:\n    import a\n    OK = True\nexcept ImportError:\n    pytest.skip('x')", "import"),
        (
            "import pytest\ntry:\n    import a\n    b = a.B()\nexcept ImportError:\n    pytest.skip('x')",
            "handler-import",
        ),
        ("import pytest\n@pytest.mark.xfail(strict=True)\ndef test_a(): pass", "xfail"),
        ("import pytest\ndef test_a():\n    pytest.xfail()", "xfail"),
        ("import unittest\n@unittest.expectedFailure\ndef test_a(): pass", "expected"),
    ],
)
def test_a_skip(code: str, kind: str) -> None:
    assert [skip.kind for skip in facts_of(code).skips] == [kind]


@pytest.mark.parametrize(
    "code",
    [
        "import pytest\n@pytest.mark.skipif(x, reason='x')\ndef test_a(): pass",
        "import unittest\n@unittest.skipUnless(True, 'x')\ndef test_a(): pass",
        "import pytest\n@pytest.mark.xfail(reason='x')\ndef test_a(): pass",
        "import pytest\n@pytest.mark.xfail('x > 1')\ndef test_a(): pass",
        "import pytest\ndef test_a():\n    if x: pytest.skip('x')",
        "import pytest\ndef test_a():\n    if x: return\n    pytest.skip('x')",
        "def test_a():\n    tool.skip('x')",
        "import pytest\ndef test_a():\n    pytest.xfail('x')",
    ],
)
def test_what_is_no_offending_skip(code: str) -> None:
    assert facts_of(code).skips == ()


@pytest.mark.parametrize(
    ("statement", "seconds"),
    [
        ("time.sleep(1)", 1),
        ("time.sleep(PAUSE * 2)", 5),
        ("await asyncio.sleep(delay=0.5)", None),
        ("await asyncio.sleep(0.5)", 0.5),
        ("loop.run_until_complete(asyncio.sleep(0.5))", 0.5),
        ("time.sleep(n)", None),
        ("for _ in range(3): time.sleep(1)", 1),
        ("with lock(): time.sleep(1)", 1),
    ],
)
def test_a_wait(statement: str, seconds: float | None) -> None:
    code = f"import asyncio, time\nPAUSE = 2.5\nasync def test_a(n):\n    {statement}\n"

    found = [(wait.home, wait.seconds) for wait in facts_of(code).waits]

    assert found == [("test_a", 0.5 if "delay=" in statement else seconds)]


@pytest.mark.parametrize(
    "statement",
    [
        "time.sleep(0)",
        "task = asyncio.sleep(1)",
        "asyncio.wait_for(asyncio.sleep(1), 2)",
        "run(lambda: time.sleep(1))",
        "while not n: time.sleep(1)",
        "for _ in n:\n        if _: break\n        time.sleep(1)",
        "async with asyncio.timeout(1): await asyncio.sleep(9)",
        "def slow():\n        time.sleep(1)",
        "clock.sleep(1)",
    ],
)
def test_what_is_no_wait(statement: str) -> None:
    assert facts_of(f"import asyncio, time\nasync def test_a(n):\n    {statement}\n").waits == ()


def test_the_wait_of_an_inner_function_belongs_to_the_test_that_runs_it() -> None:
    code = "import asyncio\ndef test_a():\n    async def scene():\n        await asyncio.sleep(1)\n    asyncio.run(scene())\n"

    assert [wait.home for wait in facts_of(code).waits] == ["test_a"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("pass", "pass"),
        ("...", "ellipsis"),
        ("'''Text.'''", "docstring"),
        ("'''Text.'''\n    pass", "pass"),
        ("return", "return"),
        ("return None", "return"),
        ("print('x')\n    return", "print"),
        ("logger.info('x %s', n)", "print"),
        ("raise NotImplementedError", ""),
        ("return True", ""),
        ("print(total())", ""),
        ("x = 1", ""),
        ("tool.info('x')", ""),
    ],
)
def test_a_placeholder(body: str, kind: str) -> None:
    assert [fact.placeholder for fact in facts_of(f"def test_a(n):\n    {body}\n").functions] == [kind]


@pytest.mark.parametrize(
    ("body", "guarded"),
    [
        ("if r.status_code == 200: assert r.text", True),
        ("if r['status'] in (200, 201): assert r.text", True),
        ("if r.ok:\n        assert r.text\n        if r.x: assert r.x.y", True),
        ("if r.status_code == 200: assert r.text\n    else: assert r.error", False),
        ("if r.status_code != 200: return\n    assert r.text", False),
        ("assert r\n    if r.status_code == 200: assert r.text", False),
        ("if r.kind == 'x': assert r.text", False),
        ("if r.status_code == 500: pytest.fail('no')", False),
        ("if r.status_code in (500, 503): assert r.text", False),
        ("if r.status_code in (200, 503): assert r.text", True),
        ("if r.status_code == 200: raise AssertionError", False),
    ],
)
def test_assertions_under_a_status(body: str, guarded: bool) -> None:
    assert [fact.guarded for fact in facts_of(f"import pytest\ndef test_a(r):\n    {body}\n").functions] == [guarded]


def test_a_broken_file_has_none_of_these() -> None:
    facts = facts_of("from unittest.mock import Mock\ndef test_a():\n    Mock()\n    assert True\n    def (\n")

    assert facts.broken is not None
    assert (facts.doubles, facts.fallbacks, facts.tautologies, facts.skips, facts.waits) == ((), (), (), (), ())


@pytest.mark.parametrize(
    "statement",
    [
        "assert len(n) >= " + " + ".join(["1"] * 900),
        "assert " + " + ".join(["1"] * 900) + " == 900",
        "time.sleep(" + " + ".join(["1"] * 900) + ")",
        "for _ in n:\n        time.sleep(1)\n        if n == 0: pass\n"
        + "".join(f"        elif n == {number}: pass\n" for number in range(900)),
    ],
    ids=["length", "constant", "sleep", "elif"],
)
def test_a_deep_expression_is_no_damage(statement: str) -> None:
    assert facts_of(f"import time\ndef test_a(n):\n    {statement}\n").broken is None
