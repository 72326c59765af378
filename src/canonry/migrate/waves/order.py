"""Files dealt out to waves: by risk, priority, owner and size."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from canonry.model.waves import PlannedFile

_Key = tuple[bool, bool, int, int]


def in_waves(files: Iterable[PlannedFile], *, size: int) -> list[list[PlannedFile]]:
    """Waves of at most ``size`` files, in the order in which they are to be taken.

    Code that no test reaches comes last, because running tests says nothing of it and such a wave stops the plan; then
    the least risk first (safe before review, code before files of commands, which no test proves), then the gravest
    priority. One wave holds one risk and one priority. An owner's files stay together; what is less than half a wave of
    one owner's shares a wave with other owners'.
    """
    groups: defaultdict[_Key, defaultdict[str, list[PlannedFile]]] = defaultdict(lambda: defaultdict(list))
    for each in sorted(files, key=lambda each: each.path):
        groups[not each.reached, not each.is_python, each.change.grade.rank, each.priority][each.owner].append(each)
    return [wave for key in sorted(groups) for wave in _packed(groups[key], size)]


def _packed(owned: dict[str, list[PlannedFile]], size: int) -> list[list[PlannedFile]]:
    """The files of one risk and priority: an owner's own waves, then shared ones."""
    own: list[list[PlannedFile]] = []
    small: list[list[PlannedFile]] = []
    for owner in sorted(owned, key=lambda name: (not name, name)):
        for part in _parts(owned[owner], size):
            (own if 2 * len(part) >= size else small).append(part)
    shared: list[list[PlannedFile]] = []
    for part in sorted(small, key=len, reverse=True):  # first fit, the largest first
        room = next((wave for wave in shared if len(wave) + len(part) <= size), None)
        if room is None:
            shared.append(list(part))
        else:
            room += part
    return own + shared


def _parts(files: Sequence[PlannedFile], size: int) -> list[list[PlannedFile]]:
    return [list(files[start : start + size]) for start in range(0, len(files), size)]
