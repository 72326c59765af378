"""`canonry report checkpoint`: what became worse since the one before, whatever clocks and commits did meanwhile."""

import io
import json
from pathlib import Path

import msgspec
import pytest

from canonry.canon.options import Canon, Flow
from canonry.history.checkpoints import FlowRuns, TreeFigures, compare, measure, previous_of
from canonry.history.store import open_history
from canonry.model.checkpoint import DAY, Checkpoint, Figure, Moved, Period
from canonry.model.history import KeptFlow, Measured
from canonry.model.run_event import FlowCovered
from canonry.model.run_event import Measure as Share
from canonry.report.checkpoint import render
from canonry.run.keeping import history_path
from tests.workbench import IDLE, SOUND, Folder

NOW = 1_790_000_000.0
CANON = Canon(flows={"golden": Flow(reliability=0.9), "other": Flow()})
FIGURES = TreeFigures(commit="a" * 40, dirty=False, files=9, test_files=4, compliant=3, unparsable=1, errors=2)


def taken(
    at: float = NOW,
    *,
    period: Period = Period.WEEKLY,
    covered: float | None = None,
    runs: tuple[int, int] | None = None,
    **changes: object,
) -> Measured:
    coverage = []
    if covered is not None:
        share = Share(part=round(covered * 100), whole=100)
        coverage = [KeptFlow(run="r", covered=FlowCovered(flow="golden", code=share, events=share, transitions=share))]
    trials = {"golden": FlowRuns(*runs)} if runs is not None else {}
    return measure(period, at, msgspec.structs.replace(FIGURES, **changes), coverage, trials)


def compared(now: Measured, *kept: Measured, known: bool = True, canon: Canon = CANON) -> Checkpoint:
    return compare(canon, Period.WEEKLY, now, kept, is_known=lambda _commit: known)


def moved(found: Checkpoint) -> dict[str, Moved]:
    return {each.name: each.moved for each in found.figures}


@pytest.mark.parametrize(
    ("before", "now", "figure", "became"),
    [
        ({}, {"unparsable": 2}, "files that do not parse", Moved.WORSE),
        ({}, {"unparsable": 0}, "files that do not parse", Moved.BETTER),
        ({}, {}, "files that do not parse", Moved.SAME),
        ({}, {"compliant": 2}, "compliance", Moved.WORSE),
        ({}, {"compliant": 6, "test_files": 8}, "compliance", Moved.SAME),
        ({}, {"compliant": 6, "test_files": 9}, "compliance", Moved.WORSE),
        ({}, {"test_files": 0, "compliant": 0}, "compliance", Moved.LOST),
        ({"covered": 0.8}, {"covered": 0.79}, "coverage of golden", Moved.WORSE),
        ({"covered": 0.8}, {"covered": 0.9}, "coverage of golden", Moved.BETTER),
        ({"covered": 0.8}, {}, "coverage of golden", Moved.LOST),
        ({}, {"covered": 0.8}, "coverage of golden", Moved.NEW),
        ({"runs": (10, 10)}, {"runs": (20, 19)}, "success of golden", Moved.TOLD),
        ({"runs": (10, 10)}, {"runs": (20, 17)}, "success of golden", Moved.WORSE),
        ({"runs": (10, 5)}, {"runs": (20, 17)}, "success of golden", Moved.BETTER),
        ({"runs": (10, 10)}, {"runs": (1, 0)}, "success of golden", Moved.TOLD),
        ({"runs": (10, 5)}, {"runs": (6, 4)}, "success of golden", Moved.TOLD),
        ({"runs": (10, 5)}, {"runs": (0, 0)}, "success of golden", Moved.LOST),
    ],
)
def test_what_became_of_a_figure(before: dict[str, object], now: dict[str, object], figure: str, became: Moved) -> None:
    found = compared(taken(**now), taken(NOW - 7 * DAY, **before))  # type: ignore[arg-type]
    assert moved(found)[figure] is became
    assert (figure in {each.name for each in found.worse}) is (became in (Moved.WORSE, Moved.LOST))


