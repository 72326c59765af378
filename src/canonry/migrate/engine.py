"""The migration: open, list, read, then every file by itself; items for all findings and one change plan."""

import resource
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path

import msgspec

from canonry.audit.circumstances import codeowners
from canonry.audit.closing import terms_of
from canonry.audit.listing import list_files
from canonry.audit.narrowing import narrowing_of
from canonry.audit.request import Request
from canonry.audit.run import Run
from canonry.audit.session import Progress, Session, open_session
from canonry.canon.options import Canon
from canonry.changes.splice import remove_file, splice
from canonry.migrate.answers import Found
from canonry.migrate.codemod import Codemod
from canonry.migrate.commands.proof import Proof
from canonry.migrate.commands.surroundings import surroundings_of
from canonry.migrate.mentions import mentions_of
from canonry.migrate.pool import Bench, plan_all
from canonry.migrate.registry import chosen_codemods
from canonry.migrate.rounds import planned_again
from canonry.migrate.starters import starters_of
from canonry.migrate.workshop import Planned, Workshop
from canonry.model.change_plan import ChangePlan, FileChange
from canonry.model.edit import Grade
from canonry.model.errors import NothingValidatedError
from canonry.model.finding import Related
from canonry.model.migration import Item, MigrationSummary
from canonry.rules.registry import all_rules
from canonry.rules.rule import Offence, implements
from canonry.rules.view import DocumentView
from canonry.source.documents.readers.registry import reader_of
from canonry.source.facts import Site
from canonry.source.pytest_settings import PytestSettings
from canonry.source.syntax.versions import Version

_OF_BASES = "base-case"
"""The codemod that edits a class for the sake of those that derive from it."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which codemods go (of no name: all), for which rules (None: all), and whether edits graded review are made.

    ``checked`` off leaves out the six checks of results, which writing makes all the same. ``proved`` collects what
    rewritten commands of documents select, and refuses those that select other tests than before.
    """

    codemods: tuple[str, ...] = ()
    rules: frozenset[str] | None = None
    review: bool = False
    checked: bool = True
    proved: bool = False


class Migrated(msgspec.Struct, frozen=True, kw_only=True):
    """A run's summary and its plan; ``before`` are the bytes that were read of every file that the plan changes.

    ``codeowners`` is the text of that file, empty without one; ``renames`` are the test ids that edits rename, by path.
    """

    summary: MigrationSummary
    plan: ChangePlan
    before: dict[str, bytes]
    target: Version
    root: Path
    on_disk: bool
    canon: Canon
    settings: PytestSettings
    codeowners: str
    renames: dict[str, tuple[tuple[str, str], ...]] = {}

    def after(self) -> dict[str, bytes]:
        """What each file of the plan is to hold."""
        return {
            change.path: splice(self.before[change.path], change.edits)
            for change in self.plan.files
            if not change.removed
        }


def migrate(request: Request, wanted: Wanted, *, progress: Progress | None = None) -> Migrated:
    """What the codemods make of every file that the request names. Nothing is written.

    Raises `UserError` for what the user can mend, `NothingValidatedError` where there is nothing to look at.
    """
    told = progress or _silent
    codemods = chosen_codemods(wanted.codemods, rules=wanted.rules)
    session = open_session(request)
    try:
        return _migrate(request, session, wanted, codemods, told)
    finally:
        session.close()


