"""What a proposal keeps, invents and loses is counted, and no word vanishes in silence."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.model.edit import Grade
from canonry.model.repair import Lost, Method
from canonry.repair.grade import expected_f1, grade
from canonry.repair.lines.mend import MARK
from canonry.repair.measure import live_words, words_of
from canonry.repair.verify import Verification, broken_words, verify

TARGET = (3, 11)
BROKEN = 'def test_tea():\n    assert price("tea) == 3\n\n\ndef test_salt():\n    assert price("salt") == 1\n'
MENDED = BROKEN.replace('"tea)', '"tea")')


def test_a_faithful_repair_keeps_everything() -> None:
    found = verify(BROKEN, MENDED, TARGET)

    assert (found.parses, found.tests_before, found.tests_now, found.tests_lost) == (True, 2, 2, ())
    assert (found.words_kept, found.words_invented, found.lost, found.marked) == (1.0, 0.0, (), ())


def test_words_of_comments_that_stay_are_not_lost() -> None:
    noted = BROKEN.replace("def test_salt():", "def test_salt():  # noqa: the price of salt, but not its weight")

    assert verify(noted, noted.replace('"tea)', '"tea")'), TARGET).lost == ()


def test_a_text_that_does_not_parse_is_no_repair() -> None:
    assert not verify(BROKEN, BROKEN, TARGET).parses


def test_what_is_dropped_is_listed_with_its_line() -> None:
    found = verify(BROKEN, MENDED.replace('    assert price("tea") == 3\n', "    pass\n"), TARGET)

    assert found.lost == (Lost(2, ("assert", "price", "tea", "3")),)
    assert found.words_kept < 0.8
    assert found.words_invented > 0


def test_what_is_commented_out_is_lost_unless_it_is_marked() -> None:
    commented = MENDED.replace('    assert price("tea")', '    pass\n    # assert price("tea")')
    marked = MENDED.replace('    assert price("tea")', f'    pass\n    {MARK}assert price("tea")')

    assert [each.line for each in verify(BROKEN, commented, TARGET).lost] == [2]
    found = verify(BROKEN, marked, TARGET)
    assert (found.lost, found.marked) == ((), (3,))


def test_a_test_inside_a_function_is_lost() -> None:
    nested = MENDED.replace("def test_salt", "    def test_salt").replace(
        '    assert price("salt', '        assert price("salt'
    )

    assert verify(BROKEN, nested, TARGET).tests_lost == ("test_salt",)


def test_a_test_of_the_base_is_demanded_too() -> None:
    base = MENDED + "\n\ndef test_oil():\n    assert price('oil')\n"

    assert verify(BROKEN, MENDED, TARGET, base=base).tests_lost == ("test_oil",)


@given(st.text("ab(): #\n", max_size=60), st.text("ab(): #\n", max_size=60))
def test_every_word_is_live_marked_or_lost(broken: str, after: str) -> None:
    found = verify(broken, after, TARGET)
    if not found.parses:
        return
    lost = Counter(word for each in found.lost for word in each.words)
    marked = words_of("\n".join(line.partition(MARK)[2] for line in after.split("\n")))

    assert not broken_words(broken, after) - live_words(after) - marked - lost
    assert not words_of(broken) - words_of(after) - lost


GOOD = Verification(parses=True, tests_before=2, tests_now=2, words_kept=1.0)


@pytest.mark.parametrize(
    ("found", "method", "more", "level"),
    [
        (GOOD, Method.MERGE, {"health": 0.9}, Grade.SAFE),
        (GOOD, Method.MERGE, {"health": 0.84}, Grade.REVIEW),
        (GOOD, Method.MERGE, {"health": 0.9, "refused": 1}, Grade.REVIEW),
        (GOOD, Method.MERGE, {"health": 0.9, "commented_out": True}, Grade.REVIEW),
        (GOOD, Method.LINES, {"cost": 1.9}, Grade.SAFE),
        (GOOD, Method.LINES, {"cost": 2.0}, Grade.REVIEW),
        (GOOD, Method.ENCODING, {"guessed": True}, Grade.REVIEW),
        (GOOD, Method.MERGE, {"health": 0.9, "guessed": True}, Grade.REVIEW),
        (GOOD, Method.LINES, {"cost": 0.1, "unsure": 1}, Grade.REVIEW),
        (GOOD, Method.LINES, {"cost": 0.1, "past_history": True}, Grade.REVIEW),
        (Verification(parses=True, tests_lost=("test_a",), words_kept=1.0), Method.LINES, {"cost": 0.1}, Grade.REVIEW),
        (Verification(parses=True, marked=(3,), words_kept=1.0), Method.LINES, {"cost": 0.1}, Grade.REVIEW),
        (Verification(parses=True, words_kept=0.9), Method.LINES, {"cost": 0.1}, Grade.REVIEW),
        (Verification(parses=True, words_kept=1.0, words_invented=0.1), Method.LINES, {"cost": 0.1}, Grade.REVIEW),
        (Verification(parses=False), Method.LINES, {"cost": 0.1}, Grade.MANUAL),
    ],
)
def test_every_doubt_lowers_the_grade(
    found: Verification, method: Method, more: dict[str, object], level: Grade
) -> None:
    reached, reasons = grade(found, method, **more)  # type: ignore[arg-type]

    assert reached is level
    assert bool(reasons) is (level is not Grade.SAFE)


def test_dearer_repairs_promise_less() -> None:
    promised = [expected_f1(cost) for cost in (0.1, 1, 3, 7, 15, 40)]

    assert promised == sorted(promised, reverse=True)
    assert len(set(promised)) == len(promised)
