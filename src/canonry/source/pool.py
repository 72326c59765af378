"""Contents -> encoded facts or shapes, over all cores. A worker that dies costs its own file, never the run."""

import gc
import os
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from canonry.source.facts import Break, Facts, Site, encode_facts
from canonry.source.syntax.versions import Version
from canonry.source.trees.git import BlobReader, Git
from canonry.source.trees.tree import blob_key, read_changed

if TYPE_CHECKING:  # what a pool needs is imported with the first: a few files are read without
    from concurrent.futures import Future, ProcessPoolExecutor

_CHUNK = 24
_INLINE = 40
_PINNED_BYTES = 16 * 1024 * 1024
_CLOCK_STEP_NS = 20_000_000  # the file system's clock runs in steps and lags behind


class Job(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One content to read: where it is, and the key under which its facts are kept."""

    path: str
    key: bytes
    moved: bool = False
    """In an outcome: whether the file changed while the audit ran."""


class Origin(msgspec.Struct, frozen=True):
    """Where workers read: below ``root``, or from the object store of ``repository``."""

    root: str
    repository: str | None = None
    started: int = 0
    """When the keys were taken, in ns: a file that changed since is read under the key of what it holds now."""


Outcome = tuple[Job, bytes | None]
"""A job (its key anew where the file changed) with its encoded record, None where the content could not be read."""


class Extraction(msgspec.Struct, frozen=True):
    """What workers make of a content: ``read`` gives the encoded record, a function that a worker can import.

    ``crashed`` is the record of a content that ends the process that reads it.
    """

    read: Callable[[bytes, Version], bytes]
    crashed: bytes


def read_facts(content: bytes, target: Version) -> bytes:
    """The encoded facts of a content."""
    from canonry.source.python.extract import extract  # where all is known, nothing is read

    return encode_facts(extract(content, target))


def _crashed() -> Facts:
    site = Site(1, 1, 1, 1, 0, "<module>")
    reason = Break("nesting", "reading it ends the process", site, "nesting")
    return Facts(reason, (), (), (), {}, (), (), (), (), (), None, {})


FACTS = Extraction(read_facts, encode_facts(_crashed()))


def available_cores() -> int:
    """The cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every platform
        return os.cpu_count() or 1


def extract_all(
    jobs: Sequence[Job], origin: Origin, target: Version, *, workers: int = 0, extraction: Extraction = FACTS
) -> Iterator[Outcome]:
    """The records of all jobs, as they come."""
    workers = workers or available_cores()
    if len(jobs) <= _INLINE or workers == 1:
        yield from _inline(jobs, origin, target, extraction)
        return
    chunks = [jobs[start : start + _CHUNK] for start in range(0, len(jobs), _CHUNK)]
    yield from _pooled(chunks, origin, target, workers, extraction)


def _inline(jobs: Iterable[Job], origin: Origin, target: Version, extraction: Extraction) -> Iterator[Outcome]:
    reader = _open_reader(origin)
    enabled = gc.isenabled()
    gc.disable()
    try:
        for job in jobs:
            yield _extract_one(job, origin, target, extraction, reader)
    finally:
        if enabled:
            gc.enable()
        if reader is not None:
            reader.close()


def _pooled(
    chunks: list[Sequence[Job]], origin: Origin, target: Version, workers: int, extraction: Extraction
) -> Iterator[Outcome]:
    from concurrent.futures import FIRST_COMPLETED, wait
    from concurrent.futures.process import BrokenProcessPool

    executor = _executor(workers)
    waiting = list(reversed(chunks))
    running: dict[Future[list[Outcome]], Sequence[Job]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers * 3:
                chunk = waiting.pop()
                running[executor.submit(_extract_chunk, chunk, origin, target, extraction)] = chunk
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                outcomes = future.result()
                del running[future]
                yield from outcomes
    except BrokenProcessPool:
        executor.shutdown(wait=False, cancel_futures=True)
        for chunk in [*running.values(), *waiting]:
            yield from _one_by_one(chunk, origin, target, extraction)
    except BaseException:  # Ctrl-C too: whatever ends the audit ends its workers
        _stop(executor)
        raise
    else:
        executor.shutdown()


def _one_by_one(jobs: Sequence[Job], origin: Origin, target: Version, extraction: Extraction) -> Iterator[Outcome]:
    """After a worker died: the chunk in a process of its own, and file by file where that dies too."""
    from concurrent.futures.process import BrokenProcessPool

    with _executor(1) as executor:
        try:
            yield from executor.submit(_extract_chunk, jobs, origin, target, extraction).result()
            return
        except BrokenProcessPool:
            pass
    if len(jobs) == 1:
        yield jobs[0], extraction.crashed
        return
    for job in jobs:
        yield from _one_by_one([job], origin, target, extraction)


def _executor(workers: int) -> "ProcessPoolExecutor":
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare_worker)


def _stop(executor: "ProcessPoolExecutor") -> None:
    """Lets the workers finish the few chunks that they hold.

    A worker that is ended while it writes an outcome leaves half a message in the pipe, on which the executor's own
    thread would wait for ever.
    """
    executor.shutdown(wait=True, cancel_futures=True)


def _prepare_worker() -> None:
    global _pinned
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    gc.disable()
    _pinned = _pin_memory()


_pinned: list[object] = []


def _pin_memory() -> list[object]:
    """A few small objects, one in each stretch of memory that a syntax tree needs.

    Otherwise the allocator gives a file's memory back to the system when its tree goes, and asks for it again, zeroed
    page by page, for the next file.
    """
    stretch = 512 * 1024 // 64
    spread: list[object] = [(number,) for number in range(_PINNED_BYTES // 64)]
    return spread[::stretch]


_reader: BlobReader | None = None


def _extract_chunk(jobs: Sequence[Job], origin: Origin, target: Version, extraction: Extraction) -> list[Outcome]:
    global _reader
    if _reader is None:
        _reader = _open_reader(origin)
    return [_extract_one(job, origin, target, extraction, _reader) for job in jobs]


def _open_reader(origin: Origin) -> BlobReader | None:
    return BlobReader(Git(Path(origin.repository))) if origin.repository else None


def _extract_one(
    job: Job, origin: Origin, target: Version, extraction: Extraction, reader: BlobReader | None
) -> Outcome:
    if reader is not None:
        content = reader.read(job.key.hex())
        return job, None if content is None else extraction.read(content, target)
    found = read_changed(Path(origin.root, job.path))
    if found is None:
        return job, None
    content, changed = found
    key = blob_key(
        content, size=len(job.key)
    )  # a filter or a flag of the index may give the file other bytes than its blob
    moved = key != job.key and changed > origin.started - _CLOCK_STEP_NS
    return Job(job.path, key, moved), extraction.read(content, target)