def _migrate(
    request: Request, session: Session, wanted: Wanted, codemods: Sequence[Codemod], told: Progress
) -> Migrated:
    narrowing = narrowing_of(request, session.loaded.canon, lambda: codeowners(session))
    run = Run(session, list_files(session), told)
    scope = [path for path in run.listing.live if _in_scope(path, session.scope)]
    documents = [path for path in run.listing.documents if _in_scope(path, session.scope)]
    if narrowing is not None:
        scope = [path for path in scope if narrowing.holds(path)]
        documents = [path for path in documents if narrowing.holds(path)]
    if not scope and not documents:
        raise NothingValidatedError("no file that canonry reads was found there, so nothing was looked at")
    rules = {code for codemod in codemods for code in codemod.rules}
    elsewhere = {code for codemod in codemods if codemod.elsewhere for code in codemod.rules}
    of_tree = _of_tree(run, session, rules, elsewhere)
    if not of_tree:
        run.files.extract(scope)
    scope = [path for path in scope if path in run.listing.live]
    workshop = Workshop(
        run.project,
        codemods,
        grades=frozenset((Grade.SAFE, Grade.REVIEW) if wanted.review else (Grade.SAFE,)),
        target=session.target,
        terms=terms_of(
            session.loaded, session.catalogue, list(all_rules().values()), session.today, complete=session.complete
        ),
        of_tree=of_tree,
        checked=wanted.checked,
        surroundings=surroundings_of(
            run.project,
            session.tree.read,
            lambda: run.documents.read(run.listing.documents, told=told),
            today=session.today,
            read_all=lambda: run.files.stream(list(run.listing.live)),
        ),
    )
    bench = Bench(session, run.files, run.origin, workshop)
    proof = Proof(session.tree.root) if wanted.proved and not session.tree.by_blob else None
    workshop.surroundings = msgspec.structs.replace(
        workshop.surroundings,
        mentions=lambda path: mentions_of(path, bench.read, run.listing),
        starters=cache(lambda: starters_of(bench.read, run.listing)),
    )
    if not session.tree.by_blob:
        workshop.surroundings = msgspec.structs.replace(
            workshop.surroundings, on_disk=lambda path: (session.tree.root / path).exists()
        )
    workshop.surroundings = msgspec.structs.replace(workshop.surroundings, read=bench.read)
    if proof is not None:
        workshop.surroundings = msgspec.structs.replace(workshop.surroundings, objection=proof.objection)
    try:
        planned = _plan(bench, run, scope, documents, rules, told)
        bench.notes += proof.notes if proof is not None else []
        return _migrated(session, run, bench, planned, codemods, files=len(scope) + len(documents), scope=scope)
    finally:
        bench.close()


def _plan(
    bench: Bench, run: Run, scope: list[str], documents: list[str], rules: set[str], told: Progress
) -> list[Planned]:
    planned: list[Planned] = []
    done = 0
    for count, some in plan_all(bench, scope, workers=run.session.workers):
        planned += some
        done += count
        told("migrating", done, len(scope))
    planned = planned_again(bench, planned, workers=run.session.workers)
    known = all_rules()
    if any(implements(known[code], "check_document") for code in rules if code in known):
        for path, reading in run.documents.read(documents, told=told):
            view = DocumentView(path, reading, reader_of(path), run.project)
            key = run.documents.keys.get(path)
            content = bench.read(path, key)
            each = bench.workshop.plan_document(view, content) if content is not None else None
            if each is not None:
                planned.append(each)
    return sorted(planned, key=lambda each: each.path)


def _of_tree(run: Run, session: Session, rules: set[str], elsewhere: set[str]) -> dict[str, list[Found]]:
    """The findings that rules of the tree as a whole make, by path; they need the facts of all files."""
    known = all_rules()
    asked = [known[code] for code in sorted(rules) if code in known and implements(known[code], "check_tree")]
    if not asked or not session.complete:
        return {}
    view = run.read()
    found: dict[str, list[Found]] = {}
    for rule in asked:
        for offence in rule.check_tree(view):
            if offence.path is not None:
                found.setdefault(offence.path, []).append(Found(rule.code, offence))
                for other in offence.related if rule.code in elsewhere else ():
                    found.setdefault(other.path, []).append(Found(rule.code, *_elsewhere(offence, other)))
    if not run.files.moved:
        run.digests.store()  # the next run, of an audit as well, need not read all facts for this
    return found


def _elsewhere(offence: Offence, other: Related) -> tuple[Offence, Related]:
    """A finding of the tree as one at another of its places, and the place where it was made."""
    site = offence.site
    home = Related(offence.path or "", site.line, site.column, site.symbol)
    place = Site(other.line, other.column, other.line, other.column, 0, other.symbol)
    note = f"; {other.note}" if other.note else ""
    message = f"`{other.symbol}` is one of those that `{site.symbol}` in `{offence.path}` stands for{note}"
    return msgspec.structs.replace(offence, site=place, path=other.path, message=message, related=()), home


