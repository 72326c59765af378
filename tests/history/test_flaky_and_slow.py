"""Flaky against broken, and what became slower since which commit, from runs in a real store."""

import io
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from canonry.history.flaky import failing_tests
from canonry.history.slow import alike_runs, slow_tests
from canonry.history.statistics.flakiness import Condition
from canonry.history.store import History, open_history
from canonry.history.store.records import Recorded
from canonry.model.outcome import Outcome
from canonry.report.reliability import (
    Population,
    flaky_json,
    render_flaky,
    render_flaky_markdown,
    render_slow,
    render_slow_markdown,
    slow_json,
)
from tests.history.kept import Told, run_of

P, F, LOST = Outcome.PASSED, Outcome.FAILED, Outcome.LOST
NOW = 1_700_000_000.0
DAY = 86_400.0


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with open_history(tmp_path / "history.db") as found:
        yield found


def run(number: int, tests: dict[str, Told], **fields: object) -> Recorded:
    """The run of a day, at a commit of its own unless another is given."""
    told = {"commit": f"c{number:02}", "environment": "e", "machine": "m", "fingerprint": {"python": "3.11"}} | fields
    return run_of(f"r{number:02}", NOW - DAY * (40 - number), tests, **told)


def conditions(history: History) -> dict[str, Condition]:
    return {each.node: each.flakiness.condition for each in failing_tests(history, history.runs(), now=NOW)}


def test_what_passes_and_fails_at_one_tree_is_flaky_what_only_fails_is_broken(history: History) -> None:
    for number in range(20, 32):
        history.add(
            run(
                number,
                {
                    "t.py::flaky": [(F, 2.0), (P, 3.0)] if number % 3 == 0 else P,
                    "t.py::broken": P if number < 30 else F,
                    "t.py::mended": F if number == 20 else P,
                    "t.py::lost": LOST if number % 2 else P,
                    "t.py::well": P,
                },
            )
        )
    found = {each.node: each for each in failing_tests(history, history.runs(), now=NOW)}

    assert conditions(history) == {
        "t.py::flaky": Condition.FLAKY,
        "t.py::broken": Condition.BROKEN,
        "t.py::mended": Condition.STEADY,
    }
    flaky = found["t.py::flaky"]
    assert (flaky.mixed, flaky.trees, flaky.failures, flaky.reruns) == (4, 12, 4, 12.0)
    assert (flaky.run, flaky.commit, flaky.reason) == ("r30", "c30", "t.py::flaky is failed")
    assert flaky.flakiness.low < flaky.flakiness.mean < flaky.flakiness.high
    assert next(iter(found)) == "t.py::flaky"


def test_another_environment_and_changed_files_are_another_tree(history: History) -> None:
    for number in range(20, 30):
        history.add(
            run(number, {"t.py::a": P if number % 2 else F, "t.py::b": P if number % 2 else F},
                commit="c", environment="ci" if number % 2 else "local"),
        )  # fmt: skip
    assert set(conditions(history).values()) <= {Condition.BROKEN, Condition.STEADY}

    for number in range(30, 36):  # on a dirty tree each run is a tree of its own
        history.add(run(number, {"t.py::c": P if number % 2 else F}, commit="c", dirty=True))
    assert conditions(history)["t.py::c"] is not Condition.FLAKY


def test_a_change_is_told_with_the_commit_where_it_began(history: History) -> None:
    chance = random.Random(2)
    for number in range(10, 40):
        noise = math.exp(chance.gauss(0, 0.05))
        history.add(
            run(
                number,
                {
                    "t.py::slower": (P, (2.0 if number >= 26 else 1.0) * noise),
                    "t.py::same": (P, 0.5 * noise),
                    "t.py::zero": (P, 0.0),
                    "t.py::once": (P, 100.0 if number == 30 else 0.3),
                    "t.py::failed": (F, 50.0),
                },
            )
        )
    history.add(run(40, {"t.py::same": (P, 9.0)}, machine="another"))  # the newest machine is another
    runs = history.runs()
    assert [each.id for each in alike_runs(runs)] == ["r40"]
    found = {each.node: each for each in slow_tests(history, alike_runs(runs[:-1]))}

    slower = found["t.py::slower"]
    assert slower.since is not None
    assert slower.since.commit == "c26"
    assert slower.since.ratio == pytest.approx(2, rel=0.1)
    assert slower.trend == pytest.approx(2, rel=0.2)
    assert [node for node, each in found.items() if each.since is not None] == ["t.py::slower"]
    assert "t.py::failed" not in found
    assert next(iter(found)) == "t.py::slower"
    assert sum(each.share for each in found.values()) == pytest.approx(1)


def test_few_runs_have_no_trend_and_clocks_that_jump_break_nothing(history: History) -> None:
    history.add(run(20, {"t.py::a": (P, 0.0)}), run(21, {"t.py::a": (P, 1.0)}), run_of("none", 0.0))
    history.add(run_of("later", NOW * 3, {"t.py::a": (P, 1.0)}))
    (found,) = slow_tests(history, history.runs())
    out = io.StringIO()
    render_slow([found], Population(runs=4, first=0.0, last=1e300), out)

    assert (found.trend, found.since) == (None, None)
    assert 0 < found.median <= 1
    assert "to no day" in out.getvalue()


def test_tables_say_what_they_are_of(history: History) -> None:
    for number in range(10, 40):
        tests: dict[str, Told] = {
            "t.py::flaky": [(F, 2.0), (P, 3.0)] if number % 3 == 0 else P,
            "t.py::slower": (P, 2.0 if number >= 26 else 1.0),
        }
        history.add(run(number, tests))
    runs = history.runs()
    of = Population(runs=len(runs), first=runs[0].at, last=runs[-1].at, quarantined={"t.py::flaky"})
    failing, slow = failing_tests(history, runs, now=NOW), slow_tests(history, runs)
    texts = [io.StringIO() for _ in range(6)]
    render_flaky(failing, of, texts[0])
    render_flaky_markdown(failing, of, texts[1])
    flaky_json(failing, of, texts[2])
    render_slow(slow, of, texts[3])
    render_slow_markdown(slow, of, texts[4])
    slow_json(slow, of, texts[5])
    said = [each.getvalue() for each in texts]

    assert "t.py::flaky [in quarantine]" in said[0]
    assert "1 flaky test, 0 broken" in said[0]
    assert "| `t.py::flaky` | flaky |" in said[1]
    assert json.loads(said[2])["tests"][0]["quarantined"] is True
    assert "slower   2.00 times since c26" in said[3]
    assert "| 2.00 times since `c26` |" in said[4]
    since = {each["node"]: each["since"] for each in json.loads(said[5])["tests"]}
    assert (since["t.py::flaky"], since["t.py::slower"]["commit"]) == (None, "c26")
