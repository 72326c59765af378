"""Strings and comments read by one expression are those that Python's tokenizer reads, on real sources."""

import ast
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.changes.nodes import nodes_of, parents_of, same_nodes
from canonry.changes.strings import text_tokens, token_by_token
from canonry.source.syntax.text import SourceText

_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
_FILES = [_LIBRARY / name for name in "argparse.py difflib.py textwrap.py tokenize.py locale.py".split()]
_PARTS = [
    "x = 1", "# c 'x' \"\"\"", "'# no'", '"""a\n# b\n"""', "'''it's'''", r"r'\\'", "rb'\\\\'", "f'{x!r:>{3}}'", "b'\\''",
    "[i for i in'ab']", "x if x else'\\\n'", "'é' + \"ü\"  # ö", "u''", "''", '""', '"a\\"b"', "Rb'''\\''''", "y = not'a'",
]  # fmt: skip


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_a_real_source(path: Path) -> None:
    text = SourceText(path.read_bytes())

    assert list(text_tokens(text)) == list(token_by_token(text))


@given(st.lists(st.sampled_from(_PARTS)), st.sampled_from(["\n", "\r\n"]))
def test_any_order_of_them(parts: list[str], end: str) -> None:
    source = end.join(part.replace("\n", end) for part in parts) + end
    ast.parse(source.encode())
    text = SourceText(source.encode())

    assert list(text_tokens(text)) == list(token_by_token(text))


def test_the_nodes_are_those_of_a_walk() -> None:
    tree = ast.parse(_FILES[0].read_bytes())
    walked = [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)]

    assert nodes_of(tree) == walked
    parents = parents_of(walked)
    assert all(
        parents[child] is node for node in walked for child in ast.iter_child_nodes(node) if child in walked[:99]
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = True"), ("x = 1", "x = 1.0"), ("x = 0.0", "x = -0.0"), ("x = 'a'", "x = b'a'"), ("x = 'a'", "x = u'a'"),
        ("f(x)", "f(y)"), ("f(x)", "f(x, y)"), ("x.y", "x.y = 1"), ("x = None", "x = ..."), ("del x", "x"), ("x: int", "x: int = 1"),
    ],
)  # fmt: skip
def test_trees_differ_where_their_dumps_do(one: str, other: str) -> None:
    first, second = ast.parse(one), ast.parse(other)

    assert not same_nodes(first, second)
    assert same_nodes(first, ast.parse(one))
    assert ast.dump(first) != ast.dump(second)
