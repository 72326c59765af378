"""The cache's keys cover the code that reads: all that a reading imports, and nothing that it does not."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import canonry.source
from canonry.source.cache import shapes_variant, variant
from canonry.source.code import (
    READS_DOCUMENTS,
    READS_FACTS,
    READS_MENTIONS,
    READS_SHAPES,
    code_files,
    code_number,
    documents_version,
    extractor_version,
    mentions_version,
    shapes_version,
)
from canonry.source.documents.reading import reading_variant
from canonry.source.mentions import mention_variant

SOURCE = Path(canonry.source.__file__).parent
PACKAGE = SOURCE.parent
NO_READING = frozenset(("source/code.py",))
"""Imported for the keys themselves."""
READINGS = [
    pytest.param(READS_FACTS, ["source/python/extract.py"], id="facts"),
    pytest.param(READS_SHAPES, ["source/functions/shapes.py"], id="shapes"),
    pytest.param(READS_MENTIONS, ["source/mentions.py"], id="mentions"),
    pytest.param(
        READS_DOCUMENTS,
        [
            "source/documents/comments.py",
            *sorted(str(file.relative_to(PACKAGE)) for file in (SOURCE / "documents" / "readers").glob("[a-z]*.py")),
        ],
        id="documents",
    ),
]


def imported_files(file: Path) -> Iterator[Path]:
    """The modules of the package that a module imports anywhere in it, also inside its functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            place = PACKAGE.parent.joinpath(*name.split(".")).with_suffix(".py")
            if name.startswith("canonry.") and place.is_file():
                yield place


def reached_from(starts: list[str]) -> set[str]:
    waiting = [PACKAGE / start for start in starts]
    found: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(imported_files(file))
    return {file.relative_to(PACKAGE).as_posix() for file in found}


@pytest.mark.parametrize(("parts", "starts"), READINGS)
def test_the_key_covers_what_a_reading_imports_and_nothing_else(parts: tuple[str, ...], starts: list[str]) -> None:
    covered = {file.relative_to(PACKAGE).as_posix() for file in code_files(parts) if file.name != "__init__.py"}

    assert reached_from(starts) - NO_READING == covered


@pytest.mark.parametrize(("parts", "starts"), READINGS)
def test_a_change_of_any_of_its_modules_changes_the_number(
    tmp_path: Path, parts: tuple[str, ...], starts: list[str]
) -> None:
    below = shutil.copytree(SOURCE, tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    numbers = {code_number(parts, size=7, below=below)}
    files = code_files(parts, below=below)
    for file in files:
        before = file.read_bytes()
        file.write_bytes(before + b"#")
        numbers.add(code_number(parts, size=7, below=below))
        file.write_bytes(before)

    assert len(files) > len(parts)
    assert len(numbers) == len(files) + 1


def test_the_keys_hold_the_numbers() -> None:
    assert extractor_version() == code_number(READS_FACTS, size=5)
    assert variant((3, 11)) == extractor_version() * 10_000 + 311
    assert shapes_variant((3, 11)) == shapes_version() * 10_000 + 311
    assert reading_variant("makefile") == (1 << 61) + documents_version("makefile")
    assert mention_variant(["a.b"], (3, 11)) == (1 << 62) + mentions_version("(['a.b'], (3, 11))")
    assert len({documents_version("makefile"), documents_version("shell"), extractor_version(), shapes_version()}) == 4
