"""Mutants that tests ask for by the rules that they break."""

from collections.abc import Sequence

from canonry.contract.compile.plan import Plan
from canonry.contract.mutate.matrix import Mutant, kill_matrix


def first_mutants(plan: Plan, rules: Sequence[str]) -> list[Mutant]:
    """The first mutant of each rule, in the order given; the streams that they are looked for in are made once."""
    found: dict[str, Mutant] = {}
    for mutant in kill_matrix(plan, only=frozenset(rules)).mutants:
        found.setdefault(mutant.rule, mutant)
    return [found[rule] for rule in rules]
