"""What the gate takes of single files: tests with their assertions, and suppressions."""

import datetime as dt
from collections.abc import Iterable

import msgspec

from canonry.audit.listing import Listing
from canonry.audit.result import legible
from canonry.audit.session import Session
from canonry.model.finding import Finding
from canonry.model.gate import Exemption, KnownTest, Violation
from canonry.rules.view import FileView
from canonry.source.documents.readers.registry import read_document, reader_of
from canonry.source.facts import FunctionFact, Suppression
from canonry.source.suppressions import MARK

UNCOUNTED = frozenset(("GOV004", "SYN001", "SYN002"))
"""Rules whose findings the gate does not count as violations: it compares exemptions and broken files itself."""


class Contents(msgspec.Struct):
    """What some files of a tree hold; the tests of files that do not parse are none, for nothing collects them."""

    tests: dict[str, KnownTest] = {}
    helpers: dict[str, int] = {}
    exemptions: list[Exemption] = []


def violation_of(finding: Finding) -> Violation | None:
    """A finding as the gate counts it, None where it does not."""
    if finding.code in UNCOUNTED:
        return None
    return Violation(
        finding.code,
        finding.fingerprint,
        legible(finding.path),
        finding.line,
        finding.symbol,
        finding.message,
        finding.severity,
        finding.confidence,
        1 + len(finding.related),
    )


def contents_of(session: Session, listing: Listing, paths: Iterable[str]) -> Contents:
    """The tests and suppressions of these live files. What has expired by today exempts nothing."""
    found = Contents({}, {}, [])
    from canonry.audit.run import Run, silent  # a hook asks for single files, and is not to wait for all of it

    run = Run(session, listing, silent)
    wanted = list(paths)
    python = [path for path in wanted if path in listing.live]
    run.files.extract(python)
    for path, facts in run.files.stream([path for path in python if path in listing.live]):
        shown = legible(path)
        found.exemptions += exemptions_of(shown, facts.suppressions, session.today)
        if facts.broken is not None:
            continue
        tests, helpers = tests_of(FileView(path, facts, run.project), shown)
        found.tests |= tests
        if helpers:
            found.helpers[shown] = helpers
    for path in wanted:
        if path in listing.documents and (content := session.tree.read(path)) is not None and MARK in content:
            suppressions = read_document(reader_of(path), content).suppressions
            found.exemptions += exemptions_of(legible(path), suppressions, session.today)
    return found


def tests_of(view: FileView, shown: str) -> tuple[dict[str, KnownTest], int]:
    """The tests of a file by node id, and how many assertions stand in its other functions if it is test code.

    A class inside a function is not collected, so that what is in it is no test.
    """
    tests = {id(fact) for fact in view.tests if not fact.nested}
    found: dict[str, KnownTest] = {}
    helpers = 0
    for fact in view.facts.functions:
        if id(fact) in tests:
            found[node_id(shown, fact)] = KnownTest(fact.asserts + fact.raised, fact.site.line)
        elif not fact.nested:
            helpers += fact.asserts + fact.raised
    return found, helpers if view.in_test_code else 0


def node_id(path: str, fact: FunctionFact) -> str:
    """The id by which pytest knows a test, without parameters."""
    return f"{path}::{fact.qualname.replace('.', '::')}"


def exemptions_of(path: str, suppressions: Iterable[Suppression], today: dt.date) -> list[Exemption]:
    """The suppressions of a file that hold on a day."""
    now = today.isoformat()
    return [
        Exemption("file" if each.whole_file else "statement", word.upper(), path, each.reason, each.site.line)
        for each in suppressions
        if not each.problems and not (each.until and each.until < now)
        for word in each.codes
    ]
