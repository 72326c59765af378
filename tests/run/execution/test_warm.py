"""`canonry run --warm`: the next call is served by a process that waits, and comes to what a cold one comes to."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from canonry.run.warm_client import FOLDER
from canonry.run.zygote import can_fork
from tests.workbench import SOUND, Folder, canonry_command, environment

pytestmark = pytest.mark.skipif(not can_fork(), reason="this platform has no zygote")

SAYS = """
import os

def test_says():
    print(f"said:{os.getpid()}:{os.getppid()}")
    assert os.environ.get("ROLE", "none") == "none"
"""


@pytest.fixture
def warm(tmp_path: Path) -> Iterator[Folder]:
    """A project with a warm process that is ready for `test_a.py`."""
    folder = Folder(tmp_path / "project").start({"test_a.py": SOUND, ".gitignore": "__pycache__\nseen*\n"})
    done = folder.run("run", "--warm", "test_a.py")
    assert done.returncode == 0, done.stderr
    assert "a warm process waits" in done.stderr
    assert is_forked_soon(folder, "test_a.py")
    yield folder
    for pid in server(folder):  # `test_cold_ends_it` ends it as a user does
        os.kill(pid, signal.SIGTERM)
    assert until(lambda: not server(folder))


def until(holds: Callable[[], object], seconds: float = 20.0, *, pause: float = 0.1) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(pause)
    return False


def events(folder: Folder, *arguments: str, **variables: str) -> list[dict[str, Any]]:
    done = folder.run("run", "--workers", "1", "--output-format", "jsonl", *arguments, variables=variables)
    return [json.loads(line) for line in done.stdout.splitlines()]


def outcomes(found: list[dict[str, Any]]) -> dict[str, str]:
    return {each["node"]: each["outcome"] for each in found if each["event"] == "attempt-ended"}


def is_forked_soon(folder: Folder, *arguments: str, **variables: str) -> bool:
    """Whether a run comes to be served warm. Each question is a run: what gets ready is given time for it."""
    time.sleep(0.5)
    return until(lambda: is_forked(folder, *arguments, **variables), pause=0.5)


def was_forked(found: list[dict[str, Any]]) -> bool:
    return any(each.get("forked") for each in found)


def is_forked(folder: Folder, *arguments: str, **variables: str) -> bool:
    return was_forked(events(folder, *arguments, **variables))


def server(folder: Folder) -> list[int]:
    """The processes that serve this folder."""
    return processes("canonry.cli._warm", str(folder.root))


def processes(*words: str) -> list[int]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            given = each.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        if all(word in given for word in words):
            found.append(int(each.parent.name))
    return found


# what changes ---------------------------------------------------------------------------------------------------------


def test_cold_ends_it(warm: Folder) -> None:
    done = warm.run("run", "--cold", "test_a.py")

    assert "the warm process was ended" in done.stderr
    assert until(lambda: not server(warm))
    assert not is_forked(warm, "test_a.py")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        # of another size: Python would take byte code of the same second for that of the same file
        ("conftest.py", "import builtins\nbuiltins.ROLE = 1\n", "import builtins\nbuiltins.ROLE = 2  # now\n"),
        ("shop.py", "ROLE = 1\n", "ROLE = 2  # now\n"),
        ("role.py", "ROLE = 1\n", None),
        ("pytest.ini", "[pytest]\nroles = 1\n", "[pytest]\nroles = 2\n"),
    ],
)
def test_a_file_that_changes_is_read_anew(warm: Folder, name: str, before: str, after: str | None) -> None:
    body = {
        "conftest.py": "def test_role():\n    assert ROLE == 1\n",
        "shop.py": "from shop import ROLE\n\ndef test_role():\n    assert ROLE == 1\n",
        "role.py": "import role\n\ndef test_role():\n    assert role.ROLE == 1\n",
        "pytest.ini": "def test_role(pytestconfig):\n    assert pytestconfig.inicfg['roles'] in ('1', 1) or "
        "pytestconfig.inicfg['roles'].value == '1'\n",
    }[name]
    warm.write({name: before, "test_role.py": body})
    assert outcomes(events(warm, "test_role.py")) == {"test_role.py::test_role": "passed"}
    assert is_forked_soon(warm, "test_role.py")

    if after is None:
        (warm.root / name).unlink()
        assert outcomes(events(warm, "test_role.py")) == {"test_role.py": "uncollectable"}
    else:
        warm.write({name: after})
        assert outcomes(events(warm, "test_role.py")) == {"test_role.py::test_role": "failed"}


def test_a_conftest_file_that_comes_is_loaded(warm: Folder) -> None:
    warm.write({"test_role.py": "def test_role(role):\n    assert role == 1\n"})
    assert outcomes(events(warm, "test_role.py")) == {"test_role.py::test_role": "setup-error"}

    warm.write({"conftest.py": "import pytest\n\n@pytest.fixture\ndef role():\n    return 1\n"})
    assert outcomes(events(warm, "test_role.py")) == {"test_role.py::test_role": "passed"}


def test_another_environment_is_served_cold(warm: Folder) -> None:
    warm.write({"test_says.py": SAYS})

    assert outcomes(events(warm, "test_says.py")) == {"test_says.py::test_says": "passed"}
    found = events(warm, "test_says.py", ROLE="guest")
    assert outcomes(found) == {"test_says.py::test_says": "failed"}
    assert not was_forked(found)


def test_a_new_wish_for_another_environment_replaces_it(warm: Folder) -> None:
    done = warm.run("run", "--warm", "test_a.py", variables={"ROLE": "guest"})

    assert "a warm process waits" in done.stderr
    assert is_forked_soon(warm, "test_a.py", ROLE="guest")
    assert len(server(warm)) == 1


def test_what_a_conftest_file_sets_reaches_the_tests(warm: Folder) -> None:
    warm.write(
        {
            "conftest.py": "import os\nos.environ['ROLE'] = 'cook'\nos.environ.pop('LEFT', None)\n",
            "test_role.py": "import os\n\ndef test_role():\n    assert os.environ['ROLE'] == 'cook'\n",
        }
    )
    assert outcomes(events(warm, "test_role.py")) == {"test_role.py::test_role": "passed"}
    assert is_forked_soon(warm, "test_role.py")
    assert outcomes(events(warm, "test_role.py")) == {"test_role.py::test_role": "passed"}


def test_installed_packages_are_looked_at(warm: Folder) -> None:
    before = server(warm)
    site = next(Path(each) for each in sys.path if each.endswith("-packages"))
    mark = site / f"canonry_warm_test_{os.getpid()}"
    mark.mkdir()
    try:
        assert outcomes(events(warm, "test_a.py")) == {"test_a.py::test_total": "passed"}
        assert until(lambda: server(warm) != before)
    finally:
        mark.rmdir()


# imports of test files ------------------------------------------------------------------------------------------------


SHOP = "import os\nfrom pathlib import Path\n\nLOADED_BY = os.getpid()\nPRICE = 3\n"
USES = """
import os

