"""A file that is no Python, as a codemod sees it."""

from canonry.migrate.answers import Splice
from canonry.migrate.commands.surroundings import Surroundings
from canonry.rules.view import DocumentView
from canonry.source.facts import Site


class Document:
    """The view that rules have, and the bytes."""

    def __init__(self, view: DocumentView, content: bytes, *, surroundings: Surroundings | None = None) -> None:
        self.view = view
        self.surroundings = surroundings or Surroundings()
        self.path = view.path
        self.content = content
        self._lines = content.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def range_of(self, site: Site) -> tuple[int, int]:
        """The byte range of a place; columns count characters of UTF-8."""
        return self._offset(site.line, site.column), self._offset(site.end_line, site.end_column)

    def replace(self, start: int, end: int, text: str) -> Splice:
        """The edit that puts a text in the place of a byte range."""
        return Splice(start, end, text.encode())

    def _offset(self, line: int, column: int) -> int:
        text = self._lines[line - 1].decode("utf-8", "surrogateescape") if line <= len(self._lines) else ""
        start = self._starts[min(line, len(self._starts)) - 1]
        return start + len(text[: column - 1].encode("utf-8", "surrogateescape"))
