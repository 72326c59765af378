"""The cache: facts and shapes by content, stat records by path, results by digest.

Losing it costs time, never an answer.
"""

import contextlib
import hashlib
import os
import sqlite3
import time
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from canonry.model.state import STATE, make_state_folder
from canonry.source.code import DOCUMENTS, extractor_version, shapes_version

SCHEMA_VERSION = 3
_KEPT_RESULTS = 6
_KEPT_CONTEXTS = 3
_KEY_SIZES = (20, 32)
LIMIT_BYTES = 2_000_000_000
_TABLES = """
create table facts (key blob not null, variant integer not null, data blob not null, primary key (key, variant));
create table stats (path text primary key, size integer, modified integer, changed integer, inode integer, key blob);
create table answers (kind text not null, key blob not null, data blob not null, primary key (kind, key));
create table verdicts
  (context blob not null, number integer not null, data blob not null, primary key (context, number));
create table results (digest blob primary key, used integer not null, header blob not null);
create table parts (digest blob not null, number integer not null, chunk blob not null, primary key (digest, number));
create table chunks (chunk blob primary key, data blob not null);
"""
_SHAPES = """
create table if not exists shapes (
    key blob not null, variant integer not null, data blob not null, primary key (key, variant)
)
"""
"""What files of the same version may lack; it is added when they are opened."""


def variant(target: tuple[int, int]) -> int:
    """The part of the cache key that is not content: extractor version and target Python."""
    return extractor_version() * 10_000 + target[0] * 100 + target[1]


def shapes_variant(target: tuple[int, int]) -> int:
    """The same for the shapes of functions."""
    return shapes_version() * 10_000 + target[0] * 100 + target[1]


def cache_path(root: Path, *, bare: bool) -> Path:
    """Where a tree's cache lives: ``.canonry/cache.db`` at its root, or the user's cache folder for a bare one."""
    if not bare:
        return root / STATE / "cache.db"
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(os.fsencode(str(root))).hexdigest()[:16]
    return base / "canonry" / f"{root.name or 'repository'}-{name}" / "cache.db"


