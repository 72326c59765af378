import pytest

from tests.workbench import facts_of

FOUR = "'a', 'b', 'c', 'd'"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (f"STATES = ({FOUR})", ("STATES", "constant", 4)),
        (f"STATES = [{FOUR}, 'a']", ("STATES", "constant", 4)),
        (f"STATES = {{{FOUR}}}", ("STATES", "constant", 4)),
        (f"STATES = frozenset(({FOUR}))", ("STATES", "constant", 4)),
        (f"STATES: set[str] = set([{FOUR}])", ("STATES", "constant", 4)),
        ("STATES = {'a': 1, 'b': 2, 'c': 3, 'd': 4}", ("STATES", "dictionary", 4)),
        (f"from typing import Literal\nState = Literal[{FOUR}]", ("State", "literal", 4)),
        (f"import typing as t\nState = t.Literal[{FOUR}]", ("State", "literal", 4)),
        (
            "from enum import Enum\nclass S(Enum):\n    A = 'a'\n    B = 1\n    C = 2\n    D = 3",
            ("S", "enumeration", 4),
        ),
        (f"class A:\n    STATES = ({FOUR})", ("STATES", "constant", 4)),
        ("STATES = ('a', 'b', 'c')", None),
        ("STATES = ('a', 'b', 'c', 'c')", None),
        ("STATES = ('a', 'b', 'c', 4)", None),
        (f"states = ({FOUR})", None),
        (f"__all__ = [{FOUR}]", None),
        (f"def f():\n    STATES = ({FOUR})", None),
        (f"def f():\n    class A:\n        STATES = ({FOUR})", None),
        (f"'''\nSTATES = ({FOUR})\n'''", None),
        (f"STATES = sorted(({FOUR}))", None),
        ("STATES = " + repr(tuple(map(str, range(61)))), None),
        (f"STATES = ({FOUR}, '{'x' * 49}')", None),
    ],
)
def test_closed_sets_of_words_are_facts(code: str, found: tuple[str, str, int] | None) -> None:
    constants = [(each.name, each.kind, len(each.members)) for each in facts_of(code + "\n").constants]

    assert constants == ([found] if found else [])


def test_an_enumeration_counts_by_its_strings_and_else_by_its_names() -> None:
    code = "import enum\nclass S(enum.Enum):\n    A = 'new'\n    B = enum.auto()\n    C = 1\n    D = 'x'\n    _hidden = 'y'\n"

    assert facts_of(code).constants[0].members == ("new", "b", "c", "x")


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("try:\n    import a\n    HAS = True\nexcept ImportError:\n    HAS = False", ("HAS", ("a",), True)),
        (
            "try:\n    import a.b\nexcept ModuleNotFoundError:\n    HAS = False\nelse:\n    HAS = True",
            ("HAS", ("a.b",), True),
        ),
        (
            "HAS = False\ntry:\n    from a import b\n    HAS = True\nexcept (ImportError, OSError):\n    pass",
            ("HAS", ("a.b",), True),
        ),
        ("try:\n    import a\n    import b\n    HAS = True\nexcept:\n    HAS = False", ("HAS", ("a", "b"), True)),
        ("try:\n    import a as x\nexcept ImportError:\n    x = None", ("x", ("a",), False)),
        (
            "try:\n    from google.cloud import s\n    HAS = True\nexcept ImportError:\n    HAS = False",
            ("HAS", ("google.cloud.s",), True),
        ),
        ("try:\n    import a\n    HAS = True\nexcept ImportError:\n    raise", None),
        ("try:\n    import a\n    HAS = True\nexcept ValueError:\n    HAS = False", None),
        ("try:\n    import a\nexcept ImportError:\n    import b as a", None),
        ("try:\n    from .a import b\nexcept ImportError:\n    b = None", None),
        ("try:\n    import a\nexcept ImportError:\n    other = None", None),
        (
            "def f():\n    try:\n        import a\n        HAS = True\n    except ImportError:\n        HAS = False",
            None,
        ),
    ],
)
def test_probes_of_dependencies_are_facts(code: str, found: tuple[str, tuple[str, ...], bool] | None) -> None:
    flags = [(each.name, each.wanted, each.boolean) for each in facts_of(code + "\n").flags]

    assert flags == ([found] if found else [])


@pytest.mark.parametrize(
    ("code", "marks"),
    [
        ("import pytest\n@pytest.mark.a\ndef test_x(): pass", ()),
        ("import pytest\nX = [pytest.param(1, marks=pytest.mark.a)]", ("a",)),
        ("import pytest\nslow = pytest.mark.a(reason='x')\n@slow\ndef test_x(): pass", ("a",)),
        ("def pytest_x(item):\n    item.add_marker('a')", ("a",)),
        ("import pytest\ndef pytest_x(item):\n    item.add_marker(pytest.mark.a)", ("a",)),
        ("import pytest\ndef pytest_x(item):\n    slow = pytest.mark.a()\n    item.add_marker(slow)", ("a",)),
        ("def pytest_x(item, name):\n    item.add_marker(name)", ("*",)),
        ("import pytest\ndef pytest_x(name):\n    return getattr(pytest.mark, name)", ("*",)),
        ("# @pytest.mark.a\nX = '@pytest.mark.a'", ()),
    ],
)
def test_marks_given_in_passing_are_facts(code: str, marks: tuple[str, ...]) -> None:
    assert facts_of(code + "\n").other_marks == marks


PLAIN = "class A:\n    x = 1\n\n    def f(self):\n        return 'a  b'\n"


@pytest.mark.parametrize(
    ("code", "same"),
    [
        (
            'class A:\n    """What it is."""\n    x = 1\n    def f(self):\n        """What it does."""\n        return \'a  b\'\n',
            True,
        ),
        ("class B(Base):\n    x  =  1\n    # a comment\n    def f(self):\n\n        return 'a  b'\n", True),
        ("class A:\n    x = 2\n    def f(self):\n        return 'a  b'\n", False),
        ("class A:\n    x = 1\n    def g(self):\n        return 'a  b'\n", False),
        ("class A:\n    @cached\n    def f(self):\n        return 'a  b'\n", False),
    ],
)
def test_a_body_is_known_by_what_it_does(code: str, same: bool) -> None:
    assert (facts_of(code).classes[0].body == facts_of(PLAIN).classes[0].body) is same


def test_a_decorator_of_the_first_method_belongs_to_the_body() -> None:
    decorated, plain = (f"class A:\n    {word}def f(self):\n        return 1\n" for word in ("@cached\n    ", ""))

    assert facts_of(decorated).classes[0].body != facts_of(plain).classes[0].body
