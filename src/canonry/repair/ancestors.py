"""Earlier versions of files, from one walk through the history: renames, copies and merged branches followed.

The whole history without path limits costs git about as much as the same walk limited to a dozen paths, and each
further path makes the limited one dearer. So few paths are asked for by name, and many by reading everything. Renames
are looked for only in the commits that added a path: in all commits they would cost five times the walk.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from canonry.source.trees.git import Git, GitError

_FEW_PATHS = 12
_MOST_VERSIONS = 80
_MOST_NAMES = 12
_MOST_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class AncestorVersion:
    """One content that a path held: since which commit, its day (ISO 8601), under which name."""

    commit: str
    date: str
    path: str
    blob: str


@dataclass(frozen=True, slots=True)
class _Change:
    """What a commit put at a path. ``order`` counts the commits of the walk, newest first."""

    order: int
    commit: str
    date: str
    blob: str
    added: bool


def find_ancestors(git: Git, commit: str, paths: Iterable[str]) -> dict[str, tuple[AncestorVersion, ...]]:
    """The distinct contents that each path held up to a commit, newest first, the present one among them.

    Content that is not committed is no version. Renames and copies are followed to the names before them; what lies on
    merged branches counts too. At most 80 versions a path. A shallow clone ends where its history ends (see
    `is_shallow`). Raises `GitError` where the commit is unknown.
    """
    paths = list(paths)
    walk = _Walk(git, commit, paths)
    return {path: tuple(_versions(path, walk)) for path in paths}


def is_shallow(git: Git) -> bool:
    """Whether the clone lacks the history before some commits."""
    return git.output("rev-parse", "--is-shallow-repository", check=False).strip() == b"true"


class _Walk:
    """The changes of the paths asked for and of the names that they had before."""

    def __init__(self, git: Git, commit: str, paths: list[str]) -> None:
        self._git = git
        self._commit = commit
        self.changes: dict[str, list[_Change]] = {}
        self.sources: dict[tuple[str, str], list[str]] = defaultdict(list)
        """By path and the commit that added it: the names that the commit took the content from."""
        self._whole = len(paths) > _FEW_PATHS
        if self._whole:
            self.changes = _read_log(git, commit, ())
        for _ in range(_MOST_ROUNDS):
            self._read(paths)
            paths = self._find_sources(paths)
            if not paths:
                break

    def _read(self, paths: list[str]) -> None:
        missing = [path for path in paths if path not in self.changes]
        for start in range(0, 0 if self._whole else len(missing), _FEW_PATHS):
            part = missing[start : start + _FEW_PATHS]
            self.changes |= {path: [] for path in part} | _read_log(self._git, self._commit, part)

    def _find_sources(self, paths: list[str]) -> list[str]:
        """Enters what the commits that added these paths renamed or copied; returns the names not yet walked."""
        adding: dict[str, set[str]] = {}
        for path in paths:
            for change in self.changes.get(path, ()):
                if change.added:
                    adding.setdefault(change.commit, set()).add(path)
        found: dict[str, None] = {}
        for commit, added in adding.items():
            for before, after in _moves(self._git, commit):
                if after in added and before not in self.sources[after, commit]:
                    self.sources[after, commit].append(before)
                    found[before] = None
        return list(found)


def _versions(path: str, walk: _Walk) -> Iterator[AncestorVersion]:
    """The versions of a path and of the names before it, newest first, each content once."""
    found: list[tuple[int, AncestorVersion]] = []
    since = {path: -1}
    waiting = [path]
    while waiting:
        name = waiting.pop(0)
        for change in walk.changes.get(name, ()):
            if change.order <= since[name]:
                continue
            found.append((change.order, AncestorVersion(change.commit, change.date, name, change.blob)))
            for source in walk.sources.get((name, change.commit), ()):
                if source not in since and len(since) < _MOST_NAMES:
                    since[source] = change.order
                    waiting.append(source)
    seen: set[str] = set()
    for _, version in sorted(found, key=lambda item: item[0]):
        if version.blob not in seen and len(seen) < _MOST_VERSIONS:
            seen.add(version.blob)
            yield version


def _read_log(git: Git, commit: str, paths: tuple[str, ...] | list[str]) -> dict[str, list[_Change]]:
    """The changes of these paths (of all Python files where none is named), newest first; deletions are left out."""
    limit = [f":(literal,top){path}" for path in paths] or [":(top)*.py*"]
    output = git.output(
        "log", "--raw", "-z", "-c", "--full-history", "--date-order", "--no-renames", "--no-abbrev",
        "--format=%x01%H %cs", commit, "--", *limit,
    )  # fmt: skip
    changes: dict[str, list[_Change]] = {}
    for order, block in enumerate(output.split(b"\x01")[1:]):
        head, _, rest = block.partition(b"\0")
        identity, _, date = head.decode("ascii", "replace").strip().partition(" ")
        for meta, name in _records(rest):
            # one colon and one mode a parent, then the mode that the commit leaves behind; 0 is a deletion
            if meta[meta[0].count(b":")].startswith(b"100"):
                change = _Change(order, identity, date, meta[-2].decode(), meta[-1] == b"A")
                changes.setdefault(os.fsdecode(name), []).append(change)
    return changes


def _records(block: bytes) -> Iterator[tuple[list[bytes], bytes]]:
    """The fields and the name of each record of ``--raw -z``."""
    fields = iter(block.split(b"\0"))
    for field in fields:
        meta = field.lstrip(b"\n")
        if meta.startswith(b":"):
            yield meta.split(b" "), next(fields, b"")


def _moves(git: Git, commit: str) -> Iterator[tuple[str, str]]:
    """Name before and name after of what a commit renamed, or copied from a file that it changed."""
    try:
        output = git.output(
            "diff-tree", "-r", "--raw", "-z", "-M", "-C", "-l500", "--diff-filter=RC", commit, "--", ":(top)*.py*"
        )
    except GitError:
        return  # contents that the clone lacks cannot be compared
    fields = iter(output.split(b"\0"))
    for field in fields:
        if field.startswith(b":"):
            before, after = next(fields, b""), next(fields, b"")
            yield os.fsdecode(before), os.fsdecode(after)