import shop

def test_price():
    assert shop.PRICE == 3

def test_who_loaded():
    assert shop.LOADED_BY != os.getpid()
"""


def test_what_a_test_file_imports_first_is_loaded_ahead(warm: Folder) -> None:
    warm.write({"shop.py": SHOP, "test_shop.py": USES})
    ahead = "test_shop.py::test_who_loaded"
    assert until(lambda: outcomes(events(warm, ahead)) == {ahead: "passed"})

    warm.write({"test_shop.py": USES + "\ndef test_more():\n    assert shop.PRICE == 3\n"})
    assert outcomes(events(warm, ahead)) == {ahead: "passed"}  # its imports are what they were

    warm.write({"shop.py": SHOP.replace("3", "4")})
    assert outcomes(events(warm, "test_shop.py::test_price")) == {"test_shop.py::test_price": "failed"}


def test_what_comes_behind_another_statement_is_not_loaded_ahead(warm: Folder) -> None:
    text = "import os\nos.environ['PRICE'] = '5'\nimport shop\n\ndef test_price():\n    assert shop.PRICE == '5'\n"
    warm.write({"shop.py": "import os\nPRICE = os.environ.get('PRICE')\n", "test_shop.py": text})

    for _ in range(3):
        assert outcomes(events(warm, "test_shop.py")) == {"test_shop.py::test_price": "passed"}
        time.sleep(0.5)


def test_a_thread_of_an_import_costs_nothing_but_warmth(warm: Folder) -> None:
    text = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    warm.write({"busy.py": text, "test_busy.py": f"import busy\n\n{SOUND}"})

    for _ in range(3):
        assert outcomes(events(warm, "test_busy.py")) == {"test_busy.py::test_total": "passed"}
        time.sleep(0.5)


# what dies ------------------------------------------------------------------------------------------------------------


def test_a_dead_warm_process_is_no_loss(warm: Folder) -> None:
    for pid in server(warm):
        os.kill(pid, signal.SIGKILL)
    assert until(lambda: not server(warm))

    done = warm.run("run", "test_a.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 passed" in done.stdout
    assert "a warm process waits" in warm.run("run", "--warm", "test_a.py").stderr


def test_a_dead_zygote_is_no_loss(warm: Folder) -> None:
    for pid in server(warm):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)

    assert outcomes(events(warm, "test_a.py")) == {"test_a.py::test_total": "passed"}
    assert is_forked_soon(warm, "test_a.py")


def test_nobody_calls_and_it_leaves(tmp_path: Path) -> None:
    folder = Folder(tmp_path).start({"test_a.py": SOUND})
    (folder.root / FOLDER).mkdir(mode=0o700, parents=True)
    command = [sys.executable, "-m", "canonry.cli._warm", str(folder.root), "0.5"]

    assert subprocess.run(command, env=environment(), timeout=30).returncode == 0
    assert not (folder.root / FOLDER / "socket").exists()


def test_a_folder_that_others_may_enter_is_not_trusted(warm: Folder) -> None:
    (warm.root / FOLDER).chmod(0o755)
    found = events(warm, "test_a.py")
    (warm.root / FOLDER).chmod(0o700)

    assert outcomes(found) == {"test_a.py::test_total": "passed"}
    assert not was_forked(found)


# how a call feels -----------------------------------------------------------------------------------------------------


def test_two_calls_at_once(warm: Folder) -> None:
    slow = "import time\n\ndef test_slow():\n    open(f'seen-{__name__}', 'w').close()\n    time.sleep(2)\n"
    warm.write({"test_slow.py": slow, "test_slower.py": slow})
    command = canonry_command("run", "--output-format", "jsonl", "--workers", "1")
    calls = [
        subprocess.Popen([*command, name], cwd=warm.root, env=environment(), stdout=subprocess.PIPE)
        for name in ("test_slow.py", "test_slower.py")
    ]
    assert until(lambda: len(list(warm.root.glob("seen-*"))) == 2)
    warm.write({"conftest.py": "X = 1\n"})  # the zygote is replaced while its workers run
    assert outcomes(events(warm, "test_a.py")) == {"test_a.py::test_total": "passed"}

    for call, name in zip(calls, ("test_slow.py", "test_slower.py"), strict=True):
        found = [json.loads(line) for line in call.communicate(timeout=30)[0].splitlines()]
        assert call.returncode == 0
        assert outcomes(found) == {f"{name}::test_slow": "passed"}
        assert was_forked(found)


def test_the_call_is_handed_over_whole(warm: Folder, tmp_path: Path) -> None:
    below = warm.root / "below"
    below.mkdir()
    warm.write({"test_bad.py": "def test_bad():\n    assert 0\n", "below/test_c.py": SOUND})
    failed = warm.run("run", "test_bad.py")
    assert failed.returncode == 1
    assert "FAIL" in failed.stdout
    wrong = warm.run("run", "nowhere.py")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "nowhere.py" in wrong.stderr

    done = subprocess.run(
        canonry_command("run", "test_c.py", "--output-format", "jsonl"),
        cwd=below,
        env=environment(),
        capture_output=True,
    )
    assert outcomes([json.loads(line) for line in done.stdout.splitlines()]) == {
        "below/test_c.py::test_total": "passed"
    }


@pytest.mark.parametrize("is_warm", [True, False])
def test_ctrl_c_finishes_and_reports(warm: Folder, is_warm: bool) -> None:
    warm.write(
        {
            "test_slow.py": "".join(
                f"import time\ndef test_{n}():\n    open('seen{n}', 'w')\n    time.sleep(1)\n" for n in range(5)
            )
        }
    )
    if not is_warm:
        warm.run("run", "--cold", "--list")
    process = subprocess.Popen(
        canonry_command("run", "--workers", "1", "test_slow.py"),
        cwd=warm.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert until(lambda: (warm.root / "seen0").exists())
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "finishes what runs" in error
    assert "1 passed" in out
    assert not (warm.root / "seen3").exists()


def test_a_caller_that_is_killed_ends_its_run(warm: Folder) -> None:
    warm.write(
        {
            "test_slow.py": "".join(
                f"import time\ndef test_{n}():\n    open('seen{n}', 'w')\n    time.sleep(1)\n" for n in range(9)
            )
        }
    )
    process = subprocess.Popen(
        canonry_command("run", "--workers", "1", "test_slow.py"),
        cwd=warm.root,
        env=environment(),
        stdout=subprocess.PIPE,
    )
    assert until(lambda: (warm.root / "seen0").exists())
    process.kill()
    process.communicate()
    time.sleep(3)

    assert not (warm.root / "seen4").exists()


def screen(folder: Folder, *arguments: str) -> str:
    """What a terminal is sent."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder.root)
        variables = environment(TERM="xterm-256color")
        del variables["NO_COLOR"]
        os.execve(sys.executable, canonry_command("run", "--workers", "1", *arguments), variables)
    data = b""
    while select.select([terminal], [], [], 20)[0]:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        data += more
    os.waitpid(pid, 0)
    os.close(terminal)
    return data.decode()


def test_a_terminal_looks_the_same(tmp_path: Path) -> None:
    folder = Folder(tmp_path).start(
        {"test_bad.py": f"import time\n\ndef test_bad():\n    time.sleep(1)\n    assert 0\n\n{SOUND}"}
    )
    cold = screen(folder, "test_bad.py")
    screen(folder, "--warm", "test_bad.py")
    try:
        time.sleep(1)
        warm = screen(folder, "test_bad.py")
    finally:
        folder.run("run", "--cold", "--list")

    for text in (cold, warm):
        assert "\x1b[31" in text or "\x1b[1;31" in text
        assert "test_bad.py::test_bad" in text
    assert cold.count("\x1b[2K") > 0
    assert (cold.count("\x1b[2K") > 0) == (warm.count("\x1b[2K") > 0)
