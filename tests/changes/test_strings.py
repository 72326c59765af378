"""Strings and comments read by one expression are those that Python's tokenizer reads, on real sources."""

import ast
import sysconfig
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.changes.nodes import children_of, nodes_of, same_nodes, walk
from canonry.changes.parsed import ParsedText
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


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_the_nodes_are_those_of_a_walk(path: Path) -> None:
    tree = ast.parse(
        path.read_bytes() + b"f(**a, **{**b})\ndef g(*, a, b=1) -> c: ...\nmatch d:\n    case {**e}: ...\n"
    )
    walked = [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)]
    inner = {
        node: [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)]
        for node in walked
    }

    parents: dict[ast.AST, ast.AST] = {}

    assert nodes_of(tree) == walk([tree], parents) == walked
    assert all(children_of(node) == children for node, children in inner.items())
    assert all(child in inner[parents[child]] for child in walked[1:])
    assert parents.keys() == set(walked[1:])


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_the_parts_of_a_source_hold_all_of_it(path: Path) -> None:
    content = (
        path.read_bytes() + b"@a\nclass B(c, d=e):\n    @f\n    def g(self): pass\n    h = 1; i = 2\nj = 3; k = 4\n"
    )
    parsed = ParsedText(SourceText(content), ast.parse(content))
    walked = [node for node in ast.walk(parsed.tree) if not isinstance(node, ast.expr_context)]
    shared = (ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
    starts: dict[tuple[int, int], set[ast.AST]] = {}
    for node in walked:
        if node._attributes:
            starts.setdefault((node.lineno, node.col_offset), set()).add(node)

    assert Counter(parsed.nodes) == Counter(walked)
    seen: set[ast.AST] = set()
    for node in parsed.nodes:
        assert node is parsed.tree or isinstance(node, shared) or parsed.parents[node] in seen
        seen.add(node)
    assert all(node in children_of(parsed.parents[node]) for node in walked[1:])
    assert parsed.parents.get(parsed.tree) is None
    assert parsed.parents.get(ast.Name("x", lineno=1, col_offset=0)) is None
    assert all(set(parsed.starting_at(*place)) == nodes for place, nodes in starts.items())
    assert parsed.starting_at(1, 10**6) == []


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
