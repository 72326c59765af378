"""Where Python may write no byte code, pytest's rewritten files are kept in canonry's own folder, and nowhere else."""

from pathlib import Path

import pytest

from canonry.model.outcome import Outcome
from canonry.model.state import STATE
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
