"""Interference: tests that pass alone and fail while another one runs, and what the two share."""

import random
from collections.abc import Callable, Sequence

import msgspec

from canonry.run.probes.probe import Prober

Progress = Callable[[str], None]


class Interference(msgspec.Struct, frozen=True, kw_only=True):
    """A test that fails while ``other`` runs. ``shared`` is what both write, delete or listen on, as ``kind name``;
    ``other`` is empty where no single one makes it fail.
    """

    node: str
    other: str = ""
    shared: tuple[str, ...] = ()
    reason: str = ""
    repeated: bool = True
    """Whether the pair failed again when it was run once more."""


class TogetherReport(msgspec.Struct, frozen=True, kw_only=True):
    """What running tests together showed."""

    tests: int
    rounds: int
    findings: tuple[Interference, ...]
    broken: tuple[str, ...] = ()
    """Tests that fail alone: nothing to do with others."""


def check_together(
    prober: Prober,
    nodes: Sequence[str],
    *,
    processes: int = 4,
    rounds: int = 2,
    seed: int = 0,
    progress: Progress = lambda _said: None,
) -> TogetherReport:
    """Runs the tests one by one, then several at a time, all of a round at once, in ``rounds`` arrangements.

    A failure that the first run did not show is bisected to the test beside it.
    """
    progress(f"{len(nodes):,} tests one after the other")
    alone = prober.run(nodes, watch=True)
    broken = [node for node in nodes if alone.is_bad(node)]
    sound = [node for node in nodes if node not in set(broken)]
    findings: dict[str, Interference] = {}
    width = min(processes, len(sound))
    for number in range(rounds if width > 1 else 0):
        columns = _columns(sound, width, random.Random(f"{seed}:{number}"))
        progress(f"round {number + 1} of {rounds}: {width} at a time")
        together = prober.run_together(columns)
        for row in range(len(columns[0])):
            group = [column[row] for column in columns if row < len(column)]
            for node in group:
                if together.has_failed(node) and node not in findings:
                    progress(f"what disturbs `{node}`")
                    others = [each for each in group if each != node]
                    findings[node] = _trace(prober, node, others, together.reasons.get(node, ""), alone.touched)
    return TogetherReport(tests=len(nodes), rounds=rounds, findings=tuple(findings.values()), broken=tuple(broken))


def _columns(nodes: list[str], width: int, dice: random.Random) -> list[list[str]]:
    """The tests dealt out to processes in a drawn order, so that a row is what runs together."""
    drawn = list(nodes)
    dice.shuffle(drawn)
    return [drawn[number::width] for number in range(width)]


def _trace(
    prober: Prober, node: str, others: list[str], reason: str, touched: dict[str, tuple[str, ...]]
) -> Interference:
    """The one test beside which it fails."""
    left = others
    while len(left) > 1:
        half = left[: len(left) // 2]
        left = half if _fails(prober, node, half) else left[len(left) // 2 :]
    if not left:
        return Interference(node=node, reason=reason)
    again = _fails(prober, node, left)
    shared = tuple(each for each in touched.get(node, ()) if each in touched.get(left[0], ()))
    if not again and not shared:
        return Interference(node=node, reason=reason, repeated=False)
    return Interference(node=node, other=left[0], shared=shared, reason=reason, repeated=again)


def _fails(prober: Prober, node: str, others: Sequence[str], tries: int = 3) -> bool:
    """Whether it fails beside these in one of a few tries: what depends on time does not show each time."""
    columns = [[node], *([each] for each in others)]
    return any(prober.run_together(columns).has_failed(node) for _ in range(tries))
