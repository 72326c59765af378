"""Proposals written beside the tree, for somebody to look at: a folder of their own, never over a file of the tree."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from canonry.model.errors import UserError


def export_files(folder: Path, contents: Mapping[str, bytes], *, tree: Path | None = None) -> int:
    """Writes each content below the folder at its path, whole or not at all; returns how many.

    Files of an earlier export are replaced. Raises `UserError` where the folder is the ``tree`` that the contents come
    from or holds it, where a path would leave the folder, or where the disk refuses.
    """
    top = folder.resolve()
    if tree is not None and tree.resolve().is_relative_to(top):
        raise UserError(f"`{folder}` holds the files that were read; name another folder, or use `--write`")
    for path, content in contents.items():
        target = top / path
        try:
            if not Path(os.path.realpath(target.parent)).is_relative_to(top):
                raise UserError(f"`{path}` would be written outside `{folder}`; name an empty folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            _put(target, content)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UserError(f"`{target}` cannot be written ({reason}); name a folder that can hold it") from error
    return len(contents)


def _put(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