class Cache:
    """A SQLite file, opened on first use; broken or newer ones are rebuilt, unwritable places do without."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.notes: list[str] = []
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        if self.path is None:
            return _prepared(sqlite3.connect(":memory:"))
        try:
            make_state_folder(self.path.parent)
            return self._open_file(self.path)
        except (OSError, sqlite3.OperationalError) as error:
            self.notes.append(f"no cache is kept: `{self.path}` cannot be written ({error})")
            return _prepared(sqlite3.connect(":memory:"))

    def _open_file(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            version = connection.execute("pragma user_version").fetchone()[0]
            if version == SCHEMA_VERSION:
                connection.execute("select count(*) from results").fetchone()
                with contextlib.suppress(sqlite3.OperationalError):  # nothing to add where nothing can be written
                    connection.execute(_SHAPES)
                return _tuned(connection)
            if version == 0:
                return _prepared(connection)
            age = "a newer" if version > SCHEMA_VERSION else "an older"
            self.notes.append(f"the cache was written by {age} version of canonry and has been rebuilt")
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise
            self.notes.append("the cache was damaged and has been rebuilt")
        connection.close()
        _remove(path)
        return _prepared(sqlite3.connect(path, timeout=60, isolation_level=None))

    def load_facts(self, keys: Iterable[bytes], kind: int) -> Iterator[tuple[bytes, bytes]]:
        """The stored records of these contents, in no order."""
        return self._load("facts", keys, kind)

    def _load(self, table: str, keys: Iterable[bytes], kind: int) -> Iterator[tuple[bytes, bytes]]:
        wanted = list(keys)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            query = f"select key, data from {table} where variant = ? and key in ({marks})"
            yield from self._query(query, (kind, *part))

    def known_keys(self, kind: int) -> set[bytes]:
        """All contents with a stored record."""
        return {row[0] for row in self._query("select key from facts where variant = ?", (kind,))}

    def store_facts(self, rows: Iterable[tuple[bytes, int, bytes]]) -> None:
        """Keeps records."""
        self._write(("insert or replace into facts values (?, ?, ?)", rows))

    def load_shapes(self, keys: Iterable[bytes], kind: int) -> Iterator[tuple[bytes, bytes]]:
        """The stored shapes of the functions of these contents, in no order; damaged ones are left out."""
        for key, data in self._load("shapes", keys, kind):
            whole = _unsealed(data)
            if whole is not None:
                yield key, whole

    def store_shapes(self, rows: Iterable[tuple[bytes, int, bytes]]) -> None:
        """Keeps shapes."""
        sealed = [(key, kind, _seal(data) + data) for key, kind, data in rows]
        self._write(("insert or replace into shapes values (?, ?, ?)", sealed))

    def stat_keys(self, paths: Iterable[str] | None = None) -> dict[str, tuple[int, int, int, int, bytes]]:
        """The stat records with their keys: of all paths, or of these."""
        query = "select path, size, modified, changed, inode, key from stats"
        if paths is None:
            rows = self._query(query, ())
        else:
            rows = [row for path in paths for row in self._query(f"{query} where path = ?", (path,))]
        return {row[0]: row[1:] for row in rows if len(row[5] or b"") in _KEY_SIZES}

    def store_stats(self, rows: Iterable[tuple[str, int, int, int, int, bytes]]) -> None:
        """Keeps stat records; those of names that are no UTF-8 are left out."""
        kept = [row for row in rows if _is_text(row[0])]
        self._write(("insert or replace into stats values (?, ?, ?, ?, ?, ?)", kept))

    def answer(self, kind: str, key: bytes) -> bytes | None:
        """A kept answer of some other kind (shadow trees, breaking commits), None where there is none."""
        rows = self._query("select data from answers where kind = ? and key = ?", (kind, key))
        return _unsealed(rows[0][0]) if rows else None

    def store_answers(self, rows: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Keeps answers."""
        sealed = [(kind, key, _seal(data) + data) for kind, key, data in rows]
        self._write(("insert or replace into answers values (?, ?, ?)", sealed))

    def result(self, digest: bytes) -> tuple[bytes, list[bytes]] | None:
        """The kept result of a digest: header and chunks."""
        rows = self._query("select header from results where digest = ?", (digest,))
        if not rows:
            return None
        query = "select data from parts left join chunks using (chunk) where digest = ? order by number"
        chunks = [row[0] or b"" for row in self._query(query, (digest,))]
        header = _unsealed(rows[0][0], *chunks)
        if header is None:  # damaged: the chunks go, or the next result would share them
            self._write(("delete from chunks where chunk in (select chunk from parts where digest = ?)", [(digest,)]))
            return None
        return header, chunks

    def store_result(self, digest: bytes, header: bytes, chunks: list[bytes]) -> None:
        """Keeps a result and lets the oldest go. Results share the chunks that they have in common."""
        sealed = _seal(header, *chunks) + header
        ids = [hashlib.blake2b(data, digest_size=16).digest() for data in chunks]
        there = {row[0] for row in self._query("select chunk from chunks", ())}
        new = {chunk: data for chunk, data in zip(ids, chunks, strict=True) if chunk not in there}
        self._write(
            ("insert or replace into results values (?, ?, ?)", [(digest, time.time_ns(), sealed)]),
            ("insert or replace into chunks values (?, ?)", new.items()),
            ("delete from parts where digest = ?", [(digest,)]),
            ("insert into parts values (?, ?, ?)", [(digest, number, chunk) for number, chunk in enumerate(ids)]),
            (
                "delete from results where digest not in (select digest from results order by used desc limit ?)",
                [(_KEPT_RESULTS,)],
            ),
            ("delete from parts where digest not in (select digest from results)", [()]),
            ("delete from chunks where chunk not in (select chunk from parts)", [()]),
        )

    def verdicts(self, context: bytes, first: int, last: int) -> list[tuple[int, bytes]]:
        """The kept judgements of the files with these numbers, ``last`` included."""
        rows = self._query(
            "select number, data from verdicts where context = ? and number between ? and ?", (context, first, last)
        )
        return [(number, data) for number, sealed in rows if (data := _unsealed(sealed)) is not None]

    def store_verdicts(self, context: bytes, rows: Iterable[tuple[bytes, int, bytes]]) -> None:
        """Keeps judgements, and lets those of the contexts go that were not used for longest."""
        kept = self.answer("verdict-contexts", b"") or b""
        contexts = [kept[start : start + len(context)] for start in range(0, len(kept), len(context))]
        contexts = [context, *(each for each in contexts if each != context)]
        going = contexts[_KEPT_CONTEXTS:]
        self._write(
            ("insert or replace into verdicts values (?, ?, ?)", [(*row[:2], _seal(row[2]) + row[2]) for row in rows]),
            ("delete from verdicts where context = ?", [(each,) for each in going]),
        )
        self.store_answers([("verdict-contexts", b"", b"".join(contexts[:_KEPT_CONTEXTS]))])

    def prune(self, kind: int, documents: Collection[int], *, most: int = LIMIT_BYTES) -> None:
        """Drops records once the file holds more than ``most`` bytes: what other code has read, then other targets'.

        ``documents`` are the variants of the readings of documents. Room that became free is given back.
        """
        if self._held() <= most:
            return
        current = ",".join(map(str, documents)) or "-1"
        shapes = shapes_variant(divmod(kind % 10_000, 100))
        self._write(
            ("delete from facts where variant < ? and variant / 10000 != ?", [(DOCUMENTS, extractor_version())]),
            (f"delete from facts where variant >= ? and variant not in ({current})", [(DOCUMENTS,)]),
            ("delete from shapes where variant / 10000 != ?", [(shapes_version(),)]),
        )
        if self._held() > most:
            self._write(
                ("delete from facts where variant < ? and variant != ?", [(DOCUMENTS, kind)]),
                ("delete from shapes where variant != ?", [(shapes,)]),
            )
        if self._pragma("freelist_count") * 2 > self._pragma("page_count"):
            with contextlib.suppress(sqlite3.OperationalError):  # somebody else reads it: the room is used again
                self._connection.execute("vacuum")

    def _held(self) -> int:
        """The bytes of the pages in use; those that became free stay in the file."""
        return (self._pragma("page_count") - self._pragma("freelist_count")) * self._pragma("page_size")

    def _pragma(self, name: str) -> int:
        rows = self._query(f"pragma {name}", ())
        return int(rows[0][0]) if rows else 0

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def _query(self, query: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, parameters).fetchall()
        except sqlite3.OperationalError as error:  # locked for a minute, a failing disk: no reason to lose the file
            self._note(f"the cache could not be read ({error})")
            return []
        except sqlite3.DatabaseError:
            self._fall_back()
            return []

    def _write(self, *steps: tuple[str, Iterable[tuple[object, ...]]]) -> None:
        """Runs all steps in one transaction, each statement once per row."""
        try:
            self._connection.execute("begin immediate")
            for statement, rows in steps:
                self._connection.executemany(statement, rows)
            self._connection.execute("commit")
        except sqlite3.OperationalError as error:  # locked for a minute, disk full: the answer does not need the cache
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("rollback")
            self._note(f"the cache could not be written ({error})")
        except sqlite3.DatabaseError:
            self._fall_back()

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _fall_back(self) -> None:
        """A file that turns out damaged in the middle: go on in memory, and rebuild it the next time."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        if self.path is not None:
            _remove(self.path)
            self.notes.append("the cache was damaged and has been rebuilt")
        self._connection = self._open()


def _seal(*parts: bytes) -> bytes:
    """Four bytes over the parts, by which damage inside a record is noticed."""
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum ^ len(part))
    return checksum.to_bytes(4)


def _unsealed(sealed: bytes, *others: bytes) -> bytes | None:
    """What was sealed, None where it or one of the others is damaged."""
    return sealed[4:] if sealed[:4] == _seal(sealed[4:], *others) else None


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.isolation_level = None
    _tuned(connection)
    connection.execute("begin immediate")
    if connection.execute("pragma user_version").fetchone()[0] == 0:
        for statement in _TABLES.strip().split(";\n"):
            connection.execute(statement.rstrip(";"))
        connection.execute(_SHAPES)
        connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
    connection.execute("commit")
    return connection


def _tuned(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = off")
    return connection


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()
