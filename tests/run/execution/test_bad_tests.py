"""What a test does to its process costs that test, and nothing else."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, AttemptStarted, Note, RunEvent, Slow, WorkerEnded, WorkerStarted
from canonry.model.run_plan import Policy
from canonry.run.execute import StopSignal
from tests.run.execution.bench import Told, project, run
from tests.workbench import ROOT

AROUND = "\ndef test_before(): pass\n{}\ndef test_after(): pass\n"
DEADLY = {
    "aborts": ("os.abort()", Outcome.CRASHED, "its process died of SIGABRT"),
    "leaves": ("os._exit(0)", Outcome.CRASHED, "its process left by itself with status 0"),
    "leaves with a status": ("os._exit(3)", Outcome.CRASHED, "its process left by itself with status 3"),
    "terminates itself": ("os.kill(os.getpid(), signal.SIGTERM)", Outcome.CRASHED, "its process died of SIGTERM"),
    "recurses in C": ("import ctypes; ctypes.string_at(0)", Outcome.CRASHED, "its process died of SIGSEGV"),
    "closes all descriptors and aborts": ("os.closerange(0, 4096); os.abort()", Outcome.CRASHED, "its process died of"),
    "never ends": ("time.sleep(60)", Outcome.TIMEOUT, "it ran longer than 1 s"),
    "never ends and uses the processor": ("while True: pass", Outcome.TIMEOUT, "it ran longer than 1 s"),
    "ignores SIGTERM": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)",
        Outcome.TIMEOUT,
        "it ran longer than 1 s",
    ),
    "stops itself": ("os.kill(os.getpid(), signal.SIGSTOP)", Outcome.TIMEOUT, "it ran longer than 1 s"),
}
HARMLESS = {
    "closes stdout": "sys.stdout.close(); os.close(1)",
    "closes standard error": "os.close(2)",
    "closes all descriptors": "os.closerange(3, 4096)",
    "takes our descriptors": "os.closerange(3, 4096); fds = [open(os.devnull, 'w') for _ in range(400)]",
    "replaces stdout": "sys.stdout = open(os.devnull, 'w'); print('x')",
    "deletes the working directory": "import tempfile; os.chdir(tempfile.mkdtemp()); os.rmdir(os.getcwd())",
    "starts a thread that outlives it": "import threading; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "starts a process that outlives it": "import subprocess; subprocess.Popen(['sleep', '77'])",
    "clears the environment": "os.environ.clear()",
    "breaks json": "import json; json.dumps = None; json.loads = None",
    "stops the clock": "time.time = lambda: 0.0; time.monotonic_ns = lambda: 0",
}


def around(body: str) -> dict[str, str]:
    test = f"import os, signal, sys, time\ndef test_it():\n    {body}\n"
    return {"test_a.py": AROUND.format(test), "test_b.py": "def test_elsewhere(): pass\n"}


def each_around(bodies: dict[str, str]) -> dict[str, str]:
    """A file for each body, with a test before it and one behind it."""
    return {f"test_{number:02}.py": around(body)["test_a.py"] for number, body in enumerate(bodies.values())}


def all_else(files: int) -> dict[str, Outcome]:
    """The tests of those files that are to pass."""
    return {f"test_{n:02}.py::{name}": Outcome.PASSED for n in range(files) for name in ("test_before", "test_after")}


def without(told: Told, *nodes: str) -> dict[str, Outcome]:
    return {node: outcome for node, outcome in told.outcomes.items() if node not in nodes}


ALL_ELSE = dict.fromkeys(("test_before", "test_after", "test_elsewhere"), Outcome.PASSED)


def test_a_test_that_ends_its_process_costs_itself(tmp_path: Path) -> None:
    told = run(
        project(tmp_path, each_around({what: body for what, (body, _, _) in DEADLY.items()})),
        policy=Policy(hard_limit=1),
    )
    attempts = told.attempts_by_file
    for number, (what, (_, outcome, reason)) in enumerate(DEADLY.items()):
        ended = attempts.pop((f"test_{number:02}.py::test_it", 1))
        assert (ended.outcome, ended.reason[: len(reason)]) == (outcome, reason), what
    assert {node: ended.outcome for (node, _), ended in attempts.items()} == all_else(len(DEADLY))
    assert len(attempts) == 2 * len(DEADLY)  # once each
    assert len(told.of(WorkerStarted)) == len(told.of(WorkerEnded)) == len(DEADLY) + 1


CLOSES_FILES_OF_PYTEST = ("closes stdout", "closes all descriptors", "takes our descriptors")


def test_what_a_test_does_to_its_process_hides_nothing(tmp_path: Path) -> None:
    told = run(project(tmp_path, each_around(HARMLESS)), policy=Policy(hard_limit=20, leaks="off"))
    attempts = told.attempts_by_file
    for number, what in enumerate(HARMLESS):
        outcome = attempts.pop((f"test_{number:02}.py::test_it", 1)).outcome
        assert outcome in (
            (Outcome.FAILED, Outcome.TEARDOWN_ERROR, Outcome.CRASHED)
            if what in CLOSES_FILES_OF_PYTEST
            else (Outcome.PASSED,)
        ), what
    assert {node: ended.outcome for (node, _), ended in attempts.items()} == all_else(len(HARMLESS))
    assert len(attempts) == 2 * len(HARMLESS)


def test_a_timeout_shows_where_the_test_was(tmp_path: Path) -> None:
    told = run(project(tmp_path, around("time.sleep(60)")), policy=Policy(soft_limit=0.3, hard_limit=1))
    slow = told.of(Slow)
    assert [event.node for event in slow][:1] == ["test_a.py::test_it"]
    assert "in test_it" in slow[0].stacks
    assert "in test_it" in told.ended("test_it").text


def test_a_timeout_ends_the_whole_tree(tmp_path: Path) -> None:
    body = (
        "import subprocess; a = subprocess.Popen(['sleep', '71'], start_new_session=True); "
        f"open('{tmp_path}/pids', 'w').write(str(a.pid)); time.sleep(60)"
    )
    told = run(project(tmp_path, around(body)), policy=Policy(hard_limit=1))
    assert told.ended("test_it").outcome is Outcome.TIMEOUT
    pid = int((tmp_path / "pids").read_text())
    assert not alive(pid)


def test_a_teardown_of_the_session_that_never_ends_is_ended(tmp_path: Path) -> None:
    fixture = "import pytest, time\n@pytest.fixture(scope='session', autouse=True)\ndef wide():\n    yield\n    time.sleep(60)\n"
    told = run(project(tmp_path, {"conftest.py": fixture, **around("pass")}), policy=Policy(hard_limit=1))
    (timeout,) = [ended for ended in told.of(AttemptEnded) if ended.outcome is Outcome.TIMEOUT]
    assert timeout.node.startswith("test_b.py")  # the last test, or its file where that was over
    assert without(told, "test_elsewhere", "test_b.py") == dict.fromkeys(
        ("test_before", "test_it", "test_after"), Outcome.PASSED
    )


def test_a_test_that_ends_while_its_stacks_are_asked_for_is_not_mistaken_for_the_next(tmp_path: Path) -> None:
    body = "import time\nimport pytest\n@pytest.mark.parametrize('n', range(12))\ndef test_a(n): time.sleep(.2 + n * .001)\n"
    told = run(project(tmp_path, {"test_a.py": body}), policy=Policy(hard_limit=0.2))
    for ended in told.of(AttemptEnded):
        assert (ended.outcome is Outcome.PASSED) or ended.duration > 0.2, ended


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_killed_once_from_outside_is_lost_and_runs_again(tmp_path: Path) -> None:
    told = run(
        project(
            tmp_path,
            around(f"""
    if not os.path.exists('{tmp_path}/once'):
        open('{tmp_path}/once', 'w').close()
        os.kill(os.getpid(), signal.SIGKILL)"""),
        )
    )
    assert told.ended("test_it").outcome is Outcome.LOST
    assert told.ended("test_it", 2).outcome is Outcome.PASSED


def test_killed_each_time_is_the_tests_own(tmp_path: Path) -> None:
    told = run(project(tmp_path, around("os.kill(os.getpid(), signal.SIGKILL)")))
    assert [event.outcome for event in told.of(AttemptEnded) if event.node.endswith("test_it")] == [
        Outcome.LOST,
        Outcome.CRASHED,
    ]
    assert without(told, "test_it") == ALL_ELSE


@pytest.mark.parametrize(
    "body", ["os.fork()", "pid = os.fork()\n    if pid: os.waitpid(pid, 0)", "os.fork(); assert 0"]
)
def test_a_child_that_runs_on_into_pytest_says_nothing(tmp_path: Path, body: str) -> None:
    files = around(body)
    files["test_b.py"] = f"def test_elsewhere():\n    open('{tmp_path}/ran', 'a').write('x')\n"
    told = run(project(tmp_path, files))
    assert without(told, "test_it") == ALL_ELSE
    assert len(told.of(AttemptStarted)) == 4
    time.sleep(0.2)
    assert (tmp_path / "ran").read_text() == "x"


def test_a_hundred_megabytes_of_output_are_cut_in_the_middle(tmp_path: Path) -> None:
    body = "print('first'); [print('x' * 999_999) for _ in range(100)]; print('last'); assert 0"
    told = run(project(tmp_path, around(body)))
    (captured,) = told.ended("test_it").captured
    assert captured.text.startswith("first")
    assert captured.text.endswith("last\n")
    assert "bytes cut" in captured.text
    assert len(captured.text) < 100_000


def test_memory_beyond_the_limit_fails_the_test(tmp_path: Path) -> None:
    limit = 600 * 2**20
    told = run(project(tmp_path, around("x = bytearray(2**30)")), policy=Policy(memory=limit))
    ended = told.ended("test_it")
    assert (ended.outcome, ended.reason) == (Outcome.FAILED, "MemoryError")
    assert without(told, "test_it") == ALL_ELSE


def test_a_plugin_that_crashes_ends_the_run_with_its_traceback(tmp_path: Path) -> None:
    conftest = "def pytest_runtest_logreport(report):\n    if report.when == 'call': raise RuntimeError('plugin')\n"
    told = run(project(tmp_path, {"conftest.py": conftest, **around("pass")}))
    assert Outcome.PASSED not in told.outcomes.values()
    assert any("plugin" in ended.reason for ended in told.of(AttemptEnded))


def test_options_that_pytest_refuses_end_the_run_with_its_sentence(tmp_path: Path) -> None:
    told = run(project(tmp_path, around("pass")), pytest_arguments=("--no-such-option",))
    assert told.execution is not None
    assert "--no-such-option" in told.execution.usage_error
    assert set(told.outcomes.values()) == {Outcome.NOT_RUN}
    assert len(told.of(WorkerStarted)) == 1


def interrupt(stop: StopSignal, times: int) -> object:
    def on(event: RunEvent) -> None:
        if isinstance(event, AttemptStarted) and event.node.endswith("test_it"):
            for _ in range(times):
                stop.request()

    return on


def test_interrupted_once_what_runs_is_finished(tmp_path: Path) -> None:
    stop = StopSignal()
    told = run(project(tmp_path, around("time.sleep(.7)")), on=interrupt(stop, 1), options={"stop": stop})  # type: ignore[arg-type]
    assert told.ended("test_it").outcome is Outcome.PASSED
    assert told.outcomes["test_after"] is told.outcomes["test_b.py"] is Outcome.NOT_RUN
    assert told.execution is not None
    assert told.execution.reason == "interrupted"


def test_interrupted_twice_stops_now(tmp_path: Path) -> None:
    stop = StopSignal()
    began = time.monotonic()
    told = run(project(tmp_path, around("time.sleep(30)")), on=interrupt(stop, 2), options={"stop": stop})  # type: ignore[arg-type]
    assert time.monotonic() - began < 10
    assert told.outcomes["test_it"] is told.outcomes["test_after"] is Outcome.NOT_RUN


def test_a_worker_that_somebody_kills_between_tests_costs_nothing(tmp_path: Path) -> None:
    killed: list[int] = []
    pids: dict[int, int] = {}

    def on(event: RunEvent) -> None:
        if isinstance(event, WorkerStarted):
            pids[event.worker] = event.pid
            if not killed:
                killed.append(event.pid)
                os.kill(event.pid, signal.SIGKILL)

    told = run(project(tmp_path, around("pass")), on=on)
    assert set(told.outcomes.values()) == {Outcome.PASSED}
    assert len(told.of(WorkerStarted)) == 2


@pytest.mark.parametrize("forked", [False, True])
def test_the_workers_of_a_controller_that_was_killed_end_with_all_they_started(tmp_path: Path, *, forked: bool) -> None:
    body = (
        "import subprocess; a = subprocess.Popen(['sleep', '72'], start_new_session=True); "
        f"open('{tmp_path}/pids', 'w').write(f'{{os.getpid()}} {{a.pid}} {{os.getppid()}}'); time.sleep(60)"
    )
    files = around(body)
    if forked:
        files["test_a.py"] = f"import os\ndef test_dies(): os.abort()\n{files['test_a.py']}"
    root = project(tmp_path, files)
    script = f"import sys; sys.path[:0] = [{str(ROOT)!r}]\nfrom pathlib import Path\nfrom tests.run.execution.bench import run\nrun(Path({str(root)!r}))"
    with subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "TMPDIR": str(tmp_path)}) as controller:
        pids: list[int] = []
        deadline = time.monotonic() + 60
        while len(pids) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
            with contextlib.suppress(OSError):
                pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        (folder,) = {path.parent for path in Path("/dev/shm").glob("canonry-*/worker-*") if is_of(path, pids[0])}
        controller.kill()
    deadline = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, pids))
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not folder.exists()


def is_of(folder: Path, pid: int) -> bool:
    """Whether the worker has mapped the page in this folder."""
    return f"{folder}/page" in Path(f"/proc/{pid}/maps").read_text()


def test_who_ends_workers_beside_the_tests_is_found_by_halves(tmp_path: Path) -> None:
    conftest = (
        "import os\nfrom canonry.pytest_plugin.leaks import Leaks\n"
        "def pytest_collection_modifyitems(items):\n"
        "    if any(item.name == 'test_7' for item in items):\n"
        "        Leaks.begin = lambda self, *_, **__: os._exit(7)\n"
    )
    tests = "".join(f"def test_{number}(): pass\n" for number in range(20))
    told = run(project(tmp_path, {"conftest.py": conftest, "test_a.py": tests, "test_b.py": "def test_b(): pass\n"}))
    ended = told.ended("test_7")
    assert (ended.outcome, ended.reason) == (
        Outcome.CRASHED,
        "each worker that has it ends beside it: its process left by itself with status 7",
    )
    assert set(without(told, "test_7").values()) == {Outcome.PASSED}
    assert len(told.outcomes) == 21
    assert len(told.of(WorkerStarted)) <= 10


def test_a_file_that_ends_every_worker_beside_its_tests_costs_itself(tmp_path: Path) -> None:
    ends = (
        "import os\nfrom canonry.pytest_plugin.leaks import Leaks\nLeaks.begin = lambda self, *_, **__: os._exit(7)\n"
    )
    tests = "".join(f"def test_{number}(): pass\n" for number in range(40))
    told = run(project(tmp_path, {"test_a.py": ends + tests, "test_b.py": "def test_b(): pass\n"}))
    assert told.outcomes["test_b"] is Outcome.PASSED
    assert set(without(told, "test_b").values()) == {Outcome.CRASHED}
    assert len(told.outcomes) == 41
    assert len(told.of(WorkerStarted)) <= 20


def test_an_import_that_ends_the_test_of_another_file_costs_one_of_them(tmp_path: Path) -> None:
    slow = "".join(f"def test_{number}(): time.sleep(.1)\n" for number in range(6))
    late = "import os, threading\nthreading.Timer(.15, os._exit, (9,)).start()\n"
    files = {"test_a.py": f"import time\n{slow}", "test_b.py": f"{late}def test_b(): threading.Event().wait(1)\n"}
    told = run(project(tmp_path, files))
    assert told.ended("test_b").outcome is Outcome.CRASHED
    assert list(told.outcomes.values()).count(Outcome.CRASHED) <= 2


def test_a_crash_in_an_earlier_tests_thread_is_told_as_such(tmp_path: Path) -> None:
    late = "import ctypes, os, threading\ndef test_a(): threading.Timer(.5, ctypes.string_at, (0,)).start()\n"
    files = {"test_a.py": late, "test_b.py": "import threading\ndef test_b(): threading.Event().wait(20)\n"}
    told = run(project(tmp_path, files))
    assert told.ended("test_a").outcome is Outcome.PASSED
    ended = told.ended("test_b")
    beside = "in a thread beside the one that runs tests, which an earlier test may have started"
    assert (ended.outcome, ended.reason) == (Outcome.CRASHED, f"its process died of SIGSEGV {beside}")
    assert "in string_at" in ended.text


def test_a_fork_beside_a_thread_is_refused_and_the_run_goes_on(tmp_path: Path) -> None:
    conftest = (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), name='poller', daemon=True).start()\n"
    )
    told = run(project(tmp_path, {"conftest.py": conftest, **around("os.abort()")}))
    assert told.ended("test_it").outcome is Outcome.CRASHED
    assert without(told, "test_it") == ALL_ELSE
    assert "workers are not forked: the thread `poller` runs" in [note.text for note in told.of(Note)]
    assert not any(started.forked for started in told.of(WorkerStarted))
