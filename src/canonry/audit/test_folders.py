"""The folders that the canon's `tests` and pytest's `testpaths` name, held against the tree."""

from collections.abc import Iterator

import msgspec

from canonry.canon.keys import KeyPath, nearest
from canonry.canon.load import CanonError, LoadedCanon
from canonry.canon.selection import plain
from canonry.rules.catalogue import line_in
from canonry.source.pytest_settings import PytestSettings
from canonry.source.trees.place import is_file, is_folder
from canonry.source.trees.tree import Tree


def refuse_absent_folders(loaded: LoadedCanon, tree: Tree) -> None:
    """Raises `CanonError` with every entry of `tests` that is no folder of the tree."""
    problems = list(_problems(loaded, tree))
    if problems:
        raise CanonError(loaded.file or "canon", [(line_in(loaded, path), message) for path, message in problems])


def with_existing_testpaths(settings: PytestSettings, tree: Tree) -> PytestSettings:
    """The settings without `testpaths` where one of these is no folder of the tree: then they say nothing sure."""
    known = all(_is_folder(plain(folder), tree) for folder in settings.testpaths if plain(folder))
    return settings if known else msgspec.structs.replace(settings, testpaths=())


def _problems(loaded: LoadedCanon, tree: Tree) -> Iterator[tuple[KeyPath, str]]:
    for number, entry in enumerate(loaded.canon.tests or ()):
        folder = plain(entry)
        if not folder or _is_folder(folder, tree):
            continue
        if folder in tree.files or (not tree.by_blob and is_file(tree.root / folder)):
            yield ("tests", number), f"`tests` names `{entry}`, which is a file; name the folder that holds it"
            continue
        near = nearest(folder, _folders(tree))
        hint = f"did you mean `{near}`?" if near else "name folders from the root of the tree, or leave it out"
        yield ("tests", number), f"`tests` names `{entry}`, which does not exist; {hint}"


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
