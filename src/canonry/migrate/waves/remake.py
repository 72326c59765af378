"""A plan made anew: what earlier plans found out stays known, what landed stays landed."""

from collections.abc import Mapping

from canonry.audit.request import Request
from canonry.audit.session import Progress, place
from canonry.changes.recover import recover
from canonry.migrate.engine import Migrated, Wanted, migrate
from canonry.migrate.equivalence.observe import Conditions, affected_there
from canonry.migrate.registry import all_codemods, chosen_codemods
from canonry.migrate.waves.folder import WavesFolder
from canonry.migrate.waves.plan import plan_waves
from canonry.model.errors import UserError
from canonry.model.waves import WavePlan
from canonry.source.trees.tree import open_reading_tree


def make_plan(
    request: Request,
    *,
    codemods: tuple[str, ...],
    without: tuple[str, ...],
    review: bool,
    size: int,
    issues: Mapping[int, str],
    prove: bool = True,
    arguments: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> tuple[WavePlan, Migrated]:
    """Plans the migration of a tree in waves, and keeps the plan as the current one.

    ``prove``: what rewritten commands of documents select is collected, and those that select other tests are refused.
    Raises `UserError` for what the user can mend, `NothingValidatedError` where there is nothing to look at.
    """
    chosen = _names(codemods, without)
    tree = open_reading_tree(place(request))
    if tree.by_blob:
        raise UserError("a git directory holds no files to write to; plan in a working tree")
    recover(tree.root)  # what a killed command left would be planned on
    found = migrate(request, Wanted(codemods=chosen, review=review, proved=prove), progress=progress)
    changed = [change.path for change in found.plan.files]
    reach = affected_there(found.root, changed, Conditions(config=request.config)) if changed else None
    folder = WavesFolder(found.root)
    plan = plan_waves(
        found,
        id=folder.next_id(),
        review=review,
        size=size,
        issues=issues,
        condemned=folder.condemned(),
        unreached=frozenset(reach.unproved) if reach is not None else frozenset(),
        arguments=arguments,
    )
    folder.save(plan)
    return plan, found


def _names(codemods: tuple[str, ...], without: tuple[str, ...]) -> tuple[str, ...]:
    chosen_codemods((*codemods, *without))  # refuses names that no codemod has
    if not without:
        return codemods
    names = tuple(name for name in codemods or all_codemods() if name not in without)
    if not names:
        raise UserError("`--without` leaves no codemod; name fewer")
    return names
