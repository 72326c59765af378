"""Many commits of a branch, audited out of the object store: what they share is read and judged once.

What was measured of a commit is kept in the history, so that it is audited once by the same rules and the same canon.
"""

import contextlib
import datetime as dt
import gc
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from canonry.audit.compliance import summarise
from canonry.audit.engine import audit_session
from canonry.audit.listing import list_files
from canonry.audit.measured import basis_of, measured_audit
from canonry.audit.request import Request
from canonry.audit.session import Session, open_session
from canonry.history.store import History
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.history import Measured, MeasuredCommit, MeasuredRange, Source
from canonry.rules.registry import all_rules
from canonry.source.trees.git import Git, find_repository

Told = Callable[[str, int, int], None]
MOST = 50
"""Commits that are audited where nobody says how many."""


class _Commit(msgspec.Struct, frozen=True):
    """A commit as git tells it."""

    id: str
    at: float
    subject: str


def history_of(
    repository: Path,
    revisions: str,
    *,
    history: History | None = None,
    config: Path | None = None,
    most: int = MOST,
    merged: bool = False,
    workers: int = 0,
    progress: Told | None = None,
) -> MeasuredRange:
    """What audits of the commits of a range say, the oldest first.

    ``revisions`` is ``REV..REV``, as git has it: without the first. They are the states that the branch itself had, so
    what merges brought in is left out, unless ``merged`` asks for it. Of more than ``most``
    commits so many are audited, evenly spread, the last among them. All are judged by one canon: that of the last one,
    or of ``config``. What is measured is kept in ``history``. Raises `UserError` for what the user can mend.
    """
    git = _repository(repository)
    found = _commits(git, revisions, merged=merged)
    chosen = _spread(found, most)
    with contextlib.ExitStack() as stack:
        request = Request(repository=repository, config=config, workers=workers, history=False)
        named, request, basis = _judge(stack, request, chosen[-1].id)
        command = _command(revisions, config, merged=merged)
        known = _known(history, chosen, basis)
        rows: list[MeasuredCommit] = []
        for number, commit in enumerate(chosen):
            measured = known.get(commit.id)
            if progress is not None:
                progress("auditing commits", number, len(chosen))
            rows.append(
                MeasuredCommit(
                    commit=commit.id,
                    at=commit.at,
                    subject=commit.subject,
                    measured=measured or _audited(request, commit, basis, command, history),
                    kept=measured is not None,
                )
            )
    return MeasuredRange(
        revisions=revisions,
        commits=tuple(rows),
        of=len(found),
        canon=named,
        command=command,
        rules={code: rule.name for code, rule in all_rules().items()},
        notes=_notes(found, chosen),
    )


def _command(revisions: str, config: Path | None, *, merged: bool) -> str:
    """What says the same again: a single audit of a commit would take that commit's own canon."""
    words = ["canonry report history", revisions, *(("--merged",) if merged else ())]
    return " ".join([*words, *(() if config is None else (f"--config {config}",))])


def _repository(place: Path) -> Git:
    found = find_repository(place.resolve()) if place.exists() else None
    if found is None:
        raise UserError(f"`{place}` is in no git repository, so there are no commits; name a repository")
    return found[0]


def _commits(git: Git, revisions: str, *, merged: bool) -> list[_Commit]:
    first, dots, last = revisions.partition("..")
    if not dots or last.startswith(".") or not first:
        raise UserError(f"`{revisions}` is no range of commits; give two of them, such as `v1.0..HEAD`")
    ends = [git.resolve(each) for each in (first, last or "HEAD")]
    order = ("--reverse", "--topo-order", *(() if merged else ("--first-parent",)))
    listed = git.output("log", *order, "--format=%H %ct %s", f"{ends[0]}..{ends[1]}")
    found = []
    for line in listed.decode("utf-8", "replace").splitlines():
        commit, at, subject = line.split(" ", 2)
        found.append(_Commit(commit, float(at), subject))
    if not found:
        raise NothingValidatedError(
            f"there is no commit in `{revisions}`; the first of them has to come before the last"
        )
    return found


def _spread(found: Sequence[_Commit], most: int) -> list[_Commit]:
    """At most so many, evenly spread; the last is always one of them."""
    if len(found) <= most:
        return list(found)
    return [found[(number + 1) * len(found) // most - 1] for number in range(most)]


def _notes(found: Sequence[_Commit], chosen: Sequence[_Commit]) -> tuple[str, ...]:
    if len(chosen) == len(found):
        return ()
    return (f"{len(chosen):,} of {len(found):,} commits are shown, evenly spread; `--commits {len(found)}` audits all",)


def _judge(stack: contextlib.ExitStack, request: Request, last: str) -> tuple[str, Request, str]:
    """What judges all commits: the canon in words, the request that names it, the basis of what is measured."""
    session = open_session(msgspec.structs.replace(request, revision=last))
    try:
        loaded = session.loaded
        basis = basis_of(session.catalogue.ruleset, loaded.digest)
        if request.config is not None:
            return f"`{request.config}`", request, basis
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="canonry-commits-")))
        source = loaded.source
        file = folder / (Path(source.file).name if source is not None else "canonry.toml")
        file.write_bytes(source.contents if source is not None else b"")
        named = f"`{source.file}` of {last[:10]}" if source is not None else "the defaults: no canon is declared"
        return named, msgspec.structs.replace(request, config=file), basis
    finally:
        session.close()


def _known(history: History | None, commits: Sequence[_Commit], basis: str) -> dict[str, Measured]:
    """What was measured before of these commits by the same means."""
    if history is None:
        return {}
    kept = history.measured(Source.AUDIT, commits=[each.id for each in commits])
    return {each.commit or "": each for each in kept if each.basis == basis and not each.dirty}


def _audited(request: Request, commit: _Commit, basis: str, command: str, history: History | None) -> Measured:
    """The numbers of one commit, judged as of its day; nothing of it stays in memory."""
    day = dt.datetime.fromtimestamp(commit.at, dt.UTC).date()
    with _opened(msgspec.structs.replace(request, revision=commit.id, today=day)) as session:
        result = audit_session(session, list_files(session))
        names = {code: (rule.name, rule.severity) for code, rule in all_rules().items()}
        names |= {code: (rule.name, rule.severity) for code, rule in result.header.own_rules.items()}
        summary = summarise(result, names, selected=None)
        measured = measured_audit(result, summary, at=commit.at, basis=basis, command=command)
    del result, summary
    gc.collect()
    if history is not None:
        history.add_measured(measured)
    return measured


@contextlib.contextmanager
def _opened(request: Request) -> Iterator[Session]:
    session = open_session(request)
    try:
        yield session
    finally:
        session.close()
