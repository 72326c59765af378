"""The names of files of every kind in a few folders of a tree; a tree itself lists Python files only."""

import os
from collections.abc import Iterable
from pathlib import Path

from canonry.source.trees.git import split_records
from canonry.source.trees.tree import Tree


def folder_files(tree: Tree, folders: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The file names in each of these folders (empty: the root), sorted; folders that are not there are left out."""
    found = {folder: _names(tree, folder) for folder in folders}
    return {folder: names for folder, names in found.items() if names}


def _names(tree: Tree, folder: str) -> tuple[str, ...]:
    if not tree.by_blob or tree.git is None:
        try:
            return tuple(sorted(each.name for each in Path(tree.root, folder).iterdir() if each.is_file()))
        except OSError:
            return ()
    if tree.kind == "commit":
        listing = tree.git.output("ls-tree", "-z", "--full-tree", f"{tree.commit}:{folder}", check=False)
        rows = [record.partition(b"\t") for record in split_records(listing)]
        return tuple(sorted(os.fsdecode(name) for meta, _, name in rows if meta.startswith(b"100")))
    pattern = f":(top,glob){folder}/*" if folder else ":(top,glob)*"
    listing = tree.git.output("ls-files", "-z", "--full-name", "--", pattern, check=False)
    return tuple(sorted(os.fsdecode(record).rpartition("/")[2] for record in split_records(listing)))
