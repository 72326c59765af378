"""The kill matrix: for every rule of a contract a mutant that it alone refuses, or why there is none."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice

import msgspec

from canonry.contract.check.violation import Violation
from canonry.contract.compile.plan import Plan, Rule
from canonry.contract.generate.stream import Stream
from canonry.contract.generate.streams import Generator
from canonry.contract.mutate.belonging import STRANGER
from canonry.contract.mutate.judge import Judge
from canonry.contract.mutate.operators import edits, touched, ways
from canonry.contract.mutate.scene import Edit, Scene

_PLAIN, _FAVOURED = 8, 60
"""How many streams a mutant is looked for in: those that all rules share, and those with what the rule speaks of."""
_MOST_EDITS = 150
_ENOUGH = 3
"""In how many streams more a better mutant is looked for, once there is one that other rules refuse too."""


class Outcome(StrEnum):
    """What became of the search for a mutant."""

    KILLED = "killed"
    """The rule refuses it; `Mutant.rules` says whether it alone."""
    LIVES = "lives"
    """A stream that should break the rule is refused by no rule at all."""
    ELSEWHERE = "killed elsewhere"
    """Every stream that should break the rule is refused by other rules only."""
    NOTHING = "no mutant"
    """No stream has anything that the rule could be broken at."""


class Mutant(msgspec.Struct, frozen=True):
    """A stream that differs in one thing from a valid one. ``rules`` counts the violations of each rule that is red."""

    rule: str
    way: str
    outcome: Outcome
    tried: int
    title: str = ""
    size: int = 0
    stream: Stream | None = None
    rules: dict[str, int] = {}
    violation: Violation | None = None

    @property
    def exact(self) -> bool:
        """Whether this rule refuses it, and no other."""
        return set(self.rules) == {self.rule}


class Matrix(msgspec.Struct, frozen=True):
    """All mutants of a contract, in the order of its rules."""

    contract: str
    rules: tuple[Rule, ...]
    mutants: tuple[Mutant, ...]

    @property
    def unproven(self) -> tuple[str, ...]:
        """Return the rules that no mutant turns red."""
        proven = {mutant.rule for mutant in self.mutants if mutant.outcome is Outcome.KILLED}
        return tuple(rule.id for rule in self.rules if rule.id not in proven)

    @property
    def living(self) -> tuple[Mutant, ...]:
        """Return the mutants that no rule refuses."""
        return tuple(mutant for mutant in self.mutants if mutant.outcome is Outcome.LIVES)


def kill_matrix(plan: Plan, *, seed: int = 0, only: frozenset[str] | None = None) -> Matrix:
    """Return the mutants of every rule, or of the rules ``only``; the same seed gives the same ones.

    Raises `NoStreamError` where the contract has no valid stream.
    """
    search = _Search(plan, seed)
    rules = tuple(rule for rule in plan.rules if only is None or rule.id in only)
    mutants = tuple(search.mutant(rule, way) for rule in rules for way in ways(plan, rule))
    return Matrix(plan.contract.contract, rules, mutants)


class _Search:
    def __init__(self, plan: Plan, seed: int) -> None:
        self.plan = plan
        self.seed = seed
        self._judge = Judge(plan)
        self._generator = Generator(plan)
        self._scenes: dict[tuple[int, int, frozenset[int]], Scene] = {}

    def mutant(self, rule: Rule, way: str) -> Mutant:
        tried, lived = 0, None
        left = _ENOUGH
        elsewhere: Mutant | None = None
        best: Mutant | None = None
        for scene in self._scenes_for(rule):
            for edit in islice(edits(scene, rule, way), _MOST_EDITS):
                tried += 1
                found = self._best(scene, edit, rule, way)
                if found.outcome is Outcome.KILLED:
                    best = found if best is None or len(found.rules) < len(best.rules) else best
                    if found.exact:
                        break
                elif found.outcome is Outcome.LIVES:
                    lived = lived or found
                else:
                    elsewhere = elsewhere or found
            left -= best is not None
            if best is not None and (best.exact or not left):
                break
        chosen = best or lived or elsewhere or Mutant(rule.id, way, Outcome.NOTHING, tried)
        return msgspec.structs.replace(chosen, tried=tried)

    def _scenes_for(self, rule: Rule) -> Iterator[Scene]:
        sessions = 2 if rule.path[0] == "isolation" else 1
        wanted = touched(self.plan, rule)
        plain = [self._scene(number, sessions, frozenset()) for number in range(_PLAIN)]
        fitting = [scene for scene in plain if not wanted or scene.of(wanted)]
        yield from fitting
        for number in range(_FAVOURED):
            yield self._scene(number, sessions, wanted)
        yield from (scene for scene in plain if scene not in fitting)

    def _scene(self, number: int, sessions: int, favour: frozenset[int]) -> Scene:
        known = self._scenes.get((number, sessions, favour))
        if known is None:
            seed = self.seed * 1000 + number
            stream = self._generator.stream(seed, runs=1 + number % 2, sessions=sessions, favour=favour)
            known = self._scenes[number, sessions, favour] = Scene(self.plan, stream)
        return known

    def _best(self, scene: Scene, edit: Edit, rule: Rule, way: str) -> Mutant:
        """The edit as it is, or as a sender would do it that counts on."""
        first = self._judged(scene, edit, rule, way)
        if first.exact or not self.plan.sequences:
            return first
        lines = scene.renumbered(edit.lines)
        if lines == edit.lines:
            return first
        second = self._judged(scene, msgspec.structs.replace(edit, lines=lines), rule, way)
        return second if _rank(second) < _rank(first) else first

    def _judged(self, scene: Scene, edit: Edit, rule: Rule, way: str) -> Mutant:
        facts = {**scene.stream.facts, **STRANGER} if way else scene.stream.facts
        stream = Stream(edit.lines, facts)
        violations = self._judge(stream, watched=bool(way))
        rules = dict(Counter(each.rule for each in violations))
        outcome = Outcome.KILLED if rule.id in rules else Outcome.ELSEWHERE if rules else Outcome.LIVES
        first = next((each for each in violations if each.rule == rule.id), None)
        return Mutant(rule.id, way, outcome, 1, edit.title, edit.size, stream, rules, first)


def _rank(mutant: Mutant) -> tuple[int, int]:
    return list(Outcome).index(mutant.outcome), len(mutant.rules)
