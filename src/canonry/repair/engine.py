"""The repair: triage, history, then every file by itself; one record and perhaps one new content per file."""

import resource
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from canonry.audit.circumstances import codeowners
from canonry.audit.damaged import Damaged, damaged_files
from canonry.audit.documents import origin_of
from canonry.audit.listing import Listing, list_files
from canonry.audit.narrowing import narrowing_of
from canonry.audit.request import Request
from canonry.audit.session import Progress, Session, open_session
from canonry.canon.options import Canon, Priority
from canonry.canon.selection import categories_of, flows_of
from canonry.model.errors import NothingValidatedError
from canonry.model.repair import FileRepair, RepairSummary
from canonry.repair.ancestors import AncestorVersion, find_ancestors, is_shallow
from canonry.repair.case import Case, Proposal
from canonry.repair.culprits import find_culprits
from canonry.repair.pool import Place, repair_all
from canonry.rules.catalogue import Catalogue
from canonry.source.syntax.versions import Version
from canonry.source.trees.tree import Key

_RANKS = {Priority.CRITICAL: 1, Priority.HIGH: 2, Priority.MEDIUM: 3, Priority.LOW: 4}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asks for beside the tree.

    ``history`` off mends by lines alone; ``limit`` bounds the files (0: all of them), the most important first;
    ``named`` lets files that are named one by one count although ``exclude`` or a shadow tree leaves them out.
    """

    history: bool = True
    limit: int = 0
    named: bool = False


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """A run's summary, and the new content of every file that has a proposal, by path."""

    summary: RepairSummary
    before: dict[str, bytes]
    """The bytes that were read of every file that has a proposal."""
    after: dict[str, bytes]
    target: Version
    root: Path
    """The top folder of the working tree, or the git directory."""
    on_disk: bool
    """Whether the files that were read are those on disk."""


def repair(request: Request, wanted: Wanted, *, progress: Progress | None = None) -> Repaired:
    """Every damaged file that the request names, with what is proposed for it. Nothing is written.

    Raises `UserError` for what the user can mend, `NothingValidatedError` where there is no Python file at all.
    """
    told = progress or _silent
    session = open_session(request, catalogue=Catalogue())  # no rule judges here, and a broken one must not stop us
    try:
        narrowing = narrowing_of(request, session.loaded.canon, lambda: codeowners(session))
        asked = {path: session.tree.files[path] for path in session.scope if path in session.tree.files}
        listing = list_files(session)
        paths = _scope(session, listing)
        if wanted.named:
            _enter_named(asked, listing, paths)
        if narrowing is not None:
            paths = [path for path in paths if narrowing.holds(path)]
        if not paths:
            raise NothingValidatedError("no Python file was found there, so nothing was looked at")
        damaged = _by_priority(damaged_files(session, listing, paths, told), session.loaded.canon)
        chosen = damaged[: wanted.limit or None]
        return _repair(session, listing, chosen, wanted, told, files=len(paths), left_out=len(damaged) - len(chosen))
    finally:
        session.close()


def _repair(
    session: Session,
    listing: Listing,
    damaged: list[Damaged],
    wanted: Wanted,
    told: Progress,
    *,
    files: int,
    left_out: int,
) -> Repaired:
    cases = _cases(session, damaged, told, history=wanted.history)
    repairs: list[FileRepair] = []
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    for done, proposal in enumerate(_proposals(session, cases, history=wanted.history), 1):
        repairs.append(proposal.record)
        if proposal.after is not None:
            before[proposal.record.path], after[proposal.record.path] = proposal.before, proposal.after
        told("repairing", done, len(cases))
    order = {each.path: number for number, each in enumerate(damaged)}
    repairs.sort(key=lambda each: order[each.path])
    tree = session.tree
    summary = RepairSummary(
        commit=tree.commit,
        dirty=tree.dirty,
        source=tree.kind,
        target_python=".".join(map(str, session.target)),
        files=files,
        repairs=tuple(repairs),
        culprits=find_culprits(tree.git, repairs) if tree.git is not None else (),
        left_out=left_out,
        notes=tuple(
            dict.fromkeys((*session.loaded.notes, *tree.notes, *session.cache.notes, *_history_notes(session, wanted)))
        ),
        cpu_seconds=_cpu_seconds(),
    )
    return Repaired(
        summary=summary, before=before, after=after, target=session.target, root=tree.root, on_disk=not tree.by_blob
    )


