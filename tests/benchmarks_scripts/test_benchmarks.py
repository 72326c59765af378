"""The benchmarks measure what they say: trees are as asked for, costs are counted, known numbers are compared."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.changes_speed import judged, on_disk, planned
from benchmarks.measure import CommandError, peak_memory, run_measured
from benchmarks.reference_numbers import Row, Source, compare
from benchmarks.table import render_table
from benchmarks.trees import (
    change_files,
    commit_everything,
    generate_tree,
    make_messy,
    pick_files,
    python_files,
    tree_size,
)
from demo.git import git

FILES = 40
Entry = tuple[str, int, int]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    generate_tree(tmp_path, files=FILES, repeat_share=0.25, seed=3)
    return tmp_path


def test_a_made_tree_has_the_files_and_the_repeats_that_were_asked_for(tree: Path) -> None:
    size = tree_size(tree, python_files(tree))

    assert (size.files, size.distinct, size.repeated) == (FILES, 30, 0.25)


def test_the_same_seed_makes_the_same_tree(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = tmp_path_factory.mktemp("again")
    generate_tree(again, files=FILES, repeat_share=0.25, seed=3)

    assert [(path, (again / path).read_bytes()) for path in python_files(again)] == [
        (path, (tree / path).read_bytes()) for path in python_files(tree)
    ]


def test_a_messy_tree_has_changed_and_unknown_files(tree: Path) -> None:
    commit_everything(tree, "all")
    changed, added = make_messy(tree, python_files(tree), share=0.3, seed=3)

    states = [line[:2] for line in git(tree, "status", "--porcelain", "--untracked-files=all").splitlines()]
    assert (changed, added) == (10, 2)
    assert (states.count(" M"), states.count("??")) == (changed, added)


def test_a_changed_file_is_committed_by_the_next_commit(tree: Path) -> None:
    commit_everything(tree, "all")
    change_files(tree, pick_files(python_files(tree), 5, seed=3), "now")
    commit_everything(tree, "five")

    assert len(git(tree, "show", "--format=", "--name-only", "HEAD").splitlines()) == 5


def test_the_cpu_time_of_children_is_counted(tmp_path: Path) -> None:
    burn = "sum(range(8_000_000))"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}], check=True)"

    cost = run_measured([sys.executable, "-c", parent], tmp_path)

    assert cost.cpu > run_measured([sys.executable, "-c", "pass"], tmp_path).cpu


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs smaps_rollup of Linux")
def test_the_memory_of_children_is_counted(tmp_path: Path) -> None:
    hold = "import time; held = bytearray(b'x') * 80_000_000; time.sleep(0.4)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}], check=True)"

    assert peak_memory([sys.executable, "-c", parent], tmp_path) > 80


def test_a_failing_command_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"exits with 3:\nwhy"):
        run_measured([sys.executable, "-c", "import sys; sys.stderr.write('why'); sys.exit(3)"], tmp_path)


def row_of(measure: str, *, rules: Sequence[Entry] = (), facts: Sequence[Entry] = ()) -> Row:
    report = {
        "population": {},
        "rules": [{"code": code, "count": count, "files": files} for code, count, files in rules],
        "facts": [{"name": name, "count": count, "files": files} for name, count, files in facts],
    }
    return next(row for row in compare(report, "beta-14") if row.known.measure == measure)


def test_a_number_within_one_percent_agrees() -> None:
    row = row_of("main blocks in test files", facts=[("main-blocks-in-test-files", 3_080, 3_073)])

    assert row.agrees


def test_a_number_that_differs_by_more_does_not_agree() -> None:
    row = row_of("`pytest.main` calls", rules=[("RUN001", 96, 89)])

    assert not row.agrees


def test_a_raw_count_stands_in_where_the_rule_counts_something_else() -> None:
    row = row_of(
        "processes with a literal pytest",
        rules=[("RUN002", 229, 154)],
        facts=[("pytest-process-literals", 111, 79)],
    )

    assert row.agrees
    assert (row.taken, row.first.value) == (Source("pytest-process-literals", 111), 229)


def test_numbers_stand_to_the_right() -> None:
    assert render_table(["what", "n"], [["a", "1"], ["b", "1,000"]]) == (
        "| what |     n |\n| ---- | ----: |\n| a    |     1 |\n| b    | 1,000 |\n"
    )


# changes -------------------------------------------------------------------------------------------------------------


def test_the_edits_that_are_measured_are_sound_ones(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = planned(tree)
    on_disk(3)

    assert sum(len(change.edits) for change, _ in changes) > len(changes) > FILES // 4
    assert {judged(change, content) for change, content in changes} == {None}
    assert [line.partition(" in ")[0] for line in capsys.readouterr().out.splitlines()] == [
        "apply: 3 files",
        "roll back: 3 files",
    ]
