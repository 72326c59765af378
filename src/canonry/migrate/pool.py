"""Files over all cores: each worker is a copy of the process that opened the tree, so nothing is asked twice."""

import gc
import multiprocessing
import signal
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from canonry.audit.files import Files
from canonry.audit.session import Session
from canonry.migrate.workshop import Planned, Workshop
from canonry.source.cache import Cache
from canonry.source.facts import Facts
from canonry.source.pool import Origin, available_cores
from canonry.source.python.extract import extract
from canonry.source.trees.git import BlobReader, Git
from canonry.source.trees.tree import Key, blob_key, read_file

_CHUNK = 40
_INLINE = 40


class Bench:
    """Everything that plans files here. ``died`` are files whose planning ended the process, ``notes`` what is to be
    said. ``overlay`` holds facts and bytes of files that are planned as they will be, not as they lie there.
    """

    def __init__(self, session: Session, files: Files, origin: Origin, workshop: Workshop) -> None:
        self.session = session
        self.files = files
        self.origin = origin
        self.workshop = workshop
        self.died: list[str] = []
        self.overlay: dict[str, tuple[Facts, bytes]] = {}
        self.notes: list[str] = []
        self._reader: BlobReader | None = None

    def plan(self, paths: Sequence[str]) -> Iterator[Planned]:
        """What is planned for these files; those with nothing to say of are left out."""
        for path, read in self.files.stream(list(paths)):
            facts, result = self.overlay.get(path, (read, None))
            if not self.workshop.concerns(path, facts):
                continue
            content = result if result is not None else self.read(path)
            if content is None:
                continue
            key = self.files.live.get(path) if result is None else None
            if key is not None and blob_key(content, size=len(key)) != key:
                facts = extract(content, self.session.target)  # it changed meanwhile, or a filter gives it other bytes
            planned = self.workshop.plan(path, facts, content)
            if planned is not None:
                yield planned

    def prepare(self) -> None:
        """Finds out what most files ask of the tree as a whole; each copy of this process would do so by itself."""
        surroundings = self.workshop.surroundings
        surroundings.wanted("")
        surroundings.importers("")
        if any(codemod.asks_who_starts for codemod in self.workshop.codemods):
            surroundings.starters()
        if self._reader is not None:  # a copy of this process must not share it
            self.close()

    def looking(self, name: str) -> bool:
        """Whether what a codemod answers depends on where classes come from."""
        return any(codemod.name == name and codemod.looks_at_bases for codemod in self.workshop.codemods)

    def read(self, path: str, key: Key | None = None) -> bytes | None:
        """The bytes of a file, from disk or from the store."""
        if not self.origin.repository:
            return read_file(Path(self.origin.root, path))
        if self._reader is None:
            self._reader = BlobReader(Git(Path(self.origin.repository)))
        key = key or self.files.live.get(path)
        return self._reader.read(key.hex()) if key is not None else None

    def close(self) -> None:
        """Ends what reading started."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def reopen(self) -> None:
        """Connections of this process's own, in the place of those that it shares with the one it is a copy of."""
        self._reader = None
        cache = self.session.cache
        if cache.path is not None:
            self.session.cache = Cache(cache.path)


def plan_all(bench: Bench, paths: Sequence[str], *, workers: int = 0) -> Iterator[tuple[int, list[Planned]]]:
    """What is planned for all files, a chunk at a time with the number of files in it, as they come."""
    workers = workers or available_cores()
    chunks = [list(paths[start : start + _CHUNK]) for start in range(0, len(paths), _CHUNK)]
    if workers == 1 or len(paths) <= _INLINE or "fork" not in multiprocessing.get_all_start_methods():
        for chunk in chunks:
            yield len(chunk), list(bench.plan(chunk))
        return
    if 2 * len(paths) > len(bench.files.live):
        bench.prepare()
    left = dict(enumerate(chunks))
    yield from _pooled(bench, left, min(workers, len(chunks)))
    for number in list(left):  # what the pool left behind when a worker died, file by file
        for path in left[number]:
            alone = {0: [path]}
            yield from _pooled(bench, alone, 1)
            if alone:
                bench.died.append(path)
                yield 1, []


def _pooled(bench: Bench, left: dict[int, list[str]], workers: int) -> Iterator[tuple[int, list[Planned]]]:
    """The plans of one pool; what is done leaves the chunks."""
    global _bench
    _bench = bench
    gc.freeze()
    context = multiprocessing.get_context("fork")
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare_worker)
    try:
        waiting: dict[Future[list[Planned]], int] = {executor.submit(_work, left[each]): each for each in left}
        for future in as_completed(waiting):
            try:
                planned = future.result()
            except BrokenProcessPool:
                break
            yield len(left.pop(waiting[future])), planned
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        gc.unfreeze()
        _bench = None


_bench: Bench | None = None


def _prepare_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    assert _bench is not None
    _bench.reopen()


def _work(paths: list[str]) -> list[Planned]:
    assert _bench is not None
    enabled = gc.isenabled()
    gc.disable()
    try:
        return list(_bench.plan(paths))
    finally:
        gc.collect()
        gc.freeze()  # what is left is kept, and need not be looked through again after the next chunk
        if enabled:
            gc.enable()
