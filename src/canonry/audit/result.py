"""The result of an audit: a header, and one record with findings per file; kept as chunks that are decoded as read."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import msgspec

from canonry.model.finding import Confidence, Finding, Severity

_NO_FINDINGS = msgspec.Raw(b"\x90")
FOLDER = "<folder>"
"""The symbol of a finding whose path is a folder, or a file that is not read: it has no line to show."""


def legible(path: str) -> str:
    """The path as text that every report can hold: bytes of a file name that are no UTF-8 become ``\\xNN``."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class FileRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is counted of one live file."""

    path: str
    is_test: bool
    broken: bool
    tests: int
    async_tests: int
    counts: dict[str, int]
    categories: tuple[str, ...] = ()
    """The categories to which marks in it belong, beside those that its path gives."""


class DocumentRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is counted of one live file that is no Python. ``passed_over``: line and reason of what was not read."""

    path: str
    commands: int
    passed_over: list[tuple[int, str]]
    counts: dict[str, int]


class RuleRecord(msgspec.Struct, frozen=True, array_like=True):
    """What reports say of a rule that is not built in. ``judged``: whether it did, or waits in preview."""

    name: str
    severity: Severity
    summary: str = ""
    help: str = ""
    confidence: Confidence = Confidence.CERTAIN
    preview: bool = False
    judged: bool = True


class Header(msgspec.Struct, frozen=True):
    """What every report says about where its numbers come from. ``shadows``: folders with their Python files."""

    commit: str | None
    dirty: bool
    source: str
    target_python: str
    target_origin: str
    ruleset: str
    canon_declared: bool
    canon_file: str | None
    shadows: dict[str, int]
    missing: dict[str, str]
    duplicates: int
    quotes_history: bool
    """Whether a message says what history says, so that it holds for this commit only."""
    notes: list[str]
    codeowners: str
    """The text of the CODEOWNERS file, empty without one."""
    own_rules: dict[str, RuleRecord] = {}
    """The rules that are not built in, by code."""
    holds: tuple[str, str] = ("", "")
    """The last day before, and the last day, on which the answer holds, because of the dates of suppressions."""
    unread_tests: list[str] = []
    """The test files among ``missing`` that are there and cannot be read: they prove nothing."""
    base: str | None = None
    """The commit with which exemptions were compared, empty where there was none; None where nothing is exempt."""


class Closed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A finding that a suppression closes: its reason, last day and owner (empty without), and its line.

    ``origin`` is ``comment`` or ``canon``; the line is that of the comment in the same file, or of the entry in the
    file that declares the canon.
    """

    finding: Finding
    reason: str
    until: str
    owner: str
    line: int
    origin: str


