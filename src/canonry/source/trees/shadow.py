"""Shadow trees: folders that copy live code. Found by name, or by mirroring live paths and contents (rule DUP005)."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from canonry.source.trees.git import Git, split_records

_DATE = re.compile(r"(?<!\d)(?:19|20)\d{2}([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)")
_MIRRORED = 0.8
_EQUAL = 0.5
_LEAST_FILES = 3
_COMMON = 12
_TRIVIAL = frozenset(("__init__.py", "conftest.py", "setup.py", "__main__.py"))
_WHOLE_WORD_BELOW = 5


class Shadow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One shadow tree: ``reason`` is ``name`` or ``mirror``; for a mirror, of what, and how much of it."""

    folder: str
    reason: str
    files: int
    mirrors: str = ""
    mirrored: int = 0
    equal: int = 0
    since: str = ""


class Candidate(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A folder most of whose files stand under a shorter prefix too."""

    folder: str
    original: str


def shadow_name(name: str, words: Iterable[str]) -> bool:
    """Whether a folder name holds one of the words, or a date; short words (``old``) count only as whole words."""
    if _DATE.search(name):
        return True
    lowered = name.lower()
    for word in words:
        if len(word) < _WHOLE_WORD_BELOW:
            if re.search(rf"(?<![a-z]){re.escape(word.lower())}(?![a-z])", lowered):
                return True
        elif word.lower() in lowered:
            return True
    return False


def named_shadows(paths: Iterable[str], words: Sequence[str]) -> list[Shadow]:
    """The topmost folders whose name says that they are copies; ``files`` counts the Python files inside."""
    verdicts: dict[str, bool] = {}
    tops: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for path in paths:
        folder = path.rpartition("/")[0]
        top = tops.get(folder)
        if top is None:
            top = tops[folder] = _topmost(folder, words, verdicts)
        if top:
            counts[top] += path.endswith(".py")
    return [Shadow(folder, "name", count) for folder, count in sorted(counts.items())]


def _topmost(folder: str, words: Sequence[str], verdicts: dict[str, bool]) -> str:
    parts = folder.split("/") if folder else []
    for index, part in enumerate(parts):
        if part not in verdicts:
            verdicts[part] = shadow_name(part, words)
        if verdicts[part]:
            return "/".join(parts[: index + 1])
    return ""


def mirror_candidates(paths: Iterable[str]) -> list[Candidate]:
    """Folders that mirror paths under a shorter prefix, judged by the paths alone; enclosing folders come first."""
    by_name: dict[str, list[list[str]]] = defaultdict(list)
    present: set[str] = set()
    for path in paths:
        present.add(path)
        parts = path.split("/")
        if parts[-1] not in _TRIVIAL:
            by_name[parts[-1]].append(parts)
    votes: dict[tuple[str, str], set[str]] = defaultdict(set)
    voters: Counter[str] = Counter()
    for same in by_name.values():
        if len(same) > _COMMON:
            continue
        for parts in same:
            for depth in range(1, len(parts)):
                voters["/".join(parts[:depth])] += 1
        if len(same) > 1:
            for left in same:
                for right in same:
                    if len(left) > len(right):
                        for pair in _splits(left, right):
                            votes[pair].add("/".join(left))
    found = [
        Candidate(folder, original)
        for (folder, original), files in votes.items()
        if folder and len(files) >= _LEAST_FILES and len(files) >= _MIRRORED * voters[folder]
    ]
    return sorted(
        (each for each in found if _share(each.folder, each.original, present) >= _MIRRORED),
        key=lambda candidate: (candidate.folder, candidate.original),
    )


def _splits(longer: list[str], shorter: list[str]) -> Iterator[tuple[str, str]]:
    """The pairs of folders under which both paths go on alike."""
    same = 0
    while same < len(shorter) and longer[-1 - same] == shorter[-1 - same]:
        same += 1
        yield "/".join(longer[:-same]), "/".join(shorter[:-same])


def _share(folder: str, original: str, present: set[str]) -> float:
    prefix = folder + "/"
    base = f"{original}/" if original else ""
    inside = [path for path in present if path.startswith(prefix)]
    mirrored = sum(
        base + path[len(prefix) :] in present and not (base + path[len(prefix) :]).startswith(prefix) for path in inside
    )
    return mirrored / len(inside) if inside else 0.0


def mirror_shadows(
    candidates: Iterable[Candidate],
    keys: Mapping[str, bytes | None],
    equal_when_added: Callable[[Candidate], tuple[str, int]],
) -> list[Shadow]:
    """The candidates at least half of whose files equal what they mirror, now or when the folder was added.

    ``equal_when_added`` gives the commit that added a folder and how many of its files equalled what they mirror
    there; it is asked only where the present contents do not decide.
    """
    found: list[Shadow] = []
    for candidate in candidates:
        if any(_inside(candidate.folder, shadow.folder) for shadow in found):
            continue
        files, mirrored, equal = _compare(candidate, keys)
        since = ""
        if equal < _EQUAL * files:
            since, then = equal_when_added(candidate)
            equal = max(equal, then)
        if files and mirrored >= _LEAST_FILES and equal >= _EQUAL * files:
            found.append(Shadow(candidate.folder, "mirror", files, candidate.original or ".", mirrored, equal, since))
    return found


def _inside(folder: str, other: str) -> bool:
    return folder == other or folder.startswith(other + "/")


def _compare(candidate: Candidate, keys: Mapping[str, bytes | None]) -> tuple[int, int, int]:
    prefix = candidate.folder + "/"
    base = f"{candidate.original}/" if candidate.original else ""
    files = mirrored = equal = 0
    for path, key in keys.items():
        if path.startswith(prefix):
            files += 1
            other = base + path[len(prefix) :]
            if other in keys and not other.startswith(prefix):
                mirrored += 1
                equal += keys[other] == key
    return files, mirrored, equal


def equal_when_added(candidate: Candidate, git: Git, commit: str) -> tuple[str, int]:
    """The commit that added the folder, and how many of its files equalled what they mirror there."""
    log = git.output(
        "log", "--diff-filter=A", "--format=%H", commit, "--", f":(literal,top){candidate.folder}/", check=False
    ).split()
    if not log:
        return "", 0
    added = log[-1].decode()
    listing: dict[str, bytes] = {}
    for record in split_records(git.output("ls-tree", "-r", "-z", "--full-tree", added, check=False)):
        if record.endswith(b".py"):
            meta, _, name = record.partition(b"\t")
            listing[os.fsdecode(name)] = meta.split(b" ")[2]
    _, _, equal = _compare(candidate, listing)
    return added, equal
