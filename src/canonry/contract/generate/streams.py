"""Valid streams of a contract: several sessions at once, each of its own user."""

from random import Random

from canonry.contract.check.checker import Checker
from canonry.contract.compile.plan import Plan, ScopePlan
from canonry.contract.generate.stream import Line, Stream
from canonry.contract.generate.values import Persona
from canonry.contract.generate.walk import Walk
from canonry.model.errors import UserError

_ATTEMPTS = 40


class NoStreamError(UserError):
    """No valid stream was found: what stays owed, whatever comes."""


def generate(
    plan: Plan, *, seed: int = 0, runs: int = 1, sessions: int = 1, favour: frozenset[int] = frozenset()
) -> Stream:
    """Return a valid recording; the same seed gives the same one. Who wants many asks one `Generator` for them.

    ``runs`` is how often the contract's first scope opens in each of the ``sessions``; kinds in ``favour`` come
    more often. Raises `NoStreamError`.
    """
    return Generator(plan).stream(seed, runs=runs, sessions=sessions, favour=favour)


class Generator:
    """Makes valid recordings of one contract. The checker that every event is held against is compiled once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._checker = Checker(plan, keep=0)

    def stream(self, seed: int, *, runs: int = 1, sessions: int = 1, favour: frozenset[int] = frozenset()) -> Stream:
        """Return what `generate` returns."""
        rng = Random(f"{self.plan.contract.contract}/{seed}")
        return self.stream_from(rng, runs=runs, sessions=sessions, favour=favour)

    def stream_from(
        self, rng: Random, *, runs: int = 1, sessions: int = 1, favour: frozenset[int] = frozenset()
    ) -> Stream:
        """Return a valid recording that follows from what ``rng`` says."""
        walks = [_walked(self._checker, number, rng, runs, favour) for number in range(1, sessions + 1)]
        lines = sorted((line for walk in walks for line in (*walk.lines, *_close(walk))), key=lambda line: line.at)
        return Stream(tuple(lines), {walk.persona.connection: walk.persona.facts for walk in walks})


def with_openers(plan: Plan, kinds: frozenset[int]) -> frozenset[int]:
    """Return kinds of events with those that open what they need open."""
    while True:
        more = kinds
        for kind in kinds:
            spans = [span for span in plan.spans if kind in span.touched]
            opens = [span.opens for span in spans if kind not in span.opens]
            common = frozenset.intersection(*opens) if opens else frozenset()  # what opens all of them
            more |= common or frozenset().union(*opens)
            more |= frozenset().union(*(plan.spans[span.outer].opens for span in spans if span.outer >= 0))
            more |= frozenset().union(*(_lasting(plan.scopes[index]) for index in plan.kinds[kind].needed))
        for scope in plan.scopes:
            if kinds & scope.closes:
                more |= _lasting(scope)
        if more == kinds:
            return kinds
        kinds = more


def _lasting(scope: ScopePlan) -> frozenset[int]:
    """What opens a scope and leaves it open, where there is such an event."""
    return scope.opens - scope.closes - scope.pauses or scope.opens


def _walked(checker: Checker, number: int, rng: Random, runs: int, favour: frozenset[int]) -> Walk:
    plan = checker.plan
    owed: list[str] = []
    for _ in range(_ATTEMPTS):
        persona = Persona(plan, number, rng)
        liked = favour or with_openers(plan, frozenset(rng.choices(range(len(plan.kinds)), k=2)))
        walk = Walk(checker, persona, rng, runs=runs, begin=round(rng.uniform(0.0, 0.2), 3), favour=liked)
        if walk.go():
            return walk
        owed = owed or (walk.owed() if walk.lines else [])
    why = f"each attempt still owes {', '.join(f'`{rule}`' for rule in owed)}" if owed else "no first event is allowed"
    raise NoStreamError(
        f"no valid stream of `{plan.contract.contract}` was found: {why}; do these rules exclude each other?"
    )


def _close(walk: Walk) -> list[Line]:
    """Now and then the line that says with which code the connection was closed."""
    plan = walk.plan
    codes = sorted(int(code) for code in plan.close_codes or () if code.isdigit())
    if not codes or walk.rng.random() < 0.4:
        return []
    return [Line(connection=walk.persona.connection, at=round(walk.at + 0.01, 6), closed=walk.rng.choice(codes))]
