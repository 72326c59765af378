"""What a file says of mocks, doubles and fallbacks to them."""

import pytest

from tests.workbench import facts_of

PLAIN = "from unittest.mock import AsyncMock, MagicMock, Mock, PropertyMock, create_autospec, mock_open, patch\n"


def doubles(code: str) -> list[tuple[str, str, int]]:
    return sorted((each.target, each.constraint, each.site.line) for each in facts_of(code).doubles)


@pytest.mark.parametrize(
    ("code", "target", "constraint"),
    [
        (PLAIN + "Mock()", "unittest.mock.Mock", "none"),
        (PLAIN + "Mock(name='x', side_effect=OSError)", "unittest.mock.Mock", "none"),
        (PLAIN + "Mock(int)", "unittest.mock.Mock", "some"),
        (PLAIN + "Mock(None)", "unittest.mock.Mock", "none"),
        (PLAIN + "Mock(wraps=f)", "unittest.mock.Mock", "some"),
        (PLAIN + "Mock(**given)", "unittest.mock.Mock", "unknown"),
        (PLAIN + "Mock(*given)", "unittest.mock.Mock", "unknown"),
        (PLAIN + "patch('a.b')", "unittest.mock.patch", "none"),
        (PLAIN + "patch('a.b', None)", "unittest.mock.patch", "some"),
        (PLAIN + "patch('a.b', new=None)", "unittest.mock.patch", "some"),
        (PLAIN + "patch('a.b', autospec=False)", "unittest.mock.patch", "none"),
        (PLAIN + "patch('a.b', new_callable=AsyncMock)", "unittest.mock.patch", "some"),
        (PLAIN + "patch.object(a, 'b')", "unittest.mock.patch.object", "none"),
        (PLAIN + "patch.object(a, 'b', 1)", "unittest.mock.patch.object", "some"),
        (PLAIN + "with patch.dict(CACHE): pass", "unittest.mock.patch.dict", "some"),
        (PLAIN + "@patch.multiple(a, b=1)\ndef f(): pass", "unittest.mock.patch.multiple", "some"),
        ("import unittest.mock\nunittest.mock.patch.object(a, 'b')", "unittest.mock.patch.object", "none"),
        ("from unittest import mock as m\nm.Mock()", "unittest.mock.Mock", "none"),
        ("from mock import Mock as M\nM()", "mock.Mock", "none"),
        ("from unittest import mock\nM = mock.Mock\nM()", "unittest.mock.Mock", "none"),
        ("def test_a(mocker):\n    mocker.patch('a.b')", "&.mocker.patch", "none"),
        ("def test_a(session_mocker):\n    session_mocker.patch.object(a, 'b', 1)", "&.mocker.patch.object", "some"),
        ("from tests.base import mock\nmock.Mock()", "tests.base.mock.Mock", "none"),
        ("from tests.doubles import FakeBank\nFakeBank()", "tests.doubles.FakeBank", "none"),
    ],
)
def test_one_call_is_one_double(code: str, target: str, constraint: str) -> None:
    found = [(name, how) for name, how, _ in doubles(code)]

    if target.endswith("multiple"):
        assert [name for name, _ in found] == [target]
    else:
        assert found == [(target, constraint)]


@pytest.mark.parametrize(
    "code",
    [
        PLAIN + "x = Mock\n",
        "from unittest.mock import ANY, call, sentinel\ncall(ANY)\nsentinel.x()",
        "import os\nfrom unittest.mock import patch\npatch.dict(os.environ, {})\npatch.dict('os.environ')",
        "from os import environ\nfrom unittest.mock import patch\npatch.dict(in_dict=environ)",
        "from unittest.mock import patch\npatch.stopall()",
        "def test_a(monkeypatch):\n    monkeypatch.setattr('a.b', 1)",
        "mocker = Tool()\nmocker.patch('a.b')",
        "class Mock: pass\nMock()",
        "def patch(x): return x\npatch('a')",
        "class FakeBank: pass\nFakeBank()",
        "import pydantic\npydantic.dict()\nmodel.dict()\ntree.object()",
        "'Mock()'  # Mock()",
    ],
)
def test_what_is_no_double(code: str) -> None:
    assert doubles(code) == []


