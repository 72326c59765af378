"""What a name means inside one file: aliases are followed, shadowed names are left alone."""

import pytest

from tests.workbench import facts_of

REACHES_PYTEST = {
    "import": "import pytest\npytest.main()\n",
    "import-as": "import pytest as pt\npt.main()\n",
    "submodule": "import _pytest.config\n_pytest.config.main()\n",
    "from-import": "from pytest import main\nmain()\n",
    "from-import-as": "from pytest import main as run\nrun(['-q'])\n",
    "assigned-function": "import pytest\nrun = pytest.main\nrun()\n",
    "assigned-module": "import pytest\ntool = pytest\ntool.main()\n",
    "assigned-twice": "import pytest\na = pytest.main\nb = a\nb()\n",
    "annotated-assignment": "import pytest\nrun: object = pytest.main\nrun()\n",
    "function-local": "def go():\n    import pytest\n    return pytest.main()\n",
    "function-local-from": "def go():\n    from pytest import main as run\n    run()\n",
    "enclosing-function": "def go():\n    import pytest as pt\n    def inner():\n        pt.main()\n    inner()\n",
    "method": "import pytest as pt\nclass Runner:\n    def go(self):\n        pt.main()\n",
    "imported-below-the-function": "def go():\n    pt.main()\nimport pytest as pt\n",
    "lambda": "import pytest\ngo = lambda: pytest.main()\n",
    "comprehension": "import pytest\ncodes = [pytest.main([x]) for x in 'ab']\n",
    "decorator": "import pytest\n@pytest.main()\ndef go(): pass\n",
    "default-value": "import pytest\ndef go(code=pytest.main()): pass\n",
    "class-keyword": "import pytest\nclass A(code=pytest.main()): pass\n",
    "argument": "import sys, pytest\nsys.exit(pytest.main())\n",
    "f-string": "import pytest\nprint(f'{pytest.main()}')\n",
    "subscript": "import pytest\nprint({}[pytest.main()])\n",
    "dict-value": "import pytest\ncodes = {'all': pytest.main()}\n",
    "with": "import pytest\nwith pytest.main() as code: pass\n",
    "match-guard": "import pytest\nmatch 1:\n    case x if pytest.main(): pass\n",
    "yield": "import pytest\ndef go():\n    yield pytest.main()\n",
    "assert-message": "import pytest\nassert 1, pytest.main()\n",
    "raise": "import pytest\nraise SystemExit(pytest.main())\n",
    "while": "import pytest\nwhile pytest.main(): pass\n",
    "for": "import pytest\nfor code in [pytest.main()]: pass\n",
    "augmented": "import pytest\ncode = 0\ncode += pytest.main()\n",
    "delete": "import pytest\ndel {}[pytest.main()]\n",
    "conditional-import": "if True:\n    import pytest as pt\npt.main()\n",
    "try-import": "try:\n    import pytest\nexcept ImportError:\n    pytest = None\npytest.main()\n",
    "try-from": "try:\n    from pytest import main\nexcept ImportError:\n    main = None\nmain()\n",
    "fallback-import": "try:\n    from pytest import main\nexcept ImportError:\n    from mine import main\nmain()\n",
    "finally": "import pytest\ntry:\n    pass\nfinally:\n    pytest.main()\n",
    "else-of-loop": "import pytest\nfor x in ():\n    pass\nelse:\n    pytest.main()\n",
    "elif": "import pytest\nif 0:\n    pass\nelif 1:\n    pytest.main()\n",
    "import-is-gone": "pytest.main()\n",
}

IS_SOMETHING_ELSE = {
    "parameter": "import pytest\ndef go(pytest):\n    pytest.main()\n",
    "keyword-only-parameter": "import pytest\ndef go(*, pytest):\n    pytest.main()\n",
    "positional-only-parameter": "import pytest\ndef go(pytest, /):\n    pytest.main()\n",
    "star-parameter": "import pytest\ndef go(*pytest):\n    pytest.main()\n",
    "double-star-parameter": "import pytest\ndef go(**pytest):\n    pytest.main()\n",
    "parameter-of-the-enclosing-function": "import pytest\ndef f(pytest):\n    def g():\n        pytest.main()\n",
    "lambda-parameter": "import pytest\ngo = lambda pytest: pytest.main()\n",
    "comprehension-target": "import pytest\ncodes = [pytest.main() for pytest in ()]\n",
    "local-assignment": "import pytest\ndef go():\n    pytest = Fake()\n    pytest.main()\n",
    "local-unpacking": "import pytest\ndef go():\n    pytest, x = Fake()\n    pytest.main()\n",
    "loop-variable": "import pytest\ndef go():\n    for pytest in ():\n        pytest.main()\n",
    "with-variable": "import pytest\ndef go():\n    with fake() as pytest:\n        pytest.main()\n",
    "except-variable": "import pytest\ndef go():\n    try:\n        x()\n    except E as pytest:\n"
    "        pytest.main()\n",
    "own-function": "from pytest import main\ndef main(): pass\nmain()\n",
    "foreign-import": "from mine import main\nmain()\n",
    "similar-module": "import pytest_mock as pytest\npytest.main()\n",
    "attribute-of-another": "import pytest\nself.pytest.main()\n",
    "own-class": "class pytest:\n    def main(): pass\npytest.main()\n",
    "name-of-a-class-body": "class A:\n    import pytest as pt\n    def go(self):\n        pt.main()\n",
    "not-called": "import pytest\nrun = pytest.main\n",
    "string": "import pytest\ntext = 'pytest.main()'\n",
    "annotation": "import pytest\nx: 'pytest.main()' = 1\n",
}


