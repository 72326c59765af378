"""What `canonry-quarantine.toml` may say: each mistake is told with its line, and an edit leaves the rest alone."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.canon.quarantine import QuarantineError, read_entries, said_entries, with_entry, without_entry
from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.quarantine import Entry, forgives, named_by

GOOD = {
    "test": '"tests/test_a.py::test_total"',
    "reason": '"fails now and then"',
    "owner": '"@ada"',
    "issue": '"SHOP-12"',
    "created": "2026-11-01",
    "expires": "2026-12-01",
}


def written(**changes: str | None) -> bytes:
    """A file with one entry; a key that is None is left out."""
    entry = {key: value for key, value in (GOOD | changes).items() if value is not None}
    return ("# why\n[[quarantine]]\n" + "".join(f"{key} = {value}\n" for key, value in entry.items())).encode()


def test_an_entry_says_who_and_until_when() -> None:
    (entry,) = read_entries(written())

    assert (entry.test, entry.owner, entry.line) == ("tests/test_a.py::test_total", "@ada", 2)
    assert [entry.days_left(dt.date(2026, 12, day)) for day in (1, 2)] == [0, -1]
    assert read_entries(written(expires='"2026-12-01"')) == (entry,)
    assert read_entries(b"") == ()


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (written(expires="2026-12-02"), 8, "it lasts 31 days"),
        (written(expires="2026-10-31"), 8, "before 2026-11-01"),
        (written(expires='"soon"'), 8, "no day such as"),
        (written(expires="2026-12-01T10:00:00"), 8, "no day such as"),
        (written(created="true"), 7, "no day such as"),
        (written(owner=None), 2, "`owner` is missing"),
        (written(issue='"  "'), 6, "no text, or an empty one"),
        (written(reason="3"), 4, "no text, or an empty one"),
        (written(test='"tests/test_a.py"'), 3, "names no test"),
        (written(expries="2026-12-01"), 9, "did you mean `expires`?"),
        (written() + written()[6:], 9, "stands in line 2 already"),
        (b"[[quarantined]]\n", 1, "did you mean `[[quarantine]]`?"),
        (b"quarantine = 'tests/test_a.py::test_total'\n", 1, "an entry is a table"),
    ],
)
def test_a_mistake_is_told_with_its_line(content: bytes, line: int, said: str) -> None:
    with pytest.raises(QuarantineError) as caught:
        read_entries(content)

    assert any(at == line and said in message for at, message in caught.value.mistakes), caught.value.mistakes


@pytest.mark.parametrize("content", [b"[[quarantine]\n", b"\xff\xfe", b"test = \x00"])
def test_what_is_no_toml_is_one_sentence(content: bytes) -> None:
    for read in (read_entries, said_entries):
        with pytest.raises(UserError, match="is no TOML"):
            read(content)


@given(st.text(min_size=1).filter(lambda text: text == text.strip() and text.isprintable()), st.booleans())
def test_an_added_entry_is_read_back_and_its_removal_gives_the_bytes_of_before(reason: str, has_end: bool) -> None:
    before = written() + b"# at the end" + (b"\n" if has_end else b"")
    entry = Entry(
        test="tests/test_b.py::test_b[x]",
        reason=reason,
        owner="@bo",
        issue="#1",
        created=dt.date(2026, 11, 2),
        expires=dt.date(2026, 11, 9),
    )
    after = with_entry(before, entry)

    assert read_entries(after)[1].reason == reason
    assert after.startswith(before)
    assert read_entries(without_entry(after, entry.test)) == read_entries(before)
    assert b"# at the end" in without_entry(after, entry.test)
    assert said_entries(without_entry(without_entry(after, entry.test), "tests/test_a.py::test_total")) == {}


def test_an_entry_names_its_test_with_all_parameters_and_no_other() -> None:
    tests = {"a.py::TestA", "a.py::test_b"}

    assert named_by(tests, "a.py::TestA::test_x[1-::]") == "a.py::TestA"
    assert named_by(tests, "a.py::test_b[1]") == "a.py::test_b"
    assert named_by(tests, "a.py::test_bb") == named_by(tests, "a.py") == ""
    assert forgives(tests, "a.py::test_b", Outcome.TIMEOUT)
    assert not forgives(tests, "a.py::test_b", Outcome.UNCOLLECTABLE)
    assert not forgives(tests, "a.py::test_b", Outcome.NOT_RUN)
