"""Order dependence: which tests fail or pass because of others that ran before, and because of which state."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from canonry.run.probes.probe import Probe, Prober

Progress = Callable[[str], None]
_FEW = 4
"""The tests around which the state is compared; to compare it takes longer than most tests."""
_PARTS, _FEWEST = 32, 4
"""Parts between which one run looks at a test again: 32 find one among 1,024 in two runs, 4 in five."""


class OrderFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A test whose outcome depends on others.

    ``kind`` is ``polluted`` (it fails after ``others``, and passes alone), ``needs-setter`` (it passes after
    ``others``, and fails alone) or ``unstable`` (it changes although nothing before it does). ``state`` is what
    ``others`` leave behind, as ``kind name``; ``probes`` says how many runs it took.
    """

    node: str
    kind: str
    others: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    reason: str = ""
    probes: int = 0


class OrderReport(msgspec.Struct, frozen=True, kw_only=True):
    """The findings over a number of tests."""

    tests: int
    findings: tuple[OrderFinding, ...]
    probes: int
    broken: tuple[str, ...] = ()
    """Tests that fail in every order: nothing to do with order."""


def check_order(prober: Prober, nodes: Sequence[str], *, progress: Progress = lambda _said: None) -> OrderReport:
    """Runs the tests in their order and in the reverse one, and traces every difference back to its cause."""
    forward, backward = list(nodes), list(reversed(nodes))
    progress(f"{len(forward):,} tests in their order")
    first = prober.run(forward)
    progress(f"{len(forward):,} tests in the reverse order")
    second = prober.run(backward)
    findings: list[OrderFinding] = []
    broken: list[str] = []
    for node in forward:
        bad, bad_reversed = first.is_bad(node), second.is_bad(node)
        if bad and bad_reversed:
            broken.append(node)
        if bad != bad_reversed:
            failing, passing = (forward, backward) if bad else (backward, forward)
            progress(f"what `{node}` depends on")
            search = _Search(prober, node, first.seconds)
            reason = (first if bad else second).reasons.get(node, "")
            findings.append(_trace(search, _before(failing, node), _before(passing, node), reason))
    return OrderReport(
        tests=len(forward),
        findings=tuple(findings),
        probes=2 + sum(each.probes for each in findings),
        broken=tuple(broken),
    )


def _before(order: list[str], node: str) -> list[str]:
    return order[: order.index(node)]


def _trace(search: "_Search", before_failing: list[str], before_passing: list[str], reason: str) -> OrderFinding:
    """Who is to blame that a test fails in one order and passes in the other."""
    before, others = before_failing, search.scan(before_failing)
    if search.fails_alone:
        before, others = before_passing, search.scan(before_passing)
    if not others or not search.depends(others):
        others = _narrow(before, search.depends) if search.depends(before) else []
    kind = ("needs-setter" if search.fails_alone else "polluted") if others else "unstable"
    state = _state(search.look(others), others) if others else ()
    return OrderFinding(
        node=search.node, kind=kind, others=tuple(others), state=state, reason=reason, probes=search.probes
    )


class _Search:
    """Runs one test after others, and counts the runs."""

    def __init__(self, prober: Prober, node: str, seconds: Mapping[str, float]) -> None:
        self.node = node
        self.probes = 0
        self.fails_alone = False
        """Known once anything was looked at by `scan`."""
        self._prober = prober
        self._seconds = seconds
        self._known: dict[tuple[str, ...], Probe] = {}

    def scan(self, before: list[str]) -> list[str]:
        """The first of these tests after which its outcome is not what it is alone; empty where there is none.

        It runs first and again after each part of them, then again within the part that changed it. To run in between
        may itself change something, so what is found has to be shown to `depends`.
        """
        left, parts = before, self._parts(before)
        while True:
            size = max(1, -(-len(left) // parts))
            chunks = [left[start : start + size] for start in range(0, len(left), size)]
            probe = self._run([self.node, *(each for chunk in chunks for each in (*chunk, self.node))])
            self.fails_alone = probe.is_bad(self.node)
            changing = (
                chunk for time, chunk in enumerate(chunks, 1) if probe.is_bad(self.node, time) is not self.fails_alone
            )
            left = next(changing, [])
            if len(left) < 2:
                return left

    def look(self, others: Sequence[str]) -> Probe:
        """It after these."""
        key = tuple(others)
        if key not in self._known:
            self._known[key] = self._run([*key, self.node], states=key if len(key) <= _FEW else ())
        return self._known[key]

    def depends(self, others: Sequence[str]) -> bool:
        """Whether its outcome after these is not what it is alone."""
        return self.look(others).is_bad(self.node) is not self.fails_alone

    def _run(self, nodes: Sequence[str], *, states: Sequence[str] = ()) -> Probe:
        self.probes += 1
        return self._prober.run(nodes, states=states)

    def _parts(self, before: list[str]) -> int:
        """To look at it again takes no longer than the tests themselves, if it can be helped."""
        own = self._seconds.get(self.node, 0.0) or 1e-6
        return max(_FEWEST, min(_PARTS, int(sum(self._seconds.get(each, 0.0) for each in before) / own)))


def _narrow(before: list[str], depends: Callable[[Sequence[str]], bool]) -> list[str]:
    """The fewest of these tests on which it depends; it did on all of them. Empty where it does no more.

    The shortest beginning that shows it ends with one of them, and takes log2(n) probes, rounded up; where that one
    does not show it alone, the others come before it, and are looked for the same way.
    """
    needed: list[str] = []
    left = before
    while left and (not needed or not depends(needed)):
        hides, shows = 0, len(left)
        while shows - hides > 1:
            middle = (hides + shows) // 2
            hides, shows = (hides, middle) if depends([*left[:middle], *needed]) else (middle, shows)
        needed = [left[shows - 1], *needed]
        left = left[: shows - 1]
    return needed if needed and depends(needed) else []


def _state(probe: Probe, others: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for node in others for each in probe.left.get(node, ())))
