"""Calls that start a process with a test tool: the new command starts the runner, or a hand is asked."""

from pathlib import Path

import pytest

from canonry.audit.request import Request
from canonry.migrate.engine import Wanted, migrate
from canonry.model.edit import Grade
from canonry.model.migration import Item
from tests.workbench import Folder

FILES = {
    "requirements.txt": "canonry\n",
    "tests/test_a.py": "def test_a():\n    assert 1\n\n\nclass U:\n    def test_b(self):\n        assert 1\n",
}
CALLS = {
    "os.execvp('pytest', ['pytest', 'tests', '-x'])": "given apart",
    "os.execv('/usr/bin/pytest', ['pytest', 'tests'])": "given apart",
    "os.execve('/usr/bin/pytest', ['pytest', 'tests'], {})": "given apart",
    "os.execlp('pytest', 'pytest', 'tests')": "given apart",
    "os.spawnvp(os.P_WAIT, 'pytest', ['pytest', 'tests'])": "given apart",
    "os.posix_spawnp('pytest', ['pytest', 'tests'], os.environ)": "given apart",
    "subprocess.run(['pytest', 'tests'], executable='/usr/bin/pytest')": "given apart",
    "subprocess.run('pytest')": "name of a program",
    "subprocess.run(['pytest', 'tests'], shell=True)": "a shell is handed a list",
    "subprocess.run(['pytest', 'tests/nope'])": "`tests/nope` does not exist",
    "subprocess.run(['pytest', 'tests/test_a.py::test_nope'])": "`tests/test_a.py` defines no such test",
    "subprocess.run(['pytest', 'tests/test_a.py::U::test_nope'])": "`tests/test_a.py` defines no such test",
}
RIGHT = {
    "subprocess.run('pytest tests', shell=True)": "subprocess.run('canonry run tests', shell=True)",
    "subprocess.run(['pytest', 'tests'])": 'subprocess.run(["canonry", "run", \'tests\'])',
    "subprocess.run(['pytest', 'tests/test_a.py::U::test_b[1]'])": (
        'subprocess.run(["canonry", "run", \'tests/test_a.py::U::test_b[1]\'])'
    ),
    "subprocess.run(['pytest', '--junitxml=' + out, 'tests'])": (
        'subprocess.run(["canonry", "run", \'tests\', "--report", \'junit=\' + out])'
    ),
    "subprocess.run(['pytest', '--junitxml=%s/x.xml' % out, 'tests'])": (
        'subprocess.run(["canonry", "run", \'tests\', "--report", \'junit=%s/x.xml\' % out])'
    ),
    "subprocess.run(['pytest', '--maxfail={}'.format(n), 'tests'])": (
        "subprocess.run([\"canonry\", \"run\", 'tests', '--max-failures={}'.format(n)])"
    ),
    "subprocess.run(['pytest', 'tests/' + name])": 'subprocess.run(["canonry", "run", \'tests/\' + name])',
    "os.system('pytest tests')": "os.system('canonry run tests')",
    "subprocess.run(['pytest', '--collect-only', name, '-q'])": (
        'subprocess.run(["canonry", "run", name, "--collect", "-q"])'
    ),
    "subprocess.run([\n    'pytest',\n    'tests',  # all of them\n    # no more than that\n    '-x',  # enough\n    '-s'\n])": (
        'subprocess.run([\n    "canonry",\n    "run",\n    \'tests\',  # all of them\n    # no more than that\n    "--fail-fast",  # enough\n'
        '    "--",\n'
        "    '-s'\n])"
    ),
}


def test_calls_that_take_the_program_apart_are_left_to_a_hand(tmp_path: Path) -> None:
    items, _ = planned(tmp_path, *CALLS)
    assert [item.line for item in items] == list(range(3, 3 + len(CALLS)))
    for item, (call, reason) in zip(items, CALLS.items(), strict=True):
        assert (item.grade, reason in item.reason) == (Grade.MANUAL, True), (call, item)


@pytest.mark.parametrize("call", RIGHT)
def test_the_command_alone_changes(call: str, tmp_path: Path) -> None:
    items, after = planned(tmp_path, call)
    assert [item.grade for item in items] == [Grade.REVIEW if "maxfail" in call or "only" in call else Grade.SAFE]
    assert after == f"import os\nimport subprocess\n{RIGHT[call]}\n"


def planned(root: Path, *calls: str) -> tuple[list[Item], str]:
    """What is said of each call, and the file with what is planned."""
    text = "\n".join(("import os", "import subprocess", *calls, ""))
    place = Folder(root).write({**FILES, "tools/go.py": text}).start()
    found = migrate(
        Request(repository=place.root, cache=False, workers=1), Wanted(codemods=("runner-calls",), review=True)
    )
    items = sorted(found.summary.items, key=lambda item: item.line)
    return items, found.after().get("tools/go.py", text.encode()).decode()
