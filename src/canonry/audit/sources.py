"""Source lines for code frames, from wherever the audited tree lives."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from canonry.audit.request import Request
from canonry.audit.session import place
from canonry.source.documents.fragment import decode_document
from canonry.source.syntax.text import EncodingError, decode_source
from canonry.source.trees.tree import open_reading_tree

Lines = Callable[[str], list[str]]


@contextmanager
def source_reader(request: Request) -> Iterator[Lines]:
    """A function path -> lines (empty where the file cannot be read); the last file is kept."""
    tree = open_reading_tree(place(request), revision=request.revision, staged=request.staged)
    last: tuple[str, list[str]] = ("", [])

    def read(path: str) -> list[str]:
        nonlocal last
        if last[0] != path:
            last = (path, _lines(tree.read(path), python=path.endswith(".py")))
        return last[1]

    try:
        yield read
    finally:
        tree.close()


def _lines(content: bytes | None, *, python: bool) -> list[str]:
    if content is None:
        return []
    if not python:
        return re.split(r"\r\n|\r|\n", decode_document(content))
    try:
        source = decode_source(content)
    except EncodingError:
        source = content.decode("latin-1").encode()
    return [line.decode("utf-8", "replace") for line in source.splitlines()]
