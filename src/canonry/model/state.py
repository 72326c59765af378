"""The folder for what canonry keeps about a tree: ``.canonry`` at its root, which ignores itself in git."""

from pathlib import Path

STATE = ".canonry"


def make_state_folder(folder: Path) -> None:
    """Makes a folder for state; where it is ``.canonry`` or below one, git is told to ignore it."""
    folder.mkdir(parents=True, exist_ok=True)
    for state in (folder, *folder.parents):
        if state.name == STATE:
            ignored = state / ".gitignore"
            if not ignored.exists():
                ignored.write_text("*\n", encoding="utf-8")
            return
