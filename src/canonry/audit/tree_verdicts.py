"""What rules said of a tree as a whole, kept while nothing changes that they looked at.

A rule that names what it `looks_at` depends on that, on the facts that the index read for it, and on the context of all
judgements (canon, rules, names of files). Rules that name nothing run each time. What only moves in its file is no
other inventory: the places in an answer are those of now.
"""

import contextlib
import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from canonry.audit.digests import FactDigests
from canonry.audit.verdicts import Verdicts
from canonry.model.finding import Related
from canonry.rules.rule import LooksAt, Offence, Rule
from canonry.rules.view import TreeView
from canonry.source.clones.cluster import Importers
from canonry.source.facts import Site
from canonry.source.index import Index

_ROW, _IMPORTERS = -1, -2
"""The numbers of the rows beside those of the files."""


class TreeVerdict(msgspec.Struct, frozen=True, array_like=True):
    """What one rule said. ``seen`` is a digest of what it looks at by declaration.

    ``looked_at`` are the numbers of the files whose facts the index read for it, as four-byte integers; ``seal`` is a
    digest of what it reads of them. ``places`` are those that the inventory had in the files that the answer names.
    """

    seen: bytes
    looked_at: bytes
    seal: bytes
    offences: list[Offence]
    places: dict[str, bytes] = {}


class KeptImporters(msgspec.Struct, frozen=True, array_like=True):
    """How many files import the modules and names of clones; ``seen`` is a digest of what was asked."""

    seen: bytes
    looked_at: bytes
    seal: bytes
    modules: dict[str, int]
    names: list[tuple[str, str, int]]


class TreeVerdicts:
    """The kept answers of the rules about one tree.

    ``functions`` gives a digest of all functions, empty where there is none; ``said`` is what the answers depend on
    beyond the context of the verdicts.
    """

    def __init__(
        self, verdicts: Verdicts, digests: FactDigests, index: Index, *, functions: Callable[[], bytes], said: str
    ) -> None:
        self._verdicts = verdicts
        self._digests = digests
        self._index = index
        self._functions = functions
        self._said = said.encode("utf-8", "surrogateescape")
        self._kept = _decoded(verdicts.row(_ROW))
        self._fresh: dict[str, TreeVerdict] = {}
        self._importers = _importers_in(verdicts.row(_IMPORTERS))
        self._counted = False
        self._looked_at: set[str] = set()

    def offences(self, rule: Rule, tree: TreeView) -> Iterable[Offence]:
        """What a rule says of the tree: what it said before where that still holds."""
        if not rule.looks_at or not self._verdicts.keeps:
            return rule.check_tree(tree)
        kept = self._kept.get(rule.code)
        if kept is not None and kept.seen == self._seen(rule.looks_at) and kept.seal == self._seal(kept.looked_at):
            placed = self._placed(kept)
            if placed is not None:
                return placed
        looked_at = self._looked_at = self._index.track()
        found = list(rule.check_tree(tree))
        numbers = array("I", sorted(self._verdicts.numbers(looked_at))).tobytes()
        seen, seal = self._seen(rule.looks_at), self._seal(numbers)
        if seen and seal:
            self._fresh[rule.code] = TreeVerdict(
                seen, numbers, seal, found, self._places(found) if rule.looks_at == "inventory" else {}
            )
        return found

    def importers(self, asked: bytes, count: Callable[[], Importers]) -> Importers:
        """Who imports the clones: as counted before where the same is asked and the index would read the same."""
        seen = hashlib.blake2b(asked, digest_size=16).digest()
        kept = self._importers
        if kept is not None and kept.seen == seen and kept.seal == self._seal(kept.looked_at):
            self._looked_at.update(self._verdicts.paths(kept.looked_at))
            return Importers(kept.modules, {(path, name): number for path, name, number in kept.names})
        looked_at = self._index.track()
        found = count()
        self._looked_at |= looked_at
        self._index.track(self._looked_at)
        numbers = array("I", sorted(self._verdicts.numbers(looked_at))).tobytes()
        if seal := self._seal(numbers):
            names = [(path, name, number) for (path, name), number in found.names.items()]
            self._importers = KeptImporters(seen, numbers, seal, dict(found.modules), names)
            self._counted = True
        return found

    def store(self) -> None:
        """Hands over what is new; it is written with the judgements of files."""
        rows: list[tuple[int, object]] = [(_ROW, self._kept | self._fresh)] if self._fresh else []
        if self._counted:
            rows.append((_IMPORTERS, self._importers))
        for number, row in rows:
            with contextlib.suppress(UnicodeEncodeError):  # a file name that is no UTF-8
                self._verdicts.keep_row(number, msgspec.msgpack.encode(row))

    def _seen(self, looks_at: LooksAt) -> bytes:
        digest = hashlib.blake2b(self._said, digest_size=16)
        if looks_at == "functions":
            functions = self._functions()
            digest.update(functions)
            return digest.digest() if functions else b""
        found = self._digests.of_tree()
        if found is None:
            return b""
        digest.update(b"".join([each.inventory for each in found.values()]))
        return digest.digest()

    def _places(self, offences: Iterable[Offence]) -> dict[str, bytes]:
        digests = self._digests.of_tree() or {}
        named = {path for each in offences for path in (each.path or "", *(other.path for other in each.related))}
        return {path: digests[path].places for path in sorted(named & digests.keys())}

    def _placed(self, kept: TreeVerdict) -> list[Offence] | None:
        """The offences of a kept answer where they stand now; None where one is at no place of the inventory."""
        digests = self._digests.of_tree() or {}
        moves = {
            path: _Move(before, now) for path, before in kept.places.items() if (now := digests[path].places) != before
        }
        if not moves:
            return kept.offences
        try:
            return [_moved(offence, moves) for offence in kept.offences]
        except KeyError:
            return None

    def _seal(self, looked_at: bytes) -> bytes:
        """A digest of what the index reads of these files, empty where some are unknown."""
        found = self._digests.of_tree()
        if found is None:
            return b""
        bases = [each.basis for each in found.values()]
        numbers = array("I")
        try:
            numbers.frombytes(looked_at)
            return hashlib.blake2b(b"".join([bases[number] for number in numbers]), digest_size=16).digest()
        except (IndexError, ValueError):
            return b""


