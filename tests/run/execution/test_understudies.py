"""Who takes the place of dead workers: ready before it is free, with all that belongs to the place."""

import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, WorkerEnded, WorkerStarted
from canonry.model.run_plan import Policy
from canonry.run.controller.host import Host
from tests.run.execution.bench import project, run

_BODIES = ("import os; os.abort()", "import time; time.sleep(60)", "assert 0", "pass")


class Shares:
    """Services that give each worker a number of its own."""

    def __init__(self) -> None:
        self.held: dict[int, int] = {}
        self.most = 0

    def unavailable(self, name: str) -> str:
        """None is."""
        return ""

    def probe(self, name: str) -> bool:
        """They answer."""
        return True

    def environment(self, worker: int) -> Mapping[str, str]:
        """The lowest number that nobody holds."""
        self.held[worker] = min(set(range(len(self.held) + 1)) - set(self.held.values()))
        self.most = max(self.most, len(self.held))
        return {"SHARE": str(self.held[worker])}

    def release(self, worker: int) -> None:
        """It is free."""
        del self.held[worker]


def _files(count: int) -> dict[str, str]:
    """Each with a good test, then one that ends badly, then one that tells where it ran."""
    told = "import os\n    print(os.environ['PYTEST_XDIST_WORKER'], os.environ['SHARE'], os.getpid())\n    assert 0"
    return {
        f"test_m{number:02}.py": f"def test_a(): pass\n\ndef test_b():\n    {_BODIES[number % 4]}\n\n"
        f"def test_c():\n    {told}\n"
        for number in range(count)
    }


def test_every_death_costs_its_own_test_and_the_place_keeps_its_number(tmp_path: Path) -> None:
    shares = Shares()
    root = project(tmp_path, _files(16))
    told = run(root, policy=Policy(hard_limit=1.5), workers=2, options={"services": shares})
    ends = {"test_a": ["passed"], "test_b": ["crashed", "timeout", "failed", "passed"], "test_c": ["failed"]}
    for ended in told.of(AttemptEnded):
        path, _, name = ended.node.partition("::")
        assert ended.outcome.value == ends[name][int(path[6:8]) % len(ends[name])], ended

    assert len(told.of(AttemptEnded)) == 48
    places = [each.captured[0].text.split()[:2] for each in _said(told.of(AttemptEnded))]
    assert {place for place, _ in places} == {"gw0", "gw1"}
    assert {int(share) for _, share in places} <= set(range(4))  # two that work, and two that stand ready
    assert shares.most <= 4


def _said(events: list[AttemptEnded]) -> list[AttemptEnded]:
    return [each for each in events if each.node.endswith("test_c")]


def test_workers_are_told_when_they_begin_to_work_and_leave_nothing(tmp_path: Path) -> None:
    root = project(tmp_path, {f"test_{each}.py": "import os\ndef test_it(): os._exit(3)\n" for each in "abcdefgh"})
    told = run(root, workers=1)
    started, ended = told.of(WorkerStarted), told.of(WorkerEnded)

    assert Counter(each.outcome for each in told.attempts_by_file.values()) == {Outcome.CRASHED: 8}
    assert [each.forked for each in started] == [False, *[True] * (len(started) - 1)]
    assert [each.worker for each in started] == [each.worker for each in ended]
    assert not [pid for pid in {each.pid for each in started} if _is_ours(pid)]


def test_an_understudy_that_somebody_kills_costs_nothing(tmp_path: Path) -> None:
    kills = (
        "import os, pathlib, signal\n\ndef test_it():\n"
        "    for place in pathlib.Path('/proc').iterdir():\n"
        "        if place.name.isdigit() and place.name != str(os.getpid()):\n"
        "            try:\n"
        "                stat = (place / 'stat').read_text().rpartition(')')[2].split()\n"
        "                if int(stat[1]) == os.getppid(): os.kill(int(place.name), signal.SIGKILL)\n"
        "            except OSError: pass\n"
        "    os.abort()\n"
    )
    files = {f"test_{each}.py": kills for each in "abc"} | {"test_d.py": "def test_d(): pass\n"}
    told = run(project(tmp_path, {**files, "test_0.py": "import os\ndef test_0(): os.abort()\n"}), workers=1)

    assert {node: each.outcome for (node, _), each in told.attempts_by_file.items()} == {
        "test_0.py::test_0": Outcome.CRASHED,
        **{f"test_{each}.py::test_it": Outcome.CRASHED for each in "abc"},
        "test_d.py::test_d": Outcome.PASSED,
    }


def test_a_run_that_is_stopped_waits_for_nobody_who_stands_ready(tmp_path: Path) -> None:
    files = {f"test_{each}.py": "import os\ndef test_it(): os.abort()\n" for each in "abcdef"}
    told = run(project(tmp_path, files), workers=1, max_failures=3)

    assert Counter(each.outcome for each in told.of(AttemptEnded)) == {Outcome.CRASHED: 3, Outcome.NOT_RUN: 3}
    assert told.execution is not None
    assert told.execution.reason == "stopped after 3 failures"


def _is_ours(pid: int) -> bool:
    try:
        return b"canonry.run.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_fork_that_was_gone_before_it_was_looked_at_is_dead(tmp_path: Path) -> None:
    host: Any = Host(1, tmp_path)
    gone = subprocess.Popen(["true"])
    gone.wait()
    host._zygote = Told({gone.pid: -9})  # what the zygote says of its child, which it has waited for
    host.attach(gone.pid, forked=True)

    assert (host.poll(), host.status) == (True, -9)


class Told:
    """A zygote that lives, and knows how its children ended."""

    is_alive = True

    def __init__(self, statuses: Mapping[int, int]) -> None:
        self.status = statuses.get
