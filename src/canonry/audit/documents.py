"""The files of an audit that are no Python: read once per content, kept in the cache, handed out by path."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from canonry.audit.session import Session
from canonry.source.documents.readers.registry import read_encoded, reader_of
from canonry.source.documents.reading import Reading, decode_reading, encode_reading, reading_variant, unread
from canonry.source.pool import Extraction, Job, Origin, Outcome, extract_all
from canonry.source.trees.tree import Key, blob_key


def origin_of(session: Session) -> Origin:
    """Where the contents of a session's tree come from: its folder, or git's object store."""
    tree = session.tree
    where = str(tree.git.directory) if tree.by_blob and tree.git else None
    return Origin(str(tree.root), where, session.started)


class Documents:
    """The documents of one tree. ``keys`` are their paths with the keys of their contents (None: not yet known)."""

    def __init__(self, session: Session, keys: dict[str, Key | None], origin: Origin) -> None:
        self.keys = keys
        self.moved = False  # whether one changed or vanished while it was read
        self.lost = False  # whether one could not be read
        self._session = session
        self._origin = origin

    def read(self, paths: Iterable[str], *, told: Callable[[str, int, int], None]) -> Iterator[tuple[str, Reading]]:
        """The readings of these documents, by path; those that cannot be read are named as missing."""
        wanted = sorted(path for path in paths if self._find_key(path))
        found = self._kept(wanted)
        jobs = {(path, key): reader for path, key, reader in map(self._asked, wanted) if (key, reader) not in found}
        self._extract(jobs, found, told)
        for path in wanted:
            key = self.keys.get(path)
            reading = found.get((key, reader_of(path))) if key else None
            if reading is not None:
                yield path, reading

    def _asked(self, path: str) -> tuple[str, Key, str]:
        key = self.keys[path]
        assert key is not None
        return path, key, reader_of(path)

    def _find_key(self, path: str) -> Key | None:
        if path not in self.keys:
            return None
        if self.keys[path] is None:
            content = self._session.tree.read(path)
            if content is None:
                self._lose(path)
            else:
                self.keys[path] = blob_key(content)
        return self.keys.get(path)

    def _kept(self, paths: list[str]) -> dict[tuple[Key, str], Reading]:
        by_reader: dict[str, set[Key]] = {}
        for _, key, reader in map(self._asked, paths):
            by_reader.setdefault(reader, set()).add(key)
        found: dict[tuple[Key, str], Reading] = {}
        for reader, keys in by_reader.items():
            for key, data in self._session.cache.load_facts(keys, reading_variant(reader)):
                reading = decode_reading(data)
                if reading is not None:
                    found[key, reader] = reading
        return found

    def _extract(
        self,
        asked: dict[tuple[str, Key], str],
        found: dict[tuple[Key, str], Reading],
        told: Callable[[str, int, int], None],
    ) -> None:
        distinct = {(key, reader): path for (path, key), reader in asked.items()}
        by_reader: dict[str, list[Job]] = {}
        for (key, reader), path in distinct.items():
            by_reader.setdefault(reader, []).append(Job(path, key))
        done = 0
        for reader, jobs in by_reader.items():
            rows: list[tuple[bytes, int, bytes]] = []
            try:
                for job, data in self._readings(reader, jobs):
                    done += 1
                    told("reading documents", done, len(distinct))
                    if data is not None and (reading := decode_reading(data)) is not None:
                        found[job.key, reader] = reading
                        rows.append((job.key, reading_variant(reader), data))
            finally:  # also when the user interrupts
                self._session.cache.store_facts(rows)

    def _readings(self, reader: str, jobs: list[Job]) -> Iterator[Outcome]:
        """The outcomes of one reader; what vanished or changed meanwhile is noted."""
        session = self._session
        extraction = Extraction(partial(read_encoded, reader), encode_reading(unread("reading it ends the process")))
        for job, data in extract_all(
            jobs, self._origin, session.target, workers=session.workers, extraction=extraction
        ):
            if data is None:
                self._lose(job.path)
            elif self.keys.get(job.path) != job.key:
                self.keys[job.path] = job.key
                self.moved = self.moved or job.moved
            yield job, data

    def _lose(self, path: str) -> None:
        in_store = bool(self._origin.repository)
        self.moved = self.moved or not in_store
        self.lost = True
        self._session.tree.missing[path] = "not in the object store" if in_store else "vanished or unreadable"
        self.keys.pop(path, None)
