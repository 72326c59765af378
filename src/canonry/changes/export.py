"""Proposals written beside the tree, for somebody to look at: in a folder of their own, never over another's file."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from canonry.model.errors import UserError

_LIST = ".canonry-output.json"
"""Names what was written here with the SHA-256 of each, so that a later export may replace it, and nothing else."""


def export_files(folder: Path, contents: Mapping[str, bytes], *, tree: Path) -> int:
    """Writes each content below the folder at its path; returns how many.

    Files of an earlier export are replaced as long as nobody edited them. Nothing is written where something must not
    be. Raises `UserError` where the folder is the ``tree`` that the contents come from, holds it or lies in it, whose
    next reading would find what was written; where a path would leave the folder or meet a file of somebody's, or where
    the disk refuses.
    """
    top = folder.resolve()
    if top != tree.resolve() and top.is_relative_to(tree.resolve()):
        raise UserError(f"`{folder}` lies in the tree that was read; name a folder outside of it, or use `--write`")
    if tree.resolve().is_relative_to(top):
        raise UserError(f"`{folder}` holds the files that were read; name another folder, or use `--write`")
    try:
        ours = _read_list(top)
        for path in contents:
            _object(top, path, contents[path], ours, folder)
        for path, content in contents.items():
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            _put(top / path, content)
            ours[path] = _digest(content)
        if contents:
            _put(top / _LIST, json.dumps(ours, indent=1, sort_keys=True).encode("utf-8", "surrogateescape"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"`{folder}` cannot hold the proposals ({reason}); name another folder") from error
    return len(contents)


def _object(top: Path, path: str, content: bytes, ours: Mapping[str, str], folder: Path) -> None:
    """Raises `UserError` where a path must not be written."""
    target = top / path
    if not Path(os.path.realpath(target.parent)).is_relative_to(top) or target.is_symlink():
        raise UserError(f"`{path}` would be written outside `{folder}`; name an empty folder")
    if not target.exists():
        return
    found = target.read_bytes()
    if found != content and ours.get(path) != _digest(found):
        raise UserError(f"`{target}` is there and is no proposal of an earlier run; move it, or name an empty folder")


def _read_list(top: Path) -> dict[str, str]:
    try:
        found = json.loads((top / _LIST).read_text(encoding="utf-8", errors="surrogateescape"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {str(path): str(digest) for path, digest in found.items()} if isinstance(found, dict) else {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _put(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:  # Ctrl-C too: whatever ends the writing leaves no file of ours behind
        Path(name).unlink(missing_ok=True)
        raise
