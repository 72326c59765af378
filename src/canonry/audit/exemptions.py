"""Exemptions against those of a commit before: which are new, where in total more is exempt than was.

What costs something is asked last: contents of the commit before are read only where a file with suppressions differs
from it, and then only those of files that differ.
"""

import datetime as dt
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from canonry.audit.listing import Listing
from canonry.audit.session import Session
from canonry.canon.load import CanonError, LoadedCanon, load_canon
from canonry.rules.catalogue import Catalogue, line_in
from canonry.rules.view import Growth
from canonry.source.documents.readers.registry import read_document, reader_of
from canonry.source.documents.reading import Reading
from canonry.source.facts import Site, Suppression
from canonry.source.suppressions import MARK, suppressions_of_python
from canonry.source.syntax.text import EncodingError, SourceText, decode_source
from canonry.source.trees.git import BlobReader, split_records

if TYPE_CHECKING:
    from canonry.canon.rule_options import PathSuppression

Exempt = tuple[str, str]
"""A code, and what of it is exempt: ``statement`` or ``file``."""
ByPath = Mapping[str, tuple[Suppression, ...]]


def base_of(session: Session) -> str:
    """The commit with which exemptions are compared, empty where there is none.

    HEAD where something is not yet committed, else the first parent, or the one that was asked for.
    """
    tree = session.tree
    if session.base or tree.git is None or tree.commit is None:
        return session.base
    if tree.kind in ("worktree", "index"):
        changed = tree.dirty or tree.git.output("diff-index", "--cached", "--name-only", "-z", "HEAD", check=False)
        if changed:
            return tree.commit
    return tree.git.output("rev-parse", "--verify", "--quiet", f"{tree.commit}^1", check=False).decode().strip()


def growths(
    session: Session, listing: Listing, now: ByPath, catalogue: Catalogue, base: str, *, dates: set[str]
) -> Iterator[Growth]:
    """The exemptions that the base did not have, where in total more is exempt; in order of path and place.

    ``now`` are the well-formed suppressions of the files of the tree. What has expired by today exempts nothing, now or
    at the base; the last days of those at the base are added to ``dates``.
    """
    if session.tree.git is None or not base:
        return
    reader = BlobReader(session.tree.git)
    try:
        found = [*_in_files(session, listing, now, catalogue, base, reader, dates)]
        if session.canon_of_tree:
            found += _in_canon(session, listing, catalogue, base, reader, dates)
    finally:
        reader.close()
    yield from sorted(found, key=lambda each: (each.path, each.site.line, each.site.column))


# comments ------------------------------------------------------------------------------------------------------------


def _in_files(
    session: Session,
    listing: Listing,
    now: ByPath,
    catalogue: Catalogue,
    base: str,
    reader: BlobReader,
    dates: set[str],
) -> Iterator[Growth]:
    keys = {path: key.hex() for path, key in (*listing.live.items(), *listing.documents.items()) if key}
    there = _listed(session, base, sorted(now))
    today = session.today.isoformat()
    changed = {path: _holding(found, today) for path, found in now.items() if there.get(path) != keys.get(path)}
    new = {path: found for path, found in changed.items() if found}
    if not new:
        return
    counted = _counted(session, listing)
    before: dict[str, tuple[Suppression, ...]] = {}
    for path, blob in _listed(session, base, ()).items():
        if keys.get(path) != blob and counted(path):
            content = reader.read(blob)
            if content is not None and MARK in content and (found := _suppressions(path, content)):
                dates.update(each.until for each in found)
                before[path] = _holding(found, today)
    totals_before, totals = _totals(before, {}, catalogue), _totals(new, before, catalogue)
    grown = {
        exempt: (totals_before[exempt], count) for exempt, count in totals.items() if count > totals_before[exempt]
    }
    if not grown:
        return
    told: set[tuple[str, Exempt]] = set()
    for path, suppression in sorted(_unmatched(new, before), key=lambda pair: (pair[0], pair[1].site.line)):
        said = tuple(_said(path, suppression, grown, catalogue, told))
        if said:
            yield Growth(path, suppression.site, said, f"`{base[:10]}`")


def _holding(suppressions: tuple[Suppression, ...], today: str) -> tuple[Suppression, ...]:
    """Those that have not expired."""
    return tuple(each for each in suppressions if not each.until or each.until >= today)


