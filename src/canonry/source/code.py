"""Which code reads contents, as numbers: a part of every cache key, so that no record outlives the code that made it.

The lists name packages and modules of this one. What a reading imports has to be in its list; a test follows the
imports.
"""

import hashlib
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
READS_FACTS = ("commands.py", "facts.py", "launchers.py", "python", "suppressions.py", "syntax")
READS_SHAPES = ("facts.py", "functions", "syntax")
READS_DOCUMENTS = (
    "commands.py",
    "documents",
    "facts.py",
    "launchers.py",
    "suppressions.py",
    "syntax/newer.py",
    "syntax/text.py",
)
READS_MENTIONS = ("facts.py", "mentions.py", "python/scope.py", "syntax")

DOCUMENTS = 1 << 61
"""Variants of records from here on are readings of documents, and places of names; those of facts are smaller."""


@cache
def extractor_version() -> int:
    """A number that changes with the code that reads facts."""
    return code_number(READS_FACTS, size=5)


@cache
def shapes_version() -> int:
    """A number that changes with the code that reads shapes, and with the interpreter whose syntax trees it reads."""
    return code_number(READS_SHAPES, size=5, said=repr(sys.version_info[:2]))


@cache
def documents_version(reader: str) -> int:
    """A number that changes with the reader, and with all code that reads documents."""
    return code_number(READS_DOCUMENTS, size=7, said=reader)


@cache
def mentions_version(asked: str) -> int:
    """A number that changes with what is asked for, and with the code that looks for it."""
    return code_number(READS_MENTIONS, size=7, said=asked)


def code_files(parts: Iterable[str], *, below: Path = _HERE) -> list[Path]:
    """The files of these modules and packages, packages in them included, in a fixed order."""
    found: list[Path] = []
    for part in parts:
        place = below / part
        found += sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return found


def code_number(parts: Iterable[str], *, size: int, said: str = "", below: Path = _HERE) -> int:
    """A number of ``size`` bytes over the names and contents of these modules and packages, and what else is said."""
    digest = hashlib.blake2b(said.encode() + b"\0", digest_size=size)
    for file in code_files(parts, below=below):
        digest.update(file.relative_to(below).as_posix().encode() + b"\0" + file.read_bytes())
    return int.from_bytes(digest.digest())
