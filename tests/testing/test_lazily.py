"""What is put in place unloaded behaves as if it had been imported."""

import subprocess
import sys
from pathlib import Path

import pytest

START = "from canonry.testing import SSotBaseTestCase\nimport sys, types, unittest\n"
ASKS = {
    "attribute": "import pprint; assert pprint.pformat([1]) == '[1]'",
    "from": "from difflib import unified_diff; assert list(unified_diff(['a'], ['b']))",
    "dict": "import pprint; assert 'pformat' in vars(pprint)",
    "dir": "import argparse; assert 'ArgumentParser' in dir(argparse)",
    "set": "import pprint; pprint.pformat = 1; assert pprint.pformat == 1 and pprint.pprint",
    "reload": "import importlib, pprint; importlib.reload(pprint); assert pprint.pformat([1]) == '[1]'",
    "threads": """
import threading, pprint
seen, gate = [], threading.Barrier(16)
def ask():
    gate.wait()
    seen.append(pprint.pformat([1]) + pprint.PrettyPrinter.__name__)
threads = [threading.Thread(target=ask) for _ in range(16)]
[t.start() for t in threads]; [t.join() for t in threads]
assert seen == ['[1]PrettyPrinter'] * 16, seen
""",
}
SUITE = """
import unittest
{first}
class Test({base}):
    def test_dict(self): self.assertDictEqual({{'a': 1}}, {{'a': 2}})
    def test_text(self): self.assertEqual('a\\nb', 'a\\nc')
    def test_list(self): self.assertEqual([1, 2], [1, 3])
    def test_raises(self):
        with self.assertRaises(ValueError): int('x')
    def test_subtests(self):
        for each in (1, 2):
            with self.subTest(each=each): self.assertEqual(each, 1)
if __name__ == '__main__': unittest.main()
"""


@pytest.mark.parametrize("how", ASKS)
def test_first_use_makes_it_a_real_module(tmp_path: Path, how: str) -> None:
    name = next(each for each in ("pprint", "difflib", "argparse") if each in ASKS[how])
    before = f"assert type(sys.modules[{name!r}]) is not types.ModuleType\n"
    after = f"\nassert type(sys.modules[{name!r}]) is types.ModuleType\n"
    done = _python(tmp_path, "-c", START + before + ASKS[how] + after)
    assert done.returncode == 0, done.stderr


def test_a_module_that_shadows_one_is_imported_as_ever(tmp_path: Path) -> None:
    (tmp_path / "pprint.py").write_text("print('mine')\ndef pformat(x): pass\npprint = saferepr = pformat\n")
    assert _python(tmp_path, "-c", START).stdout == "mine\n"


@pytest.mark.parametrize("arguments", [["test_a.py"], ["-m", "unittest", "test_a"]])
def test_failures_read_as_those_of_a_plain_case(tmp_path: Path, arguments: list[str]) -> None:
    told = []
    for first, base in [
        ("from canonry.testing import SSotBaseTestCase", "SSotBaseTestCase"),
        ("# a line in its place", "unittest.TestCase"),
    ]:
        (tmp_path / "test_a.py").write_text(SUITE.format(first=first, base=base))
        done = _python(tmp_path, *arguments)
        assert done.returncode == 1
        told.append([line for line in done.stderr.splitlines() if line.strip() and not line.startswith("Ran ")])
    assert told[0][:-1] != []
    assert [line for line in told[0] if line[:1] in "-+?AF"] == [line for line in told[1] if line[:1] in "-+?AF"]


def _python(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
