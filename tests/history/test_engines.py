"""The same questions to both engines, and the same answers."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from canonry.history.statistics.flakiness import Seen
from canonry.history.store import History, open_history, open_shared
from canonry.history.store.pruning import Keep
from canonry.model.history import KeptFailure, KeptFlow, Measured, Source
from canonry.model.outcome import Outcome
from canonry.model.run_event import FlowCovered, Measure
from tests.history.kept import NODE, run_of

OTHER = "test_a.py::test_b['%s?']"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.requires("postgres"))])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[History]:
    if request.param == "sqlite":
        opened = open_history(tmp_path / "history.db")
    else:
        opened = open_shared(request.getfixturevalue("url"))
    yield opened
    opened.close()


def test_what_was_added_is_read_as_it_was(history: History) -> None:
    flow = KeptFlow(run="a", covered=FlowCovered(flow="golden", code=Measure(part=3, whole=4)), tests=(NODE,))
    run = run_of(
        "a",
        1000.25,
        {NODE: [(Outcome.FAILED, 0.125), (Outcome.PASSED, 2.5)], OTHER: Outcome.SKIPPED},
        commit="c0ffee",
        dirty=True,
        profile="ci",
        status=1,
        duration=12.5,
        machine="one",
        environment="linux-3.11",
        fingerprint={"python": "3.11", "variables": "HOME ÜÄ %s ?"},
        root="/somewhere",
    )
    added = history.add(type(run)(run=run.run, attempts=run.attempts, failures=run.failures, flows=[flow]))

    assert (added.new, added.known, added.results) == (1, 0, 3)
    assert history.runs() == [run.run]
    assert list(history.attempts()) == list(run.attempts)
    assert history.failures("a") == run.failures
    assert history.flows() == [flow]
    assert history.run("b") is None


def test_adding_it_again_changes_nothing(history: History) -> None:
    measured = Measured(
        id="x", source=Source.AUDIT, at=1.0, basis="b", command="c", values={"files": 3}, parts={("rule", "DUP001"): 2}
    )
    for expected in (1, 0):
        added = history.add(run_of("a", 1.0, {NODE: Outcome.FAILED}))
        assert (added.new, added.known) == (expected, 1 - expected)
        assert history.add_measured(measured) == expected

    assert len(list(history.attempts())) == 1
    assert len(history.failures("a")) == 1
    assert history.measured(Source.AUDIT) == [measured]


def test_runs_are_chosen(history: History) -> None:
    for number in range(6):
        history.add(
            run_of(
                f"r{number}",
                number * 10.0,
                commit="one" if number < 3 else "two",
                profile="ci" if number % 2 else "local",
            )
        )

    def ids(**wanted: object) -> list[str]:
        return [run.id for run in history.runs(**wanted)]  # type: ignore[arg-type]

    assert ids(last=2) == ["r4", "r5"]
    assert ids(since=40.0) == ["r4", "r5"]
    assert ids(commits=["one"], profile="ci") == ["r1"]
    assert ids(commits=[]) == []
    assert ids(last=0) == []
    assert ids(commits=["two", *map(str, range(40_000))], last=2) == ["r4", "r5"]
    assert ids(ids=["r1", *map(str, range(40_000))]) == ["r1"]


def test_attempts_are_chosen_by_runs_tests_and_number(history: History) -> None:
    for number in range(4):
        tests = {NODE: [(Outcome.FAILED, 1.0), (Outcome.PASSED, float(number))], OTHER: Outcome.PASSED}
        history.add(run_of(f"r{number}", number * 10.0, tests))

    found = [(each.run, each.node, each.attempt) for each in history.attempts(nodes=[NODE], last=2, first_only=True)]

    assert found == [("r2", NODE, 1), ("r3", NODE, 1)]
    assert len(list(history.attempts(history.runs(ids=["r1"])))) == 3
    assert list(history.attempts(nodes=["unknown"])) == []


def test_many_tests_over_many_runs_are_asked_for_at_once(history: History) -> None:
    nodes = [f"test_{number}.py::test_x" for number in range(900)]
    history.add_all(run_of(f"r{n}", float(n), dict.fromkeys(nodes, Outcome.PASSED)) for n in range(3))
    found = list(history.attempts(nodes=nodes))

    assert [each.run for each in found] == ["r0"] * 900 + ["r1"] * 900 + ["r2"] * 900
    assert {each.node for each in found} == set(nodes)


def test_a_run_that_claims_the_future_is_never_the_newest(history: History) -> None:
    history.add(run_of("jumped", 4e9, {NODE: Outcome.FAILED}))
    history.add(run_of("later", 1000.0, {NODE: Outcome.PASSED}))

    assert [run.id for run in history.runs()] == ["jumped", "later"]
    assert [run.id for run in history.runs(last=1)] == ["later"]
    assert history.tests()[NODE].outcome is Outcome.PASSED


def test_what_is_whole_replaces_what_was_cut_short(history: History) -> None:
    history.add(run_of("a", 1.0, {NODE: Outcome.FAILED}, whole=False, reason="cut"))
    history.add(run_of("a", 1.0, {NODE: Outcome.FAILED, OTHER: Outcome.PASSED}))
    history.add(run_of("a", 1.0, {NODE: Outcome.FAILED}, whole=False, reason="cut"))

    assert [run.whole for run in history.runs()] == [True]
    assert len(list(history.attempts())) == 2
    assert history.expected()[NODE] == 1.0


def test_two_that_call_themselves_the_same_attempt_are_both_kept(history: History) -> None:
    one = run_of("a", 1.0, {NODE: Outcome.FAILED})
    two = run_of("a", 2.0, {NODE: Outcome.PASSED})
    history.add(type(one)(run=one.run, attempts=[*one.attempts, *two.attempts]))

    assert [(each.attempt, each.outcome) for each in history.attempts()] == [(1, Outcome.FAILED), (2, Outcome.PASSED)]


def test_what_a_test_did_at_each_tree(history: History) -> None:
    history.add(run_of("a", 1.0, {NODE: Outcome.FAILED}, commit="one"))
    history.add(run_of("b", 2.0, {NODE: Outcome.PASSED}, commit="one"))
    history.add(run_of("c", 3.0, {NODE: Outcome.FAILED}, commit="one", environment="other"))
    history.add(run_of("d", 4.0, {NODE: Outcome.FAILED}, commit="one", dirty=True))
    history.add(run_of("e", 5.0, {NODE: Outcome.LOST}, commit="two"))

    assert history.seen([NODE, OTHER]) == {
        NODE: [Seen(1, 1, 2.0), Seen(0, 1, 3.0), Seen(0, 1, 4.0)],
        OTHER: [],
    }
    assert history.failed_nodes() == {NODE: 3}


def test_durations_are_those_of_first_attempts_that_passed(history: History) -> None:
    history.add(run_of("b", 2.0, {NODE: (Outcome.PASSED, 0.5)}))
    history.add(run_of("a", 1.0, {NODE: [(Outcome.FAILED, 9.0), (Outcome.PASSED, 8.0)]}))
    history.add(run_of("c", 3.0, {NODE: (Outcome.PASSED, 0.25)}))

    assert history.durations([NODE]) == {NODE: [0.5, 0.25]}


def test_a_test_that_is_gone_has_no_last_outcome(history: History) -> None:
    history.add(run_of("a", 1.0, {NODE: Outcome.FAILED}))
    history.add(run_of("b", 2.0, {OTHER: Outcome.PASSED}, gone=[NODE]))

    assert list(history.tests()) == [OTHER]


def test_measurements_are_chosen(history: History) -> None:
    kept = [
        Measured(
            id=f"m{n}", source=Source.AUDIT if n % 2 else Source.GATE, at=float(n), commit=f"c{n}", values={"n": n}
        )
        for n in range(6)
    ]
    history.add_measured(*kept)

    assert history.measured(Source.AUDIT) == [kept[1], kept[3], kept[5]]
    assert history.measured(Source.AUDIT, since=2.0, last=1) == [kept[5]]
    assert history.measured(Source.GATE, commits=["c2", "c3"]) == [kept[2]]
    assert history.measured(Source.LOAD) == []


def test_texts_that_a_database_cannot_hold_are_held_in_other_words(history: History) -> None:
    run = run_of("a", 1.0, {NODE: Outcome.FAILED}, commit="\0", root="/caf\udce9", fingerprint={"variables": "\udce9"})
    text = "a\0b" + "x" * 10_000 + "\ud800 end"
    failure = KeptFailure(run="a", node=NODE, reason="nul \0", text=text)
    history.add(type(run)(run=run.run, attempts=run.attempts, failures=[failure]))
    found = history.failures("a")[0]

    assert (history.runs()[0].commit, history.runs()[0].root) == ("\\0", "/caf\\udce9")
    assert found.reason == "nul \\0"
    assert found.text.startswith("a\\0bxxx")
    assert found.text.endswith("\\ud800 end")
    assert "characters are left out" in found.text
    assert len(found.text) < 4_100


def test_totals_count_each_test_once_by_how_it_ended(history: History) -> None:
    again, hopeless = [(Outcome.FAILED, 1.0), (Outcome.PASSED, 1.0)], [(Outcome.FAILED, 1.0), (Outcome.TIMEOUT, 1.0)]
    history.add(run_of("a", 1.0, {NODE: again, OTHER: hopeless, "test_a.py::test_c": Outcome.SKIPPED}))
    history.add(run_of("b", 2.0, {NODE: Outcome.PASSED}))
    totals = history.totals()

    assert totals["a"].outcomes == {Outcome.PASSED: 1, Outcome.TIMEOUT: 1, Outcome.SKIPPED: 1}
    assert (totals["a"].tests, totals["a"].bad, totals["a"].again) == (3, 1, 1)
    assert (totals["b"].tests, totals["b"].bad, totals["b"].again) == (1, 0, 0)
    assert set(history.totals(last=1)) == {"b"}


def test_old_runs_go_as_a_whole_and_last_outcomes_stay(history: History) -> None:
    now = time.time()
    for name, at in (("old", now - 100 * 86_400), ("new", now - 86_400), ("tomorrow", now + 86_400)):
        history.add(run_of(name, at, {NODE: Outcome.FAILED}, fingerprint={"python": name}))

    assert history.prune(Keep(days=90), write=False) == (2, 2, 1)
    assert len(history.runs()) == 3
    assert history.prune(Keep(days=90), write=True) == (2, 2, 1)
    assert [each.id for each in history.runs()] == ["new"]
    assert [each.run for each in history.attempts()] == ["new"]
    assert (history.failures("old"), len(history.failures("new"))) == ([], 1)
    assert history.tests()[NODE].outcome is Outcome.FAILED
    assert history.prune(Keep(runs=1), write=True) == (0, 0, 1)
    assert history.add(run_of("old", now - 100 * 86_400, {NODE: Outcome.PASSED})).new == 1
