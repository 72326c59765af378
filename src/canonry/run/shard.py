"""Parts of a run for several machines: by expected duration, none empty, all together the whole."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from canonry.model.errors import UserError
from canonry.model.run_plan import CategoryPlan, Work
from canonry.run.request import Shard

ASSUMED = 0.05
"""What a test file is taken to need in seconds, where no run has measured any test of it."""


class _Unit(NamedTuple):
    """What is not divided: a file of a category, or one test of it."""

    category: int
    work: Work


def take_shard(
    categories: tuple[CategoryPlan, ...],
    shard: Shard,
    *,
    durations: Mapping[str, float],
    tests: Mapping[str, tuple[str, ...]],
) -> tuple[CategoryPlan, ...]:
    """One part of the work: the longest first, each to the part with least so far.

    The parts depend on the selection, on the tests and on the durations alone, so machines with the same history agree.
    Raises `UserError` where one would be empty.
    """
    units = [_Unit(number, work) for number, category in enumerate(categories) for work in category.work]
    if len(units) < shard.count:
        units = [part for unit in units for part in _divided(unit, categories[unit.category], durations, tests)]
    if len(units) < shard.count:
        raise UserError(
            f"{len(units):,} tests cannot fill {shard.count} shards; give at most `--shard {shard.number}/{len(units)}`"
        )
    loads = [0.0] * shard.count
    sizes = [0] * shard.count
    mine: list[_Unit] = []
    for unit in sorted(units, key=_longest_first):
        part = min(range(shard.count), key=lambda number: (sizes[number] > 0, loads[number], sizes[number], number))
        loads[part] += unit.work.expected or ASSUMED
        sizes[part] += 1
        if part == shard.number - 1:
            mine.append(unit)
    kept = (
        msgspec.structs.replace(category, work=_joined(category, [unit for unit in mine if unit.category == number]))
        for number, category in enumerate(categories)
    )
    return tuple(category for category in kept if category.work)


def _longest_first(unit: _Unit) -> tuple[float, str, tuple[str, ...], int]:
    return -unit.work.expected, unit.work.path, unit.work.nodes, unit.category


def _divided(
    unit: _Unit, category: CategoryPlan, durations: Mapping[str, float], tests: Mapping[str, tuple[str, ...]]
) -> list[_Unit]:
    """The tests of a file one by one; a file whose tests belong to several categories stays whole."""
    work = unit.work
    if work.path not in category.whole or category.without:
        return [unit]
    nodes = work.nodes or tests.get(work.path, ())
    return [
        _Unit(unit.category, Work(path=work.path, nodes=(node,), expected=durations.get(node, 0.0))) for node in nodes
    ]


def _joined(category: CategoryPlan, units: list[_Unit]) -> tuple[Work, ...]:
    """The work of some units, each file once, in the order of the category."""
    found = []
    for work in category.work:
        parts = [unit.work for unit in units if unit.work.path == work.path]
        if parts:
            nodes = {node for part in parts for node in part.nodes}
            expected = sum(part.expected for part in parts)
            found.append(Work(path=work.path, nodes=tuple(sorted(nodes)), expected=expected))
    return tuple(found)
