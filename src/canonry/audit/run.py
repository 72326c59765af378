"""One run of an audit: extract what is new, judge, keep."""

import errno
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from canonry import __version__
from canonry.audit.breaks import Breaks, Notes
from canonry.audit.chunks import encode_chunk
from canonry.audit.circumstances import circumstances, where_declared
from canonry.audit.closing import Closing
from canonry.audit.counts import count_document, count_facts
from canonry.audit.digests import FactDigests
from canonry.audit.documents import Documents, origin_of
from canonry.audit.files import Files
from canonry.audit.governance import Governance
from canonry.audit.judge import judge_document, judge_file, judge_tree
from canonry.audit.judged_documents import JudgedDocument, JudgedDocuments
from canonry.audit.listing import Listing, list_files
from canonry.audit.request import Request
from canonry.audit.result import DocumentRecord, FileRecord, Header, Result, RuleRecord, legible
from canonry.audit.session import Progress, Session, open_session
from canonry.audit.tree_verdicts import TreeVerdicts
from canonry.audit.verdicts import Verdict, Verdicts
from canonry.model.finding import Finding
from canonry.rules.inventory import marks_of
from canonry.rules.rule import Rule, implements
from canonry.rules.view import DocumentView, FileView, Project, TreeView
from canonry.source.clones.cluster import Cluster
from canonry.source.documents.readers.registry import reader_of, readers
from canonry.source.documents.reading import reading_variant
from canonry.source.facts import Facts
from canonry.source.index import Index
from canonry.source.trees.tree import blob_key

if TYPE_CHECKING:
    from canonry.audit.clones import Keeping
    from canonry.audit.mentions import Mentions

_CHUNK = 400


def read_facts(session: Session, listing: Listing, progress: Progress | None = None) -> Iterator[tuple[str, Facts]]:
    """The facts of every live file, by path; what no cache holds is extracted first and kept."""
    files = Run(session, listing, progress or silent).files
    files.extract(list(listing.live))
    yield from files.stream(list(listing.live))


