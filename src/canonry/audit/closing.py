"""Suppressions against findings: which they close, which stay open, and how the suppressions themselves stand."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from canonry.audit.judge import findings_of
from canonry.audit.result import Closed
from canonry.canon.load import LoadedCanon
from canonry.model.finding import Finding
from canonry.rules.catalogue import UNCLOSABLE, Catalogue, line_in
from canonry.rules.rule import Offence, Rule, implements
from canonry.rules.view import JudgedSuppression
from canonry.source.facts import Site, Suppression

if TYPE_CHECKING:
    from pathspec import PathSpec, Pattern

_OF_SUPPRESSIONS = ("GOV001", "GOV002", "GOV003")


class Entry(msgspec.Struct, frozen=True):
    """A path suppression of the canon: as a suppression of whole files, with the rules and paths that it covers."""

    suppression: Suppression
    codes: frozenset[str]
    covers: "PathSpec[Pattern]"


class Terms(msgspec.Struct, frozen=True):
    """What closing depends on beside the findings and the suppressions of a path.

    ``judged`` are the codes of the rules that did judge, ``of_broken`` those among them that read files which do not
    parse, and ``governing`` the rules that say how suppressions stand.
    """

    catalogue: Catalogue
    today: dt.date
    entries: tuple[Entry, ...]
    judged: frozenset[str]
    of_broken: frozenset[str]
    governing: tuple[Rule, ...]


class Closing(msgspec.Struct, frozen=True):
    """The findings of a path: open ones in order of place, those of `GOV001` to `GOV003` among them, and closed ones.

    ``used`` are the numbers of the canon's entries and of their words that closed something.
    """

    open: list[Finding]
    closed: list[Closed]
    used: frozenset[tuple[int, str]] = frozenset()


def terms_of(
    loaded: LoadedCanon, catalogue: Catalogue, active: Sequence[Rule], today: dt.date, *, complete: bool
) -> Terms:
    """The terms of an audit in which these rules are active; one that is not complete asks no rule of the tree."""
    entries: list[Entry] = []
    for number, option in enumerate(loaded.canon.suppressions):
        from pathspec import PathSpec

        line = line_in(loaded, ("suppressions", number))
        site = Site(line, 1, line, 1, 0, "<file>")
        until = option.until.isoformat() if option.until else ""
        said = Suppression(tuple(option.rules), until, option.owner or "", option.reason, site, True, 0, 0)
        codes = frozenset().union(*(catalogue.codes(word) for word in option.rules))
        entries.append(Entry(said, codes, PathSpec.from_lines("gitignore", option.paths)))
    judging = [rule for rule in active if (complete or not implements(rule, "check_tree")) and rule.code != UNCLOSABLE]
    return Terms(
        catalogue,
        today,
        tuple(entries),
        frozenset(rule.code for rule in judging),
        frozenset(rule.code for rule in judging if rule.reads_broken),
        tuple(rule for rule in active if implements(rule, "check_suppression")),
    )


def close_findings(
    path: str, findings: list[Finding], suppressions: Sequence[Suppression], terms: Terms, *, broken: bool = False
) -> Closing:
    """What becomes of the findings of a path. Pure: the same input gives the same answer.

    Open and closed findings together are always those that were given, and the new ones of governance. An unexpired,
    well-formed suppression closes; of several the first that covers a finding, comments before the canon. A comment
    closes no finding about itself.
    """
    if not suppressions and not (findings and terms.entries):
        return Closing(_in_order(findings), [])
    inside = any(finding.symbol == "<folder>" for finding in findings)
    place = f"{path}/_" if inside else path  # a folder is covered where what it holds is
    found = {finding.code for finding in findings} | set(_OF_SUPPRESSIONS if suppressions else ())
    entries = [
        (number, entry)
        for number, entry in enumerate(terms.entries)
        if not found.isdisjoint(entry.codes) and entry.covers.match_file(place)
    ]
    if not suppressions and not entries:
        return Closing(_in_order(findings), [])
    closer = _Closer(path, suppressions, entries, terms)
    left = closer.close(findings)
    governance = closer.govern()
    still = _in_order([*left, *closer.close(governance)])
    unused = closer.close(closer.unused(broken=broken, about_governance=False))
    unused += closer.unused(broken=broken, about_governance=True)
    if unused:
        still = _in_order([*still, *unused])
    return Closing(still, closer.closed, frozenset(closer.used_entries))


def entry_findings(terms: Terms, used: frozenset[tuple[int, str]], path: str, *, complete: bool) -> list[Finding]:
    """The findings about the canon's own path suppressions, once every file is judged; ``path`` declares them."""
    standings = []
    for number, entry in enumerate(terms.entries):
        expired = _expired(entry.suppression, terms.today)
        idle = (
            []
            if expired or not complete
            else [
                word
                for word in entry.suppression.codes
                if (number, word) not in used and _all_judged(word, terms.judged, terms)
            ]
        )
        standings.append(JudgedSuppression(entry.suppression, (), expired, tuple(idle)))
    return _governed(path, standings, terms)


