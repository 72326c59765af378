"""The live Python files of an audit: their keys and facts, read once per content and kept in the cache."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from canonry.audit.listing import Listing
from canonry.audit.session import Progress, Session
from canonry.source.cache import variant
from canonry.source.facts import Facts, decode_facts
from canonry.source.pool import Job, Origin, extract_all
from canonry.source.trees.tree import Key, blob_key

_CHUNK = 400
_DECODED = 900


class Files:
    """The facts of one tree's live files; keeps the decoded records of recently used ones."""

    def __init__(self, session: Session, listing: Listing, origin: Origin, progress: Progress) -> None:
        self.live = listing.live
        self.kind = variant(session.target)
        self.moved = False
        """Whether the tree changed while it was read: what was found is no answer for next time."""
        self._session = session
        self._origin = origin
        self._progress = progress
        self._decoded: OrderedDict[Key, Facts] = OrderedDict()

    def facts(self, path: str) -> Facts | None:
        """The facts of a live file, from memory, the cache, or by reading it now."""
        key = self.key(path)
        if key is None:
            return None
        facts = self._decoded.get(key)
        if facts is not None:
            self._decoded.move_to_end(key)
            return facts
        for _, data in self._session.cache.load_facts((key,), self.kind):
            kept = decode_facts(data)
            if kept is not None:
                return self._remember(key, kept)
        self.extract((path,), force=True)
        key = self.live.get(path)
        return self._decoded.get(key) if key else None

    def _remember(self, key: Key, facts: Facts) -> Facts:
        self._decoded[key] = facts
        if len(self._decoded) > _DECODED:
            self._decoded.popitem(last=False)
        return facts

    def key(self, path: str) -> Key | None:
        """The key of a live file's content, None where it cannot be read."""
        if path not in self.live:
            return None
        key = self.live[path]
        if key is None:
            content = self._session.tree.read(path)
            if content is None:
                self._lose(path, "vanished or unreadable")
                return None
            key = self.live[path] = blob_key(content)
        return key

    def _lose(self, path: str, reason: str) -> None:
        self.moved = self.moved or not self._origin.repository  # what a store lacks it lacks every time
        self._session.tree.missing[path] = reason
        self.live.pop(path, None)

    def extract(self, paths: Iterable[str], *, force: bool = False) -> None:
        """Extracts what no cache holds; contents that cannot be read are named as missing."""
        by_key: dict[Key, list[str]] = {}
        for path in paths:
            key = self.key(path)
            if key is not None:
                by_key.setdefault(key, []).append(path)
        few = len(by_key) < _DECODED
        known: set[Key] = (
            set()
            if force
            else (
                {key for key, _ in self._session.cache.load_facts(by_key, self.kind)}
                if few
                else self._session.cache.known_keys(self.kind)
            )
        )
        jobs = [Job(same[0], key) for key, same in by_key.items() if key not in known and key not in self._decoded]
        if not jobs:
            return
        rows: list[tuple[bytes, int, bytes]] = []
        try:
            for done, (job, data) in enumerate(
                extract_all(jobs, self._origin, self._session.target, workers=self._session.workers), 1
            ):
                if data is None:
                    reason = "not in the object store" if self._origin.repository else "vanished or unreadable"
                    for path in by_key[job.key]:
                        self._lose(path, reason)
                else:
                    if job.path not in by_key.get(job.key, ()):
                        self.live[job.path] = job.key
                        self.moved = self.moved or job.moved
                    rows.append((job.key, self.kind, data))
                    if few and (facts := decode_facts(data)) is not None:
                        self._remember(job.key, facts)
                if len(rows) >= _CHUNK:
                    self._session.cache.store_facts(rows)
                    rows = []
                self._progress("reading", done, len(jobs))
        finally:  # also when the user interrupts
            self._session.cache.store_facts(rows)

    def load(self, paths: list[str]) -> Iterator[tuple[str, Facts]]:
        """The facts of these files, decoded once per content."""
        wanted = {key: None for path in paths if (key := self.live.get(path)) and key not in self._decoded}
        data = dict(self._session.cache.load_facts(wanted, self.kind))
        for path in paths:
            key = self.live.get(path)
            raw = data.get(key) if key else None
            facts = self._decoded.get(key) if key and raw is None else decode_facts(raw) if raw else None
            if facts is None:
                facts = self.facts(path)
            if facts is not None:
                yield path, facts

    def stream(self, paths: list[str]) -> Iterator[tuple[str, Facts]]:
        """As `load`, a few hundred at a time."""
        for start in range(0, len(paths), _CHUNK):
            yield from self.load(paths[start : start + _CHUNK])
