"""What a category says of its tests holds: its time, its order, its width, its services."""

from pathlib import Path

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, AttemptStarted, CategoryEnded
from canonry.model.run_plan import CategoryPlan, Policy, Work
from tests.run.execution.bench import Told, project, run

QUICK = "def test_{0}(): pass\n"


def category(name: str, *files: str, policy: Policy | None = None, needs: tuple[str, ...] = ()) -> CategoryPlan:
    work = tuple(Work(path=f"test_{file}.py") for file in files or (name,))
    return CategoryPlan(name=name, work=work, policy=policy or Policy(), needs=needs)


def states(told: Told) -> dict[str, str]:
    return {event.name: event.state for event in told.of(CategoryEnded)}


# time ----------------------------------------------------------------------------------------------------------------


def test_a_category_past_its_time_ends_what_runs_and_begins_nothing(tmp_path: Path) -> None:
    slow = "import time\ndef test_a(): pass\ndef test_b(): time.sleep(60)\ndef test_c(): pass\n"
    files = {"test_slow.py": slow, "test_later.py": QUICK.format("later"), "test_other.py": QUICK.format("other")}
    plans = (
        category("slow", "slow", "later", policy=Policy(timeout=1, retries=2)),
        category("needy", "needy", needs=("slow",)),
        category("other"),
    )
    told = run(project(tmp_path, {**files, "test_needy.py": QUICK.format("needy")}), categories=plans)

    assert told.outcomes == {
        "test_a": Outcome.PASSED,
        "test_b": Outcome.TIMEOUT,
        "test_c": Outcome.NOT_RUN,
        "test_later.py": Outcome.NOT_RUN,
        "test_needy.py": Outcome.BLOCKED,
        "test_other": Outcome.PASSED,
    }
    assert told.ended("test_b").reason == "its category `slow` took longer than 1 s"
    assert "in test_b" in told.ended("test_b").text
    assert states(told) == {"slow": "timeout", "needy": "blocked", "other": "passed"}
    assert len(told.attempts) == len(told.of(AttemptEnded)) == 6


def test_a_file_that_is_imported_when_the_time_is_up_was_not_run(tmp_path: Path) -> None:
    files = {
        "test_slow.py": "import time; time.sleep(60)\ndef test_a(): pass\n",
        "test_other.py": QUICK.format("other"),
    }
    plans = (category("slow", policy=Policy(timeout=0.7)), category("other"))
    told = run(project(tmp_path, files), categories=plans, workers=2)

    assert told.outcomes == {"test_slow.py": Outcome.NOT_RUN, "test_other": Outcome.PASSED}
    assert states(told) == {"slow": "timeout", "other": "passed"}


def test_what_waits_behind_another_category_begins_no_more(tmp_path: Path) -> None:
    files = {
        "test_first.py": "import time\ndef test_first(): time.sleep(.3)\n",
        "test_other.py": "import time\ndef test_other(): time.sleep(1.2)\n",
    }
    files |= {f"test_{number}.py": f"import time\ndef test_{number}(): time.sleep(.3)\n" for number in range(8)}
    plans = (category("first"), category("other"), category("timed", *map(str, range(8)), policy=Policy(timeout=0.8)))
    told = run(project(tmp_path, files), categories=plans, workers=2)

    assert states(told) == {"first": "passed", "other": "passed", "timed": "timeout"}
    started = {event.node.partition("::")[2] for event in told.of(AttemptStarted)}
    assert Outcome.NOT_RUN in told.outcomes.values()
    assert not started & {node for node, outcome in told.outcomes.items() if outcome is Outcome.NOT_RUN}
