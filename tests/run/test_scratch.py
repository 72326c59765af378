"""Folders for copies: what a killed process left goes with the next command, what a live one holds stays."""

import os
import tempfile
from pathlib import Path

import pytest

from canonry.run.scratch import held_scratch, sweep


def test_what_a_killed_process_left_of_this_tree_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    tree, other = tmp_path / "shop", tmp_path / "other"
    for root, name in ((tree, "canonry-compare-a"), (other, "canonry-compare-b"), (tree, "canonry-prove-c")):
        left = tmp_path / name
        (left / "here").mkdir(parents=True)
        (left / "held").write_bytes(bytes(root))

    with held_scratch(tree, "canonry-compare-") as place:
        sweep(tree, "canonry-compare-")
        assert sorted(each.name for each in tmp_path.glob("canonry-*")) == sorted(
            ["canonry-compare-b", "canonry-prove-c", place.name]
        )
    assert not place.exists()


def test_a_copy_is_held_before_it_names_its_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    write = os.write

    def write_and_sweep(handle: int, content: bytes) -> int:
        written = write(handle, content)
        sweep(tmp_path / "shop", "canonry-compare-")  # as another process may in this moment
        return written

    monkeypatch.setattr(os, "write", write_and_sweep)
    with held_scratch(tmp_path / "shop", "canonry-compare-") as place:
        assert place.is_dir()
