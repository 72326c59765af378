"""What rules said of a tree as a whole, kept while nothing changes that they looked at.

A rule that names what it `looks_at` depends on that, on the facts that the index read for it, and on the context of all
judgements (canon, rules, names of files). Rules that name nothing run each time.
"""

import hashlib
from array import array
from collections.abc import Callable, Iterable

import msgspec

from canonry.audit.digests import FactDigests
from canonry.audit.verdicts import Verdicts
from canonry.rules.rule import LooksAt, Offence, Rule
from canonry.rules.view import TreeView
from canonry.source.index import Index

_ROW = -1
"""The number of the row beside those of the files."""


class TreeVerdict(msgspec.Struct, frozen=True, array_like=True):
    """What one rule said. ``seen`` is a digest of what it looks at by declaration.

    ``looked_at`` are the numbers of the files whose facts the index read for it, as four-byte integers; ``seal`` is a
    digest of these facts.
    """

    seen: bytes
    looked_at: bytes
    seal: bytes
    offences: list[Offence]


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

    def offences(self, rule: Rule, tree: TreeView) -> Iterable[Offence]:
        """What a rule says of the tree: what it said before where that still holds."""
        if not rule.looks_at or not self._verdicts.keeps:
            return rule.check_tree(tree)
        kept = self._kept.get(rule.code)
        if kept is not None and kept.seen == self._seen(rule.looks_at) and kept.seal == self._seal(kept.looked_at):
            return kept.offences
        looked_at = self._index.track()
        found = list(rule.check_tree(tree))
        numbers = array("I", sorted(self._verdicts.numbers(looked_at))).tobytes()
        seen, seal = self._seen(rule.looks_at), self._seal(numbers)
        if seen and seal:
            self._fresh[rule.code] = TreeVerdict(seen, numbers, seal, found)
        return found

    def store(self) -> None:
        """Hands over what is new; it is written with the judgements of files."""
        if self._fresh:
            try:
                self._verdicts.keep_row(_ROW, msgspec.msgpack.encode(self._kept | self._fresh))
            except UnicodeEncodeError:  # a file name that is no UTF-8
                return

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

    def _seal(self, looked_at: bytes) -> bytes:
        """A digest of the facts of these files, empty where some are unknown."""
        found = self._digests.of_tree()
        if found is None:
            return b""
        facts = [each.facts for each in found.values()]
        numbers = array("I")
        try:
            numbers.frombytes(looked_at)
            return hashlib.blake2b(b"".join([facts[number] for number in numbers]), digest_size=16).digest()
        except (IndexError, ValueError):
            return b""


def _decoded(data: bytes | None) -> dict[str, TreeVerdict]:
    if data is None:
        return {}
    try:
        return msgspec.msgpack.decode(data, type=dict[str, TreeVerdict])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
