"""Which jobs a worker gets next: large bundles first, small ones at the end, so that all workers end together."""

from canonry.run.controller.jobs import Category, Job

_LARGEST = 64
"""Jobs in a bundle, at most: what is handed out cannot be given to somebody else."""
_LONGEST = 2.0
"""Seconds that a bundle is expected to take, at most, unless one job takes longer."""


_NO_OBSTACLE = ("passed", "empty")
"""How a needed category may end. Options left no test of an empty one over (``-k``, ``-m``): none can have failed."""


def startable(category: Category, others: list[Category]) -> bool:
    """Whether it may begin now: what it needs has passed or holds no test, and nothing that it conflicts with runs."""
    if category.state != "waiting":
        return False
    plan = category.plan
    for other in others:
        if other is category:
            continue
        if other.plan.name in plan.needs and other.state not in _NO_OBSTACLE:
            return False
        conflict = other.plan.name in plan.conflicts or plan.name in other.plan.conflicts
        if conflict and plan.name and other.state == "running":
            return False
    return True


def blocking(category: Category, others: list[Category]) -> list[str]:
    """The names of needed categories that are over and have not passed."""
    return [
        other.plan.name
        for other in others
        if other.plan.name in category.plan.needs and other.is_over and other.state not in _NO_OBSTACLE
    ]


def take(category: Category, *, workers: int) -> list[Job]:
    """Takes a bundle off the category's queue: half of a fair share of what is left."""
    share = min(_LONGEST, category.expected / (2 * workers))
    bundle: list[Job] = []
    expected = 0.0
    while category.queue and len(bundle) < _LARGEST:
        job = category.queue[0]
        if bundle and (expected + job.expected > share or job.blames or bundle[0].blames):
            break
        bundle.append(category.queue.popleft())
        expected += job.expected
    return bundle
