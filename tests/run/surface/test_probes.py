"""Tests that depend on each other: who pollutes, who sets up, what two that disturb each other share."""

import json
import time

from canonry.run.probes.probe import Prober
from tests.workbench import SOUND, Folder


def test_a_polluter_and_a_missing_setter_are_named_with_their_state(folder: Folder) -> None:
    count = 20
    files: dict[str, str | bytes] = {
        f"test_{number:02}.py": "".join(f"def test_{each}():\n    assert 1\n\n" for each in range(5))
        for number in range(count)
    }
    files |= {
        "state.py": "CACHE = {}\n",
        "pytest.ini": "[pytest]\npythonpath = .\n",
        "test_03.py": "import state\n\ndef test_polluter():\n    state.CACHE['x'] = 1\n",
        "test_15.py": "import state\n\ndef test_victim():\n    assert not state.CACHE\n",
        "test_05.py": "import os\n\ndef test_setter():\n    os.environ['SHOP_READY'] = '1'\n",
        "test_11.py": "import os\n\ndef test_needs():\n    assert os.environ['SHOP_READY']\n",
    }
    done = folder.write(files).call("run", "--order-check", "--output-format", "json", "-q")
    found = {each["node"]: each for each in json.loads(done.stdout)["findings"]}

    assert done.returncode == 1
    assert found["test_15.py::test_victim"]["others"] == ["test_03.py::test_polluter"]
    assert "global state.CACHE" in found["test_15.py::test_victim"]["state"]
    assert found["test_11.py::test_needs"]["kind"] == "needs-setter"
    assert found["test_11.py::test_needs"]["state"] == ["environment SHOP_READY"]
    assert all(each["probes"] <= 12 for each in found.values())


def test_tests_that_share_a_file_are_named_as_a_pair(folder: Folder) -> None:
    body = (
        "import pathlib, time\n\ndef test_{0}():\n    place = pathlib.Path('shared.txt')\n    place.write_text('{0}')\n"
        "    time.sleep(0.3)\n    assert place.read_text() == '{0}'\n"
    )
    folder.write({"test_a.py": body.format("a"), "test_b.py": body.format("b")})
    done = folder.call("run", "--parallel-check", "--output-format", "json", "-q")
    (finding, *_) = json.loads(done.stdout)["findings"]

    assert done.returncode == 1
    assert {finding["node"], finding["other"]} == {"test_a.py::test_a", "test_b.py::test_b"}
    assert finding["shared"] == [f"file {folder.root / 'shared.txt'}"]


def test_a_test_that_never_ends_or_ends_its_process_costs_itself(folder: Folder) -> None:
    files: dict[str, str | bytes] = {
        "test_a.py": "import time\n\ndef test_hangs():\n    time.sleep(60)\n",
        "test_b.py": "def test_sound():\n    assert 1\n",
        "test_c.py": "import os\n\ndef test_leaves():\n    os._exit(3)\n",
        "test_d.py": "def test_sound():\n    assert 1\n",
    }
    done = folder.write(files).call("run", "--order-check", "--timeout", "2", "--output-format", "json", "-q")
    found = json.loads(done.stdout)

    assert (done.returncode, found["findings"]) == (1, [])
    assert found["broken"] == ["test_a.py::test_hangs", "test_c.py::test_leaves"]


def test_a_test_that_never_ends_beside_another_is_ended_by_its_limit(folder: Folder) -> None:
    waits = "import time\n\ndef test_waits():\n    time.sleep(60)\n"
    folder.write({"test_a.py": waits, "test_b.py": f"{SOUND}\ndef test_last():\n    assert 1\n"})
    columns = [["test_a.py::test_waits"], ["test_b.py::test_total", "test_b.py::test_last"]]
    began = time.monotonic()
    probe = Prober(folder.root, limits={"test_a.py": 1.0}).run_together(columns)

    assert probe.has_failed("test_a.py::test_waits")
    assert probe.reasons["test_a.py::test_waits"] == "it ran longer than 1 s"
    assert [probe.is_bad(node) for node in columns[1]] == [False, False]
    assert time.monotonic() - began < 40
