"""Checks that look only at what changed say what the same checks of all of it say, whatever the edits cut."""

import ast
import warnings

from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.changes.checks.edited import EditedSource
from canonry.changes.checks.same_text import _around, _object_to_tokens
from canonry.changes.checks.same_tree import object_to_tree
from canonry.changes.parsed import ParsedText
from canonry.changes.splice import conflicts, splice
from canonry.model.edit import Edit
from canonry.source.syntax.text import SourceText

_TARGET = (3, 11)
_STATEMENTS = [
    "x = 1", "x = 'a # b'  # c", "y = a * b; z = 2", '"""d"""', "# alone", "", "@d  # e\ndef f(a, b=''):\n    # g\n    return a",
    "class A:\n    '''k'''\n    # h\n    m = 1\n\n    def n(self):\n        return 'o'  # p", "class B(A): pass",
    "if x:\n    pass\nelse:\n    y = '''q\n# r\n'''", "s = (\n    1,  # t\n    2)", "import os", "u = f'{x}' 'v'",
]  # fmt: skip
_PIECES = [
    "x",
    "b + c",
    "(T)",
    "'",
    "#",
    "# c",
    "'''",
    "\n",
    "\n\n",
    "    ",
    "; w = 3",
    "import sys\n",
    "def i(): return 1\n",
    "",
]


class Whole(EditedSource):
    """A source of which every piece is parsed again."""

    def statements(self, _start: int, _end: int) -> list[ast.stmt] | None:
        return None


@st.composite
def edited(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    """A source made of statements, and edits that may begin and end anywhere, often where one of its signs is."""
    source = "\n".join(draw(st.lists(st.sampled_from(_STATEMENTS), min_size=1, max_size=6))) + "\n"
    signs = [at for at, sign in enumerate(source) if sign in "#'\n:(" or source[at - 1 : at] in ("\n", " ", "'")]
    places = st.sampled_from(signs) | st.integers(0, len(source))
    edits = []
    for _ in range(draw(st.integers(1, 3))):
        start = draw(places)
        end = draw(st.just(start) | st.integers(start, min(len(source), start + 12)))
        new = draw(st.sampled_from(_PIECES))
        edits.append(
            Edit(start=start, end=end, expected=source[start:end].encode(), replacement=new.encode(), rule="TST000")
        )
    return source.encode(), edits


def pair(source: bytes, edits: list[Edit], kind: type[EditedSource]) -> EditedSource | None:
    """Both texts with new trees, for the checks change them; None where one of the two does not parse."""
    result = splice(source, edits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trees = [ast.parse(each) for each in (source, result)]
    except (SyntaxError, ValueError):
        return None
    old, new = (ParsedText(SourceText(each), tree) for each, tree in zip((source, result), trees, strict=True))
    return kind(source, old, new, edits)


@settings(max_examples=150, deadline=None)
@given(edited())
def test_strings_and_comments_around_the_edits_are_enough(case: tuple[bytes, list[Edit]]) -> None:
    found = pair(*case, EditedSource) if not conflicts(case[1]) else None
    if found is None:
        return
    around = _around(found)

    if around is not None:  # None where strings may nest, as from Python 3.12 on
        every = _object_to_tokens(found, found.old.tokens, found.new.tokens)
        assert bool(_object_to_tokens(found, *around)) == bool(every), every


@settings(max_examples=150, deadline=None)
@given(edited())
def test_whole_statements_need_not_be_parsed_again(case: tuple[bytes, list[Edit]]) -> None:
    if conflicts(case[1]):
        return
    found, whole = pair(*case, EditedSource), pair(*case, Whole)
    if found is None or whole is None:
        return

    assert bool(object_to_tree(found, _TARGET)) == bool(object_to_tree(whole, _TARGET))


def test_a_class_whose_head_changes_is_taken_from_the_result() -> None:
    source = b"import os\n\n\nclass A:\n    def f(self):\n        return 1\n\n\nx = 2\n"
    at = source.index(b":")
    found = pair(source, [Edit(start=at, end=at, expected=b"", replacement=b"(B)", rule="TST000")], EditedSource)
    assert found is not None
    head = source.index(b"class")

    assert found.statements(head, source.index(b"\n\n\nx")) == [found.new.tree.body[1]]
    assert found.statements(head, source.index(b"def")) is None
    assert found.statements(at + 1, len(source)) is None