def _migrated(
    session: Session,
    run: Run,
    bench: Bench,
    planned: list[Planned],
    codemods: Sequence[Codemod],
    *,
    files: int,
    scope: list[str],
) -> Migrated:
    tree = session.tree
    changes, before = [], {}
    for each in planned:
        if not (each.edits or each.removed):
            continue
        key = run.listing.live.get(each.path) or run.documents.keys.get(each.path)
        content = bench.read(each.path, key)
        if content is None:
            continue
        before[each.path] = content
        if each.removed:
            changes.append(remove_file(each.path, content, reason="nothing calls it any more", grade=Grade.REVIEW))
            continue
        reason = ", ".join(dict.fromkeys(edit.rule for edit in each.edits))
        changes.append(
            FileChange(path=each.path, digest=each.digest, edits=each.edits, reason=reason, grade=each.grade)
        )
    names = [codemod.name for codemod in codemods]
    what = names[0] if len(names) == 1 else "all codemods"
    count = len(changes)
    plan = ChangePlan(
        files=tuple(changes),
        reason=f"migrate {count:,} file{'' if count == 1 else 's'} with {what}",
        origin=f"migrate --codemod {names[0]}" if len(names) == 1 else "migrate",
        commit=tree.commit,
    )
    notes = [*session.loaded.notes, *tree.notes, *session.cache.notes, *bench.notes]
    notes += [f"`{path}` is left alone: planning it ends the process" for path in bench.died]
    summary = MigrationSummary(
        commit=tree.commit,
        dirty=tree.dirty,
        source=tree.kind,
        target_python=".".join(map(str, session.target)),
        files=files,
        broken=_broken(run, scope),
        changed=count,
        items=tuple(_mended_elsewhere([item for each in planned for item in each.items], names)),
        settled=sum(each.settled for each in planned),
        notes=tuple(dict.fromkeys(notes)),
        cpu_seconds=_cpu_seconds(),
    )
    return Migrated(
        summary=summary,
        plan=plan,
        before=before,
        target=session.target,
        root=tree.root,
        on_disk=not tree.by_blob,
        canon=session.loaded.canon,
        settings=session.settings,
        codeowners=codeowners(session),
        renames={each.path: each.renames for each in planned if each.renames},
    )


def _mended_elsewhere(items: list[Item], bases: Collection[str]) -> Iterator[Item]:
    """The items; one that an edit elsewhere mends has no better grade than the finding that the edit is made for.

    ``bases`` are the codemods of the run: where the one that makes that edit is not among them nothing mends it.
    """
    there = {(item.path, item.line): item for item in items if item.codemod == _OF_BASES and item.elsewhere is None}
    for item in items:
        source = there.get(item.elsewhere) if item.elsewhere is not None else None
        if item.elsewhere is not None and _OF_BASES not in bases:
            reason = f"its base in `{item.elsewhere[0]}` has to be moved first, which {_OF_BASES} does"
            yield msgspec.structs.replace(item, grade=Grade.MANUAL, reason=reason)
        elif source is not None and source.grade.rank > item.grade.rank:
            reason = f"{item.reason}: {source.reason}" if source.reason else item.reason
            yield msgspec.structs.replace(item, grade=source.grade, reason=reason)
        else:
            yield item


def _broken(run: Run, scope: list[str]) -> int:
    from canonry.source.facts import is_broken

    keys = {key: None for path in scope if (key := run.listing.live.get(path))}
    broken = {key for key, data in run.session.cache.load_facts(keys, run.files.kind) if is_broken(data)}
    return sum(run.listing.live.get(path) in broken for path in scope)


def _in_scope(path: str, scope: tuple[str, ...]) -> bool:
    return not scope or any(path == each or path.startswith(f"{each}/") for each in scope)


def _silent(_what: str, _done: int, _total: int) -> None:
    pass


def _cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