@pytest.mark.parametrize("code", REACHES_PYTEST.values(), ids=REACHES_PYTEST)
def test_a_call_of_pytest_is_known_under_any_name(code: str) -> None:
    assert [call.target for call in facts_of(code).calls] == ["pytest.main"]


@pytest.mark.parametrize("code", IS_SOMETHING_ELSE.values(), ids=IS_SOMETHING_ELSE)
def test_a_call_of_something_else_is_left_alone(code: str) -> None:
    assert facts_of(code).calls == ()


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("import os\nos.environ['A']\n", ["read"]),
        ("import os as o\no.environ.get('A')\n", ["read"]),
        ("from os import environ\nenviron['A']\n", ["read"]),
        ("from os import environ as env\nenv.get('A')\n", ["read"]),
        ("from os import getenv as g\ng('A')\n", ["read"]),
        ("import os\nenv = os.environ\nenv['A'] = '1'\n", ["read", "write"]),
        ("import os\ndef go():\n    env = os.environ\n    return env['A']\n", ["read", "read"]),
        ("import os\ndict(os.environ)\n", ["read"]),
        ("import os\nos.environ['A'] = '1'\n", ["write"]),
        ("import os\ndel os.environ['A']\n", ["write"]),
        ("import os\nos.environ['A'] += '1'\n", ["write"]),
        ("import os\nos.environ |= {}\n", ["write"]),
        ("import os\nos.environ.setdefault('A', '1')\n", ["write"]),
        ("from os import environ\nenviron.update(A='1')\n", ["write"]),
        ("import os\nos.putenv('A', '1')\n", ["write"]),
        ("import os\nfrom unittest import mock\nmock.patch.dict(os.environ, {})\n", ["patch"]),
        ("from unittest.mock import patch\npatch.dict('os.environ', {})\n", ["patch"]),
        ("def test_a(monkeypatch):\n    monkeypatch.setenv('A', '1')\n", ["monkeypatch"]),
        ("import os\ndef go(os):\n    os.environ['A']\n", []),
        ("import os\ndef go():\n    os = Fake()\n    os.environ['A']\n", []),
        ("from os import environ\ndef go(environ):\n    environ['A'] = 1\n", []),
        ("import mine as os\nos.environ['A']\n", []),
        ("environ = {}\nenviron['A'] = 1\n", []),
        ("import os\nos.path.join('environ')\n", []),
        ("import os\n'os.environ'\n", []),
    ],
)
def test_the_environment_is_known_under_any_name(code: str, kinds: list[str]) -> None:
    assert sorted(use.kind for use in facts_of(code).environment) == kinds


@pytest.mark.parametrize(
    ("code", "base"),
    [
        ("import unittest\nclass A(unittest.TestCase): pass\n", "unittest.TestCase"),
        ("from unittest import TestCase as T\nclass A(T): pass\n", "unittest.TestCase"),
        ("from ..cases import Case\nclass A(Case): pass\n", "..cases.Case"),
        ("from . import cases\nclass A(cases.Case): pass\n", ".cases.Case"),
        ("class B: pass\nclass A(B): pass\n", ":B"),
        ("class O:\n    class B: pass\nclass A(O.B): pass\n", ":O.B"),
        ("class A(Exception): pass\n", "*.Exception"),
        ("from m import *\nclass A(Case): pass\n", "*.Case"),
        ("from typing import Generic\nclass A(Generic[T]): pass\n", "typing.Generic"),
        ("import m\nclass A(m.make('x')): pass\n", "m.make"),
        ("class A(make()[0]): pass\n", "?"),
        ("try:\n    from m import B\nexcept ImportError:\n    B = object\nclass A(B): pass\n", "m.B"),
        ("from m import A\nclass A(A): pass\n", "m.A"),
    ],
)
def test_bases_are_references(code: str, base: str) -> None:
    fact = next(fact for fact in facts_of(code).classes if fact.qualname == "A")

    assert fact.bases == (base,)
