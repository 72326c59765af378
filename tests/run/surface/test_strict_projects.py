"""Projects whose own configuration turns every warning into an error."""

from tests.workbench import SOUND, Folder

STRICT = """
[pytest]
addopts = --strict-markers --strict-config -ra
filterwarnings = error
xfail_strict = true
"""


def test_workers_give_no_warning_of_their_own(folder: Folder) -> None:
    folder.write({"pytest.ini": STRICT, "test_a.py": SOUND})
    done = folder.run("run", "--workers", "2")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 test run: 1 passed" in done.stdout
