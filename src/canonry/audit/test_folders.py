"""The folders that the canon's `tests` and pytest's `testpaths` name, held against the tree."""

from collections.abc import Iterator
from typing import Any

import msgspec

from canonry.canon.check import Problem
from canonry.canon.keys import nearest
from canonry.canon.selection import plain
from canonry.source.pytest_settings import PytestSettings
from canonry.source.trees.place import is_file, is_folder
from canonry.source.trees.tree import Tree


def absent_folders(table: Any, tree: Tree) -> Iterator[Problem]:
    """Every entry of a canon's `tests` that is no folder of the tree: it would hide all tests."""
    listed = table.get("tests") if isinstance(table, dict) else None
    for number, entry in enumerate(listed if isinstance(listed, list) else ()):
        folder = plain(entry) if isinstance(entry, str) else ""
        if not folder or _is_folder(folder, tree):
            continue
        if folder in tree.files or (not tree.by_blob and is_file(tree.root / folder)):
            yield Problem(("tests", number), f"`tests` names `{entry}`, which is a file; name the folder that holds it")
            continue
        near = nearest(folder, _folders(tree))
        hint = f"did you mean `{near}`?" if near else "name folders from the root of the tree, or leave it out"
        yield Problem(("tests", number), f"`tests` names `{entry}`, which does not exist; {hint}")


def with_existing_testpaths(settings: PytestSettings, tree: Tree) -> PytestSettings:
    """The settings without `testpaths` where one of these is no folder of the tree: then they say nothing sure."""
    known = all(_is_folder(plain(folder), tree) for folder in settings.testpaths if plain(folder))
    return settings if known else msgspec.structs.replace(settings, testpaths=())


def _is_folder(folder: str, tree: Tree) -> bool:
    if any(path.startswith(f"{folder}/") for path in tree.files):
        return True
    if not tree.by_blob and is_folder(tree.root / folder):
        return True
    if tree.git is None:
        return False
    if tree.kind == "commit":
        return tree.git.output("cat-file", "-t", f"{tree.commit}:{folder}", check=False).strip() == b"tree"
    # the index also knows what a sparse checkout leaves out
    return bool(tree.git.output("ls-files", "-z", "--", f":(literal){folder}/", check=False))


def _folders(tree: Tree) -> set[str]:
    """Every folder that holds a listed file, at any depth."""
    found: set[str] = set()
    for path in tree.files:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found
