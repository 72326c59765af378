"""Copies of a tree in temporary folders, in which tests run as in the tree itself."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from canonry.model.errors import UserError
from canonry.model.state import STATE
from canonry.source.trees.git import find_repository, git_environment

_NOT_COPIED = frozenset(
    (".git", STATE, "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox", "node_modules")
)
_OF_ANOTHER = frozenset(("GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_ALTERNATE_OBJECT_DIRECTORIES"))
"""Variables with which git, in a hook, would work on the repository that the hook is of."""
_HOLDS_THERE = ("cache.db", "packages.json")
"""What was read of each content, and of what is installed, holds in a copy, too."""


def copy_tree(original: Path, place: Path) -> None:
    """Everything but caches, environments (which stay where they are, behind a link) and what is canonry's own."""
    place.mkdir(parents=True, exist_ok=True)
    found = find_repository(original)
    if found is not None and found[1] is not None and found[1].resolve() == original.resolve():
        _clone(original, place)
    for folder, folders, names in os.walk(original, followlinks=False):
        relative = os.path.relpath(folder, original)
        target = place if relative == "." else place / relative
        for name in [*folders]:
            source = Path(folder, name)
            if name in _NOT_COPIED:
                folders.remove(name)
                if name == "node_modules":
                    (target / name).symlink_to(source)
            elif source.is_symlink() or (source / "pyvenv.cfg").is_file():
                folders.remove(name)
                (target / name).symlink_to(_link(source, original, place) if source.is_symlink() else source)
            else:
                (target / name).mkdir(exist_ok=True)
        for name in names:
            source = Path(folder, name)
            if source.is_symlink():
                (target / name).symlink_to(_link(source, original, place))
            elif name != ".git" and source.is_file():  # of a submodule, or of a tree that is a worktree itself
                shutil.copy2(source, target / name)
    for name in _HOLDS_THERE:
        kept = original / STATE / name
        if kept.is_file():
            (place / STATE).mkdir(exist_ok=True)
            shutil.copy2(kept, place / STATE / name)


def check_out(place: Path, commit: str) -> None:
    """Gives a copy the files of a commit; what git ignores stays, and what neither holds nor ignores goes.

    Raises `UserError` where the copy has no repository of its own, or git refuses.
    """
    for arguments in (("checkout", "--quiet", "--force", "--detach", commit), ("clean", "--quiet", "--force", "-d")):
        done = _git_of(place, "-c", "core.hooksPath=/dev/null", *arguments)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            raise UserError(
                f"`{commit[:10]}` cannot be checked out into a copy ({said}); make room there, or set TMPDIR"
            )


@contextlib.contextmanager
def standing_in(root: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """This process stands at a root and hands these variables to what it starts, until the end of the block."""
    before = {name: os.environ.get(name) for name in variables}
    with contextlib.chdir(root):
        os.environ.update(variables)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def import_variables(original: Path, place: Path) -> dict[str, str]:
    """What lets code of the tree be imported from the copy: installed in place, it would be the original's."""
    paths = [*imported_from(original, place), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)} if paths else {}


def imported_from(original: Path, place: Path) -> list[str]:
    """The folders of a copy that stand for what this Python imports from the original tree, however it is installed."""
    top = original.resolve()
    named = [Path(entry) for entry in sys.path[1:] if entry]
    for finder in sys.meta_path:  # setuptools' editable installs: package -> folder
        mapping = getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", None)
        if isinstance(mapping, dict):
            named += [Path(str(folder)).parent for folder in mapping.values()]
    found = []
    for folder in named:
        resolved = folder.resolve()
        if resolved.is_relative_to(top) and not _is_environment(resolved, top):
            found.append(str(place / resolved.relative_to(top)))
    return list(dict.fromkeys(found))


def remove_copy(place: Path) -> None:
    """Deletes a copy, as far as the system lets us."""
    shutil.rmtree(place, ignore_errors=True)


def _link(source: Path, original: Path, place: Path) -> Path:
    """Where a link leads in the copy: one into the original would let tests write there."""
    target = source.readlink()
    return place / target.relative_to(original) if target.is_relative_to(original) else target


def _clone(original: Path, place: Path) -> None:
    """A repository of the copy's own, at the same commit; contents stay in the original's store."""
    command = ["git", "clone", "--quiet", "--shared", "--no-checkout", str(original), str(place)]
    done = subprocess.run(command, capture_output=True, check=False, env=git_environment())
    if done.returncode == 0:
        _git_of(place, "read-tree", "HEAD")


def _git_of(place: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """git in the copy's own repository and in no other: not in one around it, nor on the index that a hook names."""
    kept = {name: value for name, value in git_environment().items() if name not in _OF_ANOTHER}
    command = ["git", f"--git-dir={place / '.git'}", f"--work-tree={place}", *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, check=False, env=kept, stdin=subprocess.DEVNULL)


def _is_environment(folder: Path, top: Path) -> bool:
    """Whether a folder lies in an environment that was made inside the tree."""
    return any((each / "pyvenv.cfg").is_file() for each in (folder, *folder.parents) if each.is_relative_to(top))
