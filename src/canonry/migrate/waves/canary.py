"""The canary: a few files as varied as the whole, which go first."""

from collections.abc import Callable, Iterable, Sequence

from canonry.model.waves import PlannedFile

_ROOM = 8
"""Files beyond which only those are added that a codemod still lacks."""


def canary_of(files: Sequence[PlannedFile], *, is_test: Callable[[str], bool]) -> list[PlannedFile]:
    """At least one file of every codemod, then others for each owner, category and grade, sorted by path.

    Test files are preferred, because tests say what became of them, and then those with the fewest edits. Where there
    are not more files than a canary holds, half of them are enough beyond what codemods demand.
    """
    left = sorted(files, key=lambda each: (not is_test(each.path), len(each.change.edits), each.path))
    lacking = {name for each in files for name in _codemods(each)}
    chosen = _cover(left, lacking, lambda each: set(_codemods(each)), room=len(left))
    wanted = {name for each in files for name in _variety(each)} - {n for each in chosen for n in _variety(each)}
    room = min(_ROOM, (len(files) + 1) // 2) - len(chosen)
    rest = [each for each in left if each not in chosen]
    chosen += _cover(rest, wanted, lambda each: set(_variety(each)), room=max(0, room))
    return sorted(chosen, key=lambda each: each.path)


def _cover(
    files: Sequence[PlannedFile], wanted: set[str], features: Callable[[PlannedFile], set[str]], *, room: int
) -> list[PlannedFile]:
    """Files that have all that is wanted, as far as there is room: each time the one that adds most."""
    chosen: list[PlannedFile] = []
    while wanted and len(chosen) < room:
        best = max(files, key=lambda each: len(features(each) & wanted), default=None)
        if best is None or not features(best) & wanted:
            break
        chosen.append(best)
        wanted = wanted - features(best)
    return chosen


def _codemods(file: PlannedFile) -> Iterable[str]:
    return file.codemods


def _variety(file: PlannedFile) -> Iterable[str]:
    yield f"owner {file.owner}"
    yield f"category {file.category}"
    yield f"grade {file.grade.value}"
