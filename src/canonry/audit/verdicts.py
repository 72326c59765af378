"""What was judged of single files, kept until the file or anything that its judgement looked at changes.

A judgement is a pure function of the file's facts, the facts that the index read on its way, the names of all files,
the canon and the rules. The last three are the *context*; the rest is recorded while a file is judged. So five changed
files cost the judgement of these five and of those that looked at them.

Where only names of files changed, the *lineage* (the context but for the names) leads to the context before. Its
judgements are carried over, but for those that looked for one of the names that came or went.
"""

import hashlib
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from canonry.audit.result import FileRecord
from canonry.model.finding import Finding
from canonry.source.cache import Cache
from canonry.source.facts import Suppression
from canonry.source.index import ANY_NAME, path_name
from canonry.source.trees.tree import Key

_FORM = b"names 1"
"""Changes with what is recorded in a judgement."""
_LINEAGE = "verdict-lineage"


class Verdict(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file judged: what is counted of it, and every offence in it. ``notes`` is what was known beyond its facts."""

    record: FileRecord
    findings: list[Finding]
    notes: dict[str, str] = {}
    looked_at: bytes = b""
    """The numbers of the files that the judgement read, as four-byte integers, the file itself among them."""
    seal: bytes = b""
    """A digest of the keys of these files."""
    suppressions: tuple[Suppression, ...] = ()
    """What the file asks to be closed. The findings are those before that."""
    names: bytes = b""
    """Checksums of the names that were looked for, as four-byte integers."""


class Verdicts:
    """The kept judgements of one context. Without a context nothing is kept."""

    def __init__(self, cache: Cache, context: bytes, keys: Mapping[str, Key | None], lineage: bytes = b"") -> None:
        self._cache = cache
        self._context = hashlib.sha256(_FORM + context + _names(keys)).digest()[:16] if context else b""
        self._lineage = hashlib.sha256(_FORM + lineage).digest() if lineage and context else b""
        self._keys = [key or b"" for key in keys.values()]
        self._numbers = {path: number for number, path in enumerate(keys)}
        self._decoder = msgspec.msgpack.Decoder(Verdict)
        self._fresh: list[tuple[bytes, int, bytes]] = []
        self._encoder = msgspec.msgpack.Encoder()

    @property
    def keeps(self) -> bool:
        """Whether anything is kept."""
        return bool(self._context)

    def numbers(self, paths: Iterable[str]) -> list[int]:
        """The numbers of these files; what is none is left out."""
        return [self._numbers[path] for path in paths if path in self._numbers]

    def paths(self, packed: bytes) -> list[str]:
        """The files with these numbers, four-byte integers."""
        paths = list(self._numbers)
        return [paths[number] for number in array("I", packed)]

    def row(self, number: int) -> bytes | None:
        """What is kept under a number that is no file's, None where nothing is."""
        rows = self._cache.verdicts(self._context, number, number) if self._context else []
        return rows[0][1] if rows else None

    def keep_row(self, number: int, data: bytes) -> None:
        """Notes what is to be kept under a number that is no file's."""
        self._fresh.append((self._context, number, data))

    def kept(self, paths: Iterable[str], notes: Mapping[str, dict[str, str]]) -> dict[str, Verdict]:
        """The judgements of these files that still hold."""
        if not self._context:
            return {}
        by_number = {self._numbers[path]: path for path in paths}
        found: dict[str, Verdict] = {}
        for number, data in self._cache.verdicts(self._context, min(by_number, default=0), max(by_number, default=-1)):
            path = by_number.get(number)
            verdict = self._decode(data) if path is not None else None
            if path is None or verdict is None or verdict.notes != notes.get(path, {}):
                continue
            if verdict.seal == self._seal(verdict.looked_at):
                found[path] = verdict
        for path in paths if self._carried else ():
            carried = self._carried.get(path) if path not in found else None
            if carried is not None and carried.notes == notes.get(path, {}):
                found[path] = carried
                self._note(path, carried)
        return found

    @cached_property
    def _carried(self) -> dict[str, Verdict]:
        """The judgements of the context before that hold in this one, where nothing is kept of this one."""
        stored = self._cache.answer(_LINEAGE, self._lineage) if self._lineage else None
        if stored is None:
            return {}
        try:
            context, packed = msgspec.msgpack.decode(stored, type=tuple[bytes, bytes])
            before = zlib.decompress(packed).decode("utf-8", "surrogateescape").split("\0")
        except (msgspec.MsgspecError, zlib.error):
            return {}
        if context == self._context:
            return {}
        numbers = {number: self._numbers[path] for number, path in enumerate(before) if path in self._numbers}
        differing = {
            ANY_NAME,
            *changed_names(before, self._numbers),
        }  # names of files that are no Python are names, too
        return dict(self._carry(context, before, numbers, frozenset(map(_checksum, differing))))

    def _carry(
        self, context: bytes, before: list[str], numbers: Mapping[int, int], differing: frozenset[int]
    ) -> Iterator[tuple[str, Verdict]]:
        for number, data in self._cache.verdicts(context, 0, len(before)):
            verdict = self._decode(data) if number in numbers else None
            if verdict is None or not differing.isdisjoint(array("I", verdict.names)):
                continue
            looked_at = array("I", verdict.looked_at)
            try:
                packed = array("I", [numbers[each] for each in looked_at])
            except KeyError:  # one of them is gone
                continue
            if verdict.seal == self._seal(packed.tobytes()):  # both numberings are in order of path
                yield before[number], msgspec.structs.replace(verdict, looked_at=packed.tobytes())

    def _decode(self, data: bytes) -> Verdict | None:
        try:
            return self._decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def keep(self, path: str, verdict: Verdict, looked_at: Iterable[str]) -> None:
        """Notes a judgement; `store` writes what was noted."""
        if not self._context:
            return
        numbers = array("I", sorted(self._numbers[each] for each in {path, *looked_at} if each in self._numbers))
        packed = numbers.tobytes()
        names = array("I", sorted({_checksum(each) for each in looked_at if each.startswith("\0")})).tobytes()
        self._note(path, msgspec.structs.replace(verdict, looked_at=packed, seal=self._seal(packed), names=names))

    def _note(self, path: str, sealed: Verdict) -> None:
        try:
            self._fresh.append((self._context, self._numbers[path], self._encoder.encode(sealed)))
        except UnicodeEncodeError:  # a file name that is no UTF-8 is judged each time
            return

    def store(self) -> None:
        """Writes the noted judgements."""
        if self._fresh:
            self._cache.store_verdicts(self._context, self._fresh)
            self._fresh = []
            if self._lineage:
                paths = "\0".join(self._numbers).encode("utf-8", "surrogateescape")
                stored = msgspec.msgpack.encode((self._context, zlib.compress(paths, 1)))
                self._cache.store_answers([(_LINEAGE, self._lineage, stored)])

    def _seal(self, looked_at: bytes) -> bytes:
        numbers = array("I")
        numbers.frombytes(looked_at)
        try:
            return hashlib.blake2b(b"".join([self._keys[number] for number in numbers]), digest_size=12).digest()
        except IndexError:
            return b""


def changed_names(before: Iterable[str], now: Iterable[str]) -> set[str]:
    """The names, each after a NUL, that may mean something else because these files came or went."""
    old, new = set(before), set(now)
    differing = old ^ new
    if not differing:
        return set()
    found = {f"\0{path_name(path)}" for path in differing}
    packages = {path.rpartition("/")[0] for path in differing if path.endswith("__init__.py")}
    if packages:  # a folder that is a package, or is none any more, holds what is in it in another way
        found.update(
            f"\0{path_name(path)}"
            for path in old | new
            if path.endswith("/__init__.py") and path.removesuffix("/__init__.py").rpartition("/")[0] in packages
        )
    return found


def _checksum(name: str) -> int:
    return zlib.crc32(name.encode("utf-8", "surrogateescape"))


def _names(keys: Mapping[str, Key | None]) -> bytes:
    digest = hashlib.sha256()
    for path in keys:
        digest.update(path.encode("utf-8", "surrogateescape") + b"\0")
    return digest.digest()
