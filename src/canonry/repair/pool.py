"""Cases over all cores. A file that ends the process which repairs it costs itself, never the run."""

import gc
import multiprocessing
import signal
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec

from canonry.model.repair import FileRepair, Verdict
from canonry.repair.case import Case, Proposal, repair_case
from canonry.source.pool import Origin, available_cores
from canonry.source.syntax.versions import Version
from canonry.source.trees.git import BlobReader, Git
from canonry.source.trees.tree import read_file

_INLINE = 2


class Place(msgspec.Struct, frozen=True):
    """Where workers read: the files themselves as `Origin` says, their ancestors from the store of ``history``."""

    origin: Origin
    history: str = ""


def repair_all(cases: Sequence[Case], place: Place, target: Version, *, workers: int = 0) -> Iterator[Proposal]:
    """The proposals for all cases, as they come."""
    workers = min(workers or available_cores(), len(cases))
    if workers <= 1 or len(cases) <= _INLINE:
        reader = _Reader(place)
        try:
            yield from (repair_case(case, reader.content(case), reader.blob, target) for case in cases)
        finally:
            reader.close()
        return
    left = list(cases)
    yield from _pooled(left, place, target, workers)
    for case in left:  # what the pool left behind when a worker died, each in a process of its own
        alone = [case]
        yield from _pooled(alone, place, target, 1)
        if alone:
            reason = "repairing it ends the process"
            yield Proposal(FileRepair(path=case.path, verdict=Verdict.BROKEN, reason=reason))


def _pooled(left: list[Case], place: Place, target: Version, workers: int) -> Iterator[Proposal]:
    """The proposals of one pool; what is done leaves the list."""
    by_path = {case.path: case for case in left}
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare_worker, initargs=(place,))
    try:
        waiting: list[Future[Proposal]] = [executor.submit(_work, case, target) for case in left]
        for future in as_completed(waiting):
            try:
                proposal = future.result()
            except BrokenProcessPool:
                break
            left.remove(by_path[proposal.record.path])
            yield proposal
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


class _Reader:
    """Contents of cases and of their ancestors."""

    def __init__(self, place: Place) -> None:
        self._root = Path(place.origin.root)
        self._tree = BlobReader(Git(Path(place.origin.repository))) if place.origin.repository else None
        self._history = BlobReader(Git(Path(place.history))) if place.history else None

    def content(self, case: Case) -> bytes | None:
        """The bytes of a case, from the store or from disk."""
        return self._tree.read(case.key.hex()) if self._tree is not None else read_file(self._root / case.path)

    def blob(self, blob: str) -> bytes | None:
        """The bytes of an ancestor, None where the store lacks it."""
        return self._history.read(blob) if self._history is not None else None

    def close(self) -> None:
        """Ends what reading started."""
        for reader in (self._tree, self._history):
            if reader is not None:
                reader.close()


_reader: _Reader | None = None


def _prepare_worker(place: Place) -> None:
    global _reader
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    gc.freeze()
    _reader = _Reader(place)


def _work(case: Case, target: Version) -> Proposal:
    assert _reader is not None
    return repair_case(case, _reader.content(case), _reader.blob, target)