@pytest.mark.parametrize(
    ("code", "replaces"),
    [
        ("patch('a.b')", False),
        ("patch('a.b', 1)", True),
        ("patch('a.b', new=real)", True),
        ("patch('a.b', autospec=True)", False),
        ("patch.object(a, 'b')", False),
        ("patch.object(a, 'b', False)", True),
        ("patch.dict(CACHE, x=1)", True),
        ("Mock(int, 1, 2)", False),
    ],
)
def test_a_patch_that_replaces_makes_no_mock(code: str, replaces: bool) -> None:
    assert [each.replaces for each in facts_of(PLAIN + code).doubles] == [replaces]


def test_calling_a_mock_makes_none() -> None:
    code = PLAIN + "def test_a():\n    pay = Mock()\n    pay()\n    pay(1)\n    pay.patch()\n    assert pay.called\n"

    assert doubles(code) == [("unittest.mock.Mock", "none", 3)]


def fallbacks(code: str) -> list[tuple[str, str, str, bool, bool]]:
    found = facts_of(PLAIN + code).fallbacks
    return [(each.kind, each.how, each.by, each.same, each.narrow) for each in found]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "def f():\n try:\n  return go()\n except OSError:\n  return Mock()",
            ("handler", "returns", "mock", True, False),
        ),
        (
            "def f():\n try:\n  yield go()\n except OSError:\n  yield FakeBank()",
            ("handler", "yields", "class", True, False),
        ),
        (
            "def f():\n try:\n  return go()\n except OSError:\n  x = Mock()\n  x.a = 1\n  return x",
            ("handler", "returns", "mock", True, False),
        ),
        (
            "def f(self):\n try:\n  self.x = go()\n except OSError:\n  print('no')\n  self.x = make_mock_bank()",
            ("handler", "assigns", "name", True, False),
        ),
        ("try:\n from a import B\nexcept ImportError:\n B = MagicMock", ("handler", "assigns", "mock", True, False)),
        (
            "def f():\n try:\n  return go()\n except KeyError:\n  return Mock()",
            ("handler", "returns", "mock", True, True),
        ),
        (
            "def f():\n try:\n  return go()\n except OSError:\n  return Bank(Mock())",
            ("handler", "returns", "part", True, False),
        ),
        (
            "def f():\n if REDIS_AVAILABLE:\n  return go()\n else:\n  return Mock()",
            ("branch", "returns", "mock", True, False),
        ),
        (
            "def f():\n if not redis_available():\n  return Mock()\n return go()",
            ("branch", "returns", "mock", True, False),
        ),
        ("import redis\ndef f():\n if redis is None:\n  return Mock()", ("branch", "returns", "mock", True, False)),
        ("def f():\n return go() if HAS_REDIS else Mock()", ("choice", "chooses", "mock", True, False)),
        ("def f():\n return go() or Mock()", ("choice", "chooses", "mock", False, False)),
    ],
)
def test_a_fallback(code: str, expected: tuple[str, str, str, bool, bool]) -> None:
    assert fallbacks(code) == [expected]


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n try:\n  return go()\n except OSError:\n  raise\n  return Mock()",
        "def f():\n try:\n  return go()\n except OSError:\n  pytest.skip('no')\n  return Mock()",
        "def f():\n try:\n  return Mock(spec=go())\n except OSError:\n  return Mock()",
        "def f():\n try:\n  print('x')\n except OSError:\n  return Mock()",
        "def f():\n try:\n  go()\n except OSError as error:\n  x = Mock()\n  x.error = error\n  check(x)",
        "def f(x=None):\n if x is None:\n  x = Mock()\n return x",
        "def f(x=None):\n return x or Mock()",
        "seen = []\nrun(lambda x: seen.append(x) or Mock())",
        "def f(**given):\n return given.get('x') or Mock()",
        "def f():\n if USE_REAL:\n  return go()\n else:\n  return Mock()",
    ],
)
def test_what_is_no_fallback(code: str) -> None:
    assert fallbacks(code) == []