class Tally(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How many open findings of a rule and a severity a path has."""

    path: str
    code: str
    severity: Severity
    count: int


class Chunk(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Some files with all their findings, in order of path; documents come after the Python files of the tree.

    ``tallies`` count the findings, so that numbers need not look at each.
    """

    files: list[FileRecord]
    findings: list[Finding]
    documents: list[DocumentRecord] = []
    closed: list[Closed] = []
    tallies: list[Tally] = []


class Numbers(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A chunk whose findings are counted only; its fields stand in the order of `Chunk`."""

    files: list[FileRecord]
    findings: msgspec.Raw
    documents: list[DocumentRecord]
    closed: list[Closed]
    tallies: list[Tally]


def chunk_of(
    files: list[FileRecord],
    findings: list[Finding],
    documents: Iterable[DocumentRecord] = (),
    closed: Iterable[Closed] = (),
) -> Chunk:
    """A chunk, its findings counted."""
    return Chunk(files, findings, list(documents), list(closed), _tallies(findings))


def _tallies(findings: Iterable[Finding]) -> list[Tally]:
    """The findings counted by path, rule and severity."""
    counted: dict[tuple[str, str, Severity], int] = {}
    for finding in findings:
        key = (finding.path, finding.code, finding.severity)
        counted[key] = counted.get(key, 0) + 1
    return [Tally(*key, count) for key, count in counted.items()]


class Narrowing(msgspec.Struct, frozen=True, kw_only=True):
    """What a result is narrowed to beside its paths, by name; ``holds`` says whether a path belongs."""

    owners: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    holds: Callable[[str], bool]
    marked: dict[str, tuple[str, ...]] = {}
    """The categories that marks give to files, by path: `Result` enters them before it asks."""


class Result:
    """An audit's result. ``chunks`` are MessagePack; iterate `files` and `findings` as often as needed."""

    def __init__(
        self,
        header: Header,
        chunks: list[bytes],
        scope: tuple[str, ...] = (),
        narrowing: Narrowing | None = None,
    ) -> None:
        self.header = header
        self.chunks = chunks
        self.scope = tuple(map(legible, scope))
        self.narrowing = narrowing
        if narrowing is not None and narrowing.categories:
            decoder = msgspec.msgpack.Decoder(Numbers)
            records = (record for data in chunks for record in decoder.decode(data).files)
            narrowing.marked.update((record.path, record.categories) for record in records if record.categories)

    @property
    def whole(self) -> bool:
        """Whether nothing narrows the result."""
        return not self.scope and self.narrowing is None

    def holds(self, path: str) -> bool:
        """Whether a file, or a folder with a final ``/``, is in scope."""
        if not in_scope(path.rstrip("/"), self.scope):
            return False
        return self.narrowing is None or self.narrowing.holds(path)

    def concerns(self, finding: Finding) -> bool:
        """Whether a finding is in scope: its own place is, or another place of its cluster."""
        path = f"{finding.path}/" if finding.symbol == FOLDER else finding.path
        return self.holds(path) or any(self.holds(other.path) for other in finding.related)

    def read(self) -> Iterator[Chunk]:
        """The chunks one after the other, narrowed to the scope."""
        decoder = msgspec.msgpack.Decoder(Chunk)
        for data in self.chunks:
            chunk = decoder.decode(data)
            if not self.whole:
                files = [record for record in chunk.files if self.holds(record.path)]
                findings = [finding for finding in chunk.findings if self.concerns(finding)]
                documents = [record for record in chunk.documents if self.holds(record.path)]
                closed = [each for each in chunk.closed if self.concerns(each.finding)]
                chunk = Chunk(files, findings, documents, closed)
            yield chunk

    def numbers(self) -> Iterator[Numbers]:
        """The chunks with their findings counted only, narrowed to the scope."""
        yield from self._numbers

    @cached_property
    def _numbers(self) -> list[Numbers]:
        """Decoded once: every report asks several times."""
        if self.whole:
            decoder = msgspec.msgpack.Decoder(Numbers)
            return [msgspec.structs.replace(decoder.decode(data), findings=_NO_FINDINGS) for data in self.chunks]
        return [
            Numbers(chunk.files, _NO_FINDINGS, chunk.documents, chunk.closed, _tallies(chunk.findings))
            for chunk in self.read()
        ]

    @cached_property
    def failing(self) -> frozenset[str]:
        """The paths in scope that do not parse or have an open error-level finding."""
        failing: set[str] = set()
        for chunk in self.numbers():
            failing.update(record.path for record in chunk.files if record.broken)
            failing.update(tally.path for tally in chunk.tallies if tally.severity is Severity.ERROR)
        return frozenset(failing)

    def files(self) -> Iterator[FileRecord]:
        """The records of all files in scope."""
        for chunk in self.numbers():
            yield from chunk.files

    def documents(self) -> Iterator[DocumentRecord]:
        """The records of all documents in scope."""
        for chunk in self.numbers():
            yield from chunk.documents

    def findings(self) -> Iterator[Finding]:
        """All open findings in scope, by path and line."""
        for chunk in self.read():
            yield from chunk.findings

    def closed(self) -> Iterator[Closed]:
        """All findings in scope that suppressions close."""
        for chunk in self.numbers():
            yield from chunk.closed


def in_scope(path: str, scope: tuple[str, ...]) -> bool:
    """Whether a path is one of the scope's files or below one of its folders; an empty scope holds everything."""
    return not scope or any(path == each or path.startswith(each + "/") for each in scope)