def _proposals(session: Session, cases: list[Case], *, history: bool) -> Iterator[Proposal]:
    git = session.tree.git
    place = Place(origin_of(session), str(git.directory) if history and git is not None else "")
    return repair_all(cases, place, session.target, workers=session.workers)


def _scope(session: Session, listing: Listing) -> list[str]:
    """The live files that the request's paths hold."""
    if not session.scope:
        return list(listing.live)
    folders = tuple(f"{path}/" for path in session.scope)
    return [path for path in listing.live if path in session.scope or path.startswith(folders)]


def _enter_named(asked: dict[str, Key | None], listing: Listing, paths: list[str]) -> None:
    """Adds the files that are named one by one and that the listing leaves out."""
    for path, key in asked.items():
        if path not in listing.live:
            listing.live[path] = key
            paths.append(path)


def _by_priority(damaged: list[Damaged], canon: Canon) -> list[Damaged]:
    """Files of flows first, then those of critical categories down to those of none; by path within each."""
    return sorted(damaged, key=lambda each: (_rank(each.path, canon), each.path))


def _rank(path: str, canon: Canon) -> int:
    if flows_of(canon, path):
        return 0
    ranks = [_RANKS[canon.categories[name].priority] for name in categories_of(canon, path)]
    return min(ranks, default=len(_RANKS) + 1)


def _priority(path: str, canon: Canon) -> str:
    """What makes a file come early, in a few words."""
    flows, categories = flows_of(canon, path), categories_of(canon, path)
    if flows:
        return f"flow {flows[0]}"
    return f"category {categories[0]}" if categories else ""


def _cases(session: Session, damaged: list[Damaged], told: Progress, *, history: bool) -> list[Case]:
    """What workers need to know of each file, its ancestors included where there is history to ask."""
    git, commit = session.tree.git, session.tree.commit
    versions: Mapping[str, tuple[AncestorVersion, ...]] = {}
    mendable = [each.path for each in damaged if not _newer(each)]
    if history and git is not None and commit is not None and mendable:
        told("asking history", 0, len(mendable))
        versions = find_ancestors(git, commit, mendable)
    canon = session.loaded.canon
    return [
        Case(
            each.path,
            each.key,
            newer=_newer(each),
            commented_out=each.broken is None,
            versions=versions.get(each.path, ()),
            priority=_priority(each.path, canon),
        )
        for each in damaged
    ]


def _newer(each: Damaged) -> str:
    """Which newer Python reads a file, or which of its constructs explain the failure; empty for damage."""
    if each.broken is None or (each.broken.kind != "newer" and not each.reader):
        return ""
    constructs = ", ".join(each.broken.constructs)
    reads = f"Python {each.reader} reads it" if each.reader else ""
    return "; ".join(part for part in (reads, constructs) if part) or "a newer Python reads it"


def _history_notes(session: Session, wanted: Wanted) -> list[str]:
    """What is to be said of the history that was asked."""
    git = session.tree.git
    if not wanted.history:
        return []
    if git is None:
        return ["there is no git repository here, so files are mended by their own lines, without history"]
    if session.tree.commit is None:
        return ["nothing is committed yet, so files are mended by their own lines, without history"]
    if is_shallow(git):
        return ["the clone is shallow, so older versions of files are not seen; `git fetch --unshallow` brings them"]
    return []


def _silent(_what: str, _done: int, _total: int) -> None:
    pass


def _cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
