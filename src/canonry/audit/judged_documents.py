"""What was judged of all files that are no Python, kept as one answer until one of them or the context changes."""

import hashlib
from collections.abc import Callable, Iterable, Mapping

import msgspec

from canonry.audit.listing import listing_digest
from canonry.audit.result import DocumentRecord
from canonry.model.finding import Finding
from canonry.source.cache import Cache
from canonry.source.documents.readers.registry import reader_of
from canonry.source.documents.reading import reading_variant
from canonry.source.facts import Suppression
from canonry.source.trees.tree import Key

_KIND = "judged-documents"


class JudgedDocument(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file judged: what is counted of it, every offence in it, and what it asks to be closed."""

    record: DocumentRecord
    findings: list[Finding]
    suppressions: tuple[Suppression, ...]


class JudgedDocuments:
    """The kept answer under one context of all judgements; without a context nothing is kept."""

    def __init__(self, cache: Cache, context: bytes) -> None:
        self._cache = cache
        self._context = context
        self._fresh: tuple[bytes, list[JudgedDocument]] | None = None

    def judged(
        self,
        keys: Mapping[str, Key | None],
        codes: Iterable[str],
        judge: Callable[[], tuple[list[JudgedDocument], bool]],
    ) -> list[JudgedDocument]:
        """The judgements of these files by the rules with these codes.

        ``judge`` makes them, and says whether they depend on more than the context and the files themselves.
        """
        if not self._context:
            return judge()[0]
        seal = self._seal(keys, codes)
        kept = self._kept(seal)
        if kept is not None:
            return kept
        found, depends = judge()
        if not depends:
            self._fresh = seal, found
        return found

    def store(self) -> None:
        """Writes what is new."""
        if self._fresh is not None:
            try:
                data = msgspec.msgpack.encode(self._fresh)
            except UnicodeEncodeError:  # a file name that is no UTF-8
                return
            self._cache.store_answers([(_KIND, b"", data)])

    def _kept(self, seal: bytes) -> list[JudgedDocument] | None:
        stored = self._cache.answer(_KIND, b"")
        if stored is None:
            return None
        try:
            before, raw = msgspec.msgpack.decode(stored, type=tuple[bytes, msgspec.Raw])
            return msgspec.msgpack.decode(raw, type=list[JudgedDocument]) if before == seal else None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def _seal(self, keys: Mapping[str, Key | None], codes: Iterable[str]) -> bytes:
        readers = sorted({str(reading_variant(reader_of(path))) for path in keys})
        words = "\0".join((*readers, *codes)).encode()
        return hashlib.sha256(b"\0".join((self._context, words, listing_digest(dict(keys))))).digest()