def _listed(session: Session, base: str, paths: Iterable[str]) -> dict[str, str]:
    """The blob ids of these paths in a commit, or of all; links and submodules left out."""
    assert session.tree.git is not None
    wanted = list(paths)
    parts = [wanted[start : start + 400] for start in range(0, len(wanted), 400)] or [[]]
    found: dict[str, str] = {}
    for part in parts:
        options = ("--", *part) if part else ("-r",)
        output = session.tree.git.output("ls-tree", "-z", "--full-tree", base, *options, check=False)
        for record in split_records(output):
            meta, _, name = record.partition(b"\t")
            mode, _, blob = meta.split(b" ")
            if mode.startswith(b"100"):
                found[os.fsdecode(name)] = blob.decode()
    return found


def _counted(session: Session, listing: Listing) -> Callable[[str], bool]:
    """Whether a path of the commit before counts: what the tree leaves out by name counts in neither."""
    folders = tuple(f"{shadow.folder}/" for shadow in listing.shadows)
    excluded = None
    if session.loaded.canon.exclude:
        from pathspec import PathSpec

        excluded = PathSpec.from_lines("gitignore", session.loaded.canon.exclude)

    def counted(path: str) -> bool:
        known = path.endswith(".py") or bool(reader_of(path))
        return known and not path.startswith(folders) and not (excluded is not None and excluded.match_file(path))

    return counted


def _suppressions(path: str, content: bytes) -> tuple[Suppression, ...]:
    if path.endswith(".py"):
        try:
            found = suppressions_of_python(SourceText(decode_source(content.replace(b"\0", b" "))))
        except EncodingError:
            found = suppressions_of_python(SourceText(content.decode("latin-1").encode()))
    else:
        reading: Reading = read_document(reader_of(path), content)
        found = reading.suppressions
    return tuple(each for each in found if not each.problems)


def _totals(suppressions: ByPath, before: ByPath, catalogue: Catalogue) -> Counter[Exempt]:
    """How much is exempt. A statement in a file that was exempt as a whole before is no new one."""
    totals: Counter[Exempt] = Counter()
    for path, found in suppressions.items():
        whole = {code for each in before.get(path, ()) if each.whole_file for code in _codes(each, catalogue)}
        files = {code for each in found if each.whole_file for code in _codes(each, catalogue)}
        totals.update((code, "file") for code in files)
        for each in found:
            if not each.whole_file:
                totals.update((code, "statement") for code in _codes(each, catalogue) - whole)
    return totals


def _codes(suppression: Suppression, catalogue: Catalogue) -> frozenset[str]:
    return frozenset().union(*(catalogue.codes(word) for word in suppression.codes))


def _unmatched(new: ByPath, before: ByPath) -> list[tuple[str, Suppression]]:
    """The suppressions that no other one before explains: the same one, then one of the same rules."""
    left = [(path, each) for path, found in new.items() for each in found]
    olds = [(path, each) for path, found in before.items() for each in found]
    for identity in (_same_here, _same, _same_rules):
        stock = Counter(identity(path, each) for path, each in olds)
        matched: Counter[tuple[object, ...]] = Counter()
        rest: list[tuple[str, Suppression]] = []
        for path, each in left:
            key = identity(path, each)
            if stock[key]:
                stock[key] -= 1
                matched[key] += 1
            else:
                rest.append((path, each))
        remaining: list[tuple[str, Suppression]] = []
        for path, each in olds:
            key = identity(path, each)
            if matched[key]:
                matched[key] -= 1
            else:
                remaining.append((path, each))
        left, olds = rest, remaining
    return left


def _same_here(path: str, each: Suppression) -> tuple[object, ...]:
    return path, each.codes, each.whole_file, each.reason


def _same(_path: str, each: Suppression) -> tuple[object, ...]:
    return each.codes, each.whole_file, each.reason


def _same_rules(_path: str, each: Suppression) -> tuple[object, ...]:
    return tuple(sorted(each.codes)), each.whole_file


