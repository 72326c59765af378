"""Compiling only what a result adds says what compiling all of it says, whatever is planted where."""

import ast
import random
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.changes.checks.compiled import new_statements, object_to_compiled, refusal_of
from canonry.changes.checks.edited import EditedSource
from canonry.changes.parsed import ParsedText
from canonry.changes.splice import conflicts, splice
from canonry.model.edit import Edit
from canonry.source.syntax.text import SourceText

_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
_FILES = [_LIBRARY / name for name in "argparse.py contextlib.py difflib.py textwrap.py dataclasses.py cmd.py".split()]
_PLANTED = (
    "return 1", "break", "await x", "yield", "nonlocal y", "global z", "z = 1", "from __future__ import annotations",
    "def f(a, a): pass", "x = 1", "import os", "class A:\n{0}    return 2", "async def g():\n{0}    await x", "__debug__ = 1",
    "class B:\n{0}    z = 1\n{0}    global z", "def h():\n{0}    from os import *", "(yield)", "v: (y := 1) = 2",
)  # fmt: skip


def planted(source: bytes, chance: random.Random, texts: list[str]) -> list[Edit]:
    """Statements before others, at their indentation, and statements that go."""
    text, edits = SourceText(source), []
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt) and node.lineno > 1]
    for each in texts:
        node = chance.choice(nodes)
        line = text.offset(node.lineno, 0)
        start = text.offset(node.lineno, node.col_offset)
        if source[line:start].strip() or source[line - 2 : line - 1] == b"\\":
            continue
        new = each.format(" " * node.col_offset) + "\n" + " " * node.col_offset
        edits.append(Edit(start=start, end=start, expected=b"", replacement=new.encode(), rule="TST000"))
    return edits


def edited(source: bytes, edits: list[Edit]) -> EditedSource | None:
    result = splice(source, edits)
    try:
        trees = ast.parse(source), ast.parse(result)
    except SyntaxError:
        return None
    return EditedSource(
        source, *(ParsedText(SourceText(s), t) for s, t in zip((source, result), trees, strict=True)), edits
    )


def expected(source: bytes, result: bytes) -> str | None:
    found = refusal_of(result)
    if found is None or refusal_of(source) is not None:
        return None
    return f"the result does not compile: {found.msg} in line {found.lineno}"


@settings(max_examples=90, deadline=None)
@given(st.sampled_from(_FILES), st.integers(0, 10**9), st.lists(st.sampled_from(_PLANTED), min_size=1, max_size=3))
def test_as_if_all_were_compiled(file: Path, seed: int, texts: list[str]) -> None:
    source = file.read_bytes()
    edits = planted(source, random.Random(seed), texts)
    found = edited(source, edits) if edits and not conflicts(edits) else None
    if found is None:
        return

    assert object_to_compiled(found) == expected(source, splice(source, edits))


@pytest.mark.parametrize(
    ("source", "at", "new"),
    [
        ("from __future__ import annotations\nx = 1\n", 0, "import os\n"),
        ("x = 1\ny = 2\n", 6, "global x\n"),
        ("global x\ny = 2\n", 0, "x = 1\n"),
        ("if 1:\n    global x\ny = 2\n", 0, "x = 1\n"),
        ("class A:\n    global x\n    y = 2\n", 9, "    x = 1\n"),
        ("from __future__ import annotations\nx = 1\n", 35, "v: (y := 1) = 2\n"),
        ("x = 1\n", 6, "from __future__ import annotations\n"),
    ],
)
def test_statements_that_are_wrong_beside_others(source: str, at: int, new: str) -> None:
    edit = Edit(start=at, end=at, expected=b"", replacement=new.encode(), rule="TST000")
    found = edited(source.encode(), [edit])

    assert found is not None
    assert object_to_compiled(found) == expected(source.encode(), splice(source.encode(), [edit]))
    assert object_to_compiled(found) is not None


def test_only_what_is_new_is_compiled() -> None:
    source = b"import os\n\n\nclass A(B):\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n\n\nx = 1\n"
    edit = Edit(start=source.index(b"2"), end=source.index(b"2") + 1, expected=b"2", replacement=b"33", rule="TST000")
    found = edited(source, [edit])

    assert found is not None
    assert b"".join(new_statements(found) or []) == (b"class A(B):\n    def g(self):\n        return 33\n    pass\n")
    assert [type(part.node).__name__ for part in found.come] == ["FunctionDef"]
    assert len(found.held) == 4
