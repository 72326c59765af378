"""A leak of a file is told on the terminal, in the recording, by a replay, and as JSON."""

import json

from tests.workbench import Folder

LEAKS = """
import os, shop

def test_variable(): os.environ["LEFT_BEHIND"] = "secret"

def test_global():
    shop.PRICES["tea"] = 2
"""


def test_a_file_that_leaks_fails_and_is_told_again_by_a_replay(folder: Folder) -> None:
    canon = "[categories.unit]\npaths = ['tests']\nleaks = 'fail'\nglobal-leaks = true\n"
    folder.write({"canonry.toml": canon, "tests/test_a.py": LEAKS, "tests/shop.py": "PRICES = {'tea': 1}\n"})
    ran = folder.call("run", "--workers", "1", "-c", "unit")
    shown = folder.call("run", "--replay", "last")
    events = [
        json.loads(line)
        for line in folder.call("run", "--replay", "last", "--output-format", "jsonl").stdout.splitlines()
    ]

    assert ran.returncode == 1
    for text in (ran.stdout, shown.stdout):
        assert "tests/test_a.py::test_variable leaves environment `LEFT_BEHIND` (was added)" in text
        assert "tests/test_a.py leaves global `shop.PRICES` (was changed)" in text
        assert "secret" not in text
    leaked = {(each["node"], each["kind"], each["name"]) for each in events if each["event"] == "leaked"}
    assert leaked == {
        ("tests/test_a.py::test_variable", "environment", "LEFT_BEHIND"),
        ("tests/test_a.py", "global", "shop.PRICES"),
    }
