"""What is about to be committed, judged file by file: the answer that a commit hook can wait for.

Only the files that the index changes are judged, as they are and as they were, over one listing of the tree: of the
others the index of names is asked, which reads a handful. What a change does to files that it does not touch, and to
the tree as a whole, the comparison of whole trees says (`canonry gate --against`).
"""

from collections.abc import Iterable, Sequence

import msgspec

from canonry.audit.closing import close_findings, terms_of
from canonry.audit.documents import origin_of
from canonry.audit.files import Files
from canonry.audit.judge import judge_document, judge_file
from canonry.audit.listing import Listing, list_files
from canonry.audit.request import Request
from canonry.audit.result import legible
from canonry.audit.session import Session, open_session
from canonry.canon.load import CanonError, load_canon
from canonry.gate.collection import SETTINGS, left_out
from canonry.gate.compare import compare
from canonry.gate.contents import exemptions_of, tests_of, violation_of
from canonry.gate.declared import canon_exemptions, canon_values, contracts_of, quarantine_of
from canonry.gate.judge import judge
from canonry.gate.kept_listing import (
    Entry,
    differing_from,
    files_from,
    is_far,
    keep_listing,
    label_of,
    listing_from,
    load_listing,
)
from canonry.gate.renamed import Bodies, Read
from canonry.gate.terms import Terms
from canonry.model.finding import Finding
from canonry.model.gate import Exemption, Judgement, KnownTest, State, Violation
from canonry.model.quarantine import FILE as QUARANTINE
from canonry.rules.rule import implements
from canonry.rules.view import DocumentView, FileView, Project
from canonry.source.cache import Cache, cache_path, variant
from canonry.source.documents.readers.registry import read_document, reader_of
from canonry.source.facts import Facts, decode_facts, encode_facts
from canonry.source.index import Index
from canonry.source.trees.git import BlobReader, Git
from canonry.source.trees.tree import Tree, blob_key

_CANON = ("canonry.toml", "pyproject.toml")


def judge_staged(request: Request, git: Git, base: str, *, paths: Sequence[str] = (), terms: Terms) -> Judgement:
    """The judgement of what the index changes against a commit; ``paths`` narrow it."""
    differing = differing_from(git, base) or []
    session, listing = _opened(request, git, base, differing)
    try:
        sides = _Sides(session, listing, git, base)
        try:
            before, now = sides.states([each for each in differing if not paths or each.path in paths])
            bodies = Bodies(sides.read_base, session.tree.read)
            changes = list(compare(before, now, bodies=bodies, least=terms.least, rules=terms.rules))
        finally:
            sides.close()
    finally:
        session.close()
    return judge(
        changes,
        head="the index",
        base=before.name,
        allowed=terms.allowed,
        commit=base,
        staged=True,
        complete=False,
    )


def _opened(request: Request, git: Git, base: str, differing: list[Entry]) -> tuple[Session, Listing]:
    """The index, opened and listed: from the listing that is kept, else whole, and then it is kept."""
    root = git.directory
    cache = Cache(cache_path(root, bare=False))
    try:
        kept = load_listing(cache)
    finally:
        cache.close()
    since = None
    if kept is not None:
        since = differing if kept.tree == base else differing_from(git, kept.tree)
    if kept is not None and since is not None and not is_far(since):
        tree = Tree("index", root, git, commit=base, files=files_from(kept, since))
        session = open_session(request, tree=tree)
        session.complete = False
        if kept.label == label_of(session):
            return session, listing_from(kept, since, session)
        session.close()
    session = open_session(request)
    session.complete = False
    listing = list_files(session)
    keep_listing(base, listing, differing, session)
    return session, listing


