"""Suppressions over a whole audit: closes the findings of each path, then judges the exemptions themselves."""

import hashlib
from collections.abc import Sequence

import msgspec

from canonry.audit.chunks import legible_finding
from canonry.audit.closing import Closing, close_findings, entry_findings, terms_of
from canonry.audit.judge import findings_of
from canonry.audit.listing import Listing
from canonry.audit.result import Chunk, Header, chunk_of
from canonry.audit.session import Session
from canonry.model.finding import Finding
from canonry.rules.rule import Offence, Rule, implements
from canonry.source.facts import Suppression


class Governance:
    """The suppressions of one audit. ``base`` is the commit compared with, None where nothing is exempt."""

    def __init__(self, session: Session, listing: Listing) -> None:
        self.base: str | None = None
        self._session = session
        self._listing = listing
        self._active = session.catalogue.active(session.preview)
        self._terms = terms_of(
            session.loaded, session.catalogue, self._active, session.today, complete=session.complete
        )
        self._found: dict[str, tuple[Suppression, ...]] = {}
        self._used: set[tuple[int, str]] = set()
        self._dates: set[str] = set()  # last days of suppressions at the base

    def close(
        self, path: str, findings: list[Finding], suppressions: Sequence[Suppression] = (), *, broken: bool = False
    ) -> Closing:
        """What becomes of all findings of a path; a path is asked about once."""
        closing = close_findings(path, findings, suppressions, self._terms, broken=broken)
        if suppressions:
            self._found[path] = tuple(suppressions)
        if closing.used:
            self._used |= closing.used
        return closing

    def note_day(self, last: str) -> None:
        """Notes the last day (ISO) on which something in the tree may be there; empty where none is named."""
        self._dates.add(last)

    def finish(self, chunks: list[bytes]) -> list[bytes]:
        """The chunks with the findings about the canon's suppressions and about exemptions that grew."""
        loaded = self._session.loaded
        extra: list[Finding] = []
        if self._terms.entries and loaded.file is not None:
            used = frozenset(self._used)
            extra += entry_findings(self._terms, used, loaded.file, complete=self._session.complete)
        extra += self._growth()
        return _inserted(chunks, list(map(legible_finding, extra))) if extra else chunks

    def holds(self) -> tuple[str, str]:
        """The last day before, and the last day, on which the answer holds; empty where no date limits it."""
        dates = {each.until for found in self._found.values() for each in found}
        dates |= self._dates | {entry.suppression.until for entry in self._terms.entries}
        dates.discard("")
        today = self._session.today.isoformat()
        past, ahead = [date for date in dates if date < today], [date for date in dates if date >= today]
        return max(past, default=""), min(ahead, default="")

    def _growth(self) -> list[Finding]:
        session = self._session
        canon = session.loaded.canon
        rules = [rule for rule in self._active if implements(rule, "check_growth")]
        if not session.complete or not rules or not (self._found or canon.suppressions or canon.exclude):
            return []
        from canonry.audit.exemptions import base_of, growths

        self.base = base_of(session)
        now = {
            path: kept
            for path, found in self._found.items()
            if (kept := tuple(each for each in found if not each.problems))
        }
        by_path: dict[str, list[tuple[Rule, Offence]]] = {}
        for growth in growths(session, self._listing, now, session.catalogue, self.base, dates=self._dates):
            pairs = [(rule, offence) for rule in rules for offence in rule.check_growth(growth)]
            by_path.setdefault(growth.path, []).extend(pairs)
        return [finding for path, offences in by_path.items() for finding in findings_of(offences, path)]


def still_holds(header: Header, session: Session) -> bool:
    """Whether a kept answer still holds on this day, and against the commit that exemptions are compared with."""
    before, last = header.holds
    today = session.today.isoformat()
    if (before and today <= before) or (last and today > last):
        return False
    if header.base is None:
        return True
    from canonry.audit.exemptions import base_of

    return header.base == base_of(session)


def exemptions_digest(session: Session) -> str:
    """What findings about the canon's exemptions depend on beside its values: the lines in which they stand."""
    canon, source = session.loaded.canon, session.loaded.source
    if source is None or not (canon.suppressions or canon.exclude):
        return ""
    return hashlib.sha256(source.file.encode() + b"\0" + source.contents).hexdigest()


def _inserted(chunks: list[bytes], extra: list[Finding]) -> list[bytes]:
    """The chunks with more findings, each where its file is, those of other files at the end."""
    left = {id(finding): finding for finding in extra}
    found: list[bytes] = []
    for data in chunks:
        chunk = msgspec.msgpack.decode(data, type=Chunk)
        here = {record.path for record in chunk.files} | {record.path for record in chunk.documents}
        mine = [finding for finding in left.values() if finding.path in here]
        if mine:
            for finding in mine:
                del left[id(finding)]
            findings = sorted([*chunk.findings, *mine], key=_place)
            data = msgspec.msgpack.encode(chunk_of(chunk.files, findings, chunk.documents, chunk.closed))
        found.append(data)
    if left:
        found.append(msgspec.msgpack.encode(chunk_of([], sorted(left.values(), key=_place))))
    return found


def _place(finding: Finding) -> tuple[str, int, int, str]:
    return finding.path, finding.line, finding.column, finding.code
