"""What holds of every repair: valid files stay, results are the same each time, and no word vanishes in silence."""

import inspect
import textwrap
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.model.repair import Method, Verdict
from canonry.repair.ancestors import AncestorVersion
from canonry.repair.case import Case, Proposal, repair_case
from canonry.repair.lines.mend import MARK
from canonry.repair.measure import live_words, words_of
from canonry.repair.verify import broken_words
from demo.damage import OPERATORS, break_text
from tests.audit import test_suppressions
from tests.repair import test_damage, test_text, test_verify

TARGET = (3, 11)
SOURCES = [inspect.getsource(module) for module in (test_damage, test_text, test_verify, test_suppressions, textwrap)]
VERSION = AncestorVersion("c" * 40, "2025-06-01", "test_a.py", "healthy")


def proposal_for(broken: str, *, healthy: str | None = None) -> Proposal:
    """What is proposed for a text, with a healthy version in its history or without any history."""
    store = {"healthy": healthy.encode()} if healthy is not None else {}
    case = Case("test_a.py", b"", versions=(VERSION,) if store else ())
    return repair_case(case, broken.encode(), store.get, TARGET)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str]:
    """A healthy text and what mass edits left of it."""
    healthy = draw(st.sampled_from(SOURCES))
    seed = draw(st.integers(0, 10_000))
    return healthy, break_text(healthy, Random(seed), first=seed % len(OPERATORS))


@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # an odd comparison is none the less one
@settings(deadline=None, max_examples=18)
@given(damaged(), st.booleans())
def test_a_repair_parses_is_the_same_again_and_loses_no_word_in_silence(texts: tuple[str, str], known: bool) -> None:
    healthy, broken = texts
    first = proposal_for(broken, healthy=healthy if known else None)
    assert first.after is not None
    after = first.after.decode()
    compile(after, "x", "exec")

    again = proposal_for(broken, healthy=healthy if known else None)
    assert again.after == first.after

    lost = Counter(word for each in first.record.lost for word in each.words)
    marked = words_of("\n".join(line.partition(MARK)[2] for line in after.split("\n")))
    assert not broken_words(broken, after) - live_words(after) - marked - lost
    assert not words_of(broken) - words_of(after) - lost


@settings(deadline=None, max_examples=20)
@given(damaged())
def test_a_healthy_version_is_found_again(texts: tuple[str, str]) -> None:
    healthy, broken = texts
    found = proposal_for(broken, healthy=healthy)

    assert found.record.method in (Method.RESTORE, Method.MERGE, Method.LINES)
    assert found.record.tests_lost == ()
    assert found.record.tests_now == found.record.tests_before


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(content: bytes) -> None:
    found = repair_case(Case("a.py", b""), content, {}.get, TARGET)

    assert found.record.verdict in (Verdict.BROKEN, Verdict.NOT_PYTHON)
    assert found.after is None or compile(found.after, "x", "exec") is not None


@pytest.mark.parametrize("line", ["x = (\n", 'x = "a\n', "if x:\n", "    y = 1\n", "def f(:\n    pass\n"])
def test_one_broken_line_in_a_long_file_costs_no_other(line: str) -> None:
    rows = [f"value_{number} = {number}\n" for number in range(2000)]
    broken = "".join([*rows[:1000], line, *rows[1000:]])
    found = proposal_for(broken)

    assert found.after is not None
    kept = [row.strip() for row in found.after.decode().splitlines()]  # the next line may become the missing body
    assert {row.strip() for row in rows} <= set(kept)


def test_a_file_of_twelve_thousand_lines_is_mended() -> None:
    rows = [f'name_{number} = call("a{number}")\n' for number in range(12_000)]
    rows[6_000] = 'name_6000 = call("a6000)"\n'
    found = proposal_for("".join(rows))

    assert found.after is not None
    assert found.after.decode().splitlines()[6_000] == 'name_6000 = call("a6000")'
