"""What a migration found and plans: one record per finding, and what each codemod says of itself."""

import msgspec

from canonry.model.edit import Grade


class Item(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One finding and what a codemod does about it.

    ``reason`` says why it has this grade, empty where it is safe. ``edits`` is how many ranges change; a finding that
    an edit elsewhere mends has none, but ``elsewhere``, the path and line of the finding that the edit is made for.
    ``planned``: whether the run's plan makes them; ``written``: whether they are on disk.
    """

    path: str
    line: int
    codemod: str
    rule: str
    grade: Grade
    what: str
    reason: str = ""
    edits: int = 0
    planned: bool = False
    written: bool = False
    elsewhere: tuple[str, int] | None = None
    detail: str = ""
    """Code for the reader to begin with, in several lines."""


class MigrationSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run. ``files`` were looked at, ``broken`` of them do not parse and are left alone.

    ``settled`` counts findings that a suppression closes, which no codemod touches. ``plan`` names the change that was
    written, empty in a preview.
    """

    commit: str | None
    dirty: bool
    source: str
    target_python: str
    files: int
    broken: int
    changed: int
    items: tuple[Item, ...]
    settled: int = 0
    notes: tuple[str, ...] = ()
    plan: str = ""
    cpu_seconds: float = 0.0


class CodemodExample(msgspec.Struct, frozen=True):
    """Code before and after; ``after`` is empty where the code stays as it is, graded ``manual``.

    ``before`` stands at ``path``, ``files`` around it; ``canon`` is the text of a canonry.toml.
    """

    before: str
    after: str = ""
    grade: Grade = Grade.SAFE
    path: str = "tests/test_example.py"
    files: dict[str, str] = {}
    canon: str = ""


class CodemodPage(msgspec.Struct, frozen=True, kw_only=True):
    """What a codemod says of itself: the first paragraph of ``text`` is its summary."""

    name: str
    text: str
    rules: tuple[str, ...]
    examples: tuple[CodemodExample, ...]


class Shown(msgspec.Struct, frozen=True):
    """One place that a codemod changed or would change: the lines before and after, with what stands around them."""

    codemod: str
    path: str
    line: int
    lead: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def size(self) -> tuple[int, str, int]:
        """What the smallest place is chosen by."""
        return len(self.before) + len(self.after), self.path, self.line


class Done(msgspec.Struct, frozen=True):
    """What changes of a tree that stand did to files, by codemod: how many files, and one place."""

    files: dict[str, int]
    shown: dict[str, Shown]
