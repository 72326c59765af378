"""Finds the clones of a whole tree: reads what no cache holds, joins what is new, asks who imports what."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeVar

import msgspec

from canonry.audit.digests import shapes_digest
from canonry.audit.session import Progress, Session
from canonry.source.cache import shapes_variant
from canonry.source.clones.cluster import Cluster, Importers
from canonry.source.clones.search import find_clusters
from canonry.source.functions.shapes import NO_SHAPES, Shapes, decode_shapes, read_shapes
from canonry.source.index import Definition, Index, Resolved
from canonry.source.pool import Extraction, Job, Origin, extract_all
from canonry.source.similar import KnownPairs, Pair, renew_pairs
from canonry.source.trees.tree import Key

THRESHOLD = Fraction(4, 5)
"""The share of the statements of two functions together that both hold, from which on they are near clones."""
_EXTRACTION = Extraction(read_shapes, NO_SHAPES)
_CHUNK = 400
_Key = TypeVar("_Key")
Keeping = Callable[[bytes, Callable[[], Importers]], Importers]


class CloneSearch(NamedTuple):
    """What was found; ``moved`` says that the tree changed meanwhile, so that the answer is none for next time."""

    clusters: list[Cluster]
    moved: bool


def find_clones(
    session: Session,
    live: Mapping[str, Key | None],
    index: Index,
    origin: Origin,
    progress: Progress,
    *,
    keep_importers: Keeping = lambda _asked, count: count(),
) -> CloneSearch:
    """The clusters of clones among the functions of all live files.

    ``keep_importers`` gives the kept answer to what is asked, or counts and keeps.
    """
    keys = {path: key for path, key in live.items() if key is not None}
    shapes = dict(_load(session, set(keys.values())))
    missing = {key: path for path, key in reversed(keys.items()) if key not in shapes}
    moved = False
    for key, record in _read(session, missing, origin, progress):
        moved = moved or key not in missing
        shapes[key] = record
    files = {path: shapes[key] for path, key in keys.items() if key in shapes}
    clusters = find_clusters(
        files,
        join=lambda sets: _join(session, sets),
        count_importers=lambda paths, names: keep_importers(
            _asked(files, paths, names), lambda: count_importers(files, index, paths, names)
        ),
    )
    return CloneSearch(clusters, moved or len(files) < len(keys))


def functions_digest(session: Session, live: Mapping[str, Key | None], origin: Origin, progress: Progress) -> bytes:
    """A digest of all that `find_clones` reads of functions, empty where the tree changes meanwhile."""

    def read(missing: dict[Key, str]) -> bool:
        return {key for key, _ in _read(session, missing, origin, progress)} == missing.keys()

    return shapes_digest(session, live, read)


def _load(session: Session, keys: Iterable[Key]) -> Iterator[tuple[Key, Shapes]]:
    for key, data in session.cache.load_shapes(keys, shapes_variant(session.target)):
        record = decode_shapes(data)
        if record is not None:
            yield key, record


def _read(
    session: Session, missing: Mapping[Key, str], origin: Origin, progress: Progress
) -> Iterator[tuple[Key, Shapes]]:
    """Reads contents and keeps their shapes; those that changed meanwhile come under the keys of what they hold now."""
    jobs = [Job(path, key) for key, path in missing.items()]
    kind = shapes_variant(session.target)
    rows: list[tuple[bytes, int, bytes]] = []
    try:
        outcomes = extract_all(jobs, origin, session.target, workers=session.workers, extraction=_EXTRACTION)
        for done, (job, data) in enumerate(outcomes, 1):
            record = decode_shapes(data) if data is not None else None
            if data is not None and record is not None:
                rows.append((job.key, kind, data))
                yield job.key, record
            if len(rows) >= _CHUNK:
                session.cache.store_shapes(rows)
                rows = []
            progress("reading functions", done, len(jobs))
    finally:  # also when the user interrupts
        session.cache.store_shapes(rows)


def _join(session: Session, sets: Sequence[bytes]) -> list[Pair]:
    """The pairs of near clones; those of the previous audit are kept, whatever tree it was of."""
    key = f"{shapes_variant(session.target)} {THRESHOLD}".encode()
    stored = session.cache.answer("near-clones", key)
    known = msgspec.msgpack.decode(stored, type=KnownPairs) if stored else None
    pairs, kept = renew_pairs(sets, THRESHOLD, known)
    if kept is not None:
        session.cache.store_answers([("near-clones", key, msgspec.msgpack.encode(kept))])
    return pairs


def count_importers(
    files: Mapping[str, Shapes], index: Index, paths: frozenset[str], names: frozenset[str]
) -> Importers:
    """How many files import the modules at these paths, and these names of them, re-exports followed."""
    words = names.union(map(_stem, paths))
    modules: dict[str, set[str]] = {}
    imported: dict[tuple[str, str], set[str]] = {}
    known: dict[tuple[str, str], Resolved] = {}
    references: dict[str, str] = {}  # most lines stand in many files
    for path, record in files.items():
        folder, _, file = path.rpartition("/")
        for line in record.imports.split("\n"):
            reference = references.get(line)
            if reference is None:
                reference = references[line] = _reference(line, words)
            if not reference:
                continue
            asked = (folder, reference)
            found = known[asked] if asked in known else index.resolve(path, reference)
            # A name means the same to all files of a folder, but for the one that it may be the name of itself.
            if isinstance(found, Definition) or (file != "__init__.py" and file[:-3] not in reference):
                known[asked] = found
            if isinstance(found, Definition) and found.path in paths and found.path != path:
                modules.setdefault(found.path, set()).add(path)
                imported.setdefault((found.path, found.qualname), set()).add(path)
    return Importers(_counts(modules), _counts(imported))


def _asked(files: Mapping[str, Shapes], paths: frozenset[str], names: frozenset[str]) -> bytes:
    """All that the counts of importers depend on beside names of files, and what the index reads."""
    words = (*sorted(paths), "", *sorted(names), "", *(record.imports for record in files.values()))
    return "\0".join(words).encode("utf-8", "surrogatepass")


def _reference(line: str, words: frozenset[str]) -> str:
    """What a line of imports refers to; empty where neither its name nor its module is one of the words."""
    module, _, name = line.partition(":")
    if name not in words and module.rpartition(".")[2] not in words:
        return ""
    return module if not name else f"{module}{name}" if module.endswith(".") else f"{module}.{name}"


def _counts(found: Mapping[_Key, set[str]]) -> dict[_Key, int]:
    return {key: len(paths) for key, paths in found.items()}


def _stem(path: str) -> str:
    folder, _, name = path.removesuffix(".py").rpartition("/")
    return folder.rpartition("/")[2] if name == "__init__" else name
