"""The listing of a commit's tree, kept, so that a hook needs to ask git only for what differs from it.

What is left out of an audit by name is decided when the listing is made; of files that came since, by their own names.
A folder that becomes a copy of another meanwhile is noticed by the comparison of whole trees.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from canonry.audit.listing import Listing
from canonry.audit.session import Session
from canonry.source.cache import Cache
from canonry.source.documents.readers.registry import reader_of
from canonry.source.trees.git import Git, GitError, split_records
from canonry.source.trees.shadow import Shadow, named_shadows
from canonry.source.trees.tree import Key

_KIND = "staged-listing"
_NO_FILE = frozenset(("000000", "120000", "160000"))
"""Modes of what is not there, of links and of submodules."""
_FAR = 300
"""So many differences from the kept tree are carried along; above, the listing is kept anew."""


class Entry(NamedTuple):
    """A path of the index that differs from a tree: the blob ids before and now, empty where there is none."""

    path: str
    before: str
    now: str


class KeptListing(msgspec.Struct, frozen=True, array_like=True):
    """The listing of one tree. Paths are joined by NUL, keys (all of one size) stand in the same order."""

    tree: str
    label: str
    live: str
    live_keys: bytes
    documents: str
    document_keys: bytes
    others: str
    shadows: list[Shadow]


def load_listing(cache: Cache) -> KeptListing | None:
    """The kept listing, None where there is none."""
    stored = cache.answer(_KIND, b"")
    try:
        return msgspec.msgpack.decode(stored, type=KeptListing) if stored else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def files_from(kept: KeptListing, differing: Iterable[Entry]) -> dict[str, Key | None]:
    """The files of the index, with those that are left out: the kept ones with what differs."""
    files = _unpacked(kept.live, kept.live_keys) | _unpacked(kept.documents, kept.document_keys)
    for path, _, now in differing:
        files.pop(path, None)
        if now and (path.endswith(".py") or reader_of(path)):
            files[path] = bytes.fromhex(now)
    return files


def listing_from(kept: KeptListing, differing: Iterable[Entry], session: Session) -> Listing:
    """The listing of the index, whose files are those of the session's tree."""
    files = session.tree.files
    folders = tuple(f"{shadow.folder}/" for shadow in kept.shadows)
    names, counts = session.loaded.canon.shadow_names, _counts(session)
    known = {*files, *filter(None, kept.others.split("\0"))}
    for path, before, now in differing:
        if not now:
            known.discard(path)
        elif (
            path in files
            and not before
            and (path.startswith(folders) or named_shadows([path], names) or not counts(path))
        ):
            del files[path]  # it is known, and counts nowhere
    live = {path: files[path] for path in sorted(files) if path.endswith(".py")}
    documents = {path: files[path] for path in sorted(files) if path not in live}
    return Listing(live, documents, frozenset(known), b"", kept.shadows, {}, [])


def keep_listing(tree: str, listing: Listing, staged: Iterable[Entry], session: Session) -> None:
    """Keeps the listing of a commit's tree, which is that of the index without what is staged."""
    live, documents, known = dict(listing.live), dict(listing.documents), set(listing.known)
    for path, before, _ in staged:
        for files in (live, documents):
            files.pop(path, None)
        known.discard(path)
        if before and (path.endswith(".py") or reader_of(path)):
            known.add(path)
            (live if path.endswith(".py") else documents)[path] = bytes.fromhex(before)
    if None in live.values() or None in documents.values():
        return
    others = sorted(known - live.keys() - documents.keys())
    kept = KeptListing(tree, label_of(session), *_packed(live), *_packed(documents), "\0".join(others), listing.shadows)
    with contextlib.suppress(UnicodeEncodeError):  # a file name that is no UTF-8
        session.cache.store_answers([(_KIND, b"", msgspec.msgpack.encode(kept))])


def is_far(differing: Sequence[Entry]) -> bool:
    """Whether it is time to keep the listing anew."""
    return len(differing) > _FAR


def differing_from(git: Git, tree: str) -> list[Entry] | None:
    """What the index holds in another way than a tree. A link or a submodule is no file of it.

    None where the store does not hold that tree any more.
    """
    options = ("--cached", "--no-renames", "--raw", "--abbrev=64", "-z")
    try:
        records = list(split_records(git.output("diff-index", *options, tree, "--")))
    except GitError:
        return None
    found: list[Entry] = []
    for meta, name in zip(records[::2], records[1::2], strict=False):
        mode_before, mode_now, before, now, _ = meta[1:].decode().split(" ")
        entry = Entry(os.fsdecode(name), "" if mode_before in _NO_FILE else before, "" if mode_now in _NO_FILE else now)
        if entry.before or entry.now:
            found.append(entry)
    return found


def label_of(session: Session) -> str:
    """What the listing depends on beside the tree."""
    canon = session.loaded.canon
    return repr((canon.exclude, canon.shadow_names))


def _counts(session: Session) -> Callable[[str], bool]:
    if not session.loaded.canon.exclude:
        return lambda _path: True
    from pathspec import PathSpec

    excluded = PathSpec.from_lines("gitignore", session.loaded.canon.exclude)
    return lambda path: not excluded.match_file(path)


def _packed(files: dict[str, Key | None]) -> tuple[str, bytes]:
    return "\0".join(files), b"".join([key or b"" for key in files.values()])


def _unpacked(paths: str, keys: bytes) -> dict[str, Key | None]:
    names = paths.split("\0") if paths else []
    size = len(keys) // len(names) if names else 20
    return dict(zip(names, [keys[at : at + size] for at in range(0, len(keys), size)], strict=True))
