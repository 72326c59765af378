"""Contents by digest, kept for the way back: immutable, complete or absent, and on the disk before they are needed."""

import zlib
from collections.abc import Iterable
from pathlib import Path

from canonry.changes.files import sync_files, sync_folders, write_new
from canonry.changes.splice import digest_of
from canonry.model.errors import UserError


class ContentStore:
    """The contents below one folder: ``ab/cdef...`` is the compressed content whose digest is ``abcdef...``."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def put(self, contents: Iterable[bytes]) -> None:
        """Keeps contents; when it returns, they survive a crash of the machine."""
        fresh = {}
        for content in contents:
            target = self._path(digest_of(content))
            if not self._holds(target, content):
                target.parent.mkdir(exist_ok=True)
                fresh[target] = target.with_suffix(".new")
                write_new(fresh[target], zlib.compress(content, 1), mode=0o444)
        sync_files(list(fresh.values()))
        for target, new in fresh.items():
            new.replace(target)
        sync_folders([*(target.parent for target in fresh), self.place])

    def get(self, digest: str) -> bytes:
        """A kept content. Raises `UserError` where it is gone or damaged."""
        try:
            content = zlib.decompress(self._path(digest).read_bytes())
        except (OSError, zlib.error) as error:
            raise UserError(f"`{self._path(digest)}` is gone or damaged, so there is no way back to it") from error
        if digest_of(content) != digest:
            raise UserError(f"`{self._path(digest)}` is damaged, so there is no way back to it")
        return content

    def _holds(self, target: Path, content: bytes) -> bool:
        """Whether the content is there and whole; a damaged one is written again."""
        try:
            return zlib.decompress(target.read_bytes()) == content
        except (OSError, zlib.error):
            return False

    def _path(self, digest: str) -> Path:
        return self.place / digest[:2] / digest[2:]