class _Closer:
    """The suppressions of one path at work."""

    def __init__(
        self, path: str, suppressions: Sequence[Suppression], entries: list[tuple[int, Entry]], terms: Terms
    ) -> None:
        self.closed: list[Closed] = []
        self.used_entries: set[tuple[int, str]] = set()
        self._path = path
        self._terms = terms
        self._suppressions = suppressions
        self._problems = [self._problems_of(each) for each in suppressions]
        self._used: set[tuple[int, str]] = set()
        standing = [
            (number, each)
            for number, each in enumerate(suppressions)
            if not self._problems[number] and not _expired(each, terms.today)
        ]
        order = sorted(standing, key=lambda pair: pair[1].whole_file)
        entered = [
            (number, each.suppression) for number, each in entries if not _expired(each.suppression, terms.today)
        ]
        self._active = [(self._used, True, *pair) for pair in order] + [
            (self.used_entries, False, *pair) for pair in entered
        ]
        self._codes = {word: terms.catalogue.codes(word) for *_, each in self._active for word in each.codes}

    def close(self, findings: list[Finding]) -> list[Finding]:
        """The findings that stay open; the others are closed, and every suppression that covers one is used."""
        left: list[Finding] = []
        for finding in findings:
            first: tuple[Suppression, str] | None = None
            for used, is_comment, number, each in self._active:
                words = [word for word in each.codes if finding.code in self._codes[word]]
                if not words or not each.covers(finding.line) or (is_comment and _is_about(finding, each)):
                    continue
                used.update((number, word) for word in words)
                first = first or (each, "comment" if is_comment else "canon")
            if first is None:
                left.append(finding)
            else:
                by, origin = first
                self.closed.append(Closed(finding, by.reason, by.until, by.owner, by.site.line, origin))
        return left

    def govern(self) -> list[Finding]:
        """The findings about malformed and expired suppressions."""
        standings = [
            JudgedSuppression(
                each, self._problems[number], not self._problems[number] and _expired(each, self._terms.today), ()
            )
            for number, each in enumerate(self._suppressions)
        ]
        return _governed(self._path, standings, self._terms)

    def unused(self, *, broken: bool, about_governance: bool) -> list[Finding]:
        """The findings about entries that closed nothing: first those of other rules, then those of governance."""
        judged = self._terms.of_broken if broken else self._terms.judged
        standings = []
        for number, each in enumerate(self._suppressions):
            if self._problems[number] or _expired(each, self._terms.today):
                continue
            governs = any(self._codes[word] & set(_OF_SUPPRESSIONS) for word in each.codes)
            idle = [
                word
                for word in each.codes
                if (number, word) not in self._used and _all_judged(word, judged, self._terms)
            ]
            if idle and governs == about_governance:
                standings.append(JudgedSuppression(each, (), False, tuple(idle)))
        return _governed(self._path, standings, self._terms)

    def _problems_of(self, suppression: Suppression) -> tuple[str, ...]:
        catalogue = self._terms.catalogue
        if catalogue.left_out:
            return suppression.problems
        unknown = [word for word in suppression.codes if not catalogue.codes(word)]
        fixed = [word for word in suppression.codes if catalogue.codes(word) == {UNCLOSABLE}]
        return (
            *suppression.problems,
            *(f"`{word}` is no rule{_hint(catalogue.nearest(word))}" for word in unknown),
            *(f"`{word}` cannot be suppressed" for word in fixed),
        )


def _in_order(findings: list[Finding]) -> list[Finding]:
    """By place: those of the whole tree come before those of the file itself."""
    return sorted(findings, key=lambda each: (each.line, each.column, each.code)) if len(findings) > 1 else findings


def _hint(near: str) -> str:
    return f", did you mean `{near}`?" if near else ", `canonry explain` lists all"


def _all_judged(word: str, judged: frozenset[str], terms: Terms) -> bool:
    codes = terms.catalogue.codes(word)
    return bool(codes) and codes <= judged


def _expired(suppression: Suppression, today: dt.date) -> bool:
    return bool(suppression.until) and suppression.until < today.isoformat()


def _is_about(finding: Finding, suppression: Suppression) -> bool:
    """Whether a finding is about a comment itself."""
    site = suppression.site
    return finding.code.startswith("GOV") and (finding.line, finding.column) == (site.line, site.column)


def _governed(path: str, standings: list[JudgedSuppression], terms: Terms) -> list[Finding]:
    offences: list[tuple[Rule, Offence]] = [
        (rule, offence)
        for standing in standings
        for rule in terms.governing
        for offence in rule.check_suppression(standing)
    ]
    return findings_of(offences, path)
