"""Order dependence: which tests fail or pass because of others that ran before, and because of which state."""

from collections.abc import Callable, Sequence

import msgspec

from canonry.run.probes.probe import Probe, Prober

Progress = Callable[[str], None]
_FEW = 4
"""The tests around which the state is compared; to compare it takes longer than most tests."""


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
            reason = (first if bad else second).reasons.get(node, "")
            progress(f"what `{node}` depends on")
            findings.append(_trace(prober, node, failing, passing, reason))
    return OrderReport(
        tests=len(forward),
        findings=tuple(findings),
        probes=2 + sum(each.probes for each in findings),
        broken=tuple(broken),
    )


def _trace(prober: Prober, node: str, failing: list[str], passing: list[str], reason: str) -> OrderFinding:
    """Who is to blame that a test fails in one order and passes in the other."""
    alone = prober.run([node])
    polluted = not alone.is_bad(node)
    order = failing if polluted else passing
    known: dict[tuple[str, ...], Probe] = {}

    def look(others: Sequence[str]) -> Probe:
        key = tuple(others)
        if key not in known:
            states = key if len(key) <= _FEW else ()
            known[key] = prober.run([*key, node], states=states)
        return known[key]

    def depends(others: Sequence[str]) -> bool:
        return look(others).is_bad(node) is polluted

    others = _narrow(order[: order.index(node)], depends)
    said = reason or alone.reasons.get(node, "")
    if not others:
        return OrderFinding(node=node, kind="unstable", reason=said, probes=1 + len(known))
    return OrderFinding(
        node=node,
        kind="polluted" if polluted else "needs-setter",
        others=tuple(others),
        state=_state(look(others), others),
        reason=said,
        probes=1 + len(known),
    )


def _narrow(before: list[str], depends: Callable[[Sequence[str]], bool]) -> list[str]:
    """The fewest of these tests on which it depends; empty where it does not.

    One culprit among n takes log2(n) probes, rounded up: a half that does not show it leaves it in the other. That this
    is so is checked at the end; where two have to come together, delta debugging (Zeller, 2002) finds both.
    """
    left = list(before)
    shown = False
    while len(left) > 1:
        middle = len(left) // 2
        shown = depends(left[:middle])
        left = left[:middle] if shown else left[middle:]
    if not left or shown or depends(left):
        return left
    return _delta_debug(list(before), depends) if depends(before) else []


def _delta_debug(tests: list[str], depends: Callable[[Sequence[str]], bool]) -> list[str]:
    """A 1-minimal part of tests that together still show it."""
    parts = 2
    while len(tests) > 1:
        size = max(1, len(tests) // parts)
        chunks = [tests[start : start + size] for start in range(0, len(tests), size)]
        for chunk in chunks:
            rest = [test for test in tests if test not in set(chunk)]
            if rest and depends(rest):
                tests, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(len(tests), parts * 2)
    return tests


def _state(probe: Probe, others: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for node in others for each in probe.left.get(node, ())))
