"""What a category says of its tests holds: its time, its order, its width, its services."""

import threading
from pathlib import Path

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, AttemptStarted, CategoryEnded
from canonry.model.run_plan import CategoryPlan, Policy, Work
from canonry.run.execute import StopSignal
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
        category("slow", "slow", "later", policy=Policy(timeout=4, retries=2)),
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
    assert told.ended("test_b").reason == "its category `slow` took longer than 4 s"
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


# order and width -----------------------------------------------------------------------------------------------------

NAP = "import time\ndef test_{0}(): time.sleep(.25)\n"


def spans(told: Told) -> list[tuple[float, float]]:
    """When each attempt began and ended."""
    begun = {(event.node, event.attempt): event.at for event in told.of(AttemptStarted)}
    return [(begun[event.node, event.attempt], event.at) for event in told.of(AttemptEnded)]


def most_at_once(told: Told) -> int:
    found = spans(told)
    return max(sum(begin <= at < end for begin, end in found) for at, _ in found)


def naps(*names: str) -> dict[str, str]:
    return {f"test_{name}.py": NAP.format(name) for name in names}


def test_a_needed_category_comes_first_and_what_it_fails_is_blocked(tmp_path: Path) -> None:
    files = {"test_good.py": QUICK.format("good"), "test_bad.py": "def test_bad(): assert 0\n"}
    files |= {"test_fine.py": QUICK.format("fine"), "test_stuck.py": QUICK.format("stuck")}
    plans = (
        category("stuck", needs=("bad",)),
        category("fine", needs=("good",)),
        category("good"),
        category("bad"),
    )
    told = run(project(tmp_path, files), categories=plans, workers=2)

    assert states(told) == {"good": "passed", "bad": "failed", "fine": "passed", "stuck": "blocked"}
    assert told.ended("test_stuck.py").outcome is Outcome.BLOCKED
    assert told.ended("test_stuck.py").reason == "`bad` did not pass"
    order = [event.node for event in told.of(AttemptStarted)]
    assert order.index("test_good.py::test_good") < order.index("test_fine.py::test_fine")


def test_a_needed_category_that_options_left_empty_blocks_nothing(tmp_path: Path) -> None:
    files = {"test_base.py": QUICK.format("base"), "test_needy.py": QUICK.format("wanted")}
    plans = (category("needy", needs=("base",)), category("base"))
    told = run(project(tmp_path, files), categories=plans, pytest_arguments=("-k", "wanted"))

    assert states(told) == {"base": "empty", "needy": "passed"}
    assert told.outcomes == {"test_wanted": Outcome.PASSED}


MEET = """
import pathlib, time

def test_{0}():
    here = pathlib.Path(__file__).parent
    here.joinpath("{0}").touch()
    until = time.monotonic() + 30
    while not here.joinpath("{1}").exists():
        assert time.monotonic() < until, "the other never came"
        time.sleep(.01)
"""


def test_independent_categories_overlap_and_conflicting_ones_do_not(tmp_path: Path) -> None:
    files = {"test_a.py": MEET.format("a", "b"), "test_b.py": MEET.format("b", "a")}
    told = run(project(tmp_path, files), categories=(category("a"), category("b")), workers=2)
    assert states(told) == {"a": "passed", "b": "passed"}

    root = project(tmp_path, naps("a", "b"))
    apart = (category("a"), CategoryPlan(name="b", work=category("b").work, conflicts=("a",)))
    assert most_at_once(run(root, categories=apart, workers=2)) == 1


def test_a_serial_category_has_one_worker(tmp_path: Path) -> None:
    root = project(tmp_path, naps("a", "b", "c"))
    assert most_at_once(run(root, policy=Policy(), workers=2)) == 2
    assert most_at_once(run(root, policy=Policy(serial=True), workers=2)) == 1
    assert most_at_once(run(root, policy=Policy(workers=1), workers=2)) == 1


# attempts ------------------------------------------------------------------------------------------------------------

COUNTS = """
import pathlib

def test_third_time():
    seen = pathlib.Path('seen')
    seen.write_text(seen.read_text() + 'x' if seen.exists() else 'x')
    assert len(seen.read_text()) {0}

def test_steady(): pass
"""


def attempts(told: Told, node: str) -> list[tuple[int, Outcome]]:
    return sorted((attempt, ended.outcome) for (name, attempt), ended in told.attempts.items() if name == node)


def test_retries_keep_every_attempt_and_repeat_only_what_failed(tmp_path: Path) -> None:
    told = run(project(tmp_path, {"test_a.py": COUNTS.format(">= 3")}), policy=Policy(retries=4))
    assert attempts(told, "test_third_time") == [(1, Outcome.FAILED), (2, Outcome.FAILED), (3, Outcome.PASSED)]
    assert attempts(told, "test_steady") == [(1, Outcome.PASSED)]


def test_repeat_runs_each_test_so_often(tmp_path: Path) -> None:
    told = run(project(tmp_path, {"test_a.py": COUNTS.format("!= 2")}), repeat=3, workers=1)
    assert [outcome for _, outcome in attempts(told, "test_third_time")] == [
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.PASSED,
    ]
    assert len(attempts(told, "test_steady")) == 3


def test_until_fail_ends_with_the_first_failure(tmp_path: Path) -> None:
    told = run(project(tmp_path, {"test_a.py": COUNTS.format("< 4")}), until_fail=True)
    assert [outcome for _, outcome in attempts(told, "test_third_time")] == [Outcome.PASSED] * 3 + [Outcome.FAILED]


def test_until_fail_ends_after_so_many_times_where_nothing_fails(tmp_path: Path) -> None:
    stop = StopSignal()
    late = threading.Timer(30, stop.request)  # a run without an end fails here
    late.start()
    files = {"test_a.py": QUICK.format("it")}
    told = run(project(tmp_path, files), workers=2, repeat=3, until_fail=True, options={"stop": stop})
    late.cancel()
    assert attempts(told, "test_it") == [(number, Outcome.PASSED) for number in (1, 2, 3)]
    assert told.execution is not None
    assert told.execution.reason == ""


def test_a_seed_shuffles_the_same_way_each_time(tmp_path: Path) -> None:
    root = project(tmp_path, {"test_a.py": "".join(f"def test_{number}(): pass\n" for number in range(30))})
    orders = [[event.node for event in run(root, shuffle=seed).of(AttemptStarted)] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


def test_so_many_failures_end_the_run(tmp_path: Path) -> None:
    body = "".join(f"import time\ndef test_{number}():\n    time.sleep(.1)\n    assert 0\n" for number in range(9))
    told = run(project(tmp_path, {"test_a.py": body, "test_b.py": QUICK.format("later")}), max_failures=2)
    failed = [ended for ended in told.of(AttemptEnded) if ended.outcome is Outcome.FAILED]
    assert 2 <= len(failed) <= 3  # one may have begun
    assert told.execution is not None
    assert told.execution.reason.startswith("stopped after ")
    assert told.outcomes["test_8"] is Outcome.NOT_RUN
