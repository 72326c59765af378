"""Two places of a contract that exclude each other, as a mistake at the later one."""

from collections.abc import Mapping

from canonry.contract.compile.plan import Plan
from canonry.contract.language.marks import KeyPath, Mark, Mistake


class Pairs:
    """A plan, and where each rule of it stands."""

    def __init__(self, plan: Plan, marks: Mapping[KeyPath, Mark]) -> None:
        self.plan = plan
        self.marks = marks
        self.paths = {rule.id: rule.path for rule in plan.rules}

    def pair(self, one: KeyPath, other: KeyPath, message: str) -> Mistake:
        """A mistake at the later of two places that names the earlier."""
        first, second = sorted((one, other), key=lambda path: self._mark(path) or Mark(0, 0))
        mark = self._mark(first)
        where = f"line {mark.line}" if mark else ".".join(map(str, first))
        return Mistake(second, f"{message}; see {where}")

    def name(self, kind: int) -> str:
        """What a kind of event is called."""
        return self.plan.kinds[kind].name

    def _mark(self, path: KeyPath) -> Mark | None:
        return next((self.marks[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.marks), None)
