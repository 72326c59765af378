"""What is found out about files that do not parse: a newer Python that reads them, and the commit that broke them."""

import hashlib
from typing import NamedTuple

from canonry.audit.digests import FactDigests
from canonry.audit.files import Files
from canonry.audit.session import Progress, Session
from canonry.source.facts import Facts, is_broken
from canonry.source.interpreters import newer_names, newer_readers
from canonry.source.trees.history import breaking_commits
from canonry.source.trees.tree import Key

Notes = dict[str, str]
"""``python``: the version that reads the file; ``commit``: what history says of it. Both may be absent."""


_FEW = 100
"""Of so many files the facts themselves are read sooner than what is known of all."""


class BrokenFile(NamedTuple):
    """A file that does not parse."""

    path: str
    key: Key
    facts: Facts


class Breaks:
    """Asks interpreters and history about broken files. Every answer is kept, for both are slow to ask."""

    def __init__(self, session: Session, files: Files, progress: Progress, digests: FactDigests) -> None:
        self._session = session
        self._digests = digests
        self._files = files
        self._progress = progress

    def notes(self, paths: list[str]) -> dict[str, Notes]:
        """What is found out about those of these files that do not parse, by path."""
        broken = self.broken_files(paths)
        notes: dict[str, Notes] = {each.path: {} for each in broken}
        for path, version in self.readers(broken).items():
            notes[path]["python"] = version
        for path, said in self._history([each for each in broken if "python" not in notes[each.path]]).items():
            notes[path]["commit"] = said
        return notes

    def broken_files(self, paths: list[str]) -> list[BrokenFile]:
        """The files that do not parse, in order of path."""
        by_key: dict[Key, list[str]] = {}
        asks = len(paths) > _FEW
        for path in paths:
            key = self._files.live[path]
            known = self._digests.known(key) if asks and key is not None else None
            if key is not None and (known is None or known.broken):
                by_key.setdefault(key, []).append(path)
        unsure = dict(by_key)  # broken ones, damaged records, and what the cache could not keep
        for key, data in self._session.cache.load_facts(by_key, self._files.kind):
            if not is_broken(data):
                del unsure[key]
        broken: list[BrokenFile] = []
        for key, same in unsure.items():
            facts = self._files.facts(same[0])
            if facts is not None and facts.broken is not None:
                broken += [BrokenFile(path, key, facts) for path in same]
        return sorted(broken, key=lambda each: each.path)

    def readers(self, broken: list[BrokenFile]) -> dict[str, str]:
        """The first newer Python that reads each file; kept under content, target and the interpreters there are."""
        cache, target = self._session.cache, self._session.target
        asking = f"{target}\0{newer_names(target)}\0".encode("utf-8", "surrogateescape")
        found: dict[str, str] = {}
        asked: dict[str, bytes] = {}
        keys: dict[str, bytes] = {}
        for path, key, facts in broken:
            if facts.broken is None or facts.broken.kind != "syntax":
                continue
            keys[path] = hashlib.sha1(asking + key, usedforsecurity=False).digest()
            kept = cache.answer("newer-reader", keys[path])
            content = self._session.tree.read(path) if kept is None else None
            if kept:
                found[path] = kept.decode()
            elif content is not None:
                asked[path] = content
        if asked:
            said = newer_readers(asked, target)
            cache.store_answers([("newer-reader", keys[path], said.get(path, "").encode()) for path in asked])
            found.update(said)
        return found

    def _history(self, broken: list[BrokenFile]) -> dict[str, str]:
        """The breaking commits; each answer is kept under path, content and commit."""
        tree, cache = self._session.tree, self._session.cache
        if tree.git is None or tree.commit is None or not self._session.history:
            return {}
        found: dict[str, str] = {}
        asked: list[tuple[str, Key]] = []
        for path, key, _ in broken:
            kept = cache.answer("broken-by", self._history_key(path, key))
            if kept is None:
                asked.append((path, key))
            else:
                found[path] = kept.decode()
        if asked and self._session.complete:
            self._progress("asking history", 0, len(asked))
            said = breaking_commits(tree.git, tree.commit, asked, self._session.target)
            cache.store_answers(
                ("broken-by", self._history_key(path, key), said.get(path, "").encode()) for path, key in asked
            )
            found.update(said)
        return found

    def _history_key(self, path: str, key: Key) -> bytes:
        words = f"{path}\0{self._session.tree.commit}\0{self._session.target}"
        return hashlib.sha1(words.encode("utf-8", "surrogateescape") + key, usedforsecurity=False).digest()
