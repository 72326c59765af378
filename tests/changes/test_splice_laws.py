"""What holds for every splice, and that the checks let every sound edit of real code pass."""

import ast
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.changes.checks.edited import EditedSource
from canonry.changes.checks.same_text import object_to_text
from canonry.changes.checks.same_tree import object_to_tree
from canonry.changes.parsed import ParsedText
from canonry.changes.splice import ConflictError, conflicts, line_starts, moved_ranges, sort_edits, splice
from canonry.model.edit import Edit
from canonry.source.syntax.text import SourceText
from tests.workbench import ROOT

CONTENTS = st.binary(max_size=60) | st.text("ab\r\n\x0c\x85é\u2028", max_size=60).map(lambda text: text.encode())


@st.composite
def spliced(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    """A content with edits that do not touch each other."""
    content = draw(CONTENTS)
    places = sorted(draw(st.sets(st.integers(0, len(content)), max_size=8)))
    edits = []
    for start, end in zip(places[::2], places[1::2], strict=False):
        new = draw(st.binary(max_size=5))
        edits.append(Edit(start=start, end=end, expected=content[start:end], replacement=new, rule="TST000"))
    return content, draw(st.permutations(edits))


@given(spliced())
def test_every_byte_outside_the_edits_stays_in_order(case: tuple[bytes, list[Edit]]) -> None:
    content, edits = case
    result = splice(content, edits)
    ranges = moved_ranges(edits)
    ends, news = [0, *(each.end for each in ranges)], [0, *(each.new_end for each in ranges)]
    starts, new_starts = (
        [*(each.start for each in ranges), len(content)],
        [*(each.new_start for each in ranges), len(result)],
    )

    for end, start, new, new_start in zip(ends, starts, news, new_starts, strict=True):
        assert content[end:start] == result[new:new_start]
    for edit, each in zip(sort_edits(edits), ranges, strict=True):
        assert result[each.new_start : each.new_end] == edit.replacement


@given(spliced())
def test_the_edits_back_give_the_content_back(case: tuple[bytes, list[Edit]]) -> None:
    content, edits = case
    result = splice(content, edits)
    back = [
        Edit(
            start=each.new_start, end=each.new_end, expected=edit.replacement, replacement=edit.expected, rule="TST000"
        )
        for edit, each in zip(sort_edits(edits), moved_ranges(edits), strict=True)
        if each.new_start < each.new_end or edit.expected
    ]
    if not conflicts(back):
        assert splice(result, back) == content


@given(spliced())
def test_the_order_and_the_number_of_equal_edits_mean_nothing(case: tuple[bytes, list[Edit]]) -> None:
    content, edits = case

    assert splice(content, edits) == splice(content, [*reversed(edits), *edits])
    assert splice(content, []) == content


def edit(start: int, end: int, new: bytes = b"x") -> Edit:
    return Edit(start=start, end=end, expected=b"0123456789"[start:end], replacement=new, rule="TST000")


@pytest.mark.parametrize(
    ("edits", "result"),
    [
        ([edit(0, 2), edit(2, 4)], b"xx456789"),
        ([edit(2, 2), edit(2, 4)], b"01xx456789"),
        ([edit(2, 4), edit(4, 4)], b"01xx456789"),
        ([edit(2, 2), edit(2, 2)], b"01x23456789"),
        ([edit(0, 3), edit(2, 4)], None),
        ([edit(0, 9), edit(2, 4), edit(5, 6)], None),
        ([edit(2, 4), edit(3, 3)], None),
        ([edit(2, 2), edit(2, 2, b"y")], None),
        ([edit(2, 4), edit(2, 4, b"y")], None),
    ],
)
def test_overlaps_are_conflicts(edits: list[Edit], result: bytes | None) -> None:
    assert bool(conflicts(edits)) == (result is None)
    if result is not None:
        assert splice(b"0123456789", edits) == result
    else:
        with pytest.raises(ConflictError, match="TST000 and TST000 both edit line 1; apply one of them first"):
            splice(b"0123456789", edits)


def test_what_an_edit_expects_has_to_be_there() -> None:
    with pytest.raises(ConflictError, match="TST000 expects other text in line 2; plan again from what is there now"):
        splice(b"a\nbc\n", [Edit(start=2, end=3, expected=b"x", replacement=b"y", rule="TST000")])
    with pytest.raises(ConflictError):
        splice(b"a", [Edit(start=1, end=3, expected=b"", replacement=b"y", rule="TST000")])


@given(CONTENTS)
def test_lines_end_as_in_the_parser(content: bytes) -> None:
    starts = line_starts(content)
    text = SourceText(content)

    assert [text.offset(line, 0) for line in range(1, len(starts) + 1)][: len(starts) - 1] == list(starts)[:-1]
    assert all(content[at - 1 : at] in (b"\n", b"\r") for at in starts[1:])


FILES = sorted((ROOT / "src" / "canonry").rglob("*.py")) + sorted((ROOT / "tests").rglob("*.py"))


def sound_edits(source: bytes, tree: ast.Module, chance: random.Random) -> list[Edit]:
    """Edits that replace whole expressions and simple statements, and none inside another or inside an f-string."""
    text, taken, edits = SourceText(source), 0, []
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    nodes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call | ast.BinOp | ast.Attribute | ast.Return | ast.Pass)
        and id(node) not in inside
        and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
    ]
    for node in sorted(chance.sample(nodes, min(len(nodes), 9)), key=lambda each: (each.lineno, each.col_offset)):
        start, end = (
            text.offset(node.lineno, node.col_offset),
            text.offset(node.end_lineno or 0, node.end_col_offset or 0),
        )
        if start < taken or b"#" in source[start:end]:
            continue
        new = b"(new or\nother)" if isinstance(node, ast.expr) else b"value = 1; return value"
        edits.append(Edit(start=start, end=end, expected=source[start:end], replacement=new, rule="TST000"))
        taken = end + 1
    return edits