class _Move:
    """Where the things of one file stood before, and where they stand now."""

    def __init__(self, before: bytes, now: bytes) -> None:
        pairs = list(zip(_fours(before), _fours(now), strict=True))
        self._whole = dict(pairs)
        self._starts = {old[:2]: new[:2] for old, new in pairs}

    def site(self, site: Site) -> Site:
        line, column, end_line, end_column = self._whole[site.line, site.column, site.end_line, site.end_column]
        return Site(line, column, end_line, end_column, site.snippet, site.symbol)

    def related(self, place: Related) -> Related:
        line, column = self._starts[place.line, place.column]
        return msgspec.structs.replace(place, line=line, column=column)


def _fours(packed: bytes) -> Iterator[tuple[int, ...]]:
    numbers = iter(array("I", packed))
    return zip(numbers, numbers, numbers, numbers, strict=True)


def _moved(offence: Offence, moves: Mapping[str, _Move]) -> Offence:
    """The offence at the places of now. Raises `KeyError` where one of its places is none that is known."""
    move = moves.get(offence.path or "")
    related = tuple(moves[each.path].related(each) if each.path in moves else each for each in offence.related)
    if move is None and related == offence.related:
        return offence
    return msgspec.structs.replace(offence, site=move.site(offence.site) if move else offence.site, related=related)


def _decoded(data: bytes | None) -> dict[str, TreeVerdict]:
    if data is None:
        return {}
    try:
        return msgspec.msgpack.decode(data, type=dict[str, TreeVerdict])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def _importers_in(data: bytes | None) -> KeptImporters | None:
    if data is None:
        return None
    try:
        return msgspec.msgpack.decode(data, type=KeptImporters)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