def test_the_first_has_nothing_to_compare_with() -> None:
    found = compared(taken(covered=0.5), taken(NOW - DAY, period=Period.DAILY))
    assert found.before is None
    assert not found.worse
    assert set(moved(found).values()) == {Moved.NEW}
    assert any("this is the first weekly checkpoint" in note for note in found.notes)


def test_a_flow_that_the_canon_dropped_is_passed_over() -> None:
    found = compared(taken(), taken(NOW - 7 * DAY, covered=0.8), canon=Canon())
    assert not found.worse


def test_a_second_look_on_one_day_is_compared_with_the_same_as_the_first() -> None:
    week, first = taken(NOW - 7 * DAY), taken(NOW - 100, unparsable=5)
    found = compared(taken(unparsable=5), week, first)
    assert found.before == week.at
    assert moved(found)["files that do not parse"] is Moved.WORSE
    young = [taken(NOW - 300), taken(NOW - 200, unparsable=5)]
    assert previous_of(Period.WEEKLY, NOW, young) is young[0]


def test_clocks_that_jump_checkpoints_that_were_missed_and_commits_that_are_gone_are_told() -> None:
    future = taken(NOW + 90 * DAY, unparsable=0)
    found = compared(taken(dirty=True), taken(NOW - 29 * DAY), future, known=False)
    assert found.before == NOW - 29 * DAY
    text = " ".join(found.notes)
    for said in ("a clock was wrong", "29 days old: 3 were missed", "is in this repository no longer", "uncommitted"):
        assert said in text
    assert not compared(taken(), taken(NOW - 7 * DAY)).notes
    absurd = taken(1e300)
    assert "an impossible day" in " ".join(compared(taken(), absurd).notes)


def test_a_checkpoint_is_rendered_with_its_commands() -> None:
    found = compared(taken(covered=0.7, runs=(12, 8)), taken(NOW - 7 * DAY, covered=0.8, runs=(9, 9)))
    text, markdown, document = (rendered(found, each) for each in ("full", "markdown", "json"))
    assert "worse   coverage of golden" in text
    assert "80 % -> 70 %" in text
    assert "next  canonry run --flow golden --cover" in text
    assert "| coverage of golden | 80 % | 70 % | **worse** |" in markdown
    assert json.loads(document)["worse"] == ["coverage of golden", "success of golden"]
    odd = Figure(name="a|<b>", before=0.999999, now=1.0, moved=Moved.BETTER, unit="%")
    assert "| a\\|&lt;b> | 99.99 % | 100 % |" in rendered(msgspec.structs.replace(found, figures=(odd,)), "markdown")


def rendered(found: Checkpoint, output_format: str) -> str:
    out = io.StringIO()
    render(found, out, output_format=output_format, color=False)
    return out.getvalue()


def test_checkpoints_of_a_repository_are_kept_and_compared(tmp_path: Path) -> None:
    shop = Folder(tmp_path).start({"tests/test_a.py": SOUND, "tests/test_b.py": SOUND})

    def take(*options: str) -> tuple[int, dict[str, object]]:
        done = shop.call(
            "report", "checkpoint", "daily", "--workers", "1", "--repo", shop.root, "--output-format", "json", *options
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, json.loads(done.stdout)

    assert take("--no-keep")[1]["before"] is None
    assert take()[1]["before"] is None
    shop.commit({"tests/test_a.py": IDLE})
    status, found = take()
    assert (status, found["worse"]) == (1, ["compliance"])
    assert take()[0] == 1  # what became worse does not become the measure of what follows
    shop.commit({"tests/test_a.py": SOUND, "tests/test_b.py": "def test_b(:\n"})
    assert take()[1]["worse"] == ["files that do not parse", "compliance"]
    with open_history(history_path(shop.root)) as history:
        from canonry.model.history import Source

        assert len(history.measured(Source.AUDIT)) == 4
    shop.write({"tests/test_b.py": SOUND})
    assert take()[0] == 0


def test_where_there_is_no_python_nothing_is_measured(tmp_path: Path) -> None:
    shop = Folder(tmp_path).start({"README.md": "x\n"})
    assert shop.call("report", "checkpoint", "weekly", "--repo", shop.root).returncode == 5
    assert shop.call("report", "checkpoint", "yearly", "--repo", shop.root).returncode == 2
