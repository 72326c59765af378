"""Reports of findings that a test makes up: what no small tree of files would give."""

import io
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from canonry.audit.result import Chunk, Closed, FileRecord, Header, Result, RuleRecord, chunk_of
from canonry.model.finding import Confidence, Finding, Position, Related, Severity
from canonry.report.content import Options, Report
from canonry.report.formats import renderer
from tests.workbench import summary_of

NUMBERS = itertools.count()


def finding(path: str = "tests/test_a.py", message: str = "an offence", **changes: Any) -> Finding:
    """A finding of TST001, or what `changes` make of it."""
    made = Finding(
        "TST001",
        path,
        3,
        5,
        Position(3, 9),
        message,
        Severity.ERROR,
        Confidence.CERTAIN,
        f"{next(NUMBERS):016x}",
        "test_total",
        "assert what the test is named for",
    )
    return msgspec.structs.replace(made, **changes)


def place(path: str = "tests/test_b.py", line: int = 1, symbol: str = "Double", note: str = "") -> Related:
    return Related(path, line, 1, symbol, note)


def record(path: str, *, is_test: bool = True, broken: bool = False) -> FileRecord:
    return FileRecord(path, is_test, broken, 1, 0, {})


def report_of(
    findings: Iterable[Finding], files: Iterable[FileRecord] = (), *, owners: str = "", **options: Any
) -> Report:
    """A report of these findings and files, in one chunk a hundred of each."""
    header = Header(
        commit="0123456789" * 4, dirty=False, source="commit", target_python="3.11", target_origin="default", ruleset="0" * 12,
        canon_declared=True, canon_file=None, shadows={}, missing=options.pop("missing", {}), duplicates=0, quotes_history=False,
        notes=options.pop("notes", []), codeowners=owners,
    )  # fmt: skip
    chunks = [
        msgspec.msgpack.encode(chunk) for chunk in _chunks(sorted(findings, key=lambda each: each.path), list(files))
    ]
    result = Result(header, chunks)
    chosen = Options(read=lambda _path: [], **options)
    return Report(result, summary_of(result, chosen.selected), chosen)


def closed_report_of(
    closed: Iterable[Finding], findings: Iterable[Finding] = (), *, own: dict[str, str] | None = None
) -> Report:
    """A report in which suppressions close some findings, with rules of one's own by code and name."""
    report = report_of(findings)
    rules = {code: RuleRecord(name, Severity.WARNING) for code, name in (own or {}).items()}
    kept = [Closed(each, "agreed", "", "", each.line, "comment") for each in closed]
    chunks = [*report.result.chunks, msgspec.msgpack.encode(chunk_of([], [], [], kept))]
    result = Result(msgspec.structs.replace(report.result.header, own_rules=rules), chunks)
    return Report(result, summary_of(result, None), report.options)


def _chunks(findings: list[Finding], files: list[FileRecord]) -> Iterator[Chunk]:
    """The files with their findings, and then the findings about other paths."""
    live = {file.path for file in files}
    yield chunk_of(files, [each for each in findings if each.path in live])
    rest = [each for each in findings if each.path not in live]
    for start in range(0, len(rest), 100):
        yield chunk_of([], rest[start : start + 100])


def rendered(name: str, report: Report) -> str:
    out = io.StringIO()
    renderer(name)(report, out)
    return out.getvalue()
