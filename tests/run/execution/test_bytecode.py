"""Where Python may write no byte code, pytest's rewritten files are kept in canonry's own folder, and nowhere else."""

import sys
import time
from pathlib import Path

import pytest

from canonry.model.outcome import Outcome
from canonry.model.state import STATE
from canonry.run.kept_bytecode import prune_bytecode
from tests.run.execution.bench import project, run

NO_CACHE = ("-p", "no:cacheprovider")
SEES = """
import os, sys, helper

def test_what_python_says():
    assert sys.dont_write_bytecode
    assert os.environ["PYTHONDONTWRITEBYTECODE"] == "1"

def test_asserts_explain_themselves():
    assert helper.THREE == {number}
"""


def _files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_rewritten_files_are_kept_apart_and_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    root = project(tmp_path, {"t/test_a.py": SEES.format(number=3), "t/helper.py": "THREE = 3\n", "conftest.py": ""})
    (root / STATE).mkdir()
    before = _files(root)

    assert set(run(root, workers=1, pytest_arguments=NO_CACHE).outcomes.values()) == {Outcome.PASSED}
    kept = {path: (root / path).stat().st_mtime_ns for path in _files(root) - before}
    names = {Path(path).name.partition(".")[0] for path in kept if str(root)[1:] in path}
    assert all(path.startswith(f"{STATE}/bytecode/") for path in kept)
    assert names == {"test_a", "conftest"}

    assert set(run(root, workers=1, pytest_arguments=NO_CACHE).outcomes.values()) == {Outcome.PASSED}
    assert {path: (root / path).stat().st_mtime_ns for path in _files(root) - before} == kept

    (root / "t" / "test_a.py").write_text(SEES.format(number=4000))
    told = run(root, workers=1, pytest_arguments=NO_CACHE)
    assert told.ended("test_what_python_says").outcome is Outcome.PASSED
    assert told.ended("test_asserts_explain_themselves").reason == "assert 3 == 4000"


def test_nothing_is_written_where_there_is_no_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    root = project(tmp_path, {"test_a.py": "def test_a(): pass\n"})
    before = _files(root)
    assert set(run(root, workers=1, pytest_arguments=NO_CACHE).outcomes.values()) == {Outcome.PASSED}
    assert _files(root) == before


def test_what_is_kept_of_files_that_are_gone_goes_and_the_controller_imports_no_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    files = {f"test_only_{name}.py": f"def test_{name}(): assert 1\n" for name in ("stays", "goes")}
    root = project(tmp_path, {**files, "conftest.py": "import only_of_workers\n", "only_of_workers.py": ""})
    (root / STATE).mkdir()
    assert set(run(root, workers=1, pytest_arguments=NO_CACHE).outcomes.values()) == {Outcome.PASSED}
    assert not {"test_only_stays", "test_only_goes", "only_of_workers"} & sys.modules.keys()

    (root / "test_only_goes.py").unlink()
    now = time.time()
    assert prune_bytecode(root, now=now) == 1
    ours = root / STATE / "bytecode" / str(root)[1:]
    names = {path.name.partition(".")[0] for path in ours.rglob("*.pyc")}
    assert names == {"test_only_stays", "conftest"}

    (root / "test_only_stays.py").unlink()
    assert prune_bytecode(root, now=now + 60) == 0
    assert prune_bytecode(root, now=now + 90_000) == 1
