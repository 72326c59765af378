"""A tree to its fixed point: what an edit of one file makes possible in others is planned in the same run.

Once a base case comes from the canon, more can be said of what derives from it elsewhere. Only files that such an edit
mends, and in which something was left that depends on bases, are planned again, with the facts of the changed files.
"""

import copy
from collections.abc import Callable, Sequence

import msgspec

from canonry.changes.splice import splice
from canonry.migrate.edits import joined
from canonry.migrate.pool import Bench, plan_all
from canonry.migrate.workshop import Planned
from canonry.model.migration import Item
from canonry.source.python.extract import extract

_ROUNDS = 4


def planned_again(bench: Bench, planned: Sequence[Planned], *, workers: int) -> list[Planned]:
    """The plans of all files with what later rounds add to them, until a round adds nothing."""
    known = {each.path: each for each in planned}
    before: dict[str, bytes] = {}
    changed = [each for each in planned if each.edits]
    for _ in range(_ROUNDS):
        waiting = _waiting(known, {each.path for each in changed}, bench.looking)
        if not waiting:
            break
        sources = {path for each in waiting for path in _sources(known[each])}
        _overlay(bench, known, before, [*sources, *waiting])
        changed = []
        for _, some in plan_all(bench, waiting, workers=workers):
            for each in some:
                if each.edits:
                    known[each.path] = _joined(known[each.path], each, before[each.path])
                    changed.append(known[each.path])
        if not changed:
            break
    return list(known.values())


def _sources(planned: Planned) -> set[str]:
    return {item.elsewhere[0] for item in planned.items if item.elsewhere is not None}


def _waiting(known: dict[str, Planned], changed: set[str], looking: Callable[[str], bool]) -> list[str]:
    """The files that an edit of a changed one mends, in which something is left that depends on bases."""
    return [
        path
        for path, planned in known.items()
        if _sources(planned) & changed - {path}
        and any(looking(item.codemod) and not item.planned and item.elsewhere is None for item in planned.items)
    ]


def _overlay(bench: Bench, known: dict[str, Planned], before: dict[str, bytes], paths: Sequence[str]) -> None:
    """Lets the bench read the results of these files instead of what lies there."""
    for path in paths:
        content = before.get(path) or bench.read(path)
        if content is None:
            continue
        before[path] = content
        after = splice(content, known[path].edits) if path in known else content
        bench.overlay[path] = (extract(after, bench.session.target), after)
    workshop = copy.copy(bench.workshop)
    workshop.project = copy.copy(bench.workshop.project)
    workshop.project.index = bench.workshop.project.index.overlaid(
        {path: facts for path, (facts, _) in bench.overlay.items()}
    )
    workshop.forget()
    bench.workshop = workshop


def _joined(first: Planned, second: Planned, before: bytes) -> Planned:
    """Both plans as one; findings that the first left are those that the second answers, where they say the same."""
    edits = joined(before, first.edits, second.edits, splice(before, first.edits))
    answers: dict[tuple[str, str, str], list[Item]] = {}
    for item in second.items:
        if item.planned:
            answers.setdefault((item.codemod, item.rule, item.what), []).append(item)
    items = []
    for item in first.items:
        waiting = answers.get((item.codemod, item.rule, item.what))
        if waiting and not item.planned and item.elsewhere is None:
            item = msgspec.structs.replace(waiting.pop(0), line=item.line)
        items.append(item)
    return msgspec.structs.replace(first, items=tuple(items), edits=tuple(edits))
