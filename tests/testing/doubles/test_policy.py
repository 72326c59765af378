"""What a category says of mocks holds while its tests run."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from canonry.testing.doubles import MockPolicyError, SSotMockFactory, enforce, record
from canonry.testing.doubles.policy import in_test_code
from tests.testing.doubles import shop
from tests.workbench import ROOT, environment

SHOP = "tests.testing.doubles.shop"


@mock.patch(f"{SHOP}.LIMIT", 3)
def decorated() -> None: ...


@mock.patch(f"{SHOP}.LIMIT")
def decorated_bare(_limit: object) -> None: ...


class MyMock(mock.Mock):
    """A class of test code."""


def in_context(made: Any) -> None:
    with made:
        pass


UNSPECCED: list[Callable[[], object]] = [
    lambda: mock.Mock(),
    lambda: mock.MagicMock(name="x"),
    lambda: mock.AsyncMock(spec=None),
    lambda: mock.NonCallableMock(),
    lambda: MyMock(),
    lambda: in_context(mock.patch(f"{SHOP}.LIMIT")),
    decorated_bare,
]
SPECCED: list[Callable[[], object]] = [
    lambda: mock.Mock(spec=shop.Socket),
    lambda: mock.MagicMock(shop.Socket),
    lambda: mock.Mock(wraps=shop.session),
    lambda: mock.create_autospec(shop.Session),
    lambda: mock.mock_open(),
    lambda: mock.PropertyMock(),
    lambda: in_context(mock.patch(f"{SHOP}.Session", autospec=True)),
    lambda: in_context(mock.patch.object(shop, "LIMIT", 3)),
    decorated,
]
FACTORY: list[Callable[[SSotMockFactory], object]] = [
    lambda factory: factory.create(shop.Socket),
    lambda factory: factory.function(shop.pay),
    lambda factory: factory.class_(shop.Socket),
    lambda factory: factory.patch(f"{SHOP}.pay"),
    lambda factory: factory.replace(f"{SHOP}.LIMIT", 3),
]


@pytest.fixture
def factory() -> Iterator[SSotMockFactory]:
    with SSotMockFactory() as made:
        yield made


def refused(policy: str, make: Callable[[], object]) -> str:
    """The sentence with which a policy refuses it; empty where it does not."""
    try:
        with enforce(policy, category="e2e"):
            make()
    except MockPolicyError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("make", [*UNSPECCED, *SPECCED])
def test_forbidden_refuses_every_mock(make: Callable[[], object]) -> None:
    said = refused("forbidden", make)

    assert f"at {__file__}:" in said
    assert "in a test of the category `e2e`, whose `mocks` is 'forbidden'; use the real service" in said


@pytest.mark.parametrize("make", FACTORY)
def test_forbidden_refuses_every_double(factory: SSotMockFactory, make: Callable[[SSotMockFactory], object]) -> None:
    assert "use the real service" in refused("forbidden", lambda: make(factory))
    assert refused("specced", lambda: make(factory)) == ""
    factory.cleanup()
    assert refused("allowed", lambda: make(factory)) == ""
    assert shop.LIMIT in (3, 10)


def test_a_spy_is_the_real_thing(factory: SSotMockFactory) -> None:
    with enforce("forbidden"):
        factory.spy(f"{SHOP}.pay")
        factory.spy(shop.session).user  # noqa: B018
        assert shop.pay(1)


@pytest.mark.parametrize("make", UNSPECCED)
def test_specced_refuses_what_nothing_constrains(make: Callable[[], object]) -> None:
    assert "give it the real interface" in refused("specced", make)


@pytest.mark.parametrize("make", SPECCED)
def test_specced_admits_the_others(make: Callable[[], object]) -> None:
    assert refused("specced", make) == ""


def test_children_of_a_mock_that_is_there_are_no_mocks_of_their_own() -> None:
    before, specced = mock.Mock(), mock.Mock(spec=shop.Socket)
    with enforce("forbidden"):
        assert before.a.b(1).c is not None
        assert specced.session() is not None


def test_a_refusal_that_was_swallowed_is_raised_at_the_end() -> None:
    def swallow() -> None:
        with contextlib.suppress(Exception):
            mock.Mock()

    assert "use the real service" in refused("forbidden", swallow)


def test_an_error_of_the_test_is_not_hidden() -> None:
    def fail() -> None:
        with contextlib.suppress(MockPolicyError):
            mock.Mock()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        refused("forbidden", fail)


def test_policies_nest_and_leave_nothing_behind() -> None:
    before = mock.NonCallableMock.__dict__["__new__"], mock._patch.__dict__["__enter__"]
    with enforce("forbidden"):
        with enforce("allowed"):
            mock.Mock()
        with enforce("specced"), pytest.raises(MockPolicyError), enforce("forbidden"):
            mock.Mock(spec=int)
    assert (mock.NonCallableMock.__dict__["__new__"], mock._patch.__dict__["__enter__"]) == before
    with enforce("allowed"):
        assert (mock.NonCallableMock.__dict__["__new__"], mock._patch.__dict__["__enter__"]) == before


def test_a_policy_that_is_none() -> None:
    with pytest.raises(ValueError, match="no policy of mocks: 'never'"), enforce("never"):
        pass


@pytest.mark.parametrize(
    ("path", "is_test_code"),
    [
        ("/shop/tests/support.py", True),
        ("/shop/test_pay.py", True),
        ("/shop/pay_test.py", True),
        ("/shop/conftest.py", True),
        ("/shop/src/pay.py", False),
        ("/venv/lib/python3.11/site-packages/respx/tests/a.py", False),
        (contextlib.__file__, False),
        (str(Path(contextlib.__file__).parent / "unittest/test/testmock/support.py"), False),
        ("<string>", False),
    ],
)
def test_whose_code_it_is(path: str, *, is_test_code: bool) -> None:
    assert in_test_code(path) is is_test_code


def test_mocks_of_a_library_are_left_alone(tmp_path: Path) -> None:
    """A process of its own, with a library in site-packages and a test that calls it, and pytest-mock beside them."""
    library = tmp_path / "site-packages"
    library.mkdir()
    (library / "answers.py").write_text("from unittest import mock\n\ndef answer():\n    return mock.MagicMock()\n")
    (tmp_path / "conftest.py").write_text(
        "import pytest\nfrom canonry.testing.doubles import enforce\n\n@pytest.fixture(autouse=True)\n"
        "def _policy():\n    with enforce('forbidden'):\n        yield\n"
    )
    (tmp_path / "test_a.py").write_text(
        "import answers, os\n\ndef test_library():\n    assert answers.answer()\n\n"
        "def test_own(mocker):\n    mocker.patch('os.getcwd')\n\ndef test_spy(mocker):\n    mocker.MagicMock()\n"
    )
    paths = [str(library), str(ROOT / "src"), str(ROOT / ".venv/plugins")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "pytest_mock", "--rootdir", tmp_path, tmp_path],
        env=environment(PYTHONPATH=":".join(paths), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert f"`patch('getcwd')` at {tmp_path}/test_a.py:7" in done.stdout


# records ------------------------------------------------------------------------------------------------------------


def test_where_each_double_was_made_is_told(factory: SSotMockFactory) -> None:
    told: list[record.Made] = []
    record.connect(told.append)
    try:
        line = sys._getframe().f_lineno + 1
        factory.create(shop.Socket)
        factory.patch(f"{SHOP}.pay")
        factory.spy(shop.session)
    finally:
        record.disconnect(told.append)
    factory.create(shop.Socket)

    assert told == [
        (f"{SHOP}:Socket", "double", __file__, line),
        (f"{SHOP}:pay", "patch", __file__, line + 1),
        (f"{SHOP}:Session", "spy", __file__, line + 2),
    ]
    assert factory.made == [*told, (f"{SHOP}:Socket", "double", __file__, line + 5)]
