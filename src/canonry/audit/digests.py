"""Digests of what was read of contents, kept by content, by which an answer about a whole tree is known to hold still.

Most changes leave most of a file's facts as they were. Whether they did is told without reading the others again.
"""

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TypeVar

import msgspec

from canonry.audit.files import Files
from canonry.audit.session import Session
from canonry.rules.inventory import Part, part_of
from canonry.source.cache import shapes_variant
from canonry.source.facts import Facts
from canonry.source.index import basis_of
from canonry.source.trees.tree import Key

_T = TypeVar("_T")
_SIZE = 12
_RARE = 100
"""Where fewer than one in so many contents are new, they are read again sooner than the parts of all are written."""
_MANY = 900
"""So many unknown contents are no small change: the whole answer is found anew, which knows them all in passing."""


class Digest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of the facts of one content: digests of what the inventory takes of them but for places, and of what the index
    reads of them; whether it does not parse.

    ``places`` are those that the inventory takes: line, column, end line and end column each, as four-byte integers.
    """

    inventory: bytes
    basis: bytes
    broken: bool
    places: bytes


class FactDigests:
    """The digests of the facts of one tree's live files."""

    def __init__(self, session: Session, files: Files) -> None:
        self._files = files
        self._session = session
        self._label = f"{files.kind} {session.catalogue.ruleset}"
        self._changed = False
        self._complete: dict[str, Digest] | None = None
        self._parts: dict[Key, Part] = {}

    @cached_property
    def _known(self) -> dict[Key, Digest]:
        return _stored(self._session, "fact-digests", self._label, dict[Key, Digest])

    def known(self, key: Key) -> Digest | None:
        """The digest of a content, None where it was not noted."""
        return self._known.get(key)

    def noting(self, records: Iterable[tuple[str, Facts]]) -> Iterator[tuple[str, Facts]]:
        """The records as they come; digests are noted in passing."""
        for path, facts in records:
            key = self._files.live.get(path)
            if key is not None and key not in self._known:
                self._known[key] = _digest_of(facts)
                self._changed = True
            yield path, facts

    def parts(self, paths: Iterable[str]) -> Iterator[tuple[str, Part]]:
        """What the inventory takes of these files, by path: only contents that were not there before are read."""
        live, paths = self._files.live, list(paths)
        kept = _stored(self._session, "inventory-parts", self._label, dict[Key, Part])
        missing = {key: path for path in paths if (key := live.get(path)) is None or key not in kept}
        for path, facts in self.noting(self._files.stream(sorted(missing.values()))):
            key = live.get(path)
            if key is not None:
                kept[key] = part_of(facts)
        if len(missing) * _RARE > len(paths):
            self._parts = kept
        for path in paths:
            key = live.get(path)
            if key is not None and key in kept:
                yield path, kept[key]

    def of_tree(self) -> dict[str, Digest] | None:
        """The digests of all live files by path; None where many are unknown, or one cannot be read."""
        if self._complete is not None:
            return self._complete
        live = self._files.live
        unknown = {key: path for path, key in live.items() if key not in self._known}
        if len(unknown) > _MANY:
            return None
        for _ in self.noting(self._files.stream(sorted(unknown.values()))):
            pass
        found = {path: self._known.get(key) if key else None for path, key in live.items()}
        complete = {path: digest for path, digest in found.items() if digest is not None}
        if len(complete) == len(found):
            self._complete = complete
        return self._complete

    def store(self) -> None:
        """Keeps what is new of the live files."""
        live = set(self._files.live.values())
        new: list[tuple[str, Mapping[Key, object]]] = [("inventory-parts", self._parts)] if self._parts else []
        if self._changed:
            new.append(("fact-digests", self._known))
        for kind, found in new:
            _store(self._session, kind, self._label, {key: value for key, value in found.items() if key in live})


def shapes_digest(session: Session, live: Mapping[str, Key | None], read: Callable[[dict[Key, str]], bool]) -> bytes:
    """A digest of the shapes of all live files' functions; empty where they are not all there.

    ``read`` reads the shapes of a few contents that no cache holds, and says whether it could.
    """
    label = str(shapes_variant(session.target))
    known: dict[Key, bytes] = _stored(session, "shape-digests", label, dict[Key, bytes])
    unknown = {key: path for path, key in live.items() if key is not None and key not in known}
    if unknown:
        found = _of_shapes(session, unknown)
        missing = {key: path for key, path in unknown.items() if key not in found}
        if len(missing) > _MANY or (missing and not read(missing)):
            return b""
        known |= found | _of_shapes(session, missing)
        keys = set(live.values())
        _store(session, "shape-digests", label, {key: digest for key, digest in known.items() if key in keys})
    parts = [known.get(key) if key is not None else None for key in live.values()]
    whole = [part for part in parts if part is not None]
    return _digest(b"".join(whole)) if len(whole) == len(parts) else b""


def _of_shapes(session: Session, keys: Iterable[Key]) -> dict[Key, bytes]:
    return {key: _digest(data) for key, data in session.cache.load_shapes(keys, shapes_variant(session.target))}


def _digest_of(facts: Facts) -> Digest:
    encode, part = msgspec.msgpack.encode, part_of(facts)
    places = array("I", [n for site in part.sites for n in (site.line, site.column, site.end_line, site.end_column)])
    inventory, basis = _digest(encode(part.unplaced)), _digest(encode(basis_of(facts)))
    return Digest(inventory, basis, facts.broken is not None, places.tobytes())


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_SIZE).digest()


def _stored(session: Session, kind: str, label: str, values: type[dict[Key, _T]]) -> dict[Key, _T]:
    """The digests that are kept under a label; of each kind the last label is."""
    stored = session.cache.answer(kind, b"")
    if stored is None:
        return {}
    try:
        said, digests = msgspec.msgpack.decode(stored, type=tuple[str, values])  # type: ignore[valid-type]
    except msgspec.MsgspecError:
        return {}
    return digests if said == label else {}


def _store(session: Session, kind: str, label: str, digests: Mapping[Key, object]) -> None:
    session.cache.store_answers([(kind, b"", msgspec.msgpack.encode((label, digests)))])
