"""Which earlier runs stand for the suite: narrowed ones neither make a curve nor hide those that do."""

from canonry.history.store.reading import Totals
from canonry.model.history import KeptRun
from canonry.model.outcome import Outcome
from canonry.standing.past import Past, newest_of


def made(*sizes: tuple[int, str]) -> Past:
    """Runs of so many tests, each at a commit."""
    runs = [KeptRun(id=str(number), at=float(number), commit=commit) for number, (_, commit) in enumerate(sizes)]
    return Past(None, runs, {str(at): Totals({Outcome.PASSED: size}) for at, (size, _) in enumerate(sizes)})


def drawn(past: Past) -> list[int]:
    return [past.totals[run.id].tests for run in past.steady()]


def test_narrowed_runs_after_a_whole_one_are_not_drawn_however_many() -> None:
    assert drawn(made((8, "a"), *[(2, "a")] * 9, *[(2, "b")] * 9)) == [8]


def test_narrowed_runs_before_the_whole_one_of_their_commit_are_not_drawn() -> None:
    assert drawn(made(*[(2, "a")] * 9, (8, "a"))) == [8]


def test_a_suite_that_grows_is_drawn() -> None:
    sizes = [*range(40, 60)]
    assert drawn(made(*((size, str(size)) for size in sizes)))[-1] == 59
    assert len(drawn(made(*((size, str(size)) for size in sizes)))) >= 15


def test_many_narrowed_runs_do_not_hide_the_suite() -> None:
    past = made((8, "a"), (9, "b"), *[(2, "b")] * 100)
    kept = newest_of(past.runs, past.totals)

    assert [run.id for run in kept[:2]] == ["0", "1"]
    assert len(kept) == 62