def _said(
    path: str,
    suppression: Suppression,
    grown: Mapping[Exempt, tuple[int, int]],
    catalogue: Catalogue,
    told: set[tuple[str, Exempt]],
) -> Iterator[tuple[str, str]]:
    """How much each word of a suppression adds, but for rules of which its file told already."""
    unit = "file" if suppression.whole_file else "statement"
    for word in suppression.codes:
        found = {code: grown[code, unit] for code in sorted(catalogue.codes(word)) if (code, unit) in grown}
        found = {code: pair for code, pair in found.items() if (path, (code, unit)) not in told}
        told.update((path, (code, unit)) for code in found)
        if found:
            yield word, _phrase(found, word, "whole file" if suppression.whole_file else "statement")


def _phrase(found: Mapping[str, tuple[int, int]], word: str, noun: str) -> str:
    """The count of the rule that grew most, now and before; which one it is where the word means several."""
    code, (before, now) = max(found.items(), key=lambda each: each[1][1] - each[1][0])
    rule = f"`{code}`" if word.upper() == code else f"`{code}` (as part of `{word}`)"
    return f"{_files(now, noun)} from {rule}, {_were(before)}"


def _files(count: int, noun: str = "file") -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _were(count: int) -> str:
    return f"there {'was' if count == 1 else 'were'} {count:,}"


# the canon -----------------------------------------------------------------------------------------------------------


def _in_canon(
    session: Session, listing: Listing, catalogue: Catalogue, base: str, reader: BlobReader, dates: set[str]
) -> Iterator[Growth]:
    loaded, today = session.loaded, session.today
    canon = loaded.canon
    if loaded.file is None or not (canon.exclude or canon.suppressions):
        return
    try:
        old = load_canon(lambda path: reader.read(f"{base}:{path}"))
    except CanonError:
        return  # a canon that did not load exempted nothing that anybody could count
    if not old.declared:
        return
    name = f"`{base[:10]}`"
    if canon.exclude != old.canon.exclude:
        before, now = (_matched(patterns, listing.known) for patterns in (old.canon.exclude, canon.exclude))
        if len(now) > len(before):
            number = next((n for n, each in enumerate(canon.exclude) if each not in old.canon.exclude), 0)
            site = _site(line_in(loaded, ("exclude", number)))
            said = f"{_files(len(now))} by `exclude`, {_were(len(before))}"
            yield Growth(loaded.file, site, (("exclude", said),), name, by_canon=True)
    yield from _entries_grown(loaded, old.canon.suppressions, today, listing, catalogue, name, dates)


def _entries_grown(
    loaded: LoadedCanon,
    old: "list[PathSuppression]",
    today: dt.date,
    listing: Listing,
    catalogue: Catalogue,
    name: str,
    dates: set[str],
) -> Iterator[Growth]:
    entries = loaded.canon.suppressions
    if loaded.file is None or entries == old:
        return
    dates.update(each.until.isoformat() for each in old if each.until)
    old, holding = ([each for each in side if not each.until or each.until >= today] for side in (old, entries))
    live = (*listing.live, *listing.documents)
    before_paths, now_paths = (_exempt_paths(side, live, catalogue) for side in (old, holding))
    grown = {code: (len(before_paths.get(code, ())), len(paths)) for code, paths in now_paths.items()}
    grown = {code: (before, now) for code, (before, now) in grown.items() if now > before}
    for number, entry in enumerate(entries):
        known = any(entry.rules == each.rules and entry.paths == each.paths for each in old)
        if known or (entry.until and entry.until < today):
            continue
        said = []
        for word in entry.rules:
            found = {code: grown[code] for code in sorted(catalogue.codes(word)) if code in grown}
            if found:
                said.append((word, _phrase(found, word, "file")))
        if said:
            site = _site(line_in(loaded, ("suppressions", number)))
            yield Growth(loaded.file, site, tuple(said), name, by_canon=True)


def _matched(patterns: list[str], paths: Iterable[str]) -> set[str]:
    if not patterns:
        return set()
    from pathspec import PathSpec

    return set(PathSpec.from_lines("gitignore", patterns).match_files(paths))


def _exempt_paths(
    entries: "list[PathSuppression]", paths: tuple[str, ...], catalogue: Catalogue
) -> dict[str, set[str]]:
    """The paths that the entries of a canon cover, by code."""
    found: dict[str, set[str]] = {}
    for entry in entries:
        covered = _matched(entry.paths, paths)
        for code in frozenset().union(*(catalogue.codes(word) for word in entry.rules)):
            found.setdefault(code, set()).update(covered)
    return found


def _site(line: int) -> Site:
    return Site(line, 1, line, 1, 0, "<file>")
