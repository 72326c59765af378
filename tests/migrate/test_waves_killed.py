"""Kill -9 at every step of a wave: the plan and the tree agree, and the next command goes on from there."""

import contextlib
import os
import shutil
import signal
from pathlib import Path

import pytest

from canonry.migrate.equivalence.prove import Terms
from canonry.migrate.waves.folder import WavesFolder
from canonry.migrate.waves.status import read_status
from canonry.migrate.waves.take import SCRATCH, Taking, Work, take_waves
from canonry.model.errors import UserError
from canonry.model.run_event import AttemptEnded, RunEvent
from canonry.model.waves import Begun, Level, State
from canonry.run.scratch import held_scratch, sweep
from tests.migrate.waves_shop import READ, contents, shop
from tests.workbench import Folder

STATIC = Taking(terms=Terms(level=Level.STATIC), in_place=True)


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    place = shop(tmp_path / "shop", {"tests/test_a.py": READ, "tests/test_b.py": READ, "tests/test_c.py": READ})
    place.call("migrate", "plan", "-q", "--size", "5")
    return place


def killed(place: Folder, taking: Taking, *, count: int = 0, at_attempt: int = 0) -> str:
    """Takes a wave in a process that kills itself after so many steps or attempts; the last step it told of."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        left = {"steps": count, "attempts": at_attempt}

        def end(kind: str) -> None:
            left[kind] -= 1
            if left[kind] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def step(name: str) -> None:
            os.write(writing, f"{name}\n".encode())
            end("steps")

        def listen(event: RunEvent) -> None:
            if isinstance(event, AttemptEnded):
                end("attempts")

        with contextlib.suppress(BaseException):
            next(take_waves(Work(place.root, taking, step=step, listener=listen)))
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        steps = pipe.read().split("\n")
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return steps[-2] if ended == -signal.SIGKILL else ""


def test_a_wave_killed_at_any_step_is_made_or_waits(place: Folder) -> None:
    before = contents(place.root)
    seen: list[str] = []
    for count in range(1, 60):
        step = killed(place, STATIC, count=count)
        if not step:
            break
        seen.append(step)
        status = read_status(place.root)
        now = contents(place.root)
        if step in ("sealed", "cleaned", "landed"):
            assert (status.waves[0].state, status.waves[0].change == "") == (State.LANDED, False), step
            assert now != before
            assert place.call("changes", "rollback", status.waves[0].change).returncode == 0
            assert read_status(place.root).waves[0].state is State.ROLLED_BACK
            place.call("migrate", "plan", "-q", "--size", "5")
        else:
            assert status.waves[0].state is State.INTERRUPTED, step
            assert now == before, step
            assert len(status.open) == len(status.waves)
    assert {"begun", "tried", "judged", "locked", "replaced", "written", "sealed", "landed"} <= set(seen)
    assert len(list(take_waves(Work(place.root, STATIC)))) == 1  # the first landed when nothing killed it
    assert all(each.state is State.LANDED for each in read_status(place.root).waves)


@pytest.mark.parametrize("in_place", [True, False])
def test_a_wave_killed_while_its_tests_run_leaves_nothing(place: Folder, *, in_place: bool) -> None:
    before = contents(place.root)
    taking = Taking(terms=Terms(repeat=1), in_place=in_place)
    assert killed(place, taking, at_attempt=2)  # the second run is the one with the changes
    begun = [
        entry for entry in WavesFolder(place.root).log(WavesFolder(place.root).current()) if isinstance(entry, Begun)
    ]
    scratch = Path(begun[0].scratch)
    assert bool(begun[0].scratch) is not in_place
    assert in_place or scratch.is_dir()

    status = read_status(place.root)
    assert [each.state for each in status.waves] == [State.INTERRUPTED, State.WAITING]
    now = contents(place.root)
    assert {path: now[path] for path in before} == before
    assert place.git("status", "--porcelain") == ""
    next(take_waves(Work(place.root, STATIC)))
    assert in_place or not scratch.exists()
    assert [each.state for each in read_status(place.root).waves] == [State.LANDED, State.WAITING]


def test_a_copy_of_an_earlier_plan_goes_unless_a_process_holds_it(place: Folder, tmp_path: Path) -> None:
    assert killed(place, Taking(terms=Terms(repeat=1)), at_attempt=1)
    folder = WavesFolder(place.root)
    (scratch,) = folder.scratches()
    assert place.call("migrate", "plan", "-q", "--size", "5").returncode == 1
    assert folder.current().id == "0002"
    with held_scratch(place.root, SCRATCH) as held:
        sweep(place.root, SCRATCH, logged=[*folder.scratches(), f"{held}/shop", f"{tmp_path}/kept/shop"])
        assert held.is_dir()
        assert not Path(scratch).parent.exists()
    assert not held.exists()


def test_a_copy_that_no_log_knows_any_more_goes_by_the_tree_that_it_names(place: Folder) -> None:
    assert killed(place, Taking(terms=Terms(repeat=1)), at_attempt=1)
    (scratch,) = WavesFolder(place.root).scratches()
    shutil.rmtree(place.root / ".canonry/migrate")
    place.call("migrate", "plan", "-q", "--size", "5")
    next(take_waves(Work(place.root, STATIC)))
    assert not Path(scratch).parent.exists()


def test_a_plan_has_no_number_that_the_journal_knows(place: Folder) -> None:
    """A plan made anew would take the states of its waves from those of the old one."""
    next(take_waves(Work(place.root, STATIC)))
    change = read_status(place.root).waves[0].change
    assert place.call("changes", "rollback", change).returncode == 0
    shutil.rmtree(place.root / ".canonry/migrate")
    place.call("migrate", "plan", "-q", "--size", "5")
    status = read_status(place.root)
    assert (status.plan.id, {each.state for each in status.waves}) == ("0002", {State.WAITING})


def test_half_a_line_of_the_log_counts_for_nothing(place: Folder) -> None:
    next(take_waves(Work(place.root, STATIC)))
    folder = WavesFolder(place.root)
    plan = folder.current()
    whole = folder.log(plan)
    with open(place.root / ".canonry/migrate/0001.jsonl", "ab") as file:
        file.write(b'{"type":"judged","wave":2,"at')
    assert folder.log(plan) == whole
    next(take_waves(Work(place.root, STATIC)))
    assert [each.state for each in read_status(place.root).waves] == [State.LANDED, State.LANDED]


def test_two_take_no_waves_at_once(place: Folder) -> None:
    with WavesFolder(place.root).locked(), pytest.raises(UserError, match="another canonry takes waves"):
        next(take_waves(Work(place.root, STATIC)))