def parsed(source: bytes, result: bytes, trees: tuple[ast.Module, ast.Module]) -> tuple[ParsedText, ParsedText]:
    return ParsedText(SourceText(source), trees[0]), ParsedText(SourceText(result), trees[1])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 10**9))
def test_sound_edits_of_real_code_pass(file: Path, seed: int) -> None:
    source = file.read_bytes()
    edits = sound_edits(source, ast.parse(source), random.Random(seed))
    if not edits:
        return
    result = splice(source, edits)
    try:
        trees = ast.parse(source), ast.parse(result)
    except SyntaxError:  # a base class or a pattern that takes no such expression
        return
    edited = EditedSource(source, *parsed(source, result, trees), edits)

    assert object_to_text(edited) is None
    assert object_to_tree(edited, (3, 11)) is None


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 10**9))
def test_a_change_beside_the_edits_is_always_found(file: Path, seed: int) -> None:
    chance = random.Random(seed)
    source = file.read_bytes()
    edits = sound_edits(source, ast.parse(source), chance)
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name) and node.id.isascii()]
    if not edits or not names:
        return
    node = chance.choice(names)
    text = SourceText(source)
    start = text.offset(node.lineno, node.col_offset)
    planted = Edit(start=start, end=start + len(node.id), expected=node.id.encode(), replacement=b"planted", rule="BAD")
    if conflicts([*edits, planted]) or any(each.start <= start <= each.end for each in edits):
        return
    result = splice(source, [*edits, planted])
    try:
        trees = ast.parse(source), ast.parse(result)
    except SyntaxError:
        return
    if ast.dump(trees[1]) == ast.dump(ast.parse(splice(source, edits))):
        return
    lying = EditedSource(source, *parsed(source, result, trees), edits)

    assert object_to_tree(lying, (3, 11)) is not None
