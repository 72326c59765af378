"""What is counted in texts, whole and broken."""

import ast

import pytest

from canonry.repair.measure import (
    collectable_tests,
    commented_tests,
    is_gutted,
    live_words,
    readable_tests,
    share_kept,
    statements_of,
    test_names,
    visible_words,
    words_of,
)

names_of = test_names
del test_names  # pytest would collect it


def test_words_are_names_numbers_and_words_of_strings() -> None:
    assert words_of("go(x1, 'to shop') + 12") == {"go": 1, "x1": 1, "to": 1, "shop": 1, "12": 1}


def test_words_in_comments_are_not_live() -> None:
    assert live_words("x = 'seen'  # hidden\n# hidden\n") == {"x": 1, "seen": 1}


def test_behind_broken_code_a_hash_hides_nothing() -> None:
    assert live_words("x = '# seen\n# hidden\n(") == {"x": 1, "seen": 1}
    assert visible_words("go(a)  # seen\n  # hidden\n") == {"go": 1, "a": 1, "seen": 1}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def test_a(:\n  async  def test_b( self)", {"test_a": 1, "test_b": 1}),
        ("# def test_a():\n", {}),
        ("x = 'def test_a():'", {}),
    ],
)
def test_readable_tests(text: str, names: dict[str, int]) -> None:
    assert readable_tests(text) == names


def test_a_test_inside_a_function_is_not_collectable() -> None:
    tree = ast.parse(
        "class TestA:\n    def test_a(self):\n        def test_inner(): pass\n"
        "if True:\n    async def test_b(): pass\ntry: pass\nexcept E:\n    def test_c(): pass\n"
    )

    assert collectable_tests(tree) == {"TestA.test_a": 1, "test_b": 1, "test_c": 1}
    assert names_of(tree) == {"test_a": 1, "test_b": 1, "test_c": 1}


def test_commented_tests_are_named_with_and_without_a_mark() -> None:
    assert commented_tests("# def test_a():\n    # REMOVED: async def test_b(self):\n") == {"test_a": 1, "test_b": 1}


def test_statements_are_counted_by_their_heads() -> None:
    one = statements_of(ast.parse('"""Doc."""\nif x:\n    y = 1\n    pass\n'))
    other = statements_of(ast.parse("if x:\n    y = 2\n"))

    assert one.total() == 2
    assert (one & other).total() == 1


def test_the_share_of_nothing_is_whole() -> None:
    assert share_kept(words_of(""), words_of("a")) == 1.0
    assert share_kept(words_of("a a b c"), words_of("a b")) == 0.5


CODE = "import os\n\n\ndef test_a():\n    x = go(1)\n    assert x\n    if x:\n        return\n    go(2)\n    y = 1\n    go(y)\n"


@pytest.mark.parametrize("mark", ["# ", "#", "# REMOVED_SYNTAX_ERROR: ", "# COMMENTED OUT: depends on a mock - "])
def test_commented_out_code_is_gutted(mark: str) -> None:
    assert is_gutted("".join(f"{mark}{line}\n" for line in CODE.splitlines()))


@pytest.mark.parametrize("text", [CODE, "# a word\n" * 40, CODE + "# x = 1\n" * 3, ""])
def test_live_code_and_prose_are_not_gutted(text: str) -> None:
    assert not is_gutted(text)
