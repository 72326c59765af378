"""The ids that a process saw, for the comparison with those of the others, and how many it no longer knows."""

from canonry.contract.check.checker import Checker
from canonry.load.spec import LoadSpec


def seen_ids(checker: Checker, spec: LoadSpec) -> dict[str, dict[str, str]]:
    """Return ids by field and by whose they are; none where one process has the whole crowd."""
    if spec.crowd <= spec.users:
        return {}
    return {
        path.text: {
            str(value): "/".join(map(str, user))
            for value, user in (ring.old | ring.new).items()
            if isinstance(user, tuple)
        }
        for path, ring in zip(checker.plan.isolation.ids, checker.owners.ids, strict=True)
    }


def forgotten_ids(checker: Checker) -> int:
    """Return how many ids came so long ago that nothing is compared with them any more."""
    return sum(ring.forgot for ring in checker.owners.ids)
