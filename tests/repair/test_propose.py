"""What is proposed for a broken text, out of history and out of the text alone."""

import ast
from functools import cache

import pytest
from hypothesis import given, settings

from canonry.repair.ancestors import AncestorVersion
from canonry.repair.choose import choose
from canonry.repair.lines.mend import Mended, mend
from canonry.repair.merge.merge import MergedText, Refusal
from canonry.repair.propose import Proposal, propose
from tests.repair.test_merge import BASE, DAMAGE, broken_texts, changed

REFUSED = (Refusal(3, ("go(",), "does not parse in its place"),)


@cache
def parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def proposed(broken: str, *texts: str) -> Proposal:
    versions = [AncestorVersion(f"c{number}", "2025-06-01", "a.py", str(number)) for number in range(len(texts))]
    return propose(broken, versions, read=lambda blob: texts[int(blob)], parse=parse, mend=mend)


def test_a_text_that_parses_is_left_alone() -> None:
    assert proposed(BASE + "x = 1\n", BASE).choice.text == BASE + "x = 1\n"


def test_the_healthy_ancestor_mends_what_the_text_cannot_tell() -> None:
    broken = changed(('"milk", 100', "milk 100"), DAMAGE["wrong closer"], DAMAGE["f-string opened"])

    found = proposed(broken, broken, BASE)

    assert found.choice.merged
    assert found.ancestor is not None
    assert found.ancestor.version.commit == "c1"
    assert found.choice.text == BASE


def test_a_file_born_broken_is_mended_alone() -> None:
    found = proposed(changed(DAMAGE["stray quote"]))

    assert found.choice.text == BASE
    assert not found.choice.merged
    assert found.ancestor is None


def test_the_text_is_mended_alone_only_where_the_merge_leaves_something_open() -> None:
    assert proposed(changed(DAMAGE["bracket lost"]), BASE).mended is None


BROKEN = "def test_a():\n    go(\n    stay(near, here)\n    and_, more, words, there, are\n"
POOR = "def test_a():\n    stay(near, here)\n"
RICH = "def test_a():\n    go()\n    stay(near, here)\n    and_, more, words, there, are\n"
NO_TEST = RICH.replace("test_a", "check_a")


@pytest.mark.parametrize(
    ("merged", "mended", "kept"),
    [
        ((POOR, ()), (RICH, 9.0), "mended"),  # many more words
        ((RICH, ()), (RICH, 0.1), "merged"),
        ((RICH, REFUSED), (RICH, 0.1), "mended"),  # few edits against a refusal
        ((RICH, REFUSED), (RICH, 9.0), "merged"),  # many edits
        ((RICH, REFUSED), (POOR, 0.1), "merged"),  # fewer words
        ((RICH, REFUSED), (NO_TEST, 0.1), "merged"),  # a test is lost
        ((POOR, ()), (NO_TEST, 0.1), "merged"),
        ((RICH, ()), None, "merged"),
        (None, (RICH, 9.0), "mended"),
        (None, None, None),
    ],
)
def test_which_proposal_is_kept(
    merged: tuple[str, tuple[Refusal, ...]] | None, mended: tuple[str, float] | None, kept: str | None
) -> None:
    by_merge = None if merged is None else MergedText(merged[0], 1, merged[1], (), 1)
    alone = Mended(BROKEN, False, 9.0) if mended is None else Mended(mended[0], True, mended[1])

    choice = choose(BROKEN, by_merge, alone, parse=parse)

    assert choice.text == {"merged": merged and merged[0], "mended": mended and mended[0], None: None}[kept]
    assert choice.merged == (kept == "merged")


@settings(max_examples=40, deadline=None)
@given(broken_texts())
def test_a_proposal_parses_is_the_same_again_and_stays_as_it_is(broken: str) -> None:
    text = proposed(broken, BASE).choice.text

    assert text is not None
    assert parse(text) is not None
    assert proposed(broken, BASE).choice.text == text
    assert proposed(text, BASE).choice.text == text
