"""`canonry run --collect` and `--list`: every file is counted, and nothing runs."""

import json

from tests.workbench import SOUND, Folder


def test_collect_counts_every_file_and_runs_nothing(folder: Folder) -> None:
    folder.write(
        {
            "test_a.py": f"import pathlib\n\ndef test_ran():\n    pathlib.Path('ran').touch()\n\n{SOUND}",
            "test_b.py": "x = 1\ndef test_x(:\n",
            "test_c.py": "import no_such_module\n",
            "test_d.py": "x = 1\n",
        }
    )
    done = folder.call("run", "--collect", "--workers", "1")
    found = json.loads(folder.call("run", "--collect", "--workers", "1", "--output-format", "json").stdout)

    assert done.returncode == 1
    assert "uncollectable test_b.py:2: SyntaxError" in done.stdout
    assert "uncollectable test_c.py:1: ModuleNotFoundError: No module named 'no_such_module'" in done.stdout
    assert "no test in    test_d.py" in done.stdout
    assert "50.0 % of 4 files can be collected" in done.stdout
    assert not (folder.root / "ran").exists()
    assert (found["tests"], found["without-tests"], len(found["uncollectable"])) == (2, ["test_d.py"], 2)


def test_collect_lists_what_the_same_call_would_run(folder: Folder) -> None:
    folder.write(
        {
            "test_a.py": "import pytest\n\n@pytest.mark.slow\ndef test_one():\n    pass\n\ndef test_b():\n    pass\n",
            "test_c.py": "def test_c():\n    pass\n",
            "pytest.ini": "[pytest]\nmarkers = slow\n",
        }
    )
    for arguments, nodes, left_out in (
        (("-k", "one"), {"test_a.py": ["test_a.py::test_one"]}, 2),
        (("-m", "slow"), {"test_a.py": ["test_a.py::test_one"]}, 2),
        (
            ("test_a.py::test_b", "test_c.py"),
            {"test_a.py": ["test_a.py::test_b"], "test_c.py": ["test_c.py::test_c"]},
            0,
        ),
    ):
        called = ("run", "--collect", "--workers", "1", "--output-format", "json", *arguments)
        found = json.loads(folder.call(*called).stdout)
        assert (found["collected"], found["deselected"], found["without-tests"]) == (nodes, left_out, []), arguments
    gone = folder.call("run", "--collect", "--workers", "1", "test_a.py::test_nope")
    assert gone.returncode == 1
    assert "uncollectable test_a.py::test_nope: there is no such test in its file" in gone.stdout
    assert folder.call("run", "--collect", "--workers", "1", "-k", "nothing").returncode == 5


def test_collect_ends_well_at_100_percent(folder: Folder) -> None:
    folder.write({"test_a.py": SOUND})

    assert folder.call("run", "--collect").returncode == 0


def test_list_knows_the_tests_after_they_were_collected_until_something_changes(folder: Folder) -> None:
    folder.write(
        {
            "test_a.py": "from shop import x\n\ndef test_a():\n    assert x\n",
            "shop.py": "x = 1\n",
            "pytest.ini": "[pytest]\npythonpath = .\n",
        }
    )
    unknown = (
        "(no category)\n  test_a.py\n1 file whose tests are not known yet; `canonry run --collect` collects them\n"
    )
    assert folder.call("run", "--list").stdout == unknown
    folder.call("run", "--collect")
    assert "  test_a.py::test_a\n" in folder.call("run", "--list").stdout
    folder.write({"shop.py": "x = 2\n"})
    assert folder.call("run", "--list").stdout == unknown


def test_small_suites_are_sharded_by_tests(folder: Folder) -> None:
    folder.write({"test_a.py": "".join(f"def test_{number}():\n    assert 1\n\n" for number in range(3))})
    parts = [
        json.loads(folder.call("run", "--shard", f"{n}/3", "--list", "--output-format", "json").stdout)
        for n in (1, 2, 3)
    ]
    nodes = [part["categories"][0]["files"][0]["tests"] for part in parts]

    assert sorted(nodes) == [[f"test_a.py::test_{number}"] for number in range(3)]
    assert folder.call("run", "--shard", "1/4").returncode == 2
