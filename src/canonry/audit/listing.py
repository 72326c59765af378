"""Keys for every file, and the live files among them."""

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from canonry.audit.session import Session
from canonry.source.cache import Cache
from canonry.source.trees.place import is_link
from canonry.source.trees.shadow import (
    Candidate,
    Shadow,
    equal_when_added,
    mirror_candidates,
    mirror_shadows,
    named_shadows,
)
from canonry.source.trees.tree import Key, blob_key, read_file, stat_record

_RACY_NS = 2_000_000_000


@dataclass(slots=True)
class Listing:
    """The live files with their keys (None: found when needed), and what was left out."""

    live: dict[str, Key | None]
    documents: dict[str, Key | None]
    """The live files that are no Python and that a reader knows."""
    known: frozenset[str]
    """Every path that was listed, also those that are left out of the rest."""
    names: bytes
    """A digest of these paths; empty where only a few files are audited, whose answer is not kept."""
    shadows: list[Shadow]
    shadow_files: dict[str, int]
    backups: list[str]


def list_files(session: Session) -> Listing:
    """The live files of a session: excluded ones and shadow trees left out."""
    tree, canon = session.tree, session.loaded.canon
    known = frozenset(tree.files)
    names = _paths_digest(tree.files) if session.complete else b""
    if canon.exclude:
        import pathspec

        excluded = pathspec.PathSpec.from_lines("gitignore", canon.exclude)
        tree.files = {path: key for path, key in tree.files.items() if not excluded.match_file(path)}
        tree.backups = [path for path in tree.backups if not excluded.match_file(path)]
    if session.complete and not tree.by_blob:
        _find_keys(session)
    python = {path: key for path, key in tree.files.items() if path.endswith(".py")}
    documents = {path: key for path, key in tree.files.items() if path not in python}
    shadows = named_shadows([*python, *tree.backups], canon.shadow_names)
    folders = tuple(f"{shadow.folder}/" for shadow in shadows)
    live = {path: key for path, key in python.items() if not path.startswith(folders)} if folders else python
    backups = [path for path in tree.backups if not path.startswith(folders)] if folders else tree.backups
    mirrors = _mirrors(session, live)
    if mirrors:
        folders = tuple(f"{shadow.folder}/" for shadow in mirrors)
        live = {path: key for path, key in live.items() if not path.startswith(folders)}
        backups = [path for path in backups if not path.startswith(folders)]
    copies = named_shadows(documents, canon.shadow_names)  # also those that hold no Python
    left_out = tuple(f"{shadow.folder}/" for shadow in (*shadows, *mirrors, *copies))
    documents = {path: key for path, key in sorted(documents.items()) if not path.startswith(left_out)}
    shadow_files = {shadow.folder: shadow.files for shadow in (*shadows, *mirrors) if shadow.files}
    return Listing(
        dict(sorted(live.items())), documents, known, names, [*shadows, *mirrors], shadow_files, sorted(backups)
    )


def _mirrors(session: Session, live: dict[str, Key | None]) -> list[Shadow]:
    """Mirror trees; candidates depend on the paths alone and are kept, as is the verdict under all keys."""
    cache = session.cache
    names = hashlib.sha1("\0".join(sorted(live)).encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()
    stored = cache.answer("mirror-candidates", names)
    candidates = msgspec.msgpack.decode(stored, type=list[Candidate]) if stored else mirror_candidates(live)
    if stored is None:
        _keep(cache, "mirror-candidates", names, candidates)
    if not session.complete:
        keys = _keys_of_candidates(session, live, candidates)
        return mirror_shadows(candidates, keys, lambda candidate: _when_added(session, candidate))
    digest = listing_digest(live)
    kept = cache.answer("mirrors", digest)
    if kept is not None:
        return msgspec.msgpack.decode(kept, type=list[Shadow])
    found = mirror_shadows(candidates, live, lambda candidate: _when_added(session, candidate))
    _keep(cache, "mirrors", digest, found)
    return found


def _keep(cache: Cache, kind: str, key: bytes, answer: object) -> None:
    with contextlib.suppress(UnicodeEncodeError):  # a folder whose name is no UTF-8 is asked about each time
        cache.store_answers([(kind, key, msgspec.msgpack.encode(answer))])


def _keys_of_candidates(
    session: Session, live: dict[str, Key | None], candidates: list[Candidate]
) -> dict[str, Key | None]:
    """The listing with the keys that comparing the candidates needs: what the index says, else what the file holds."""
    keys = dict(live)
    for candidate in candidates:
        prefix, base = f"{candidate.folder}/", f"{candidate.original}/" if candidate.original else ""
        inside = [path for path in live if path.startswith(prefix)]
        for path in (*inside, *(base + path[len(prefix) :] for path in inside)):
            if path in keys and keys[path] is None:
                content = None if path in session.tree.staged else session.tree.read(path)
                keys[path] = session.tree.staged.get(path) or blob_key(content or path.encode("utf-8", "replace"))
    return keys


def _when_added(session: Session, candidate: Candidate) -> tuple[str, int]:
    """What history says of a folder; asked once for all commits after the one that added it."""
    git, commit = session.tree.git, session.tree.commit
    if git is None or commit is None:
        return "", 0
    key = f"{candidate.folder}\0{candidate.original}".encode("utf-8", "surrogateescape")
    kept = session.cache.answer("folder-added", key)
    if kept is not None:
        since, equal = msgspec.msgpack.decode(kept, type=tuple[str, int])
        if git.output("merge-base", since, commit, check=False).decode().strip() == since:
            return since, equal
    found = equal_when_added(candidate, git, commit)
    if found[0]:
        session.cache.store_answers([("folder-added", key, msgspec.msgpack.encode(found))])
    return found


def listing_digest(files: dict[str, Key | None]) -> bytes:
    """A digest of all paths with their keys."""
    digest = hashlib.sha1(usedforsecurity=False)
    for path in sorted(files):
        digest.update(path.encode("utf-8", "surrogateescape") + b"\0" + (files[path] or b""))
    return digest.digest()


def _paths_digest(paths: Iterable[str]) -> bytes:
    """A digest of all paths, whatever their order; fast where they are nearly sorted, as git gives them."""
    joined = "\0".join(sorted(paths)).encode("utf-8", "surrogateescape")
    return hashlib.sha1(joined, usedforsecurity=False).digest()


def _find_keys(session: Session) -> None:
    """Gives every file that git does not vouch for its key, from its stat record or by reading it."""
    tree = session.tree
    unknown = [path for path, key in tree.files.items() if key is None]
    if not unknown:
        return
    known = session.cache.stat_keys()
    fresh: list[tuple[str, int, int, int, int, Key]] = []
    root = os.fspath(tree.root) + "/"
    now = time.time_ns()
    for path in unknown:
        record = stat_record(root + path)
        kept = known.get(path)
        if record is not None and kept is not None and kept[:4] == record:
            tree.files[path] = kept[4]
            continue
        content = read_file(tree.root / path) if record is not None else None
        if content is None:
            if not is_link(Path(root + path)):  # links are not followed, here as in a commit
                tree.missing[path] = _why_missing(root + path)
            del tree.files[path]
            continue
        tree.files[path] = key = blob_key(content)
        if record is not None and now - record[1] > _RACY_NS:
            fresh.append((path, *record, key))
    if fresh:
        session.cache.store_stats(fresh)


def _why_missing(path: str) -> str:
    try:
        if not stat.S_ISREG(Path(path).lstat().st_mode):
            return "not a regular file"
        with open(path, "rb"):
            return "unreadable"
    except OSError as error:
        return (error.strerror or "unreadable").lower()