class _Sides:
    """Both sides of what is staged, over one listing."""

    def __init__(self, session: Session, listing: Listing, git: Git, base: str) -> None:
        self._session = session
        self._listing = listing
        self._files = Files(session, listing, origin_of(session), lambda *_: None)
        self._index = Index(listing.live, self._files.facts, pythonpath=session.settings.pythonpath)
        self._project = self._project_over(self._index)
        self._base = base
        self._before: dict[str, str] = {}
        self._reader = BlobReader(git)
        rules = session.catalogue.active(session.preview)
        self._rules = [rule for rule in rules if implements(rule, "check")]
        self._document_rules = [rule for rule in rules if implements(rule, "check_document")]
        self._terms = terms_of(session.loaded, session.catalogue, rules, session.today, complete=False)

    def close(self) -> None:
        """Ends what reading started."""
        self._reader.close()

    def read_base(self, path: str) -> bytes | None:
        """The content at a path in the base."""
        blob = self._before.get(path)
        return self._reader.read(blob) if blob else self._reader.read(f"{self._base}:{path}") if blob is None else None

    def states(self, differing: Sequence[Entry]) -> tuple[State, State]:
        """The states of these files before and now."""
        self._before = {each.path: each.before for each in differing}
        python = [each.path for each in differing if each.path.endswith(".py")]
        live = [path for path in python if path in self._listing.live]
        self._files.extract(live)
        now = dict(self._files.load(live))
        counted = self._counted(python)
        old = {path: facts for path in counted if (facts := self._facts_before(path)) is not None}
        index = self._index.overlaid({path: old.get(path) for path in python})
        project = self._project_over(index)
        documents = [each.path for each in differing if reader_of(each.path) and each.path in self._listing.documents]
        gone = [each.path for each in differing if reader_of(each.path) and each.path not in self._listing.known]
        before = self._state(f"`{self._base[:10]}`", old, project, [*documents, *gone], self.read_base)
        after = self._state("the index", now, self._project, documents, self._session.tree.read)
        return self._with_declared(before, after)

    def _counted(self, python: Iterable[str]) -> list[str]:
        """Those that are live or are gone: what ``exclude`` and shadow trees leave out counts on neither side."""
        folders = tuple(f"{shadow.folder}/" for shadow in self._listing.shadows)
        known = self._listing.known
        return [
            path
            for path in python
            if path in self._listing.live or (path not in known and not path.startswith(folders))
        ]

    def _facts_before(self, path: str) -> Facts | None:
        blob = self._before.get(path)
        content = self._reader.read(blob) if blob else None
        if content is None:
            return None
        cache, kind = self._session.cache, variant(self._session.target)
        key = blob_key(content, size=len(bytes.fromhex(blob or "")))
        for _, data in cache.load_facts((key,), kind):
            if (kept := decode_facts(data)) is not None:
                return kept
        from canonry.source.python.extract import extract

        facts = extract(content, self._session.target)
        cache.store_facts([(key, kind, encode_facts(facts))])
        return facts

    def _project_over(self, index: Index) -> Project:
        session = self._session
        return Project(
            session.loaded.canon,
            session.settings,
            index,
            target=session.target,
            paths=self._listing.known,
            today=session.today.isoformat(),
        )

    def _state(
        self, name: str, files: dict[str, Facts], project: Project, documents: Sequence[str], read: Read
    ) -> State:
        violations: list[Violation] = []
        tests: dict[str, KnownTest] = {}
        helpers: dict[str, int] = {}
        broken: dict[str, tuple[int, str]] = {}
        exemptions: list[Exemption] = []
        for path, facts in sorted(files.items()):
            shown = legible(path)
            view = FileView(path, facts, project)
            findings = judge_file(view, self._rules)
            violations += self._open(path, findings, facts, broken=facts.broken is not None)
            exemptions += exemptions_of(shown, facts.suppressions, self._session.today)
            if facts.broken is not None:
                said = next((each.message for each in findings if each.code in ("SYN001", "SYN002")), "")
                broken[shown] = (facts.broken.site.line, said or facts.broken.message)
                continue
            here, helping = tests_of(view, shown)
            tests |= here
            if helping:
                helpers[shown] = helping
        for path in documents:
            content = read(path)
            if content is not None:
                reading = read_document(reader_of(path), content)
                found = judge_document(DocumentView(path, reading, reader_of(path), project), self._document_rules)
                closing = close_findings(path, found, reading.suppressions, self._terms)
                violations += [one for each in closing.open if (one := violation_of(each)) is not None]
                exemptions += exemptions_of(legible(path), reading.suppressions, self._session.today)
        return State(
            name=name,
            violations=tuple(violations),
            tests=tests,
            helpers=helpers,
            broken=broken,
            exemptions=tuple(exemptions),
        )

    def _open(self, path: str, findings: list[Finding], facts: Facts, *, broken: bool) -> list[Violation]:
        closing = close_findings(path, findings, facts.suppressions, self._terms, broken=broken)
        return [one for each in closing.open if (one := violation_of(each)) is not None]

    def _with_declared(self, before: State, after: State) -> tuple[State, State]:
        """With what is declared, where the index changes a file that declares it."""
        session, changed = self._session, self._before.keys()
        canon = session.loaded.canon
        old = canon
        if changed & set(_CANON):
            try:
                loaded = load_canon(self.read_base)
            except CanonError:
                loaded = session.loaded
            old = loaded.canon
            exemptions = (*after.exemptions, *canon_exemptions(session, self._listing))
            after = msgspec.structs.replace(after, canon=canon_values(session.loaded), exemptions=exemptions)
            there = (*before.exemptions, *canon_exemptions(session, self._listing, canon=old))
            before = msgspec.structs.replace(before, canon=canon_values(loaded), exemptions=there)
        if changed & set(SETTINGS) or any(path.endswith("conftest.py") for path in changed):
            sides = ((before, self.read_base), (after, session.tree.read))
            before, after = (
                msgspec.structs.replace(each, exemptions=(*each.exemptions, *left_out(read, changed)))
                for each, read in sides
            )
        if QUARANTINE in changed:
            before = msgspec.structs.replace(before, quarantine=quarantine_of(self.read_base))
            after = msgspec.structs.replace(after, quarantine=quarantine_of(session.tree.read))
        held = {flow.contract for each in (old, canon) for flow in each.flows.values() if flow.contract}
        if changed & {*_CANON, *held}:
            before = msgspec.structs.replace(before, contracts=contracts_of(old, self.read_base))
            after = msgspec.structs.replace(after, contracts=contracts_of(canon, session.tree.read))
        return before, after