@contextmanager
def read_tree(request: Request, *, progress: Progress | None = None) -> Iterator[tuple[Session, TreeView]]:
    """The whole tree that a request names, read but not judged. Raises `UserError` for what the user can mend."""
    session = open_session(request)
    try:
        listing = list_files(session)
        reader = Run(session, listing, progress or silent)
        yield session, reader.read()
    finally:
        session.close()


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody is told of."""


class Run:
    """One run over a session."""

    def __init__(self, session: Session, listing: Listing, progress: Progress) -> None:
        self.session = session
        self.listing = listing
        self.progress = progress
        self.origin = origin_of(session)
        self.moved = False  # whether the tree changed meanwhile: what was found is no answer for next time
        self.files = Files(session, listing, self.origin, progress)
        self.index = Index(listing.live, self.files.facts, pythonpath=session.settings.pythonpath)
        self.documents = Documents(session, listing.documents, self.origin)
        self.project = Project(
            session.loaded.canon,
            session.settings,
            self.index,
            target=session.target,
            paths=listing.known,
            today=session.today.isoformat(),
        )
        self.governance = Governance(session, listing)
        self.digests = FactDigests(session, self.files)
        self.keep_importers: Keeping = lambda _asked, count: count()
        self.on_documents: dict[str, list[Finding]] = {}  # what rules of the tree say of documents
        self.mentions = _open_mentions(session, listing)
        if self.mentions is not None:
            self.project.mentions = self.mentions.of

    def run(self, digest: bytes) -> Result:
        """Judges the files in scope (all of them where a digest is given) and keeps the whole result under it."""
        paths = list(self.listing.live)
        if not self.session.complete:
            paths = sorted(path for path in self.session.scope if path in self.listing.live)
        self.files.extract(paths)
        context = self._context(self.listing.names.hex()) if digest else b""
        lineage = self._context(self.project.homes) if digest else b""
        self.verdicts = Verdicts(self.session.cache, context, self.listing.live, lineage)
        self.judged_documents = JudgedDocuments(self.session.cache, context)
        self.tree_verdicts = TreeVerdicts(
            self.verdicts, self.digests, self.index, functions=self._functions, said=where_declared(self.session)
        )
        if digest:
            self.keep_importers = self.tree_verdicts.importers
        paths = [path for path in paths if path in self.listing.live]
        notes = Breaks(self.session, self.files, self.progress, self.digests).notes(paths)
        chunks = self.governance.finish([*self._judge(paths, notes), *self._judge_documents()])
        if self.mentions is not None:
            self.mentions.store()
        header = self._header(quotes_history=any("commit" in note for note in notes.values()))
        moved = self.moved or self.files.moved or self.documents.moved
        if digest and not moved and self.session.catalogue.settled():
            self.tree_verdicts.store()
            self.verdicts.store()
            self.digests.store()
            if not self.documents.lost:
                self.judged_documents.store()
            self.session.cache.store_result(digest, msgspec.msgpack.encode(header), chunks)
            self.session.cache.prune(self.files.kind, [reading_variant(reader) for reader in readers()])
        return Result(header, chunks, self.session.scope)

    def read(self) -> TreeView:
        """The tree with the facts of all its live files."""
        self.files.extract(list(self.listing.live))
        return self.tree_view(list(self.listing.live))

    def _clones(self) -> list[Cluster]:
        from canonry.audit.clones import find_clones

        found = find_clones(
            self.session,
            self.listing.live,
            self.index,
            self.origin,
            self.progress,
            keep_importers=self.keep_importers,
        )
        self.moved = self.moved or found.moved
        return found.clusters

    def _functions(self) -> bytes:
        from canonry.audit.clones import functions_digest

        return functions_digest(self.session, self.listing.live, self.origin, self.progress)

    def tree_view(self, paths: list[str]) -> TreeView:
        """The tree as a whole; the facts of these paths have to be there."""
        return TreeView(
            self.project,
            self.listing.live,
            self.listing.shadows,
            self.listing.backups,
            facts=lambda: self.digests.noting(self.files.stream(paths)),
            parts=lambda: self.digests.parts(paths),
            canon_place=self.session.loaded.place,
            exists=lambda path: path in self.listing.live or self.session.tree.read(path) is not None,
            clones=self._clones,
        )

    def _judge(self, paths: list[str], notes: dict[str, Notes]) -> Iterator[bytes]:
        rules = self.session.catalogue.active(self.session.preview)
        whole: dict[str, list[Finding]] = {}
        if self.session.complete:
            tree = self.tree_view(paths)
            whole = judge_tree(rules, lambda rule: self.tree_verdicts.offences(rule, tree))
            self.on_documents = {path: whole.pop(path) for path in [*whole] if path in self.documents.keys}
        waiting = sorted(whole)
        encoder = msgspec.msgpack.Encoder()
        for start in range(0, len(paths), _CHUNK):
            records: list[FileRecord] = []
            closings: list[Closing] = []
            for path, verdict in self._verdicts(paths[start : start + _CHUNK], rules, notes):
                while waiting and waiting[0] < path:
                    closings.append(self.governance.close(other := waiting.pop(0), whole[other]))
                here = whole[waiting.pop(0)] if waiting and waiting[0] == path else []
                findings, broken = [*here, *verdict.findings], verdict.record.broken
                closings.append(self.governance.close(path, findings, verdict.suppressions, broken=broken))
                records.append(verdict.record)
            self.progress("judging", min(start + _CHUNK, len(paths)), len(paths))
            yield encode_chunk(encoder, records, closings)
        if waiting:
            yield encode_chunk(encoder, [], [self.governance.close(path, whole[path]) for path in waiting])

    def _verdicts(self, paths: list[str], rules: list[Rule], notes: dict[str, Notes]) -> Iterator[tuple[str, Verdict]]:
        """The judgements of these files, in order: kept ones where they still hold."""
        rules = [rule for rule in rules if implements(rule, "check")]
        verdicts = self.verdicts.kept(paths, notes)
        for path, facts in self.files.load([path for path in paths if path not in verdicts]):
            looked_at = self.index.track()
            file = FileView(path, facts, self.project, notes=notes.get(path))
            verdict = Verdict(
                _record(file), judge_file(file, rules), notes.get(path, {}), suppressions=facts.suppressions
            )
            verdicts[path] = verdict
            if facts.retired is not None:  # judged by the day: never kept, and the whole answer no longer than that
                self.governance.note_day(facts.retired.expires)
                continue
            self.verdicts.keep(path, verdict, looked_at)
        for path in paths:
            if path in verdicts:
                yield path, verdicts[path]

    def _context(self, names: str) -> bytes:
        """What every judgement depends on, but for the names and the contents of files: of them what is given here."""
        session = self.session
        parts = (
            session.loaded.digest,
            repr(session.settings),
            repr(session.target),
            session.catalogue.ruleset,
            __version__,
            names,
        )
        looked_at = [self.listing.live.get(path) or b"" for path in sorted(self.project.looked_at)]
        active = session.catalogue.active(session.preview)
        judging = [rule.code for rule in active if rule.preview and implements(rule, "check")]
        words = "\0".join((*parts, *judging)).encode("utf-8", "surrogateescape")
        return words + b"\0" + b"".join(looked_at)

    def _judge_documents(self) -> Iterator[bytes]:
        scope = None if self.session.complete else set(self.session.scope)
        active = self.session.catalogue.active(self.session.preview)
        rules = [rule for rule in active if implements(rule, "check_document")]
        wanted = {path: key for path, key in self.documents.keys.items() if scope is None or path in scope}
        judged = self.judged_documents.judged(
            wanted, [rule.code for rule in rules], lambda: self._documents(list(wanted), rules)
        )
        records = [each.record for each in judged]
        closings = [
            self.governance.close(
                path := each.record.path, [*self.on_documents.pop(path, ()), *each.findings], each.suppressions
            )
            for each in judged
        ]
        closings += [self.governance.close(path, left) for path, left in self.on_documents.items()]
        if closings:
            yield encode_chunk(msgspec.msgpack.Encoder(), [], closings, records)

    def _is_unread_test(self, path: str) -> bool:
        """Whether a file that could not be read is a test file; one that was deleted is none any more."""
        gone = self.session.tree.missing[path] == _GONE
        return path.endswith(".py") and not gone and self.project.is_test_file(path)

    def _documents(self, paths: list[str], rules: list[Rule]) -> tuple[list[JudgedDocument], bool]:
        """The judgements of these files, in order; and whether the facts of any other were asked for."""
        looked_at = self.index.track()
        found: list[JudgedDocument] = []
        for path, reading in self.documents.read(paths, told=self.progress):
            view = DocumentView(path, reading, reader_of(path), self.project)
            passed = [(each.site.line, each.reason) for each in reading.passed_over]
            record = DocumentRecord(path, len(reading.commands), passed, count_document(view))
            found.append(JudgedDocument(record, judge_document(view, rules), reading.suppressions))
        return found, any(not path.startswith("\0") for path in looked_at)

    def _header(self, *, quotes_history: bool) -> Header:
        session, tree = self.session, self.session.tree
        keys = Counter(key for key in self.listing.live.values() if key)
        return Header(
            target_python=f"{session.target[0]}.{session.target[1]}",
            ruleset=session.catalogue.ruleset,
            shadows={legible(folder): count for folder, count in self.listing.shadow_files.items()},
            missing={legible(path): reason for path, reason in sorted(tree.missing.items())},
            unread_tests=[legible(path) for path in sorted(tree.missing) if self._is_unread_test(path)],
            duplicates=sum(count - 1 for key, count in keys.items() if key != _EMPTY_KEY),
            quotes_history=quotes_history,
            own_rules={code: _rule_record(rule, session.preview) for code, rule in session.catalogue.own.items()},
            holds=self.governance.holds(),
            base=self.governance.base,
            **circumstances(session),
        )


_GONE = os.strerror(errno.ENOENT).lower()
_EMPTY_KEY = blob_key(b"")


def _open_mentions(session: Session, listing: Listing) -> "Mentions | None":
    """What reads the uses of names, where some rule asks for them."""
    if not session.catalogue.wanted:
        return None
    from canonry.audit.mentions import Mentions

    return Mentions(session, listing)


def _marked(file: FileView) -> tuple[str, ...]:
    """The categories to which the marks in a test file belong."""
    asked = file.is_test_file and any(each.markers for each in file.project.canon.categories.values())
    return file.project.categories_of_marks(marks_of(file.facts)) if asked else ()


def _rule_record(rule: Rule, preview: frozenset[str]) -> RuleRecord:
    summary = " ".join((rule.__doc__ or "").strip().partition("\n\n")[0].split())
    judged = not rule.preview or rule.code in preview
    return RuleRecord(rule.name, rule.severity, summary, rule.help, rule.confidence, rule.preview, judged)


def _record(file: FileView) -> FileRecord:
    tests = file.tests if file.facts.broken is None else []
    return FileRecord(
        file.path,
        file.is_test_file,
        file.facts.broken is not None,
        len(tests),
        sum(fact.is_async for fact in tests),
        count_facts(file) if file.facts.broken is None else {},
        _marked(file),
    )
